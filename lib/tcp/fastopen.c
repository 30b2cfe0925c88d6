/* fastopen.c: cookies of TCP Fast Open, given and kept (RFC 7413 section 4.1). */
#include "fastopen.h"

#include <mir/time.h>

#define KEY_TIME MIR_SECOND(3600)
#define BAN_TIME MIR_SECOND(600)

static void rotate(struct mir_tcp_fast *f, int64_t now)
{
	if (f->changed_at && now - f->changed_at < KEY_TIME)
		return;
	/* Nobody has come for two periods: the key before is too old as well. */
	if (f->changed_at && now - f->changed_at < 2 * KEY_TIME)
		f->key[1] = f->key[0];
	else
		mir_random(&f->key[1], sizeof(f->key[1]));
	mir_random(&f->key[0], sizeof(f->key[0]));
	f->changed_at = now;
}

static struct mir_tcp_cookie make(const struct mir_hash_key *key, const struct mir_tcp_tuple *tuple)
{
	struct {
		struct mir_ipaddr peer, local;
	} text = { tuple->peer, tuple->local };
	struct mir_tcp_cookie c = { .present = true, .len = MIR_TCP_FAST_COOKIE };
	uint64_t hash = mir_siphash(key, &text, sizeof(text));

	_Static_assert(sizeof(hash) == MIR_TCP_FAST_COOKIE, "a cookie is a hash");
	memcpy(c.bytes, &hash, sizeof(hash));
	return c;
}

struct mir_tcp_cookie mir_tcp_fast_cookie(
    struct mir_tcp_fast *f, const struct mir_tcp_tuple *tuple, int64_t now)
{
	rotate(f, now);
	return make(&f->key[0], tuple);
}

static bool same(const struct mir_tcp_cookie *a, const struct mir_tcp_cookie *b)
{
	uint8_t differ = 0;

	for (unsigned i = 0; i < MIR_TCP_FAST_COOKIE; i++)
		differ |= a->bytes[i] ^ b->bytes[i];
	return a->len == b->len && differ == 0;
}

bool mir_tcp_fast_is_good(struct mir_tcp_fast *f, const struct mir_tcp_tuple *tuple,
    const struct mir_tcp_cookie *cookie, int64_t now)
{
	struct mir_tcp_cookie now_good, before;

	rotate(f, now);
	now_good = make(&f->key[0], tuple);
	before = make(&f->key[1], tuple);
	return same(cookie, &now_good) || same(cookie, &before);
}

static struct mir_tcp_fast_server *find(struct mir_tcp_fast *f, const struct mir_ipaddr *addr)
{
	for (unsigned i = 0; i < MIR_TCP_FAST_SERVERS; i++) {
		if (f->servers[i].used_at && mir_ipaddr_eq(&f->servers[i].addr, addr))
			return &f->servers[i];
	}
	return NULL;
}

/* The entry of addr, or one that makes room for it. */
static struct mir_tcp_fast_server *entry(
    struct mir_tcp_fast *f, const struct mir_ipaddr *addr, int64_t now)
{
	struct mir_tcp_fast_server *s = find(f, addr);

	if (!s) {
		s = &f->servers[0];
		for (unsigned i = 1; i < MIR_TCP_FAST_SERVERS; i++) {
			if (f->servers[i].used_at < s->used_at)
				s = &f->servers[i];
		}
		*s = (struct mir_tcp_fast_server){ .addr = *addr };
	}
	s->used_at = MIR_MAX(now, 1);
	return s;
}

bool mir_tcp_fast_banned(struct mir_tcp_fast *f, const struct mir_ipaddr *addr, int64_t now)
{
	const struct mir_tcp_fast_server *s = find(f, addr);

	return s && now < s->banned_until;
}

const struct mir_tcp_fast_server *mir_tcp_fast_find(
    struct mir_tcp_fast *f, const struct mir_ipaddr *addr, int64_t now)
{
	struct mir_tcp_fast_server *s = find(f, addr);

	if (!s || s->cookie.len == 0 || now < s->banned_until)
		return NULL;
	s->used_at = now;
	return s;
}

void mir_tcp_fast_learn(struct mir_tcp_fast *f, const struct mir_ipaddr *addr,
    const struct mir_tcp_cookie *cookie, uint16_t mss, int64_t now)
{
	struct mir_tcp_fast_server *s;

	if (cookie->len == 0 || cookie->len > MIR_TCP_COOKIE_MAX)
		return;
	s = entry(f, addr, now);
	s->cookie = *cookie;
	s->mss = mss;
}

void mir_tcp_fast_ban(struct mir_tcp_fast *f, const struct mir_ipaddr *addr, int64_t now)
{
	entry(f, addr, now)->banned_until = now + BAN_TIME;
}
