/* client_request.c: the head and the body of a request (RFC 9112 sections 3, 6, 7). */
#include "client.h"

#include <mir/format.h>

enum { HEAD_MAX = 32768 };

static bool is_one_of(struct mir_str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mir_http_ieq(name, list[i]))
			return true;
	return false;
}

static bool header_ok(const struct mir_http_header *h)
{
	static const char *const ours[] = { "host", "content-length", "transfer-encoding",
		"connection", "proxy-connection", "keep-alive", "upgrade", "te", "trailer" };

	for (size_t i = 0; i < h->value.len; i++) {
		uint8_t c = (uint8_t)h->value.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return mir_http_is_token(h->name) && !is_one_of(h->name, ours, MIR_COUNT(ours));
}

/* Does another origin, or a request without the body, get that header? */
static bool goes_along(const struct mir_http_header *h, const struct mir_http_ask *a)
{
	static const char *const secret[] = { "authorization", "cookie", "proxy-authorization" };
	static const char *const body[] = { "content-type", "content-encoding", "content-language",
		"content-location", "digest", "content-digest" };

	if (!a->trusted && is_one_of(h->name, secret, MIR_COUNT(secret)))
		return false;
	return a->body || !a->fetch->body || !is_one_of(h->name, body, MIR_COUNT(body));
}

int mir_http_goes_along(const struct mir_http_header *h, const struct mir_http_ask *a)
{
	return header_ok(h) ? goes_along(h, a) : MIR_EINVAL;
}

static void target(struct mir_http_text *t, const struct mir_http_url *u, bool absolute)
{
	if (absolute) {
		mir_http_text_str(t, "http://");
		mir_http_text_add(t, u->authority.p, u->authority.len);
	}
	mir_http_text_add(t, u->path.p, u->path.len);
	if (u->query.p) {
		mir_http_text_str(t, "?");
		mir_http_text_add(t, u->query.p, u->query.len);
	}
}

static void field(struct mir_http_text *t, const struct mir_http_header *h)
{
	mir_http_text_add(t, h->name.p, h->name.len);
	mir_http_text_str(t, ": ");
	mir_http_text_add(t, h->value.p, h->value.len);
	mir_http_text_str(t, "\r\n");
}

static int fields(
    const struct mir_http_call *c, const struct mir_http_ask *a, struct mir_http_text *t)
{
	const struct mir_http_fetch *f = a->fetch;
	struct mir_http_header agent = { mir_str("User-Agent"),
		mir_str(c->client->user_agent ? c->client->user_agent : "") };
	bool own_agent = false;
	char line[64];

	for (unsigned i = 0; i < f->nheaders; i++) {
		if (!header_ok(&f->headers[i]))
			return MIR_EINVAL;
		if (goes_along(&f->headers[i], a))
			field(t, &f->headers[i]);
		own_agent |= mir_http_ieq(f->headers[i].name, "user-agent");
	}
	if (agent.value.len && !own_agent && header_ok(&agent))
		field(t, &agent);
	if (!a->body)
		return 0;
	if (f->body_length < 0) {
		mir_http_text_str(t, "Transfer-Encoding: chunked\r\n");
	} else {
		mir_format(
		    line, sizeof(line), "Content-Length: %lld\r\n", (long long)f->body_length);
		mir_http_text_str(t, line);
	}
	return 0;
}

/* The request's head in t.  MIR_EINVAL, MIR_EMSGSIZE. */
static int build(const struct mir_http_call *c, const struct mir_http_url *u,
    const struct mir_http_ask *a, struct mir_http_text *t)
{
	struct mir_http_url proxy;
	int rc;

	if (!mir_http_is_token(mir_str(a->method)) || strcmp(a->method, "CONNECT") == 0)
		return MIR_EINVAL;
	mir_http_text_str(t, a->method);
	mir_http_text_str(t, " ");
	target(t, u, c->link->absolute);
	mir_http_text_str(t, " HTTP/1.1\r\nHost: ");
	mir_http_text_add(t, u->authority.p, u->authority.len);
	mir_http_text_str(t, c->client->max_idle ? "\r\n" : "\r\nConnection: close\r\n");
	if (c->link->absolute && mir_http_proxy_for(c->client, u, &proxy))
		mir_http_proxy_user(t, &proxy);
	rc = fields(c, a, t);
	mir_http_text_str(t, "\r\n");
	return rc < 0 ? rc : t->len > t->cap ? MIR_EMSGSIZE : 0;
}

static int send_slices(struct mir_http_call *c, struct mir_slice *s, unsigned n)
{
	int64_t outer = mir_deadline_set(
	    mir_http_by(mir_http_timeout(c->client, c->client->body_timeout_ns), c->deadline));
	int rc = mir_flow_write(c->link->flow, s, n);

	mir_deadline_restore(outer);
	return rc;
}

static int send_body(struct mir_http_call *c, const struct mir_http_fetch *f)
{
	struct mir_slice s[10];
	int64_t left = f->body_length;
	char line[20];
	int n, rc;

	while ((n = f->body(f->body_arg, s + 1, 8)) > 0) {
		size_t len = mir_slices_len(s + 1, (unsigned)n);
		unsigned extra = 0;

		if (left >= 0 && len > (uint64_t)left) {
			mir_slices_unref(s + 1, (unsigned)n);
			return MIR_EFBIG;
		}
		left -= left >= 0 ? (int64_t)len : 0;
		if (left < 0 && len) {
			mir_format(line, sizeof(line), "%zx\r\n", len);
			s[0] = mir_slice_copy(line, strlen(line));
			s[n + 1] = mir_slice_static("\r\n", 2);
			extra = 1;
			if (!s[0].owner) {
				mir_slices_unref(s + 1, (unsigned)n);
				return MIR_ENOMEM;
			}
		}
		rc = send_slices(c, s + 1 - extra, (unsigned)n + 2 * extra);
		if (rc < 0)
			return rc;
	}
	if (n < 0 || left > 0)
		return n < 0 ? n : MIR_EINVAL;
	s[0] = mir_slice_static("0\r\n\r\n", 5);
	return left < 0 ? send_slices(c, s, 1) : 0;
}

int mir_http_send_request(struct mir_http_call *c, const struct mir_http_url *u,
    const struct mir_http_ask *a, bool *started)
{
	uint8_t *p;
	struct mir_mem *mem = mir_mem_new(HEAD_MAX, &p);
	struct mir_http_text t = { (char *)p, 0, HEAD_MAX };
	struct mir_slice s;
	int rc;

	if (!mem)
		return MIR_ENOMEM;
	rc = build(c, u, a, &t);
	s = (struct mir_slice){ p, rc < 0 ? 0 : t.len, mem };
	if (rc < 0) {
		mir_slice_unref(&s);
		return rc;
	}
	c->client->stats.requests++;
	rc = send_slices(c, &s, 1);
	if (rc < 0 || !a->body)
		return rc;
	*started = true;
	c->unsent = true;
	rc = send_body(c, a->fetch);
	c->unsent = rc < 0;
	return rc;
}
