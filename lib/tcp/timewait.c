/* timewait.c: connections that are over, remembered for a while (RFC 9293 section 3.10.7.4, 3.6.1;
 * RFC 1337; RFC 6191). */
#include "core.h"

#include <stdlib.h>

enum { RING_FIRST = 64, FAR_ENOUGH = 1 << 17 };

static uint32_t now_ms(int64_t now)
{
	return (uint32_t)(now / 1000000);
}

static struct mir_tcp_wait **slot(struct mir_tcp_core *c, uint32_t i)
{
	return &c->waiting[(c->wait_head + i) & (c->wait_cap - 1)];
}

static bool reserve(struct mir_tcp_core *c)
{
	uint32_t cap = c->wait_cap ? c->wait_cap * 2 : RING_FIRST;
	struct mir_tcp_wait **ring;

	if (c->wait_n < c->wait_cap)
		return true;
	ring = malloc(cap * sizeof(struct mir_tcp_wait *));
	if (!ring)
		return false;
	for (uint32_t i = 0; i < c->wait_n; i++)
		ring[i] = *slot(c, i);
	free(c->waiting);
	c->waiting = ring;
	c->wait_cap = cap;
	c->wait_head = 0;
	return true;
}

static void arm(struct mir_tcp_core *c, int64_t now)
{
	uint32_t left;

	if (c->wait_n == 0 || mir_timer_is_set(&c->wait_timer))
		return;
	left = (*slot(c, 0))->due_ms - now_ms(now);
	mir_timer_set(&c->wait_timer, now + MIR_MS((int32_t)left > 0 ? left + 1 : 0));
}

/* Takes the first entry off the ring. */
static struct mir_tcp_wait *pop(struct mir_tcp_core *c)
{
	struct mir_tcp_wait *w = *slot(c, 0);

	c->wait_head = (c->wait_head + 1) & (c->wait_cap - 1);
	c->wait_n--;
	return w;
}

static void forget(struct mir_tcp_core *c, struct mir_tcp_wait *w)
{
	if (!w->node.removed)
		mir_tcp_wait_remove(c, w);
	mir_budget_give(&c->env.budget, sizeof(*w));
	free(w);
}

void mir_tcp_wait_add(struct mir_tcp_core *c, const struct mir_tcp_conn *conn, int64_t now)
{
	struct mir_tcp_wait *w;

	/* At most an eighth of the budget: the oldest makes room. */
	while (c->wait_n >= MIR_MAX(c->env.budget.limit / 8 / sizeof(*w), 16u)) {
		if (!(*slot(c, 0))->node.removed)
			c->env.stats.time_wait_dropped++;
		forget(c, pop(c));
	}
	if (!mir_budget_take(&c->env.budget, sizeof(*w))) {
		c->env.stats.time_wait_dropped++;
		return;
	}
	w = reserve(c) ? malloc(sizeof(*w)) : NULL;
	if (!w) {
		mir_budget_give(&c->env.budget, sizeof(*w));
		c->env.stats.time_wait_dropped++;
		return;
	}
	*w = (struct mir_tcp_wait){
		.node.tuple = conn->node.tuple,
		.node.kind = MIR_TCP_NODE_WAIT,
		.node.use_ts = conn->tcb.use_ts,
		.snd_nxt = conn->tcb.nxt,
		.rcv_nxt = conn->tcb.rcv_nxt,
		.ts_recent = conn->tcb.ts_recent,
		.due_ms = now_ms(now + c->config.tcp_time_wait),
	};
	mir_tcp_table_add(&c->table, &w->node);
	c->env.stats.time_wait++;
	*slot(c, c->wait_n) = w;
	c->wait_n++;
	arm(c, now);
}

void mir_tcp_wait_remove(struct mir_tcp_core *c, struct mir_tcp_wait *w)
{
	mir_tcp_table_remove(&c->table, &w->node);
	w->node.removed = 1;
	c->env.stats.time_wait--;
}

/* RFC 6191 section 2: a SYN with a later timestamp, or, without, past all that was received. */
static bool may_reuse(const struct mir_tcp_wait *w, const struct mir_tcp_segment *s)
{
	if ((s->flags & (MIR_TCP_SYN | MIR_TCP_ACK | MIR_TCP_RST)) != MIR_TCP_SYN)
		return false;
	if (w->node.use_ts && s->has_ts && s->tsval != w->ts_recent)
		return mir_seq_lt(w->ts_recent, s->tsval);
	return mir_seq_lt(w->rcv_nxt, s->seq);
}

bool mir_tcp_wait_input(struct mir_tcp_core *c, struct mir_tcp_wait *w,
    const struct mir_tcp_segment *s, uint32_t *iss, int64_t now)
{
	struct mir_tcp_segment ack = { .flags = MIR_TCP_ACK, .seq = w->snd_nxt, .ack = w->rcv_nxt };

	*iss = 0;
	if (may_reuse(w, s)) {
		/* RFC 9293 section 3.6.1: without later timestamps our numbers must be later. */
		if (!w->node.use_ts || !s->has_ts || s->tsval == w->ts_recent)
			*iss = (w->snd_nxt + FAR_ENOUGH) | 1;
		c->env.stats.time_wait_reused++;
		mir_tcp_wait_remove(c, w);
		return true;
	}
	/* RFC 1337: a reset does not end it.  A bare ACK needs no answer; anything else gets one,
	 * and a FIN that came again begins the time anew. */
	if ((s->flags & MIR_TCP_RST) || (mir_tcp_span(s) == 0 && s->seq != w->rcv_nxt - 1))
		return false;
	if (s->flags & MIR_TCP_FIN)
		w->due_ms = now_ms(now + c->config.tcp_time_wait);
	if (w->node.use_ts) {
		ack.has_ts = true;
		ack.tsval = mir_tcp_ts_offset(c, &w->node.tuple) + now_ms(now);
		ack.tsecr = w->ts_recent;
	}
	mir_tcp_send_bare(c, &w->node.tuple, &ack);
	return false;
}

void mir_tcp_wait_fire(struct mir_timer *timer)
{
	struct mir_tcp_core *c = mir_container(timer, struct mir_tcp_core, wait_timer);
	int64_t now = mir_now();

	while (c->wait_n > 0) {
		const struct mir_tcp_wait *w = *slot(c, 0);

		/* One that began anew holds up those behind it for no longer than its own time. */
		if (!w->node.removed && mir_seq_lt(now_ms(now), w->due_ms))
			break;
		forget(c, pop(c));
	}
	arm(c, now);
}

void mir_tcp_wait_release(struct mir_tcp_core *c)
{
	mir_timer_stop(&c->wait_timer);
	while (c->wait_n > 0)
		forget(c, pop(c));
	free(c->waiting);
}
