/* proxy.c: which server answers, what becomes of it, and how servers are. */
#include "internal.h"

#include <mir/format.h>
#include <mir/log.h>

MIR_LOG_SOURCE(proxy);

enum { RETRY_AFTER = 1 };

/* A request on its way to a server. */
struct passing {
	struct mir_http_request *request;
	bool begun;       /* bytes of the body were taken */
	int client_error; /* of the one who asks */
};

static int body(void *arg, struct mir_slice *out, unsigned max)
{
	struct passing *b = arg;
	int n = mir_http_read(b->request, out, max);

	b->begun = true;
	if (n < 0)
		b->client_error = n;
	return n;
}

static void went_well(struct mir_http_upstream *u)
{
	char text[MIR_ENDPOINT_TEXT];

	u->failures = 0;
	if (!u->down)
		return;
	u->down = false;
	mir_info("%s is back", mir_endpoint_text(&u->at, text));
}

static void went_wrong(struct mir_http_proxy *p, struct mir_http_upstream *u, int rc)
{
	char text[MIR_ENDPOINT_TEXT];

	u->failed++;
	u->failures++;
	if (u->failures < p->config.max_failures)
		return;
	u->retry_at = mir_time_add(mir_now(), p->config.retry_ns);
	if (!u->down)
		mir_warn("%s is down: %s", mir_endpoint_text(&u->at, text), mir_strerror(rc));
	u->down = true;
}

/* Is a better choice than b? */
static bool better(const struct mir_http_upstream *a, const struct mir_http_upstream *b)
{
	bool a_down = a->down && mir_now() < a->retry_at,
	     b_down = b->down && mir_now() < b->retry_at;

	if (a_down != b_down)
		return b_down;
	if (a_down)
		return a->retry_at < b->retry_at;
	return a->busy < b->busy;
}

/* The server with the least to do that was not asked yet; NULL: all are busy or were asked. */
static struct mir_http_upstream *choose(struct mir_http_proxy *p, uint32_t asked)
{
	struct mir_http_upstream *best = NULL;
	unsigned n = p->config.nservers;

	for (unsigned i = 0; i < n; i++) {
		unsigned at = (p->next + i) % n;
		struct mir_http_upstream *u = &p->server[at];

		if (!(asked >> at & 1) && u->busy < p->config.max_requests &&
		    (!best || better(u, best)))
			best = u;
	}
	if (best)
		p->next = (unsigned)(best - p->server + 1) % n;
	return best;
}

/* How long the body of an answer is, for what we announce. */
static int64_t length_of(const struct mir_http_request *r, const struct mir_http_answer *a)
{
	int64_t n;

	if (r->method != MIR_HTTP_HEAD)
		return a->content_length;
	return mir_http_number(mir_http_answer_header(a, "content-length"), &n) ? -1 : n;
}

/* Passes an answer on.  Blocks. */
static int pass_answer(struct mir_http_upstream *u, struct mir_http_request *r,
    struct mir_http_response *w, struct mir_http_answer *a)
{
	struct mir_slice s[8];
	int n;

	mir_http_status(w, a->status);
	if ((n = mir_proxy_answer_head(w, &u->at, a->headers, a->nheaders)) < 0 ||
	    (n = mir_http_begin(w, length_of(r, a))) < 0)
		return n;
	while ((n = mir_http_answer_read(a, s, MIR_COUNT(s))) > 0)
		if ((n = mir_http_write(w, s, (unsigned)n)) < 0)
			return n;
	return n;
}

/* Asks a server; *out is its answer.  Blocks. */
static int ask(struct mir_http_proxy *p, struct mir_http_upstream *u, struct passing *b,
    struct mir_http_answer **out)
{
	struct mir_http_request *r = b->request;
	struct mir_http_fetch f = { .body_length = r->content_length };
	char url[MIR_PROXY_PATH / 3], method[32], at[MIR_ENDPOINT_TEXT];
	struct mir_proxy_head head;
	int n, rc;

