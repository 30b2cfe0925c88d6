/* echo.c: sends back whatever comes (RFC 862), for thousands of connections at once.
 *
 * A connection has a fiber only while data moves: when nothing has come for a moment, the fiber
 * goes back to the pool and the connection waits as a callback (mir_flow_when_readable).  What is
 * read is written as it is, without a copy.
 */
#include "mirage/app.h"

#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/loop.h>
#include <stdlib.h>

MIR_LOG_SOURCE(echo);

#define LINGER   MIR_MS(10)    /* how long a fiber waits for more before it leaves */
#define PATIENCE MIR_SECOND(5) /* how long connections have to end when the image does */

struct server {
	struct mir_tcp_listener *listener;
	struct connection *first;
	int64_t open, limit;
	bool paused;
	struct mir_waitq ended;
};

struct connection {
	struct connection *next, **prev;
	struct server *server;
	struct mir_flow *flow;
	struct mir_fiber *fiber; /* NULL: idle */
};

static void forget(struct connection *c)
{
	struct server *server = c->server;

	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free(c);
	server->open--;
	if (server->paused && server->listener) {
		server->paused = false;
		mir_tcp_pause(server->listener, false);
	}
	mir_wake_all(&server->ended);
}

/* Moves data until none comes for a while (1), the peer is done (0) or something broke. */
static int pump(struct mir_flow *flow)
{
	struct mir_slice data[16];

	for (;;) {
		int64_t outer = mir_deadline_set(mir_time_add(mir_now(), LINGER));
		int n = mir_flow_read(flow, data, MIR_COUNT(data));
		int rc;

		mir_deadline_restore(outer);
		if (n <= 0)
			return n == MIR_ETIMEDOUT ? 1 : n;
		rc = mir_flow_write(flow, data, (unsigned)n);
		if (rc < 0)
			return rc;
	}
}

static void readable(void *arg);

static void serve(void *arg)
{
	struct connection *c = arg;
	int rc = pump(c->flow);

	c->fiber = NULL;
	if (rc > 0 && c->server->listener) {
		mir_flow_when_readable(c->flow, readable, c);
		return;
	}
	if (rc >= 0) {
		mir_flow_close(c->flow); /* what is under way still arrives */
	} else {
		mir_debug("%s", mir_strerror(rc));
		mir_flow_abort(c->flow);
	}
	forget(c);
}

static void readable(void *arg)
{
	struct connection *c = arg;

	c->fiber = mir_spawn("echo", serve, c);
	if (!c->fiber) {
		mir_flow_abort(c->flow);
		forget(c);
	}
}

static void accepted(void *arg, struct mir_tcp_flow *flow)
{
	struct server *server = arg;
	struct connection *c = calloc(1, sizeof(*c));

	if (!c) {
		mir_flow_abort(&flow->flow);
		return;
	}
	*c = (struct connection){ .server = server, .flow = &flow->flow };
	c->next = server->first;
	c->prev = &server->first;
	if (c->next)
		c->next->prev = &c->next;
	server->first = c;
	if (++server->open >= server->limit && server->listener && !server->paused) {
		server->paused = true;
		mir_tcp_pause(server->listener, true);
	}
	mir_flow_when_readable(c->flow, readable, c);
}

/* Ends all connections: idle ones here, the others through their fibers. */
static void finish(struct server *server)
{
	struct connection *next;
	int64_t outer;

	for (struct connection *c = server->first; c; c = next) {
		next = c->next;
		if (c->fiber) {
			mir_cancel(c->fiber);
			continue;
		}
		mir_flow_when_readable(c->flow, NULL, NULL);
		mir_flow_close(c->flow);
		forget(c);
	}
	mir_shutdown_acknowledge();
	outer = mir_deadline_set(mir_time_add(mir_now(), PATIENCE));
	while (server->first && mir_wait(&server->ended) == 0)
		continue;
	mir_deadline_restore(outer);
}

int echo_main(const struct app *app)
{
	static struct server server;
	struct mir_endpoint local = { .port = app->keys.port };
	struct mir_tcp_options options = { .nodelay = true };
	struct mir_waitq forever = { 0 };
	char text[MIR_ENDPOINT_TEXT];
	int rc;

	server.limit = app->keys.connections;
	rc = mir_tcp_listen(
	    app->stack->tcp, &local, 0, &options, accepted, &server, &server.listener);
	if (rc < 0) {
		mir_error("port %u: %s", app->keys.port, mir_strerror(rc));
		return 1;
	}
	mir_app("listening on %s", mir_endpoint_text(&server.listener->local, text));
	while (mir_wait(&forever) == 0)
		continue;
	mir_app("ending, %lld connections open", (long long)server.open);
	mir_tcp_unlisten(server.listener);
	server.listener = NULL;
	finish(&server);
	return 0;
}
