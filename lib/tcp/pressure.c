/* pressure.c: memory runs short.  From three quarters of the budget on, each connection keeps to a
 * share, those that move fast to a larger one; what stalled ones hold beyond holes is given up (RFC
 * 2018 section 8 lets a receiver do that).  From seven eighths on, those that hold most for longest
 * without moving are reset until there is room again (RFC 6429 section 4).  The last sixteenth is
 * for new connections and for the first segment of those that hold nothing.
 *
 * To move is to have data acknowledged by the peer or read by the user.  A connection stalls if
 * what it holds would take more than MOVES looks to drain, on average: so does one that takes a
 * little now and then.  Whose window is open may wait for the network and not for its user: it is
 * given longer, also where hardly anything is left.
 */
#include "core.h"

#include <mir/log.h>

MIR_LOG_SOURCE(tcp);

#define LOOK      MIR_MS(250)
#define TELL      MIR_SECOND(60)
#define MAX_SHARE (UINT64_C(1) << 30)

enum {
	WORST = 64, /* at most so many are reset at a look */
	MOVES = 64, /* looks */
	MIN_SHARE = 1024,
	FRESH = 8,         /* new connections between two looks that count as brisk */
	BRISK = 16,        /* a connection is if it drains in MOVES / BRISK looks, */
	BRISK_LOOKS = 4,   /* and for so many after */
	STALLED = 8,       /* looks without moving, until one may be reset */
	STALLED_SHORT = 2, /* where nothing but the reserve is left; and until holes are given up */
};

struct suspect {
	struct mir_tcp_conn *conn;
	uint64_t blame; /* bytes times looks */
};

struct look {
	struct mir_tcp_core *core;
	uint32_t brisk; /* connections that move fast */
	unsigned grace, n;
	struct suspect worst[WORST];
};

uint64_t mir_tcb_held(const struct mir_tcb *t)
{
	return t->sendq.charged + mir_tcb_held_received(t) + mir_tcp_sent_charged(t->sent);
}

uint64_t mir_tcb_held_received(const struct mir_tcb *t)
{
	uint64_t n = t->recvq.ready.charged;

	for (uint32_t i = 0; t->recvq.ooo && i < t->recvq.ooo->n; i++)
		n += t->recvq.ooo->span[i].q.charged;
	return n;
}

uint32_t mir_tcb_share(const struct mir_tcb *t)
{
	const struct mir_tcb_env *e = t->env;
	uint32_t least = 2u * MIR_MAX(t->mss, t->rcv_mss);

	if (!e->pressed)
		return UINT32_MAX;
	return MIR_MAX(t->brisk ? e->share_brisk : e->share, least);
}

/* Shares grow slowly while there is room, and halve when there is hardly any: what has come free is
 * not for those who wait for it first. */
static void set_shares(struct mir_tcp_core *core, uint32_t brisk)
{
	struct mir_tcb_env *e = &core->env;
	uint64_t most = e->budget.limit / 2 / MIR_MAX(e->stats.connections, 1u), share = e->share;

	if (e->budget.used > e->budget.limit / 8 * 7)
		share = share / 2;
	else if (e->budget.used < e->budget.limit / 4 * 3)
		share = share + share / 4;
	e->share = (uint32_t)MIR_MAX(MIR_MIN(MIR_MIN(share, most), MAX_SHARE), MIN_SHARE);
	e->fresh = FRESH;
	share = MIR_MAX(e->budget.limit / 8 / (brisk + FRESH), e->share);
	e->share_brisk = (uint32_t)MIR_MIN(share, MAX_SHARE);
}

/* How far both streams have come together. */
static uint32_t position(const struct mir_tcb *t)
{
	return t->una + t->rcv_nxt - t->recvq.ready.bytes;
}

static void judge(struct mir_tcb *t, uint64_t held)
{
	uint32_t at = position(t), moved = at - t->moved_mark;
	uint64_t looks = held ? MIR_MIN((uint64_t)moved * MOVES / held, 256u) : 256;

	t->moved_mark = at;
	t->stalled = (uint8_t)MIR_MIN(t->stalled + 1 - MIR_MIN(looks, t->stalled + 1u), 255u);
	if (looks >= BRISK)
		t->brisk = BRISK_LOOKS;
	else if (t->brisk > 0)
		t->brisk--;
}

