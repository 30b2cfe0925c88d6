/* server.c: connections of the server, and the fibers of their requests. */
#include "server.h"

#include <mir/log.h>
#include <mir/mem.h>
#include <stdlib.h>

MIR_LOG_SOURCE(http);

enum { HELD = 64 * 1024 * 1024 /* bytes of bodies that handlers have not read, in all */ };

static const int64_t stop_ns = MIR_SECOND(1);

static struct mir_http_server *http_of(struct mir_h2 *h)
{
	return mir_h2_server_of(h)->conn->server;
}

/* ---- requests ---- */

static void end_exchange(struct mir_h2_exchange *e)
{
	struct mir_h2_stream *s = &e->r->stream;
	struct mir_http_exchange *x = &e->x;

	if (x->server->config.http_access_log)
		mir_http_access_log(x);
	if (x->failed || x->cut) {
		x->server->stats.cut++;
		mir_h2_stream_reset(s, NGHTTP2_INTERNAL_ERROR);
	} else if (!s->in_ended && s->out_ended) {
		mir_h2_stream_reset(s, NGHTTP2_NO_ERROR);
	} else if (!s->in_ended) {
		s->reset_at_end = true;
	}
	mir_http_exchange_release(x);
	mir_mem_unref(e->cookies);
}

static void serve(void *arg)
{
	struct mir_h2_request *r = arg;
	struct mir_h2 *h = r->stream.h;
	struct mir_http_server *server = http_of(h);
	struct mir_h2_exchange e;
	int rc;

	e.r = r;
	e.cookies = NULL;
	e.x.conn = mir_h2_server_of(h)->conn;
	e.x.server = server;
	e.x.ops = &mir_h2_exchange_ops;
	e.x.input.flow = NULL;
	e.x.input.n = 0;
	mir_http_exchange_init(&e.x);
	if ((rc = mir_h2_understand(&e)) < 0) {
		mir_http_refuse(&e.x, (unsigned)-rc);
		mir_http_response_finish(&e.x, 0);
	} else {
		server->stats.requests++;
		e.x.conn->requests++;
		mir_http_response_finish(&e.x, mir_http_answer(&e.x));
	}
	end_exchange(&e);
	r->fiber = NULL;
	server->streams--;
	mir_h2_stream_unuse(&r->stream);
	mir_h2_settle(h);
}

static struct mir_h2_stream *begin(struct mir_h2 *h, int32_t id)
{
	struct mir_http_server *server = http_of(h);
	struct mir_h2_request *r = NULL;

