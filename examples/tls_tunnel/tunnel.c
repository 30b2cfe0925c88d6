/* tunnel.c: each connection over TLS becomes one without to the target.
 *
 * A fiber shakes hands and connects; then the relay has both flows, and while nothing moves there
 * is no fiber.
 */
#include "mirage/app.h"

#include <mir/fiber.h>
#include <mir/format.h>
#include <mir/log.h>
#include <mir/loop.h>
#include <mir/relay.h>
#include <mir/stack.h>
#include <stdlib.h>

MIR_LOG_SOURCE(tunnel);

#define CONNECT  MIR_SECOND(10) /* how long the target may take to accept */
#define PATIENCE MIR_SECOND(5)  /* how long connections have to end when the image does */

struct tunnel {
	const struct app *app;
	struct mir_tcp_listener *listener;
	struct connection *first;
	int64_t open;
	uint64_t total, failed;
	bool paused;
	struct mir_waitq ended;
};

struct connection {
	struct connection *next, **prev;
	struct tunnel *tunnel;
	struct mir_tcp_flow *client; /* until TLS has it */
	struct mir_endpoint from, to;
	struct mir_fiber *fiber; /* NULL: the relay has it */
	struct mir_relay relay;
};

static void forget(struct connection *c)
{
	struct tunnel *t = c->tunnel;

	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free(c);
	t->open--;
	if (t->paused && t->listener) {
		t->paused = false;
		mir_tcp_pause(t->listener, false);
	}
	mir_wake_all(&t->ended);
}

static void done(struct mir_relay *relay)
{
	struct connection *c = relay->arg;

	mir_debug("%llu bytes in, %llu out: %s", (unsigned long long)relay->way[0].bytes,
	    (unsigned long long)relay->way[1].bytes,
	    relay->error ? mir_strerror(relay->error) : "ended");
	forget(c);
}

/* "PROXY TCP4 10.0.0.7 10.0.0.2 4711 4433" */
static int introduce(const struct connection *c, struct mir_flow *target)
{
	char from[MIR_IPADDR_TEXT], to[MIR_IPADDR_TEXT];

	if (!c->tunnel->app->keys.proxy_line)
		return 0;
	return mir_flow_printf(target, "PROXY TCP%d %s %s %u %u\r\n",
	    mir_ipaddr_is4(&c->from.addr) ? 4 : 6, mir_ipaddr_text(&c->from.addr, from),
	    mir_ipaddr_text(&c->to.addr, to), c->from.port, c->to.port);
}

/* The connection to the target, ready for the client's bytes. */
static int reach(const struct connection *c, struct mir_tcp_flow **out)
{
	const struct app *app = c->tunnel->app;
	struct mir_endpoint target = { app->keys.target_address, app->keys.target_port };
	struct mir_tcp_options options = { .nodelay = true };
	int64_t outer = mir_deadline_set(mir_time_add(mir_now(), CONNECT));
	int rc = mir_tcp_connect(app->stack->tcp, NULL, &target, &options, out);

	if (rc == 0 && (rc = introduce(c, &(*out)->flow)) < 0)
		mir_flow_abort(&(*out)->flow);
	mir_deadline_restore(outer);
	return rc;
}

static void serve(void *arg)
{
	struct connection *c = arg;
	struct tunnel *t = c->tunnel;
	struct mir_tcp_flow *target;
	struct mir_tls_flow *tls;
	char text[MIR_ENDPOINT_TEXT];
	int rc = mir_tls_server(t->app->tls, &c->client->flow, NULL, &tls);

	c->client = NULL;
	if (rc == 0 && (rc = reach(c, &target)) < 0) {
		mir_warn("target: %s", mir_strerror(rc));
		mir_flow_abort(&tls->flow);
	}
	c->fiber = NULL;
	if (rc < 0) {
		mir_debug("%s: %s", mir_endpoint_text(&c->from, text), mir_strerror(rc));
		t->failed++;
		forget(c);
		return;
	}
	mir_relay_start(&c->relay, &tls->flow, &target->flow, t->app->keys.idle, done, c);
}

static void accepted(void *arg, struct mir_tcp_flow *flow)
{
	struct tunnel *t = arg;
	struct connection *c = calloc(1, sizeof(*c));

	t->total++;
	if (c) {
		*c = (struct connection){ .tunnel = t,
			.client = flow,
			.from = flow->peer,
			.to = flow->local,
			.fiber = mir_spawn("tunnel", serve, c) };
	}
	if (!c || !c->fiber) {
		t->failed++;
		free(c);
		mir_flow_abort(&flow->flow);
		return;
	}
	c->next = t->first;
	c->prev = &t->first;
	if (c->next)
		c->next->prev = &c->next;
	t->first = c;
	if (++t->open >= t->app->keys.connections && !t->paused) {
		t->paused = true;
		mir_tcp_pause(t->listener, true);
	}
}

static void finish(struct tunnel *t)
{
	struct connection *next;
	int64_t outer;

	for (struct connection *c = t->first; c; c = next) {
		next = c->next;
		if (c->fiber)
			mir_cancel(c->fiber);
		else
			mir_relay_stop(&c->relay);
	}
	mir_shutdown_acknowledge();
	outer = mir_deadline_set(mir_time_add(mir_now(), PATIENCE));
	while (t->first && mir_wait(&t->ended) == 0)
		continue;
	mir_deadline_restore(outer);
}

int tunnel_main(const struct app *app)
{
	static struct tunnel tunnel;
	struct mir_endpoint local = { .port = app->keys.listen };
	struct mir_tcp_options options = { .nodelay = true };
	struct mir_waitq forever = { 0 };
	char text[MIR_ENDPOINT_TEXT];
	int rc;

	tunnel.app = app;
	rc = mir_tcp_listen(
	    app->stack->tcp, &local, 0, &options, accepted, &tunnel, &tunnel.listener);
	if (rc < 0) {
		mir_error("port %u: %s", app->keys.listen, mir_strerror(rc));
		return 1;
	}
	mir_app("listening on %s", mir_endpoint_text(&tunnel.listener->local, text));
	while (mir_wait(&forever) == 0)
		continue;
	mir_app("ending: %lld connections open, %llu in all, %llu failed", (long long)tunnel.open,
	    (unsigned long long)tunnel.total, (unsigned long long)tunnel.failed);
	mir_tcp_unlisten(tunnel.listener);
	tunnel.listener = NULL;
	finish(&tunnel);
	return 0;
}
