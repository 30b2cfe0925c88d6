/* head.c: fields of requests and answers on their way through (RFC 9110 section 7.6, RFC 7239). */
#include "internal.h"

#include <mir/format.h>
#include <stdlib.h>

/* For the next hop only, whatever Connection says, or ours to say. */
static bool is_hop(struct mir_str name)
{
	static const char *const names[] = { "connection", "content-length", "expect", "host",
		"http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization",
		"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade" };

	for (size_t i = 0; i < MIR_COUNT(names); i++)
		if (mir_http_ieq(name, names[i]))
			return true;
	return false;
}

/* Is it named by a Connection field, which makes it one for the next hop? */
static bool is_named(struct mir_str name, const struct mir_http_header *all, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct mir_str list = all[i].value, e;

		if (!mir_http_ieq(all[i].name, "connection"))
			continue;
		while (mir_http_next(&list, &e))
			if (mir_http_same(e, name))
				return true;
	}
	return false;
}

/* '_' and '-' are the same to many a program behind a server. */
static bool plain(struct mir_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') && c != '-')
			return false;
	}
	return name.len > 0;
}

static bool is_forwarded(struct mir_str name)
{
	struct mir_str front = { name.p, MIR_MIN(name.len, 12u) };

	return mir_http_ieq(front, "x-forwarded-") || mir_http_ieq(name, "forwarded") ||
	       mir_http_ieq(name, "x-real-ip");
}

bool mir_proxy_passes(
    const struct mir_http_header *h, const struct mir_http_header *all, unsigned n)
{
	return plain(h->name) && !is_hop(h->name) && !is_named(h->name, all, n);
}

static int add(struct mir_proxy_head *head, const char *name, const char *fmt, const char *a,
    const char *b, struct mir_str c)
{
	size_t room = sizeof(head->text) - head->used;
	char *p = head->text + head->used;
	int n = mir_format(p, room, fmt, a, b, (int)c.len, c.p);

	if (n < 0 || (size_t)n >= room || head->n == MIR_COUNT(head->field))
		return MIR_EMSGSIZE;
	head->used += (size_t)n + 1;
	head->field[head->n++] = (struct mir_http_header){ mir_str(name), { p, (size_t)n } };
	return 0;
}

static bool has(const struct mir_proxy_head *h, const char *name)
{
	return mir_http_find(h->field, h->n, name).p != NULL;
}

/* Who asked us for what.  What was believed of others is not said a second time. */
static int add_own(struct mir_proxy_head *h, const struct mir_http_request *r, const char *before)
{
	const char *proto = r->tls ? "https" : "http";
	bool six = !mir_ipaddr_is4(&r->peer.addr);
	struct mir_str none = mir_str(""), host = { r->host.p, MIR_MIN(r->host.len, 261u) };
	char peer[MIR_IPADDR_TEXT], quoted[MIR_IPADDR_TEXT + 8];
	int rc;

	mir_ipaddr_text(&r->peer.addr, peer);
	mir_format(quoted, sizeof(quoted), six ? "\"[%s]\"" : "%s", peer);
	(void)((rc = add(h, "X-Forwarded-For", "%s%s%.*s", before, peer, none)) ||
	       (!has(h, "x-forwarded-proto") &&
		   (rc = add(h, "X-Forwarded-Proto", "%s%s%.*s", proto, "", none))) ||
	       (!has(h, "x-forwarded-host") &&
		   (rc = add(h, "X-Forwarded-Host", "%s%s%.*s", "", "", host))) ||
	       (rc = add(h, "Forwarded", "for=%s;proto=%s;host=\"%.*s\"", quoted, proto, host)) ||
	       (rc = add(h, "Via", "%s%s%.*s",
		    r->version == 20   ? "2.0"
		    : r->version == 11 ? "1.1"
				       : "1.0",
		    " mirage", none)));
	return rc;
}

int mir_proxy_request_head(
    struct mir_proxy_head *head, const struct mir_http_request *r, bool trust)
{
	char before[512] = "";

	head->n = 0;
	head->used = 0;
	for (unsigned i = 0; i < r->nheaders; i++) {
		const struct mir_http_header *h = &r->headers[i];
		bool list = mir_http_ieq(h->name, "x-forwarded-for");

		if (!mir_proxy_passes(h, r->headers, r->nheaders))
			continue;
		if (is_forwarded(h->name) && (!trust || list)) {
			if (trust && list && h->value.len < sizeof(before) - 3)
				mir_format(before, sizeof(before), "%.*s, ", (int)h->value.len,
				    h->value.p);
			continue;
		}
		head->field[head->n++] = *h;
	}
	return add_own(head, r, before);
}

/* "http://SERVER/path" is "/path" to those who ask us. */
static struct mir_str location(struct mir_str v, const struct mir_endpoint *at)
{
	char text[MIR_ENDPOINT_TEXT];
	size_t n = strlen(mir_endpoint_text(at, text));

	if (v.len > 7 + n && memcmp(v.p, "http://", 7) == 0 && memcmp(v.p + 7, text, n) == 0 &&
	    v.p[7 + n] == '/')
		return (struct mir_str){ v.p + 7 + n, v.len - 7 - n };
	return v;
}

int mir_proxy_answer_head(struct mir_http_response *w, const struct mir_endpoint *at,
    const struct mir_http_header *h, unsigned n)
{
	int rc = 0;

	for (unsigned i = 0; i < n && rc == 0; i++) {
		struct mir_str v = h[i].value;
		char *text;

		if (!mir_proxy_passes(&h[i], h, n))
			continue;
		if (mir_http_ieq(h[i].name, "location"))
			v = location(v, at);
		if (!(text = malloc(h[i].name.len + v.len + 2)))
			return MIR_ENOMEM;
		memcpy(text, h[i].name.p, h[i].name.len);
		text[h[i].name.len] = 0;
		memcpy(text + h[i].name.len + 1, v.p, v.len);
		text[h[i].name.len + 1 + v.len] = 0;
		rc = mir_http_add(w, text, text + h[i].name.len + 1);
		free(text);
	}
	return rc;
}

int64_t mir_proxy_target(const struct mir_http_request *r, char *out, size_t cap)
{
	int64_t len = mir_http_path_encode(r->path, out, cap);

	if (len < 0 || !r->query.len)
		return len;
	if (r->query.len + 2 > cap - (size_t)len)
		return MIR_ERANGE;
	out[len++] = '?';
	memcpy(out + len, r->query.p, r->query.len);
	len += (int64_t)r->query.len;
	out[len] = 0;
	return len;
}

bool mir_proxy_wants_websocket(const struct mir_http_request *r)
{
	struct mir_str upgrade = mir_http_header(r, "upgrade"),
		       version = mir_http_header(r, "sec-websocket-version");

	return r->version == 11 && r->method == MIR_HTTP_GET && r->content_length == 0 &&
	       upgrade.p && mir_http_ieq(upgrade, "websocket") && version.p &&
	       mir_http_ieq(version, "13") && is_named(mir_str("upgrade"), r->headers, r->nheaders);
}