	/* A handler whose stream was reset counts until it has ended. */
	if (h->users < (unsigned)server->config.http2_streams &&
	    server->streams < (uint64_t)server->config.http_max_connections &&
	    server->http2_held < HELD && !mir_h2_server_of(h)->stopped)
		r = calloc(1, sizeof(*r));
	if (!r) {
		server->stats.http2.refused++;
		nghttp2_submit_rst_stream(
		    h->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
		return NULL;
	}
	mir_h2_stream_init(&r->stream, h, id);
	r->stream.used = true;
	h->users++;
	server->streams++;
	return &r->stream;
}

static void head(struct mir_h2_stream *s)
{
	struct mir_h2_request *r = mir_container(s, struct mir_h2_request, stream);

	if (s->headed)
		return;
	s->headed = true;
	r->bodyless = s->in_ended;
	r->fiber = mir_spawn("http2 request", serve, r);
	if (!r->fiber) {
		http_of(s->h)->stats.no_memory++;
		nghttp2_submit_rst_stream(
		    s->h->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_REFUSED_STREAM);
		http_of(s->h)->streams--;
		mir_h2_stream_unuse(s);
	}
}

static void orphan(struct mir_h2_stream *s)
{
	http_of(s->h)->streams--;
	mir_h2_stream_unuse(s);
}

static void free_stream(struct mir_h2_stream *s)
{
	struct mir_h2_request *r = mir_container(s, struct mir_h2_request, stream);

	if (s->error == NGHTTP2_NO_ERROR)
		mir_h2_limits_answered(&s->h->limits);
	mir_h2_stream_release(s);
	free(r);
}

/* ---- the connection ---- */

static void frame(struct mir_h2 *h, const nghttp2_frame *f)
{
	struct mir_h2_server *v = mir_h2_server_of(h);

	if (f->hd.type == NGHTTP2_RST_STREAM)
		http_of(h)->stats.http2.resets++;
	/* What the client had under way when it heard that we stop has come. */
	if (f->hd.type == NGHTTP2_PING && (f->hd.flags & NGHTTP2_FLAG_ACK) && v->stopping)
		v->stop_deadline = 0;
}

static void failed(struct mir_h2 *h, uint32_t error)
{
	struct mir_http2_stats *stats = &http_of(h)->stats.http2;

	if (error == NGHTTP2_ENHANCE_YOUR_CALM)
		stats->flooded++;
	else
		stats->broken++;
	mir_debug("http2: the connection is ended: %s", nghttp2_http2_strerror(error));
}

static int64_t next_deadline(const struct mir_h2_server *v)
{
	const struct mir_http_server *server = v->conn->server;
	int64_t t = MIR_NEVER;

	if (v->h.lingering)
		return v->h.linger_deadline;
	if (!v->h.users)
		t = mir_time_add(v->idle_since, server->config.http_idle_timeout);
	if (v->h.head_deadline)
		t = MIR_MIN(t, v->h.head_deadline);
	if (v->stopping && !v->stopped)
		t = MIR_MIN(t, v->stop_deadline);
	return t;
}

static void settled(struct mir_h2 *h)
{
	struct mir_h2_server *v = mir_h2_server_of(h);
	bool busy = h->users || v->stopping || h->dead || h->lingering;

	if (busy)
		v->idle_since = mir_now();
	mir_http_conn_busy(v->conn, busy);
	mir_timer_set(&h->timer, h->dead ? MIR_NEVER : next_deadline(v));
}

static void last_word(struct mir_h2_server *v)
{
	v->stopped = true;
	nghttp2_submit_goaway(v->h.session, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(v->h.session), NGHTTP2_NO_ERROR, NULL, 0);
}

static void timeout(struct mir_timer *t)
{
	struct mir_h2 *h = mir_container(t, struct mir_h2, timer);
	struct mir_h2_server *v = mir_h2_server_of(h);

	if (h->lingering) {
		mir_h2_die(h, false);
	} else if (v->stopping && !v->stopped && mir_now() >= v->stop_deadline) {
		last_word(v);
	} else {
		if (h->head_deadline || h->writer)
			http_of(h)->stats.timeouts++;
		h->head_deadline = 0;
		v->idle_since = mir_now();
		/* One that did not take the rest does not take this either. */
		if (h->writer)
			mir_h2_die(h, true);
		mir_h2_end(h, NGHTTP2_NO_ERROR);
	}
	mir_h2_settle(h);
}

static void stop(struct mir_http_conn *c)
{
	struct mir_h2_server *v = c->protocol;

	if (v->stopping)
		return;
	v->stopping = true;
	v->stop_deadline = mir_time_add(mir_now(), stop_ns);
	if (!v->h.dead && !v->h.lingering) {
		nghttp2_submit_shutdown_notice(v->h.session);
		nghttp2_submit_ping(v->h.session, NGHTTP2_FLAG_NONE, NULL);
	}
	mir_h2_settle(&v->h);
}

static void cancel(struct mir_http_conn *c)
{
	struct mir_h2_server *v = c->protocol;

	for (struct mir_h2_stream *s = v->h.streams; s; s = s->next) {
		struct mir_h2_request *r = mir_container(s, struct mir_h2_request, stream);

		if (r->fiber)
			mir_cancel(r->fiber);
	}
	mir_h2_die(&v->h, true);
	mir_h2_settle(&v->h);
}

static void evict(struct mir_http_conn *c)
{
	struct mir_h2_server *v = c->protocol;

	mir_h2_die(&v->h, false);
	mir_h2_settle(&v->h);
}

static void free_connection(struct mir_h2 *h)
{
	struct mir_h2_server *v = mir_h2_server_of(h);
	struct mir_http_conn *c = v->conn;
	bool abort = h->aborted;

	mir_timer_stop(&h->timer);
	nghttp2_session_del(h->session);
	free(v);
	c->ops = NULL;
	mir_http_conn_free(c, abort);
}

static const struct mir_h2_role role = {
	.begin = begin,
	.head = head,
	.orphan = orphan,
	.free_stream = free_stream,
	.frame = frame,
	.settled = settled,
	.failed = failed,
	.free = free_connection,
};

static const struct mir_http_conn_ops conn_ops = { stop, cancel, evict };

void mir_h2_serve(
    struct mir_http2 *device, struct mir_http_conn *c, struct mir_slice *begun, unsigned n)
{
	const struct mir_http_server_config *config = &c->server->config;
	struct mir_h2_server *v = calloc(1, sizeof(*v));

	(void)device;
	if (v) {
		v->conn = c;
		v->h.role = &role;
		v->h.flow = c->flow;
		v->h.max_header = config->http_max_header;
		v->h.read_patience = config->http_header_timeout;
		v->h.write_patience = config->http_body_timeout;
		v->h.held = &c->server->http2_held;
		v->idle_since = mir_now();
		mir_timer_init(&v->h.timer, timeout);
	}
	if (!v || mir_h2_start(&v->h, true, (unsigned)config->http2_streams) < 0) {
		c->server->stats.no_memory++;
		free(v);
		mir_slices_unref(begun, n);
		mir_http_conn_free(c, true);
		return;
	}
	c->server->stats.http2.connections++;
	c->ops = &conn_ops;
	c->protocol = v;
	mir_timer_stop(&c->timer);
	for (unsigned i = 0; i < n; i++) {
		mir_h2_feed(&v->h, &begun[i]);
		mir_slice_unref(&begun[i]);
	}
	if (c->server->draining)
		stop(c);
	else
		mir_h2_settle(&v->h);
}
