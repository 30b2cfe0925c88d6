/* client_h2.c: a request over HTTP/2 (RFC 9113), by the session of its connection. */
#include "client.h"

/* The headers that go along, and the client's name; how many, or MIR_EINVAL. */
static int headers_of(const struct mir_http_call *c, const struct mir_http_ask *a,
    struct mir_http_header out[static MIR_HTTP_HEADERS + 1])
{
	const struct mir_http_fetch *f = a->fetch;
	const char *agent = c->client->user_agent;
	bool own_agent = false;
	int n = 0, rc;

	for (unsigned i = 0; i < f->nheaders; i++) {
		if (n == MIR_HTTP_HEADERS)
			return MIR_ELIMIT;
		rc = mir_http_goes_along(&f->headers[i], a);
		if (rc < 0)
			return rc;
		if (rc > 0)
			out[n++] = f->headers[i];
		own_agent |= mir_http_ieq(f->headers[i].name, "user-agent");
	}
	if (agent && agent[0] && !own_agent)
		out[n++] = (struct mir_http_header){ mir_str("user-agent"), mir_str(agent) };
	return n;
}

static int ask(struct mir_http_call *c, const struct mir_http_url *u, const struct mir_http_ask *a,
    struct mir_str path)
{
	struct mir_http_header headers[MIR_HTTP_HEADERS + 1];
	struct mir_http2_fetch f = { .method = mir_str(a->method),
		.scheme = mir_str("https"),
		.authority = u->authority,
		.path = path,
		.headers = headers,
		.body = a->body ? a->fetch->body : NULL,
		.body_arg = a->fetch->body_arg,
		.body_length = a->fetch->body_length };
	int n = headers_of(c, a, headers), rc;
	int64_t outer;

	if (n < 0 || !mir_http_is_token(f.method) || strcmp(a->method, "CONNECT") == 0)
		return n < 0 ? n : MIR_EINVAL;
	f.nheaders = (unsigned)n;
	/* How long a body takes nobody knows: only the limit for all holds then. */
	outer = mir_deadline_set(
	    a->body ? c->deadline
		    : mir_http_by(
			  mir_http_timeout(c->client, c->client->head_timeout_ns), c->deadline));
	c->client->stats.requests++;
	rc = mir_http2_fetch(c->link->h2, &f, &c->h2);
	mir_deadline_restore(outer);
	return rc;
}

int mir_http_h2_call(
    struct mir_http_call *c, const struct mir_http_url *u, const struct mir_http_ask *a)
{
	struct mir_http_text t = { NULL, 0, 0 };
	uint8_t *p;
	struct mir_mem *mem = mir_mem_new(MIR_HTTP_URL + 1, &p);
	int rc;

	if (!mem)
		return MIR_ENOMEM;
	t.p = (char *)p;
	t.cap = MIR_HTTP_URL;
	mir_http_text_add(&t, u->path.p, u->path.len);
	if (u->query.p) {
		mir_http_text_str(&t, "?");
		mir_http_text_add(&t, u->query.p, u->query.len);
	}
	rc = t.len > t.cap ? MIR_ELIMIT : ask(c, u, a, (struct mir_str){ t.p, t.len });
	mir_mem_unref(mem);
	if (rc < 0)
		return rc;
	c->answer = (struct mir_http_answer){ c->h2->status, c->h2->headers, c->h2->nheaders,
		c->h2->content_length, NULL, c->link->tls_version, true };
	return 0;
}

int mir_http_h2_read(struct mir_http_call *c, struct mir_slice *out, unsigned max)
{
	int64_t outer;
	int rc;

	if (c->done || c->error)
		return c->error;
	outer = mir_deadline_set(
	    mir_http_by(mir_http_timeout(c->client, c->client->body_timeout_ns), c->deadline));
	rc = c->link->h2->ops->read(c->h2, out, max);
	mir_deadline_restore(outer);
	c->done = rc == 0;
	if (rc < 0 && rc != MIR_ETIMEDOUT && rc != MIR_ECANCELED)
		c->error = rc;
	return rc;
}
