/* cache.c: see cache.h. */
#include "cache.h"

#include <mir/time.h>
#include <stdlib.h>

enum { DAY_S = 86400, NEGATIVE_S = 3600 }; /* RFC 2308 section 5 has hours */

struct mir_dns_entry {
	char *name; /* NULL: free */
	uint64_t hash;
	int64_t until;
	uint64_t used;
	int result;
	struct mir_ipaddr address[MIR_RESOLVER_ADDRESSES];
};

int mir_dns_cache_init(struct mir_dns_cache *c, unsigned entries)
{
	*c = (struct mir_dns_cache){ .n = entries };
	mir_random(&c->key, sizeof(c->key));
	c->entry = calloc(MIR_MAX(entries, 1u), sizeof(*c->entry));
	return c->entry ? 0 : MIR_ENOMEM;
}

static void forget(struct mir_dns_entry *e)
{
	free(e->name);
	e->name = NULL;
}

void mir_dns_cache_free(struct mir_dns_cache *c)
{
	for (unsigned i = 0; c->entry && i < c->n; i++)
		forget(&c->entry[i]);
	free(c->entry);
	c->entry = NULL;
	c->n = 0;
}

static struct mir_dns_entry *find(struct mir_dns_cache *c, const char *name, uint64_t hash)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct mir_dns_entry *e = &c->entry[i];

		if (e->name && e->hash == hash && strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

int mir_dns_cache_find(struct mir_dns_cache *c, const char *name, int64_t now, int *result,
    struct mir_ipaddr out[MIR_RESOLVER_ADDRESSES])
{
	struct mir_dns_entry *e = find(c, name, mir_siphash(&c->key, name, strlen(name)));

	if (e && e->until <= now) {
		forget(e);
		e = NULL;
	}
	if (!e)
		return 0;
	e->used = ++c->clock;
	*result = e->result;
	memcpy(out, e->address, sizeof(e->address));
	return 1;
}

static struct mir_dns_entry *place(struct mir_dns_cache *c, int64_t now)
{
	struct mir_dns_entry *oldest = NULL;

	for (unsigned i = 0; i < c->n; i++) {
		struct mir_dns_entry *e = &c->entry[i];

		if (!e->name || e->until <= now)
			return e;
		if (!oldest || e->used < oldest->used)
			oldest = e;
	}
	return oldest;
}

void mir_dns_cache_add(struct mir_dns_cache *c, const char *name, int64_t now, uint32_t ttl,
    int result, const struct mir_ipaddr *addresses)
{
	uint64_t hash = mir_siphash(&c->key, name, strlen(name));
	struct mir_dns_entry *e = find(c, name, hash);
	char *copy;

	if (!ttl || !c->n)
		return;
	if (!e)
		e = place(c, now);
	if (!(copy = strdup(name)))
		return;
	forget(e);
	ttl = MIR_MIN(ttl, (uint32_t)(result < 0 ? NEGATIVE_S : DAY_S));
	*e = (struct mir_dns_entry){ copy, hash, mir_time_add(now, MIR_SECOND(ttl)), ++c->clock,
		result, { MIR_IPADDR_ANY } };
	if (result > 0)
		memcpy(e->address, addresses, (size_t)result * sizeof(*addresses));
}
