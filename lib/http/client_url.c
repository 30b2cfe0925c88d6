/* client_url.c: URLs of requests, redirects and proxies (RFC 3986): pure. */
#include "client.h"

#include <mir/addr.h>
#include <stdlib.h>

static bool text_ok(const char *url)
{
	size_t n = 0;

	for (; url[n]; n++)
		if ((uint8_t)url[n] <= 0x20 || (uint8_t)url[n] >= 0x7f || n >= MIR_HTTP_URL)
			return false;
	return n > 0;
}

/* Host and port of an authority; an address of IPv6 is in brackets. */
static int split_authority(struct mir_http_url *u)
{
	struct mir_str a = u->authority;
	const char *end = a.p + a.len, *colon;
	int64_t port;

	u->host = a;
	if (a.len && a.p[0] == '[') {
		const char *close = memchr(a.p, ']', a.len);

		if (!close || (close + 1 < end && close[1] != ':'))
			return MIR_EINVAL;
		u->host = (struct mir_str){ a.p + 1, (size_t)(close - a.p - 1) };
		colon = close + 1 < end ? close + 1 : NULL;
	} else {
		colon = memchr(a.p, ':', a.len);
		if (colon)
			u->host.len = (size_t)(colon - a.p);
	}
	if (colon) {
		struct mir_str digits = { colon + 1, (size_t)(end - colon - 1) };

		if (mir_http_number(digits, &port) || port < 1 || port > 65535)
			return MIR_EINVAL;
		u->port = (uint16_t)port;
	}
	return u->host.len ? 0 : MIR_EINVAL;
}

static bool starts(struct mir_str s, const char *with)
{
	return s.len >= strlen(with) && mir_http_ieq((struct mir_str){ s.p, strlen(with) }, with);
}

int mir_http_url_parse(const char *text, struct mir_http_url *u)
{
	struct mir_str s = { text, strnlen(text, MIR_HTTP_URL + 1) };

	*u = (struct mir_http_url){ .port = 80 };
	if (starts(s, "https://")) {
		u->secure = true;
		u->port = 443;
	} else if (!starts(s, "http://")) {
		return MIR_EINVAL;
	}
	if (!text_ok(text) || mir_http_target_split(s, &u->authority, &u->path, &u->query))
		return MIR_EINVAL;
	return split_authority(u);
}

int mir_http_proxy_parse(const char *text, struct mir_http_url *u)
{
	const char *at;
	size_t len;

	*u = (struct mir_http_url){ .port = 80 };
	if (!text_ok(text))
		return MIR_EINVAL;
	if (starts(mir_str(text), "http://"))
		text += strlen("http://");
	len = strlen(text);
	len -= len && text[len - 1] == '/';
	at = memchr(text, '@', len);
	if (at) {
		u->user = (struct mir_str){ text, (size_t)(at - text) };
		len -= u->user.len + 1;
		text = at + 1;
	}
	u->authority = (struct mir_str){ text, len };
	if (memchr(text, '/', len) || !mir_http_host_ok(u->authority))
		return MIR_EINVAL;
	return split_authority(u);
}

bool mir_http_url_same_origin(const struct mir_http_url *a, const struct mir_http_url *b)
{
	return a->secure == b->secure && a->port == b->port && mir_http_same(a->host, b->host);
}

void mir_http_text_add(struct mir_http_text *t, const char *p, size_t len)
{
	if (t->len <= t->cap && len <= t->cap - t->len)
		memcpy(t->p + t->len, p, len);
	t->len += len;
}

void mir_http_text_str(struct mir_http_text *t, const char *s)
{
	mir_http_text_add(t, s, strlen(s));
}

/* Does it begin with a scheme, as "https:" or "mailto:"? */
static bool has_scheme(struct mir_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == ':')
			return i > 0;
		if (c == '/' || c == '?' || c == '#')
			return false;
	}
	return false;
}

/* What stands in front of a relative reference. */
static void add_base(struct mir_http_text *t, struct mir_str to, const struct mir_http_url *from)
{
	size_t dir = from->path.len;

	mir_http_text_str(t, from->secure ? "https:" : "http:");
	if (starts(to, "//"))
		return;
	mir_http_text_str(t, "//");
	mir_http_text_add(t, from->authority.p, from->authority.len);
	if (to.len && to.p[0] == '/')
		return;
	/* "?x" is for the same path; any other replaces its last segment. */
	if (!to.len || to.p[0] != '?')
		while (dir && from->path.p[dir - 1] != '/')
			dir--;
	mir_http_text_add(t, from->path.p, dir);
}

char *mir_http_url_follow(struct mir_str to, const struct mir_http_url *from)
{
	const char *hash = memchr(to.p, '#', to.len);
	struct mir_http_text t = { malloc(MIR_HTTP_URL + 1), 0, MIR_HTTP_URL };
	struct mir_http_url u;

	if (hash)
		to.len = (size_t)(hash - to.p);
	if (!t.p || !to.len)
		goto none;
	if (!has_scheme(to))
		add_base(&t, to, from);
	mir_http_text_add(&t, to.p, to.len);
	if (t.len > t.cap)
		goto none;
	t.p[t.len] = 0;
	if (mir_http_url_parse(t.p, &u) == 0 && (u.secure || !from->secure))
		return t.p;
none:
	free(t.p);
	return NULL;
}

/* "10.0.0.0/8" or an address, of a host that is one. */
static bool in_network(struct mir_str network, struct mir_str host)
{
	char n[MIR_IPADDR_TEXT + 4], h[MIR_IPADDR_TEXT];
	struct mir_ipaddr a;
	struct mir_cidr c;
	unsigned bits;

	if (network.len >= sizeof(n) || host.len >= sizeof(h))
		return false;
	memcpy(n, network.p, network.len);
	n[network.len] = 0;
	memcpy(h, host.p, host.len);
	h[host.len] = 0;
	if (mir_ipaddr_parse(h, &a) < 0)
		return false;
	if (mir_ipaddr_parse(n, &c.addr) == 0)
		return mir_ipaddr_eq(&a, &c.addr);
	if (mir_cidr_parse(n, &c) < 0 || mir_ipaddr_is4(&a) != mir_ipaddr_is4(&c.addr))
		return false;
	bits = c.len + (mir_ipaddr_is4(&a) ? 96u : 0u);
	for (unsigned i = 0; i < bits; i++)
		if ((a.b[i / 8] ^ c.addr.b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

bool mir_http_no_proxy(const char *list, struct mir_str host)
{
	struct mir_str rest = mir_str(list ? list : ""), e, tail;

	while (mir_http_next(&rest, &e)) {
		if ((e.len == 1 && e.p[0] == '*') || mir_http_same(e, host) || in_network(e, host))
			return true;
		if (e.len < 2 || e.p[0] != '.')
			continue;
		/* ".example" is the domain and all below it. */
		if (mir_http_same((struct mir_str){ e.p + 1, e.len - 1 }, host))
			return true;
		if (host.len > e.len) {
			tail = (struct mir_str){ host.p + host.len - e.len, e.len };
			if (mir_http_same(e, tail))
				return true;
		}
	}
	return false;
}
