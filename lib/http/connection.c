/* connection.c: the fiber of a connection that has something to say: request after request until
 * nothing more has come. */
#include "internal.h"

#include <mir/log.h>

MIR_LOG_SOURCE(http);

/* How a connection goes on after a request. */
enum next { KEEP, CLOSE, LINGER, ABORT, TAKEN };

/* What belongs to one request, not to the connection. */
void mir_http_exchange_init(struct mir_http_exchange *x)
{
	size_t from = offsetof(struct mir_http_exchange, path_mem);

	memset(&x->request, 0, sizeof(x->request));
	memset((char *)x + from, 0, offsetof(struct mir_http_exchange, path) - from);
	memset(&x->head, 0, offsetof(struct mir_http_head, headers));
	x->head.version = 11;
	x->bytes = (struct mir_slice){ NULL, 0, NULL };
	x->request.ops = &mir_http_request_ops;
	x->request.local = x->conn->local;
	x->request.peer = x->conn->peer;
	x->request.tls = x->conn->tls;
	x->request.version = 11;
	x->started = x->server->config.http_access_log ? mir_now_precise() : 0;
	mir_http_response_init(x);
}

void mir_http_exchange_release(struct mir_http_exchange *x)
{
	mir_http_response_release(x);
	mir_mem_unref(x->path_mem);
	mir_slice_unref(&x->bytes);
}

int mir_http_set_target(struct mir_http_exchange *x)
{
	struct mir_http_request *r = &x->request;
	struct mir_str host, path;
	char *out = x->path;
	uint8_t *big;
	int64_t len;

	if (r->method == MIR_HTTP_CONNECT)
		return -501;
	if (r->target.len == 1 && r->target.p[0] == '*') {
		r->path = mir_str("*");
		return r->method == MIR_HTTP_OPTIONS ? 0 : -400;
	}
	if (mir_http_target_split(r->target, &host, &path, &r->query))
		return -400;
	if (host.p)
		r->host = host;
	if (path.len > MIR_HTTP_PATH) {
		if (!(x->path_mem = mir_mem_new(path.len + 1, &big)))
			return -503;
		out = (char *)big;
	}
	if ((len = mir_http_path_decode(path, out)) < 0)
		return -400;
	out[len] = 0;
	r->path = (struct mir_str){ out, (size_t)len };
	return 0;
}

/* Takes the head of len bytes off the input and understands it; minus a status. */
static int begin_request(struct mir_http_exchange *x, size_t len)
{
	struct mir_http_request *r = &x->request;
	uint64_t limit = x->server->config.http_max_body;
	struct mir_str host;
	int rc;

	x->bytes = mir_slice_sub(&x->input.s[0], 0, len);
	mir_http_input_drop(&x->input, len);
	x->conn->scan = (struct mir_http_scan){ 0, 0 };
	x->conn->head_deadline = 0;
	rc = mir_http_parse_request(&x->head, x->bytes.p, len);
	r->method = x->head.method;
	r->method_text = x->head.method_text;
	r->target = x->head.target;
	r->version = x->head.version ? x->head.version : 11;
	if (rc)
		return rc;
	r->headers = x->head.headers;
	r->nheaders = x->head.nheaders;
	host = mir_http_header(r, "host");
	r->host = host.p ? host : mir_str("");
	r->content_length = x->head.chunked ? -1 : MIR_MAX(x->head.content_length, 0);
	if ((rc = mir_http_set_target(x)))
		return rc;
	if (limit && r->content_length > 0 && (uint64_t)r->content_length > limit)
		return -413;
	mir_http_body_init(x);
	return 0;
}

static void formatted_log(struct mir_http_exchange *x, enum mir_http_access_format format)
{
	const struct mir_http_access a = {
		.request = &x->request,
		.status = x->response.status,
		.bytes = x->response.body_sent,
		.wall_ns = mir_wall(),
		.took_ns = mir_now_precise() - x->started,
	};
	char line[MIR_HTTP_ACCESS_LINE];

	mir_log_text(line, mir_http_access_line(&a, format, line, sizeof(line)));
}

void mir_http_access_log(struct mir_http_exchange *x)
{
	struct mir_http_request *r = &x->request;
	const char *format = x->server->config.http_access_format;
	char peer[MIR_IPADDR_TEXT];

	if (format && (format[0] == 'c' || format[0] == 'j')) {
		formatted_log(
		    x, format[0] == 'j' ? MIR_HTTP_ACCESS_JSON : MIR_HTTP_ACCESS_COMBINED);
		return;
	}
	mir_info("%s - - [%s] \"%.*s %.*s HTTP/%u.%u\" %u %llu %lld us",
	    mir_ipaddr_text(&r->peer.addr, peer), mir_http_date_now(x->server),
	    (int)MIR_MIN(r->method_text.len, 32u), r->method_text.p ? r->method_text.p : "",
	    (int)MIR_MIN(r->target.len, 512u), r->target.p ? r->target.p : "", r->version / 10,
	    r->version % 10, x->response.status, (unsigned long long)x->response.body_sent,
	    (long long)(mir_now_precise() - x->started) / 1000);
}

