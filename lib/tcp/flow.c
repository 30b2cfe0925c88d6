/* flow.c: connections as flows for fibers: what blocks, and how it ends (types/mir/flow.h). */
#include "core.h"

#include <mir/mem.h>

static struct mir_tcp_conn *conn_of(struct mir_flow *f)
{
	struct mir_tcp_flow *flow = mir_container(f, struct mir_tcp_flow, flow);

	return mir_container(flow, struct mir_tcp_conn, flow);
}

/* Blocks.  MIR_ECONNABORTED: the flow was closed meanwhile, and may be gone. */
static int wait_on(struct mir_tcp_conn *c, struct mir_waitq *q)
{
	int rc;

	c->users++;
	rc = mir_wait(q);
	c->users--;
	if (c->closed) {
		mir_tcp_conn_update(c);
		return MIR_ECONNABORTED;
	}
	return rc;
}

static int flow_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	struct mir_tcp_conn *c = conn_of(f);

	for (;;) {
		unsigned n = mir_tcb_receive(&c->tcb, out, max, mir_now());
		int rc;

		if (n > 0) {
			if (c->tcb.events)
				mir_tcp_conn_update(c);
			return (int)n;
		}
		if (c->tcb.error < 0)
			return c->tcb.error;
		if (mir_tcb_at_end(&c->tcb))
			return 0;
		rc = wait_on(c, &c->readers);
		if (rc < 0)
			return rc;
	}
}

/* Queues the front of the slice, as much as there is room for, and moves the slice on. */
static int send_part(struct mir_tcp_conn *c, struct mir_slice *s, size_t room)
{
	struct mir_slice part = mir_slice_sub(s, 0, MIR_MIN(s->len, room));
	size_t len = part.len;
	int rc = mir_tcb_send(&c->tcb, &part, mir_now());

	if (rc < 0)
		return rc;
	s->p += len;
	s->len -= len;
	mir_tcp_conn_update(c);
	return 0;
}

static int send_slice(struct mir_tcp_conn *c, struct mir_slice *s)
{
	while (s->len > 0) {
		uint32_t room = mir_tcb_send_room(&c->tcb);
		int rc = MIR_ENOMEM;

		if (room == 0 && c->tcb.error < 0)
			return c->tcb.error;
		if (room == 0 && c->tcb.sendq.bytes < mir_tcb_send_limit(&c->tcb))
			return MIR_EPIPE;
		if (room > 0)
			rc = send_part(c, s, room);
		if (rc < 0 && rc != MIR_ENOMEM)
			return rc;
		/* No room, or no memory in the budget: what is under way will give some back. */
		if (rc == MIR_ENOMEM && mir_tcb_drained(&c->tcb) && !c->core->env.pressed)
			return rc;
		if (rc == MIR_ENOMEM)
			rc = wait_on(c, &c->writers);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int flow_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	struct mir_tcp_conn *c = conn_of(f);
	int rc = 0;

	if (mir_tcb_send_room(&c->tcb) == 0 && c->tcb.fin_queued)
		rc = c->tcb.error < 0 ? c->tcb.error : MIR_EPIPE;
	for (unsigned i = 0; i < n && rc == 0; i++)
		rc = send_slice(c, &data[i]);
	mir_slices_unref(data, n);
	return rc;
}

static int flow_drain(struct mir_flow *f)
{
	struct mir_tcp_conn *c = conn_of(f);

	while (c->tcb.error >= 0 && !mir_tcb_drained(&c->tcb)) {
		int rc = wait_on(c, &c->writers);

		if (rc < 0)
			return rc;
	}
	return c->tcb.error;
}

static int flow_shutdown(struct mir_flow *f, enum mir_flow_half half)
{
	struct mir_tcp_conn *c = conn_of(f);

	if (c->tcb.error < 0)
		return c->tcb.error;
	if (half & MIR_FLOW_READ)
		mir_tcb_shutdown_read(&c->tcb, mir_now());
	if (half & MIR_FLOW_WRITE)
		mir_tcb_shutdown_write(&c->tcb, mir_now());
	mir_tcp_conn_update(c);
	return 0;
}

/* The user lets go; fibers that are inside come out with an error. */
static void let_go(struct mir_tcp_conn *c)
{
	c->closed = true;
	c->ready = c->ready_write = NULL;
	mir_unpost(&c->task);
	mir_wake_all(&c->readers);
	mir_wake_all(&c->writers);
	mir_tcp_conn_update(c);
}

static void flow_close(struct mir_flow *f)
{
	struct mir_tcp_conn *c = conn_of(f);

	mir_tcb_close(&c->tcb, mir_now());
	let_go(c);
}

static void flow_abort(struct mir_flow *f)
{
	struct mir_tcp_conn *c = conn_of(f);

	mir_tcb_abort(&c->tcb, MIR_ECONNABORTED, mir_now());
	let_go(c);
}

static void flow_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	struct mir_tcp_conn *c = conn_of(f);

	c->ready = ready;
	c->ready_arg = arg;
	c->ready_due = false;
	if (c->tcb.recvq.ready.bytes > 0 || mir_tcb_at_end(&c->tcb))
		mir_tcp_conn_ready(c);
}

