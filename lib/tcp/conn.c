/* conn.c: connections in the device: made, driven, sent for, freed. */
#include "core.h"

#include <mir/net.h>
#include <stdlib.h>

static void fire(struct mir_timer *timer)
{
	struct mir_tcp_conn *c = mir_container(timer, struct mir_tcp_conn, timer);

	if (mir_tcb_next_timeout(&c->tcb) <= mir_now())
		mir_tcb_timeout(&c->tcb, mir_now());
	mir_tcp_conn_update(c);
}

/* Calls back, for reading and then, if that has not closed the connection, for writing. */
static void call_ready(struct mir_task *task)
{
	struct mir_tcp_conn *c = mir_container(task, struct mir_tcp_conn, task);
	mir_flow_ready *ready = c->ready_due ? c->ready : NULL;

	c->ready_due = false;
	c->users++;
	if (ready) {
		c->ready = NULL;
		ready(c->ready_arg);
	}
	ready = c->ready_write_due ? c->ready_write : NULL;
	c->ready_write_due = false;
	if (ready) {
		c->ready_write = NULL;
		ready(c->ready_write_arg);
	}
	c->users--;
	if (c->closed)
		mir_tcp_conn_update(c);
}

bool mir_tcp_is_full(const struct mir_tcp_core *core)
{
	const struct mir_budget *b = &core->env.budget;

	return core->env.stats.connections >= core->config.tcp_connections ||
	       b->used > b->limit / 32 * 31;
}

struct mir_tcp_conn *mir_tcp_conn_new(struct mir_tcp_core *core, const struct mir_tcp_tuple *tuple)
{
	struct mir_tcp_conn *c;

	if (!mir_budget_take(&core->env.budget, sizeof(*c)))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		mir_budget_give(&core->env.budget, sizeof(*c));
		return NULL;
	}
	c->flow.flow.ops = &mir_tcp_flow_ops;
	c->flow.tcp = &core->device->tcp;
	c->flow.local = (struct mir_endpoint){ tuple->local, tuple->local_port };
	c->flow.peer = (struct mir_endpoint){ tuple->peer, tuple->peer_port };
	c->node.tuple = *tuple;
	c->node.kind = MIR_TCP_NODE_FLOW;
	c->core = core;
	c->task.run = call_ready;
	mir_timer_init(&c->timer, fire);
	mir_tcp_table_add(&core->table, &c->node);
	c->in_table = true;
	core->flows++;
	core->env.stats.connections++;
	return c;
}

void mir_tcp_conn_start(struct mir_tcp_conn *c, const struct mir_tcp_options *options, uint32_t iss,
    struct mir_tcb_start *out)
{
	struct mir_tcp_core *core = c->core;
	struct mir_ip *ip = core->ip;
	unsigned offloads = ip->ops->offloads(ip, c->node.tuple.peer);

	*out = (struct mir_tcb_start){
		.env = &core->env,
		.tuple = &c->node.tuple,
		.options = options,
		.iss = iss,
		.ts_offset = mir_tcp_ts_offset(core, &c->node.tuple),
		.send_limit = (uint32_t)core->config.tcp_send,
		.receive_limit = (uint32_t)core->config.tcp_receive,
		.mtu = (uint16_t)ip->ops->mtu(ip, c->node.tuple.peer),
		.max_slices = ip->max_slices,
		.tso = !!(offloads & MIR_NET_TX_TSO4),
		.ecn = core->ecn_ask,
	};
}

static void leave_table(struct mir_tcp_conn *c)
{
	if (!c->in_table)
		return;
	mir_tcp_table_remove(&c->core->table, &c->node);
	c->in_table = false;
	c->core->env.stats.connections--;
}

/* The handshake of a connection that began fast is over. */
static void settle_fast(struct mir_tcp_conn *c)
{
	if (!c->fast_pending || c->tcb.state == MIR_TCP_SYN_RECEIVED)
		return;
	c->fast_pending = false;
	c->core->env.fast->pending--;
}

static void free_conn(struct mir_tcp_conn *c)
{
	struct mir_tcp_core *core = c->core;

	leave_table(c);
	mir_timer_stop(&c->timer);
	mir_unpost(&c->task);
	mir_tcb_release(&c->tcb);
	mir_budget_give(&core->env.budget, sizeof(*c));
	free(c);
	if (--core->flows == 0 && !core->device)
		free(core);
}

static void queue_output(struct mir_tcp_conn *c)
{
	struct mir_tcp_core *core = c->core;

	if (c->output_queued || !core->device)
		return;
	c->output_queued = true;
	c->next_output = NULL;
	*core->output_tail = c;
	core->output_tail = &c->next_output;
	mir_at_turn_end(&core->device->hook);
}