static void options_server(struct mir_http_exchange *x)
{
	mir_http_add(&x->response, "Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
	mir_http_status(&x->response, 204);
}

int mir_http_answer(struct mir_http_exchange *x)
{
	struct mir_http_server *s = x->server;

	mir_http_insist_on_tls(x);
	if (x->request.path.p[0] == '*')
		options_server(x);
	else if (s->config.acme && mir_http_challenge(x))
		return 0;
	else if (s->config.https_redirect && s->secure && !x->request.tls)
		mir_http_redirect_secure(x);
	else
		return s->config.handler(s->config.handler_arg, &x->request, &x->response);
	return 0;
}

/* One request whose head is at the front of the input.  Blocks. */
static enum next serve_one(struct mir_http_exchange *x, size_t len)
{
	struct mir_http_server *s = x->server;
	enum next next;
	int rc = begin_request(x, len);

	if (rc < 0) {
		mir_http_refuse(x, (unsigned)-rc);
	} else {
		s->stats.requests++;
		x->conn->requests++;
		mir_http_response_finish(x, mir_http_answer(x));
		rc = 0;
	}
	if (s->config.http_access_log)
		mir_http_access_log(x);
	if (x->failed || x->cut) {
		s->stats.cut++;
		next = ABORT;
	} else if (rc < 0 || x->body_error || !mir_http_body_drain(x)) {
		next = LINGER;
	} else {
		next = x->close ? (x->input.n ? LINGER : CLOSE) : KEEP;
	}
	return next;
}

/* Reads what the client still sends for a while: closing at once would reset the connection and
 * could take our answer from it (RFC 9112 section 9.6). */
static void linger(struct mir_http_exchange *x)
{
	int64_t deadline = mir_time_add(mir_now(), MIR_SECOND(2));
	size_t total = 0;

	mir_flow_shutdown(x->conn->flow, MIR_FLOW_WRITE);
	do {
		total += mir_slices_len(x->input.s, x->input.n);
		mir_slices_unref(x->input.s, x->input.n);
		x->input.n = 0;
	} while (total < MIR_HTTP_DRAIN && mir_http_fill(&x->input, deadline) > 0);
}

/* Answers an error before there is a request. */
static enum next refuse(struct mir_http_exchange *x, unsigned status)
{
	mir_http_exchange_init(x);
	mir_http_refuse(x, status);
	if (x->server->config.http_access_log)
		mir_http_access_log(x);
	mir_http_exchange_release(x);
	return x->failed ? ABORT : LINGER;
}

/* The beginning of HTTP/2 by prior knowledge (RFC 9113 section 3.4). */
static bool is_http2(struct mir_http_exchange *x, size_t len)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\n";
	const struct mir_http_server_config *c = &x->server->config;

	return c->http2 && c->http2_clear && !x->conn->tls && !x->conn->requests &&
	       len == sizeof(preface) - 1 && memcmp(x->input.s[0].p, preface, len) == 0;
}

static void become_http2(struct mir_http_exchange *x)
{
	struct mir_http_conn *c = x->conn;

	c->fiber = NULL;
	c->server->config.http2->ops->serve(c->server->config.http2, c, x->input.s, x->input.n);
}

/* All requests that have come.  KEEP: the rest of the input is the beginning of one. */
static enum next serve_all(struct mir_http_exchange *x)
{
	enum next next = KEEP;
	int64_t len;

	while (next == KEEP && x->input.n) {
		len = mir_http_input_head(
		    &x->input, &x->conn->scan, x->server->config.http_max_header);
		if (len == 0)
			break;
		if (len < 0)
			return refuse(x, (unsigned)-len);
		if (is_http2(x, (size_t)len))
			return TAKEN;
		mir_http_exchange_init(x);
		next = serve_one(x, (size_t)len);
		mir_http_exchange_release(x);
		if (next == KEEP && x->input.n && mir_yield() < 0)
			next = CLOSE;
	}
	return next == KEEP && x->server->draining ? CLOSE : next;
}

void mir_http_conn_serve(void *arg)
{
	struct mir_http_conn *c = arg;
	struct mir_http_exchange x;
	enum next next;
	int rc;

	x.conn = c;
	x.server = c->server;
	x.ops = NULL;
	x.input.flow = c->flow;
	x.input.n = 0;
	if (c->pending.len)
		x.input.s[x.input.n++] = c->pending;
	c->pending = (struct mir_slice){ NULL, 0, NULL };
	if (c->timed_out) {
		c->server->stats.timeouts++;
		next = refuse(&x, 408);
	} else {
		rc = mir_http_fill(
		    &x.input, mir_time_add(mir_now(), c->server->config.http_header_timeout));
		next = rc > 0 ? serve_all(&x) : rc == 0 ? CLOSE : ABORT;
	}
	if (next == TAKEN) {
		become_http2(&x);
		return;
	}
	if (next == KEEP) {
		mir_http_conn_park(
		    c, x.input.n ? x.input.s[0] : (struct mir_slice){ NULL, 0, NULL });
		return;
	}
	if (next == LINGER)
		linger(&x);
	mir_slices_unref(x.input.s, x.input.n);
	mir_http_conn_free(c, next == ABORT);
}