/* Where the budget has no more, an almost empty queue still takes a segment. */
static int64_t flow_room(struct mir_flow *f)
{
	const struct mir_tcp_conn *c = conn_of(f);
	const struct mir_budget *b = &c->core->env.budget;
	uint64_t limit = b->limit / 32 * 30, left;

	if (c->tcb.error < 0)
		return c->tcb.error;
	if (c->tcb.fin_queued || c->tcb.state < MIR_TCP_SYN_SENT ||
	    c->tcb.state == MIR_TCP_TIME_WAIT)
		return MIR_EPIPE;
	left = limit - MIR_MIN(b->used, limit);
	left -= MIR_MIN(left, (uint64_t)MIR_MEM_PAGE); /* what keeping it costs */
	if (c->tcb.sendq.bytes < c->tcb.mss)
		left = MIR_MAX(left, (uint64_t)c->tcb.mss);
	return (int64_t)MIR_MIN((uint64_t)mir_tcb_send_room(&c->tcb), left);
}

static void flow_when_writable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	struct mir_tcp_conn *c = conn_of(f);

	c->ready_write = ready;
	c->ready_write_arg = arg;
	c->ready_write_due = false;
	if (flow_room(f) != 0)
		mir_tcp_conn_ready_write(c);
}

const struct mir_flow_ops mir_tcp_flow_ops = {
	.name = "tcp",
	.read = flow_read,
	.write = flow_write,
	.drain = flow_drain,
	.shutdown = flow_shutdown,
	.close = flow_close,
	.abort = flow_abort,
	.when_readable = flow_when_readable,
	.room = flow_room,
	.when_writable = flow_when_writable,
};

int mir_tcp_set_op(
    struct mir_tcp_flow *flow, enum mir_tcp_option option, int64_t value, const char *name)
{
	struct mir_tcp_conn *c = conn_of(&flow->flow);
	int rc = option == MIR_TCP_SET_CONGESTION ? mir_tcb_set_congestion(&c->tcb, name)
						  : mir_tcb_set(&c->tcb, option, value, mir_now());

	if (rc == 0)
		mir_tcp_conn_update(c);
	return rc;
}

/* Chooses what the caller left open of the local side. */
static int choose_local(
    struct mir_tcp_core *core, const struct mir_endpoint *local, struct mir_tcp_tuple *tuple)
{
	struct mir_tcp_node *old;
	int rc = 0;

	if (local && !mir_ipaddr_is_any(&local->addr)) {
		if (!core->ip->ops->is_local(core->ip, local->addr))
			return MIR_EADDRNOTAVAIL;
		tuple->local = local->addr;
	} else {
		rc = core->ip->ops->source(core->ip, tuple->peer, &tuple->local);
	}
	if (rc < 0)
		return rc;
	if (!local || local->port == 0)
		return mir_tcp_port_choose(core, tuple);
	tuple->local_port = local->port;
	old = mir_tcp_table_find(&core->table, tuple);
	if (old && old->kind == MIR_TCP_NODE_WAIT && old->use_ts) { /* RFC 6191, our side */
		mir_tcp_wait_remove(core, mir_container(old, struct mir_tcp_wait, node));
		old = NULL;
	}
	return old ? MIR_EADDRINUSE : 0;
}

/* Waits until the handshake is over.  Blocks. */
static int finish_connect(struct mir_tcp_conn *c)
{
	while (mir_tcb_in_handshake(&c->tcb)) {
		int rc = wait_on(c, &c->writers);

		if (rc < 0)
			return rc;
	}
	return c->tcb.error;
}

/* The first text into the queue, before the SYN leaves. */
static int queue_first(struct mir_tcp_conn *c, struct mir_slice *s)
{
	struct mir_tcp_fast *fast = c->core->env.fast;
	struct mir_slice part;
	size_t len;
	int rc;

	if (s->len == 0)
		return 0;
	part = mir_slice_sub(s, 0, MIR_MIN(s->len, mir_tcb_send_room(&c->tcb)));
	len = part.len;
	c->tcb.fast = fast && !mir_tcp_fast_banned(fast, &c->node.tuple.peer, mir_now());
	rc = mir_tcb_send(&c->tcb, &part, mir_now());
	if (rc < 0)
		return rc;
	s->p += len;
	s->len -= len;
	return 0;
}

int mir_tcp_connect_op(struct mir_tcp *tcp, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *options,
    struct mir_tcp_flow **out)
{
	struct mir_tcp_core *core = mir_container(tcp, struct mir_tcp_device, tcp)->core;
	struct mir_tcp_tuple tuple = { .peer = peer->addr, .peer_port = peer->port };
	struct mir_slice left = { .len =
				      0 }; /* of the first text: what the queue has no room for */
	struct mir_tcb_start start;
	struct mir_tcp_conn *c;
	int rc;

	if (peer->port == 0 || mir_ipaddr_is_any(&peer->addr) || !mir_tcp_is_host(&peer->addr))
		return MIR_EINVAL;
	if (mir_tcp_is_full(core)) {
		core->env.stats.connections_shed++;
		return MIR_ELIMIT;
	}
	rc = choose_local(core, local, &tuple);
	if (rc < 0)
		return rc;
	c = mir_tcp_conn_new(core, &tuple);
	if (!c)
		return MIR_ENOMEM;
	mir_tcp_conn_start(c, options, mir_tcp_isn(core, &tuple, mir_now()), &start);
	mir_tcb_connect(&c->tcb, &start, mir_now());
	left = options ? options->first : left;
	mir_mem_ref(left.owner);
	rc = queue_first(c, &left);
	mir_tcp_conn_update(c);
	if (rc == 0)
		rc = finish_connect(c);
	if (rc == 0)
		rc = send_slice(c, &left);
	mir_slice_unref(&left);
	if (rc < 0) {
		flow_abort(&c->flow.flow);
		return rc;
	}
	*out = &c->flow;
	return 0;
}