static void set_timer(struct mir_tcp_conn *c)
{
	int64_t at = mir_tcb_next_timeout(&c->tcb);

	/* A timer that fires too early just looks again: cheaper than moving it with each ACK. */
	if (at == MIR_NEVER)
		mir_timer_stop(&c->timer);
	else if (!mir_timer_is_set(&c->timer) || at < c->timer.deadline)
		mir_timer_set(&c->timer, at);
}

/* Tells the user. */
static void notify(struct mir_tcp_conn *c, unsigned events)
{
	if ((events & MIR_TCB_CONNECTED) && c->accept) {
		mir_tcp_accept *accept = c->accept;

		c->accept = NULL;
		accept(c->accept_arg, &c->flow);
	}
	if (events & (MIR_TCB_WRITABLE | MIR_TCB_CONNECTED)) {
		mir_wake_all(&c->writers);
		mir_tcp_conn_ready_write(c);
	}
	if (events & MIR_TCB_READABLE) {
		mir_wake_all(&c->readers);
		mir_tcp_conn_ready(c);
	}
}

void mir_tcp_conn_update(struct mir_tcp_conn *c)
{
	unsigned events = c->tcb.events;

	mir_tcp_pressure_watch(c->core);
	c->users++;
	c->tcb.events = 0;
	settle_fast(c);
	if (events & MIR_TCB_OUTPUT)
		queue_output(c);
	if (events & (MIR_TCB_DEAD | MIR_TCB_TIME_WAIT))
		leave_table(c);
	if (events & MIR_TCB_TIME_WAIT)
		mir_tcp_wait_add(c->core, c, mir_now());
	/* It died before anybody heard of it. */
	if ((events & MIR_TCB_DEAD) && c->accept && !(events & MIR_TCB_CONNECTED)) {
		c->accept = NULL;
		c->closed = true;
	}
	notify(c, events);
	c->users--;
	if (c->closed && !c->output_queued && c->users == 0 &&
	    (c->tcb.state == MIR_TCP_CLOSED || c->tcb.state == MIR_TCP_TIME_WAIT))
		free_conn(c);
	else
		set_timer(c);
}

void mir_tcp_conn_input(struct mir_tcp_conn *c, struct mir_tcp_segment *s, int64_t now)
{
	mir_tcb_input(&c->tcb, s, now);
	mir_tcp_conn_update(c);
}

void mir_tcp_conn_reset(struct mir_tcp_conn *c, int error)
{
	mir_tcb_abort(&c->tcb, error, mir_now());
	mir_tcp_conn_update(c);
}

struct emitter {
	struct mir_tcp_core *core;
	const struct mir_tcp_conn *conn;
	int error;
};

static int emit(void *arg, struct mir_packet *p, bool ect)
{
	struct emitter *e = arg;
	const struct mir_tcp_tuple *tuple = &e->conn->node.tuple;
	struct mir_ip_tx tx = {
		.src = tuple->local,
		.dst = tuple->peer,
		.proto = MIR_IPPROTO_TCP,
		.tos = ect ? MIR_IP_ECT0 : 0,
		.dont_fragment = true,
	};
	int rc = mir_ip_send(e->core->ip, &tx, p);

	if (rc < 0)
		e->error = rc;
	return rc;
}

static bool is_unreachable(int error)
{
	return error == MIR_ENETUNREACH || error == MIR_EHOSTUNREACH || error == MIR_EADDRNOTAVAIL;
}

static void flush_conn(struct mir_tcp_core *core, struct mir_tcp_conn *c)
{
	struct emitter e = { core, c, 0 };
	int64_t now = mir_now();
	uint16_t mtu = (uint16_t)core->ip->ops->mtu(core->ip, c->node.tuple.peer);

	if (mtu >= 68)
		mir_tcb_set_mtu(&c->tcb, mtu, now);
	mir_tcb_output(&c->tcb, now, emit, &e);
	if (e.error == MIR_EMSGSIZE) { /* the path was found to be narrower just now */
		mtu = (uint16_t)core->ip->ops->mtu(core->ip, c->node.tuple.peer);
		if (mtu >= 68 && mtu < c->tcb.mtu) {
			mir_tcb_set_mtu(&c->tcb, mtu, now);
			mir_tcb_output(&c->tcb, now, emit, &e);
		}
	}
	if (is_unreachable(e.error) && c->tcb.state == MIR_TCP_SYN_SENT)
		mir_tcb_die(&c->tcb, e.error, now);
}

void mir_tcp_flush(struct mir_tcp_core *core)
{
	while (core->output) {
		struct mir_tcp_conn *c = core->output;

		core->output = c->next_output;
		if (!core->output)
			core->output_tail = &core->output;
		c->users++;
		flush_conn(core, c);
		c->output_queued = false;
		c->users--;
		mir_tcp_conn_update(c);
	}
}