	if (r->method_text.len >= sizeof(method))
		return MIR_EINVAL;
	memcpy(method, r->method_text.p, r->method_text.len);
	method[r->method_text.len] = 0;
	f.method = method;
	if (r->content_length) {
		f.body = body;
		f.body_arg = b;
	}
	if ((rc = mir_proxy_request_head(&head, r, p->config.trust_forwarded)) < 0)
		return rc;
	f.headers = head.field;
	f.nheaders = head.n;
	n = mir_format(url, sizeof(url), "http://%s", mir_endpoint_text(&u->at, at));
	if ((rc = (int)mir_proxy_target(r, url + n, sizeof(url) - (size_t)n)) < 0)
		return rc;
	return mir_http_fetch(p->config.client, url, &f, out);
}

/* Nobody has acted on a request that came to this end. */
static bool unheard(int rc)
{
	return rc == MIR_ECONNREFUSED || rc == MIR_EHOSTUNREACH || rc == MIR_ENETUNREACH;
}

static bool repeatable(const struct mir_http_request *r)
{
	return (r->method == MIR_HTTP_GET || r->method == MIR_HTTP_HEAD ||
		   r->method == MIR_HTTP_OPTIONS) &&
	       r->content_length == 0;
}

/* Is it the client's request that cannot be passed on, whatever the server? */
static bool cannot_pass(int rc)
{
	return rc == MIR_EINVAL || rc == MIR_ERANGE || rc == MIR_EMSGSIZE;
}

/* What the client is told of a server that failed: nothing of what that one said. */
static int failed(struct mir_http_proxy *p, struct mir_http_response *w, int rc)
{
	if (rc == MIR_ECANCELED)
		return rc;
	mir_http_start_over(mir_http_exchange_of(w));
	if (cannot_pass(rc))
		return mir_http_error(w, rc == MIR_ERANGE ? 414 : rc == MIR_EMSGSIZE ? 431 : 400);
	if (rc == MIR_ETIMEDOUT) {
		p->stats.timed_out++;
		return mir_http_error(w, 504);
	}
	p->stats.failed++;
	return mir_http_error(w, 502);
}

static int busy(struct mir_http_proxy *p, struct mir_http_response *w)
{
	char text[8];

	p->stats.refused++;
	mir_format(text, sizeof(text), "%d", RETRY_AFTER);
	mir_http_add(w, "Retry-After", text);
	return mir_http_error(w, 503);
}

/* One server's turn; 1: another may be asked.  Blocks. */
static int turn(struct mir_http_proxy *p, struct mir_http_upstream *u, struct passing *b,
    struct mir_http_response *w)
{
	struct mir_http_answer *a = NULL;
	int rc;

	u->requests++;
	rc = ask(p, u, b, &a);
	if (rc == 0) {
		went_well(u);
		p->stats.requests++;
		rc = pass_answer(u, b->request, w, a);
		mir_http_answer_close(a);
		/* What cannot be passed on is the server's fault as long as nothing was. */
		return rc < 0 && !w->begun && !b->client_error ? failed(p, w, MIR_EPROTO) : rc;
	}
	if (b->client_error)
		return b->client_error;
	if (!cannot_pass(rc) && rc != MIR_ECANCELED) {
		went_wrong(p, u, rc);
		if (!b->begun && (unheard(rc) || (repeatable(b->request) && rc != MIR_ETIMEDOUT)))
			return 1;
	}
	return failed(p, w, rc);
}

static int pass_upgrade(struct mir_http_proxy *p, struct mir_http_upstream *u,
    struct mir_http_request *r, struct mir_http_response *w)
{
	int rc = mir_proxy_switch(p, u, r, w);

	if (rc < 0 && !w->begun) {
		if (!cannot_pass(rc) && rc != MIR_ECANCELED)
			went_wrong(p, u, rc);
		return failed(p, w, rc);
	}
	went_well(u);
	return rc;
}

