/* resolver.c: the device: what is known, what was answered before, and what must be asked. */
#include "internal.h"

#include <mir/log.h>
#include <stdlib.h>

MIR_LOG_SOURCE(dns);

enum { DNS_PORT = 53, PENDING = 64, CACHE_MAX = 1024 };

/* A question that is under way, and those who wait for the same: one question at a time for a name
 * leaves less to guess (RFC 5452 section 5). */
struct mir_dns_pending {
	struct mir_dns_pending *next;
	struct mir_dns_lookup lookup;
	char name[MIR_DNS_NAME];
	unsigned refs;
	bool over;
	int result;
	struct mir_waitq waiting;
};

static struct mir_resolver_device *device_of(struct mir_resolver *r)
{
	return mir_container(r, struct mir_resolver_device, resolver);
}

static void plan(struct mir_resolver_device *d, struct mir_dns_plan *p)
{
	struct mir_stack *s = d->config.stack;
	struct mir_ipaddr told[MIR_DNS_SERVERS];

	*p = (struct mir_dns_plan){ .timeout_ns = d->config.dns_timeout,
		.rounds = (unsigned)d->config.dns_tries };
	if (d->n_servers) {
		p->n = d->n_servers;
		memcpy(p->server, d->server, sizeof(p->server));
		return;
	}
	p->n = s->name_servers ? s->name_servers(s, told, MIR_DNS_SERVERS) : 0;
	for (unsigned i = 0; i < p->n; i++)
		p->server[i] = (struct mir_endpoint){ told[i], DNS_PORT };
	if (!p->n)
		mir_warn("%s: no name server is known: name one by --dns-server=ADDRESS",
		    d->config.name);
}

static int copy_out(int result, const struct mir_ipaddr *from, struct mir_ipaddr *out, unsigned max)
{
	if (result > 0) {
		result = (int)MIR_MIN((unsigned)result, max);
		memcpy(out, from, (size_t)result * sizeof(*out));
	}
	return result;
}

static struct mir_dns_pending *find_pending(struct mir_resolver_device *d, const char *name)
{
	struct mir_dns_pending *p = d->pending;

	while (p && strcmp(p->name, name) != 0)
		p = p->next;
	return p;
}

static void remove_pending(struct mir_resolver_device *d, struct mir_dns_pending *p)
{
	struct mir_dns_pending **at = &d->pending;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	d->n_pending--;
}

static void unref_pending(struct mir_dns_pending *p)
{
	if (--p->refs == 0)
		free(p);
}

/* Asks, and tells those who wait. */
static int ask(struct mir_resolver_device *d, const char *name, struct mir_dns_pending **out)
{
	struct mir_dns_pending *p = d->n_pending < PENDING ? malloc(sizeof(*p)) : NULL;
	struct mir_dns_plan servers;
	int rc;

	if (!p)
		return d->n_pending < PENDING ? MIR_ENOMEM : MIR_ELIMIT;
	memset(p, 0, sizeof(*p));
	memcpy(p->name, name, strlen(name) + 1);
	p->refs = 1;
	p->next = d->pending;
	d->pending = p;
	d->n_pending++;
	plan(d, &servers);
	mir_dns_lookup_begin(
	    &p->lookup, &servers, name, MIR_DNS_A, (uint16_t)mir_random_u32(), mir_now());
	rc = mir_dns_exchange(d, &p->lookup);
	p->result = rc < 0 ? rc : p->lookup.result;
	p->over = true;
	remove_pending(d, p);
	if (rc == 0 && (p->result > 0 || p->result == MIR_ENOENT))
		mir_dns_cache_add(&d->cache, name, mir_now(), p->lookup.answer.ttl, p->result,
		    p->lookup.answer.address);
	mir_wake_all(&p->waiting);
	*out = p;
	return 0;
}

/* Waits for who asks the same.  MIR_EAGAIN: that fiber gave up, and this one is to ask. */
static int join(struct mir_dns_pending *p)
{
	int rc = 0;

	p->refs++;
	while (rc == 0 && !p->over)
		rc = mir_wait(&p->waiting);
	if (rc == 0 && (p->result == MIR_ECANCELED ||
			   (p->result == MIR_ETIMEDOUT && p->lookup.step != MIR_DNS_DONE)))
		rc = MIR_EAGAIN;
	if (rc < 0)
		unref_pending(p);
	return rc;
}

static int look_up(
    struct mir_resolver_device *d, const char *name, struct mir_ipaddr *out, unsigned max)
{
	struct mir_ipaddr kept[MIR_RESOLVER_ADDRESSES];
	struct mir_dns_pending *p;
	int rc;

	do {
		if (mir_dns_cache_find(&d->cache, name, mir_now(), &rc, kept)) {
			d->stats.cached++;
			return copy_out(rc, kept, out, max);
		}
		p = find_pending(d, name);
		rc = p ? join(p) : ask(d, name, &p);
	} while (rc == MIR_EAGAIN);
	if (rc < 0)
		return rc;
	rc = copy_out(p->result, p->lookup.answer.address, out, max);
	unref_pending(p);
	return rc;
}

static int addresses(struct mir_resolver *r, const char *host, struct mir_ipaddr *out, unsigned max)
{
	struct mir_resolver_device *d = device_of(r);
	char name[MIR_DNS_NAME];
	int rc;

	if (!max)
		return MIR_EINVAL;
	if (mir_ipaddr_parse(host, out) == 0)
		return 1;
	if ((rc = mir_dns_name(host, name)) < 0)
		return rc;
	d->stats.lookups++;
	rc = mir_dns_known(d->hosts, name, out, max);
	if (rc == 0)
		rc = look_up(d, name, out, max);
	if (rc < 0) {
		d->stats.failed++;
		mir_debug("%s: %s: %s", d->config.name, name, mir_strerror(rc));
	}
	return rc;
}

static const struct mir_resolver_ops resolver_ops = { "stub", addresses };

int mir_resolver_device_start(
    struct mir_resolver_device *d, const struct mir_resolver_device_config *c)
{
	int rc;

	*d = (struct mir_resolver_device){ .resolver = { &resolver_ops }, .config = *c };
	d->config.dns_timeout = c->dns_timeout > 0 ? c->dns_timeout : MIR_SECOND(2);
	d->config.dns_tries = c->dns_tries > 0 ? MIR_MIN(c->dns_tries, 8) : 3;
	rc = mir_dns_servers_parse(c->dns_server ? c->dns_server : "", d->server);
	if (rc < 0) {
		mir_error("--dns-server=%s: expected up to %d of ADDRESS or ADDRESS:PORT, "
			  "comma separated",
		    c->dns_server, MIR_DNS_SERVERS);
		return rc;
	}
	d->n_servers = (unsigned)rc;
	rc = mir_dns_hosts_parse(c->hosts ? c->hosts : "", &d->hosts);
	if (rc == MIR_EINVAL)
		mir_error("--hosts=%s: expected ADDRESS NAME ..., comma separated", c->hosts);
	if (rc == 0)
		rc = mir_dns_cache_init(
		    &d->cache, (unsigned)MIR_MAX(0, MIR_MIN(c->dns_cache, CACHE_MAX)));
	if (rc < 0)
		mir_resolver_device_stop(d);
	return rc;
}

void mir_resolver_device_stop(struct mir_resolver_device *d)
{
	mir_dns_cache_free(&d->cache);
	mir_dns_hosts_free(d->hosts);
	d->hosts = NULL;
}
