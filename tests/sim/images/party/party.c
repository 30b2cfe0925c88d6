/* party.c: starts the work that was asked for, on the side that was asked for. */
#include "party.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

MIR_LOG_SOURCE(party);

static const struct work *const works[] = { &bulk_work, &short_work, &half_work, &reset_work,
	&window_work, &open_work, &reuse_work, &exhaust_work, &datagrams_work, &address_work,
	&roam_work, &deaf_work };

static struct {
	const struct app *app;
	const struct work *work;
	unsigned open;
	bool failed;
	struct mir_waitq ended;
} g;

enum { LINGER = 120, TRIES = 10 };

struct guest {
	struct mir_flow *flow;
};

void party_fail(const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	mir_error("%s", text);
	g.failed = true;
}

bool party_failed(void)
{
	return g.failed;
}

/* A host that ARP cannot find at once is asked for again. */
int party_connect(
    const struct app *app, const struct mir_tcp_options *options, struct mir_flow **out)
{
	struct mir_endpoint peer = { app->keys.peer, app->keys.port };
	struct mir_tcp_flow *flow;
	int rc = MIR_EHOSTUNREACH;

	for (int i = 0; i < TRIES && rc == MIR_EHOSTUNREACH; i++) {
		if (i > 0 && (rc = mir_sleep(MIR_SECOND(5))) < 0)
			break;
		rc = mir_tcp_connect(app->stack->tcp, NULL, &peer, options, &flow);
	}
	*out = rc < 0 ? NULL : &flow->flow;
	return rc;
}

static void serve(void *arg)
{
	struct guest *guest = arg;
	int rc = g.work->serve(guest->flow, g.app);

	if (rc < 0 && !g.work->failures)
		party_fail("a conversation failed: %s", mir_strerror(rc));
	if (rc < 0)
		mir_flow_abort(guest->flow);
	else
		mir_flow_close(guest->flow);
	free(guest);
	g.open--;
	mir_wake_all(&g.ended);
}

static void leave(void *arg)
{
	mir_flow_close(arg);
}

static void accepted(void *arg, struct mir_tcp_flow *flow)
{
	struct guest *guest;

	(void)arg;
	if (g.work->idle) {
		mir_flow_when_readable(&flow->flow, leave, &flow->flow);
		return;
	}
	guest = malloc(sizeof(*guest));
	if (!guest) {
		mir_flow_abort(&flow->flow);
		return;
	}
	guest->flow = &flow->flow;
	g.open++;
	if (mir_spawn("guest", serve, guest))
		return;
	g.open--;
	mir_flow_abort(guest->flow);
	free(guest);
}

static int server(const struct app *app)
{
	struct mir_endpoint local = { .port = app->keys.port };
	struct mir_tcp_listener *listener;
	struct mir_waitq forever = { 0 };
	int rc =
	    mir_tcp_listen(app->stack->tcp, &local, 0, &g.work->options, accepted, NULL, &listener);

	if (rc < 0) {
		party_fail("listen: %s", mir_strerror(rc));
		return 1;
	}
	if (g.work->server)
		g.work->server(app);
	while (mir_wait(&forever) == 0)
		continue;
	mir_shutdown_acknowledge();
	mir_tcp_unlisten(listener);
	if (g.work->server_end)
		g.work->server_end();
	mir_deadline_set(mir_now() + MIR_SECOND(50));
	while (g.open > 0 && mir_wait(&g.ended) == 0)
		continue;
	if (g.open > 0)
		party_fail("%u conversations have not ended", g.open);
	return g.failed;
}

static int client(const struct app *app)
{
	int rc;

	mir_deadline_set(mir_now() + app->keys.patience);
	rc = g.work->client(app);
	if (rc < 0)
		party_fail("%s: %s", g.work->name, mir_strerror(rc));
	/* The last acknowledgements may be lost: who is gone cannot send them again. */
	if (!g.failed)
		mir_sleep(MIR_SECOND(LINGER));
	return g.failed;
}

int party_main(const struct app *app)
{
	g.app = app;
	for (size_t i = 0; i < MIR_COUNT(works); i++) {
		if (strcmp(works[i]->name, app->keys.work) == 0)
			g.work = works[i];
	}
	return strcmp(app->keys.role, "server") == 0 ? server(app) : client(app);
}