/* Among the worst there are, if it is. */
static void suspect(struct look *l, struct mir_tcp_conn *c, uint64_t blame)
{
	unsigned at = 0;

	if (l->n < WORST) {
		l->worst[l->n++] = (struct suspect){ c, blame };
		return;
	}
	for (unsigned i = 1; i < WORST; i++) {
		if (l->worst[i].blame < l->worst[at].blame)
			at = i;
	}
	if (l->worst[at].blame < blame)
		l->worst[at] = (struct suspect){ c, blame };
}

/* Something is under way to a peer that would take more. */
static bool has_window(const struct mir_tcb *t)
{
	uint32_t flight = mir_tcb_flight(t);

	return flight > 0 && t->wnd >= flight + t->mss;
}

static void look_at(void *arg, struct mir_tcp_node *n)
{
	struct look *l = arg;
	struct mir_tcb_env *e = &l->core->env;
	struct mir_tcp_conn *c = mir_container(n, struct mir_tcp_conn, node);
	struct mir_tcb *t = &c->tcb;
	uint64_t held;

	if (n->kind != MIR_TCP_NODE_FLOW)
		return;
	held = mir_tcb_held(t);
	judge(t, held);
	if (t->stalled >= STALLED_SHORT && t->recvq.ooo) {
		e->stats.pressure_dropped++;
		mir_tcp_recvq_drop_ooo(&t->recvq, &e->budget);
		held = mir_tcb_held(t);
	}
	l->brisk += t->brisk > 0 && held > 0;
	if (t->stalled >= (has_window(t) ? STALLED : l->grace) && held > 0)
		suspect(l, c, held * t->stalled);
	if (c->writers.head) /* room may have come from others */
		mir_wake_all(&c->writers);
}

/* Resets the worst, the very worst first, until there is room. */
static void shed(struct look *l)
{
	const struct mir_budget *b = &l->core->env.budget;

	while (l->n > 0 && b->used > b->limit / 4 * 3) {
		unsigned at = 0;

		for (unsigned i = 1; i < l->n; i++) {
			if (l->worst[at].blame < l->worst[i].blame)
				at = i;
		}
		l->core->env.stats.pressure_resets++;
		mir_tcp_conn_reset(l->worst[at].conn, MIR_ELIMIT);
		l->worst[at] = l->worst[--l->n];
	}
}

void mir_tcp_pressure_fire(struct mir_timer *timer)
{
	struct mir_tcp_core *core = mir_container(timer, struct mir_tcp_core, pressure_timer);
	const struct mir_budget *b = &core->env.budget;
	struct look l = { .core = core, .grace = STALLED };

	if (b->used <= b->limit / 8 * 5) {
		core->env.pressed = false;
		return;
	}
	if (b->used > b->limit / 16 * 15)
		l.grace = STALLED_SHORT;
	mir_tcp_table_each(&core->table, look_at, &l);
	set_shares(core, l.brisk);
	if (b->used > b->limit / 8 * 7)
		shed(&l);
	mir_timer_set(timer, mir_now() + LOOK);
}

/* Now and then only: it may come and go. */
static void tell(struct mir_tcp_core *core)
{
	const struct mir_tcb_env *e = &core->env;

	if (e->stats.pressures > 1 && mir_now() - core->told_at < TELL)
		return;
	core->told_at = mir_now();
	mir_warn("memory runs short: %u connections and what is queued take %llu kB of %llu; "
		 "so far %llu that stood still were reset",
	    e->stats.connections, (unsigned long long)(e->budget.used >> 10),
	    (unsigned long long)(e->budget.limit >> 10),
	    (unsigned long long)e->stats.pressure_resets);
}

static void begin_look(void *arg, struct mir_tcp_node *n)
{
	struct mir_tcb *t = &mir_container(n, struct mir_tcp_conn, node)->tcb;

	(void)arg;
	if (n->kind != MIR_TCP_NODE_FLOW)
		return;
	t->moved_mark = position(t);
	t->stalled = t->brisk = 0;
}

void mir_tcp_pressure_begin(struct mir_tcp_core *core)
{
	struct mir_tcb_env *e = &core->env;

	e->pressed = true;
	e->stats.pressures++;
	e->share =
	    (uint32_t)MIR_MIN(e->budget.limit / 8 / MIR_MAX(e->stats.connections, 1u), MAX_SHARE);
	set_shares(core, e->stats.connections);
	mir_tcp_table_each(&core->table, begin_look, NULL);
	tell(core);
	mir_timer_set(&core->pressure_timer, mir_now() + LOOK);
}
