/* upgrade.c: a connection becomes another protocol's (RFC 9110 section 7.8). */
#include "internal.h"

#include <mir/loop.h>
#include <stdlib.h>

/* The flow that is handed out: what was read ahead comes first. */
struct upgraded {
	struct mir_flow flow;
	struct mir_http_exchange *x;
	struct mir_task task;
	mir_flow_ready *ready;
	void *ready_arg;
};

static struct upgraded *of(struct mir_flow *f)
{
	return mir_container(f, struct upgraded, flow);
}

static struct mir_flow *below(struct mir_flow *f)
{
	return of(f)->x->conn->flow;
}

static int upgraded_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	int64_t all = INT64_MAX;

	if (of(f)->x->input.n)
		return (int)mir_http_input_take(&of(f)->x->input, out, max, &all);
	return mir_flow_read(below(f), out, max);
}

static int upgraded_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	return mir_flow_write(below(f), data, n);
}

static int upgraded_drain(struct mir_flow *f)
{
	return mir_flow_drain(below(f));
}

static int upgraded_shutdown(struct mir_flow *f, enum mir_flow_half half)
{
	return mir_flow_shutdown(below(f), half);
}

/* The connection ends when the handler returns. */
static void upgraded_close(struct mir_flow *f)
{
	struct upgraded *u = of(f);

	mir_unpost(&u->task);
	mir_flow_shutdown(below(f), MIR_FLOW_WRITE);
	u->x->upgraded = NULL;
	free(u);
}

static void upgraded_abort(struct mir_flow *f)
{
	of(f)->x->failed = true;
	upgraded_close(f);
}

static void run_ready(struct mir_task *t)
{
	struct upgraded *u = mir_container(t, struct upgraded, task);
	mir_flow_ready *ready = u->ready;

	u->ready = NULL;
	if (ready)
		ready(u->ready_arg);
}

static void upgraded_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	struct upgraded *u = of(f);

	u->ready = ready;
	u->ready_arg = arg;
	if (!ready)
		mir_unpost(&u->task);
	if (ready && u->x->input.n)
		mir_post(&u->task);
	else
		mir_flow_when_readable(below(f), ready, arg);
}

static const struct mir_flow_ops upgraded_ops = {
	.name = "upgraded",
	.read = upgraded_read,
	.write = upgraded_write,
	.drain = upgraded_drain,
	.shutdown = upgraded_shutdown,
	.close = upgraded_close,
	.abort = upgraded_abort,
	.when_readable = upgraded_when_readable,
};

int mir_http_upgrade(struct mir_http_response *r, const char *protocol, struct mir_flow **out)
{
	struct mir_http_exchange *x = mir_http_exchange_of(r);
	struct upgraded *u;
	int rc;

	if (r->begun || x->ops || x->request.version != 11 || !x->body_done ||
	    !mir_http_is_token(mir_str(protocol)))
		return MIR_EINVAL;
	if (!(u = malloc(sizeof(*u))))
		return MIR_ENOMEM;
	*u = (struct upgraded){ .flow = { &upgraded_ops }, .x = x, .task = { .run = run_ready } };
	if ((rc = mir_http_switch(x, protocol)) < 0) {
		free(u);
		return rc;
	}
	x->upgraded = u;
	*out = &u->flow;
	return 0;
}

void mir_http_upgrade_end(struct mir_http_exchange *x)
{
	struct upgraded *u = x->upgraded;

	x->close = true;
	if (u)
		upgraded_close(&u->flow);
}
