/* server.c: connections come, wait and go; limits; the end. */
#include "internal.h"

#include <mir/log.h>
#include <mir/loop.h>
#include <stdlib.h>

MIR_LOG_SOURCE(http);

enum { OVER = 64 /* connections past the limit that a burst may bring before we pause */ };

static void list_add(struct mir_http_conns *l, struct mir_http_conn *c)
{
	c->next = NULL;
	c->prev = l->tail;
	if (l->tail)
		l->tail->next = c;
	else
		l->head = c;
	l->tail = c;
}

static void list_remove(struct mir_http_conns *l, struct mir_http_conn *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		l->head = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		l->tail = c->prev;
}

static struct mir_http_conns *list_of(struct mir_http_conn *c)
{
	return c->busy ? &c->server->busy : &c->server->idle;
}

void mir_http_conn_busy(struct mir_http_conn *c, bool busy)
{
	if (busy == c->busy)
		return;
	list_remove(list_of(c), c);
	c->busy = busy;
	list_add(list_of(c), c);
}

void mir_http_conn_free(struct mir_http_conn *c, bool abort)
{
	struct mir_http_server *s = c->server;

	list_remove(list_of(c), c);
	mir_timer_stop(&c->timer);
	mir_slice_unref(&c->pending);
	if (abort)
		mir_flow_abort(c->flow);
	else
		mir_flow_close(c->flow);
	free(c);
	s->connections--;
	if (s->paused && s->connections < (uint64_t)s->config.http_max_connections) {
		s->paused = false;
		mir_http_pause(s, false);
	}
	if (!s->connections)
		mir_wake_all(&s->empty);
}

/* Gives an idle connection a fiber. */
static void attach(struct mir_http_conn *c)
{
	struct mir_http_server *s = c->server;
	struct mir_fiber *fiber = mir_spawn("http", mir_http_conn_serve, c);

	mir_timer_stop(&c->timer);
	if (!fiber) {
		s->stats.no_memory++;
		mir_http_conn_free(c, true);
		return;
	}
	c->fiber = fiber;
	mir_http_conn_busy(c, true);
}

static void readable(void *arg)
{
	attach(arg);
}

static void timeout(struct mir_timer *t)
{
	struct mir_http_conn *c = mir_container(t, struct mir_http_conn, timer);

	mir_flow_when_readable(c->flow, NULL, NULL);
	if (c->pending.len) {
		c->timed_out = true;
		attach(c);
	} else {
		mir_http_conn_free(c, false);
	}
}

/* Waits for bytes; c is idle. */
static void wait_for_bytes(struct mir_http_conn *c)
{
	struct mir_http_server *s = c->server;

	if (c->pending.len && !c->head_deadline)
		c->head_deadline = mir_time_add(mir_now(), s->config.http_header_timeout);
	mir_timer_set(&c->timer, c->head_deadline
				     ? c->head_deadline
				     : mir_time_add(mir_now(), s->config.http_idle_timeout));
	mir_flow_when_readable(c->flow, readable, c);
}

void mir_http_conn_park(struct mir_http_conn *c, struct mir_slice pending)
{
	c->pending = pending;
	/* A few bytes must not hold on to a large buffer. */
	if (pending.owner && pending.owner->size > 2 * pending.len + 64) {
		c->pending = mir_slice_copy(pending.p, pending.len);
		mir_slice_unref(&pending);
		if (!c->pending.owner) {
			c->server->stats.no_memory++;
			mir_http_conn_free(c, true);
			return;
		}
	}
	c->fiber = NULL;
	mir_http_conn_busy(c, false);
	wait_for_bytes(c);
}

static void close_idle(struct mir_http_conn *c)
{
	if (c->ops) {
		c->ops->evict(c);
		return;
	}
	mir_flow_when_readable(c->flow, NULL, NULL);
	mir_http_conn_free(c, false);
}

/* Makes room by closing the connection that has been idle for longest. */
static bool make_room(struct mir_http_server *s)
{
	struct mir_http_conn *oldest = s->idle.head;

	if (s->connections < (uint64_t)s->config.http_max_connections)
		return true;
	if (oldest) {
		s->stats.evicted++;
		close_idle(oldest);
		return true;
	}
	if (s->listener && !s->paused) {
		s->paused = true;
		mir_http_pause(s, true);
	}
	return s->connections < (uint64_t)s->config.http_max_connections + OVER;
}

