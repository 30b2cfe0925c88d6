/* client.c: asking other servers (RFC 9110, 9112): requests with their redirects, whole bodies, the
 * device. */
#include "client.h"

#include <mir/log.h>
#include <stdlib.h>

MIR_LOG_SOURCE(http);

static bool redirects(const struct mir_http_call *c)
{
	unsigned s = c->answer.status;

	return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) &&
	       mir_http_answer_header(&c->answer, "location").p;
}

/* The request that a redirect asks for (RFC 9110 section 15.4); false: it is not followed. */
static bool redirected(struct mir_http_ask *a, unsigned status)
{
	if (status == 307 || status == 308)
		return !a->body;
	if (status == 303 ? strcmp(a->method, "HEAD") != 0 : strcmp(a->method, "POST") == 0) {
		a->method = "GET";
		a->body = false;
	}
	return !a->body;
}

/* Where an answer leads, and what is asked there; NULL: it is the last. */
static char *next_of(const struct mir_http_call *c, const struct mir_http_url *from,
    const struct mir_http_url *first, struct mir_http_ask *a)
{
	struct mir_http_url u;
	char *next;

	if (!redirects(c))
		return NULL;
	next = mir_http_url_follow(mir_http_answer_header(&c->answer, "location"), from);
	if (!next)
		return NULL;
	mir_http_url_parse(next, &u);
	if ((u.secure && !c->client->tls) || !redirected(a, c->answer.status)) {
		free(next);
		return NULL;
	}
	/* Once they were withheld they stay so: who is asked then may have chosen where to. */
	a->trusted = a->trusted && mir_http_url_same_origin(first, &u);
	return next;
}

int mir_http_fetch(struct mir_http_client *client, const char *text,
    const struct mir_http_fetch *fetch, struct mir_http_answer **out)
{
	static const struct mir_http_fetch plain;
	const struct mir_http_fetch *f = fetch ? fetch : &plain;
	struct mir_http_ask ask = { f,
		f->method ? f->method
		: f->body ? "POST"
			  : "GET",
		f->body, true };
	int64_t deadline = client->total_timeout_ns
			       ? mir_time_add(mir_now(), client->total_timeout_ns)
			       : MIR_NEVER;
	char *held = strdup(text), *next;
	struct mir_http_call *c = NULL;
	struct mir_http_url u, first;
	unsigned hops = f->redirects;
	int rc = held ? mir_http_url_parse(held, &u) : MIR_ENOMEM;

	if (rc == 0)
		rc = mir_http_url_parse(text, &first);
	while (rc == 0 && (rc = mir_http_call(client, &u, &ask, deadline, &c)) == 0 && hops-- &&
	       (next = next_of(c, &u, &first, &ask))) {
		mir_http_answer_close(&c->answer);
		c = NULL;
		free(held);
		held = next;
		rc = mir_http_url_parse(held, &u);
	}
	if (rc < 0) {
		free(held);
		return rc;
	}
	c->answer.url = c->url = held;
	*out = &c->answer;
	return 0;
}

/* Appends to a buffer that grows up to limit. */
static int collect(char **buf, size_t *len, size_t *cap, const struct mir_slice *s, size_t limit)
{
	char *bigger;

	if (s->len > limit - *len)
		return MIR_EFBIG;
	if (s->len >= *cap - *len) {
		*cap = MIR_MAX(2 * *cap, *len + s->len + 1);
		if (!(bigger = realloc(*buf, *cap)))
			return MIR_ENOMEM;
		*buf = bigger;
	}
	memcpy(*buf + *len, s->p, s->len);
	*len += s->len;
	(*buf)[*len] = 0;
	return 0;
}

int mir_http_answer_text(struct mir_http_answer *a, size_t limit, char **body, size_t *len)
{
	struct mir_slice s;
	size_t cap = 256;
	int rc = 0;

	*len = 0;
	if (!(*body = calloc(1, cap)))
		rc = MIR_ENOMEM;
	while (rc == 0 && (rc = mir_http_answer_read(a, &s, 1)) > 0) {
		rc = collect(body, len, &cap, &s, limit);
		mir_slice_unref(&s);
	}
	if (rc < 0) {
		free(*body);
		*body = NULL;
	}
	return rc;
}

int mir_http_get(struct mir_http_client *client, const char *url, size_t limit, char **body,
    size_t *len, unsigned *status)
{
	struct mir_http_fetch f = { .redirects = 5 };
	struct mir_http_answer *a = NULL;
	int rc = mir_http_fetch(client, url, &f, &a);

	if (rc < 0)
		return rc;
	*status = a->status;
	rc = mir_http_answer_text(a, limit, body, len);
	mir_http_answer_close(a);
	return rc;
}

int mir_http_client_device_start(
    struct mir_http_client_device *d, const struct mir_http_client_device_config *c)
{
	struct mir_http_url proxy;

	*d = (struct mir_http_client_device){ .client = {
						  .tcp = c->stack->tcp,
						  .tls = c->tls,
						  .http2 = c->http2,
						  .resolver = c->resolver,
						  .user_agent = c->http_client_agent,
						  .proxy = c->http_proxy,
						  .no_proxy = c->http_no_proxy,
						  .connect_timeout_ns =
						      c->http_client_connect_timeout,
						  .head_timeout_ns = c->http_client_head_timeout,
						  .body_timeout_ns = c->http_client_body_timeout,
						  .total_timeout_ns = c->http_client_timeout,
						  .max_connections = (unsigned)MIR_MAX(
						      c->http_client_connections, 0),
						  .max_per_host =
						      (unsigned)MIR_MAX(c->http_client_per_host, 0),
						  .max_idle =
						      (unsigned)MIR_MAX(c->http_client_keep, 0),
						  .idle_timeout_ns = c->http_client_idle,
					      } };
	if (c->http_proxy && c->http_proxy[0] && mir_http_proxy_parse(c->http_proxy, &proxy) < 0) {
		mir_error("--http-proxy: expected http://[USER:PASSWORD@]HOST:PORT");
		return MIR_EINVAL;
	}
	return 0;
}

void mir_http_client_device_stop(struct mir_http_client_device *d)
{
	mir_http_client_close(&d->client);
}