int mir_http_proxy_handle(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_http_proxy *p = arg;
	struct passing b = { .request = r };
	uint32_t asked = 0;
	int rc = 1;

	/* Would show the client what we add (RFC 9110 section 9.3.8). */
	if (r->method == MIR_HTTP_TRACE)
		return mir_http_error(w, 405);
	while (rc == 1) {
		struct mir_http_upstream *u = choose(p, asked);

		if (!u)
			return asked ? failed(p, w, MIR_ECONNREFUSED) : busy(p, w);
		p->stats.retried += asked != 0;
		asked |= 1u << (u - p->server);
		u->busy++;
		rc = p->config.tcp && mir_proxy_wants_websocket(r) ? pass_upgrade(p, u, r, w)
								   : turn(p, u, &b, w);
		u->busy--;
	}
	return rc;
}

/* Asks each server how it is.  Blocks. */
static void look(struct mir_http_proxy *p, struct mir_http_upstream *u)
{
	char url[256], at[MIR_ENDPOINT_TEXT];
	struct mir_http_answer *a = NULL;
	int rc;

	mir_format(
	    url, sizeof(url), "http://%s%s", mir_endpoint_text(&u->at, at), p->config.health_path);
	rc = mir_http_fetch(p->config.client, url, NULL, &a);
	if (rc == 0 && (a->status < 200 || a->status > 399))
		rc = MIR_EPROTO;
	mir_http_answer_close(a);
	if (rc == 0)
		went_well(u);
	else if (rc != MIR_ECANCELED)
		went_wrong(p, u, rc);
}

static void watch(void *arg)
{
	struct mir_http_proxy *p = arg;

	do {
		for (unsigned i = 0; i < p->config.nservers && !mir_cancelled(); i++)
			look(p, &p->server[i]);
	} while (mir_sleep(p->config.health_ns) == 0);
}

int mir_http_proxy_start(struct mir_http_proxy *p, const struct mir_http_proxy_config *c)
{
	if (!c->nservers || c->nservers > MIR_HTTP_UPSTREAMS)
		return MIR_EINVAL;
	*p = (struct mir_http_proxy){ .config = *c };
	for (unsigned i = 0; i < c->nservers; i++)
		p->server[i].at = c->servers[i];
	p->config.max_requests = c->max_requests ? c->max_requests : 256;
	p->config.max_failures = c->max_failures ? c->max_failures : 3;
	p->config.retry_ns = c->retry_ns ? c->retry_ns : MIR_SECOND(10);
	p->config.health_ns = c->health_ns ? c->health_ns : MIR_SECOND(5);
	p->config.idle_ns = c->idle_ns ? c->idle_ns : MIR_SECOND(300);
	if (c->health_path && !(p->watcher = mir_spawn_joinable("proxy", watch, p)))
		return MIR_ENOMEM;
	return 0;
}

void mir_http_proxy_stop(struct mir_http_proxy *p)
{
	if (!p->watcher)
		return;
	mir_cancel(p->watcher);
	mir_join(p->watcher);
	p->watcher = NULL;
}

int mir_http_proxy_servers(const char *text, struct mir_endpoint *out, unsigned max)
{
	struct mir_str all = mir_str(text), e;
	unsigned n = 0;

	while (mir_http_next(&all, &e)) {
		char address[MIR_IPADDR_TEXT];
		size_t colon = e.len;
		int64_t port;

		while (colon && e.p[colon - 1] != ':')
			colon--;
		if (!colon || colon > sizeof(address) ||
		    mir_http_number((struct mir_str){ e.p + colon, e.len - colon }, &port) ||
		    port < 1 || port > 65535)
			return MIR_EINVAL;
		memcpy(address, e.p, colon - 1);
		address[colon - 1] = 0;
		if (n == max)
			return MIR_ELIMIT;
		if (mir_ipaddr_parse(address, &out[n].addr))
			return MIR_EINVAL;
		out[n++].port = (uint16_t)port;
	}
	return (int)n;
}