void mir_http_server_connection(struct mir_http_server *s, struct mir_flow *flow,
    const struct mir_tls_flow *tls, const struct mir_endpoint *local,
    const struct mir_endpoint *peer)
{
	struct mir_http_conn *c = NULL;

	s->stats.accepted++;
	if (!s->draining && make_room(s) && !(c = calloc(1, sizeof(*c))))
		s->stats.no_memory++;
	if (!c) {
		mir_flow_abort(flow);
		return;
	}
	c->server = s;
	c->flow = flow;
	c->tls = tls;
	c->local = *local;
	c->peer = *peer;
	mir_timer_init(&c->timer, timeout);
	s->connections++;
	list_add(&s->idle, c);
	if (tls && s->config.http2 && strcmp(tls->alpn, "h2") == 0)
		s->config.http2->ops->serve(s->config.http2, c, NULL, 0);
	else
		wait_for_bytes(c);
}

static void set_defaults(struct mir_http_server_config *c)
{
	if (c->http_max_connections <= 0)
		c->http_max_connections = 20000;
	if (c->http_header_timeout <= 0)
		c->http_header_timeout = MIR_SECOND(10);
	if (c->http_idle_timeout <= 0)
		c->http_idle_timeout = MIR_SECOND(60);
	if (c->http_body_timeout <= 0)
		c->http_body_timeout = MIR_SECOND(30);
	if (!c->http_max_header)
		c->http_max_header = 16384;
	c->http_max_header = MIR_MIN(c->http_max_header, 1u << 20);
	if (c->http2_streams <= 0)
		c->http2_streams = 100;
	c->http2_streams = MIR_MIN(c->http2_streams, 10000);
}

int mir_http_server_start(struct mir_http_server *s, const struct mir_http_server_config *config)
{
	if (!config->handler)
		return MIR_EINVAL;
	*s = (struct mir_http_server){ .config = *config };
	set_defaults(&s->config);
	return config->stack ? mir_http_listen(s) : 0;
}

/* Waits until no connection is left; false when that did not come about in time. */
static bool wait_empty(struct mir_http_server *s, int64_t ns)
{
	int64_t outer = mir_deadline_set(mir_time_add(mir_now(), ns));
	int rc = 0;

	while ((s->connections || s->handshakes) && rc == 0)
		rc = mir_wait(&s->empty);
	mir_deadline_restore(outer);
	return !s->connections && !s->handshakes;
}

/* Those of other protocols have last words. */
static void stop_protocols(struct mir_http_server *s)
{
	struct mir_http_conn *c, *next;

	for (c = s->idle.head; c; c = next) {
		next = c->next;
		if (c->ops)
			mir_http_conn_busy(c, true);
	}
	for (c = s->busy.head; c; c = next) {
		next = c->next;
		if (c->ops)
			c->ops->stop(c);
	}
}

static void cancel_busy(struct mir_http_server *s)
{
	struct mir_http_conn *next;

	for (struct mir_http_conn *c = s->busy.head; c; c = next) {
		next = c->next;
		if (c->ops)
			c->ops->cancel(c);
		else
			mir_cancel(c->fiber);
	}
}

void mir_http_server_stop(struct mir_http_server *s)
{
	s->draining = true;
	mir_http_unlisten(s);
	s->paused = false;
	stop_protocols(s);
	while (s->idle.head)
		close_idle(s->idle.head);
	if (wait_empty(s, MIR_SECOND(5)))
		return;
	mir_warn("%u connections were cut: their requests did not end in 5 s", s->connections);
	cancel_busy(s);
	mir_http_cancel_handshakes(s);
	if (!wait_empty(s, MIR_SECOND(1)))
		mir_error("%u connections did not end", s->connections);
}

int mir_http_server_run(struct mir_http_server *s)
{
	while (mir_wait(&s->quit) == 0)
		;
	mir_shutdown_acknowledge();
	mir_http_server_stop(s);
	return 0;
}
