/* tcb.c: the life of a connection: opening, the user's calls, changes of state (RFC 9293 sections
 * 3.3.2, 3.10.1 to 3.10.5). */
#include "tcb.h"

enum {
	SEND_START = 256 * 1024, /* first size of the send queue */
	QUICK_ACKS = 16,
};

#define FIN_WAIT_2  MIR_SECOND(60)
#define RTO_INITIAL MIR_SECOND(1)

static const char *const names[] = {
	[MIR_TCP_CLOSED] = "CLOSED",
	[MIR_TCP_SYN_SENT] = "SYN-SENT",
	[MIR_TCP_SYN_RECEIVED] = "SYN-RECEIVED",
	[MIR_TCP_ESTABLISHED] = "ESTABLISHED",
	[MIR_TCP_FIN_WAIT_1] = "FIN-WAIT-1",
	[MIR_TCP_FIN_WAIT_2] = "FIN-WAIT-2",
	[MIR_TCP_CLOSE_WAIT] = "CLOSE-WAIT",
	[MIR_TCP_CLOSING] = "CLOSING",
	[MIR_TCP_LAST_ACK] = "LAST-ACK",
	[MIR_TCP_TIME_WAIT] = "TIME-WAIT",
};

const char *mir_tcp_state_name(enum mir_tcp_state state)
{
	return names[state];
}

static void stop_timers(struct mir_tcb *t)
{
	t->rtx_at = t->ack_at = t->keep_at = t->linger_at = MIR_NEVER;
	t->persist = false;
}

void mir_tcb_transition(struct mir_tcb *t, enum mir_tcp_state state, int64_t now)
{
	t->env->stats.states[t->state]--;
	t->env->stats.states[state]++;
	t->state = (uint8_t)state;
	switch (state) {
	case MIR_TCP_ESTABLISHED:
		t->events |= MIR_TCB_CONNECTED | MIR_TCB_WRITABLE;
		if (t->keep_idle_ms)
			t->keep_at = now + MIR_MS(t->keep_idle_ms);
		break;
	case MIR_TCP_CLOSE_WAIT: t->events |= MIR_TCB_READABLE; break;
	case MIR_TCP_FIN_WAIT_1:
	case MIR_TCP_LAST_ACK: t->events |= MIR_TCB_OUTPUT; break;
	case MIR_TCP_FIN_WAIT_2:
		if (t->orphan)
			t->linger_at = now + FIN_WAIT_2;
		break;
	case MIR_TCP_TIME_WAIT:
		stop_timers(t);
		t->events |= MIR_TCB_TIME_WAIT | MIR_TCB_READABLE | MIR_TCB_WRITABLE;
		break;
	case MIR_TCP_CLOSED:
		stop_timers(t);
		t->events |= MIR_TCB_DEAD | MIR_TCB_READABLE | MIR_TCB_WRITABLE;
		break;
	case MIR_TCP_SYN_SENT:
	case MIR_TCP_SYN_RECEIVED:
	case MIR_TCP_CLOSING: break;
	}
}

void mir_tcb_die(struct mir_tcb *t, int error, int64_t now)
{
	t->error = error;
	t->due &= MIR_TCB_DUE_RST;
	mir_tcp_sliceq_clear(&t->sendq, &t->env->budget);
	mir_tcp_recvq_drop_ooo(&t->recvq, &t->env->budget);
	mir_tcp_sent_free(&t->sent, &t->env->budget);
	if (error < 0)
		mir_tcp_sliceq_clear(&t->recvq.ready, &t->env->budget);
	mir_tcb_transition(t, MIR_TCP_CLOSED, now);
}

static uint8_t shift_for(uint32_t limit)
{
	uint8_t shift = 0;

	while (shift < MIR_TCP_MAX_SHIFT && (65535u << shift) < limit)
		shift++;
	return shift;
}

static const struct mir_tcp_cc_ops *congestion(const struct mir_tcb_start *s)
{
	return s->options && s->options->congestion ? mir_tcp_cc_find(s->options->congestion)
						    : s->env->cc;
}

static void init(struct mir_tcb *t, const struct mir_tcb_start *s, int64_t now)
{
	static const struct mir_tcp_options none;
	const struct mir_tcp_options *o = s->options ? s->options : &none;

	*t = (struct mir_tcb){
		.env = s->env,
		.tuple = s->tuple,
		.nodelay = o->nodelay,
		.tso = s->tso,
		.max_slices = MIR_MIN(s->max_slices, (uint8_t)MIR_PACKET_SLICES),
		.iss = s->iss,
		.una = s->iss,
		.nxt = s->iss,
		.small_end = s->iss,
		.recover = s->iss,
		.edge = s->iss,
		.ecn_end = s->iss,
		.ts_offset = s->ts_offset,
		.mtu = s->mtu,
		.path_mtu = s->mtu,
		.peer_mss = MIR_TCP_DEFAULT_MSS,
		.rcv_mss = MIR_TCP_DEFAULT_MSS,
		.send_most = o->send_buffer ? o->send_buffer : s->send_limit,
		.rcv_limit = o->receive_buffer ? o->receive_buffer : s->receive_limit,
		.quick_acks = QUICK_ACKS,
		.reorder_steps = 1,
		.rto = RTO_INITIAL,
		.user_timeout_ms =
		    mir_tcb_ms(o->user_timeout_ns ? o->user_timeout_ns : MIR_TCB_USER_TIMEOUT),
		.keep_idle_ms = mir_tcb_ms(o->keepalive_idle_ns),
		.keep_interval_ms = mir_tcb_ms(
		    o->keepalive_interval_ns ? o->keepalive_interval_ns : MIR_TCB_KEEP_INTERVAL),
		.keep_max = (uint8_t)(o->keepalive_probes ? MIR_MIN(o->keepalive_probes, 255u)
							  : MIR_TCB_KEEP_PROBES),
		.tell_timeout = o->tell_timeout,
		.timeout_fixed = o->user_timeout_ns != 0,
		.timeout_due = o->tell_timeout,
		.progress_at = now,
		.sent_at = now,
	};
	if (t->env->pressed && t->env->fresh > 0) {
		t->env->fresh--;
		t->brisk = 1;
	}
	stop_timers(t);
	t->rcv_buffer = MIR_MIN(t->rcv_limit, (uint32_t)MIR_TCB_RECEIVE_START);
	t->rcv_space = mir_tcp_initial_window(1460);
	t->rcv_round_us = (uint32_t)(now / 1000);
	t->send_least =
	    o->send_buffer ? o->send_buffer : MIR_MIN(t->send_most, (uint32_t)SEND_START);
	t->receive_shift = shift_for(t->rcv_limit);
	t->max_slices = MIR_MAX(t->max_slices, (uint8_t)1);
	t->env->stats.states[MIR_TCP_CLOSED]++;
	mir_tcb_update_mss(t);
	mir_tcp_cc_start(&t->cc, congestion(s), t->mss);
}

void mir_tcb_connect(struct mir_tcb *t, const struct mir_tcb_start *s, int64_t now)
{
	init(t, s, now);
	t->use_ts = t->use_sack = t->use_scale = true;
	t->use_ecn = s->ecn;
	t->env->stats.active_opens++;
	t->due = MIR_TCB_DUE_SYN;
	t->events |= MIR_TCB_OUTPUT;
	mir_tcb_transition(t, MIR_TCP_SYN_SENT, now);
}

void mir_tcb_accept(
    struct mir_tcb *t, const struct mir_tcb_start *s, const struct mir_tcb_peer *peer, int64_t now)
{
	init(t, s, now);
	t->passive = true;
	t->use_ts = peer->use_ts;
	t->use_sack = peer->use_sack;
	t->use_scale = peer->use_scale;
	t->use_ecn = peer->use_ecn;
	t->send_shift = peer->use_scale ? peer->scale : 0;
	if (!peer->use_scale)
		t->receive_shift = 0;
	t->peer_mss = peer->mss;
	t->irs = peer->irs;
	t->rcv_nxt = t->last_ack_sent = peer->irs + 1;
	t->rcv_adv = t->rcv_nxt + MIR_MIN(t->rcv_buffer, 65535u);
	t->wl1 = peer->irs;
	t->ts_recent = peer->ts_recent;
	t->ts_recent_s = (uint32_t)(now / MIR_SECOND(1));
	t->nxt = t->iss + 1;
	t->small_end = t->recover = t->nxt;
	if (peer->syn_ack_sent_at) {
		t->timed_at = peer->syn_ack_sent_at;
		t->timed_end = t->nxt;
	}
	t->backoff = peer->again;
	t->env->stats.passive_opens++;
	mir_tcb_update_mss(t);
	mir_tcp_cc_release(&t->cc);
	mir_tcp_cc_start(&t->cc, congestion(s), t->mss);
	mir_tcb_transition(t, MIR_TCP_SYN_RECEIVED, now);
	mir_tcb_arm_rtx(t, now, true); /* if the first segment should not complete the handshake */
}

void mir_tcb_accept_fast(struct mir_tcb *t, const struct mir_tcb_start *s,
    const struct mir_tcb_peer *peer, struct mir_tcp_segment *syn, int64_t now)
{
	uint32_t room;

	mir_tcb_accept(t, s, peer, now);
	t->fast = true;
	t->nxt = t->iss; /* the SYN, ACK is still to be sent */
	t->wnd = t->max_wnd = syn->window;
	t->wl1 = peer->irs;
	t->wl2 = t->iss;
	t->edge = t->iss + 1 + t->wnd;
	t->due = MIR_TCB_DUE_SYN;
	t->rtx_at = MIR_NEVER;
	syn->seq++;
	room = t->rcv_adv - t->rcv_nxt;
	if (syn->len > room) {
		mir_packet_trim(syn->packet, room);
		syn->len = room;
	}
	mir_tcb_text(t, syn, now);
	t->due &= (uint8_t)~MIR_TCB_DUE_ACK;
	t->ack_at = MIR_NEVER;
	t->events |= MIR_TCB_CONNECTED | MIR_TCB_WRITABLE | MIR_TCB_OUTPUT;
}

void mir_tcb_release(struct mir_tcb *t)
{
	mir_tcp_sliceq_clear(&t->sendq, &t->env->budget);
	mir_tcp_recvq_clear(&t->recvq, &t->env->budget);
	mir_tcp_sent_free(&t->sent, &t->env->budget);
	mir_tcp_cc_release(&t->cc);
	t->env->stats.states[t->state]--;
}

static bool may_send(const struct mir_tcb *t)
{
	return t->state >= MIR_TCP_SYN_SENT && t->state != MIR_TCP_TIME_WAIT && !t->fin_queued;
}

/* What the window lets be in flight, as much again, and what it may grow by meanwhile. */
uint32_t mir_tcb_send_limit(const struct mir_tcb *t)
{
	const struct mir_budget *b = &t->env->budget;

	uint32_t most = MIR_MAX(
	    t->send_least, (uint32_t)MIR_MIN((uint64_t)t->cc.cwnd * 3, (uint64_t)t->send_most));

	if (t->env->pressed ? !t->brisk : b->used > b->limit / 2)
		most = t->send_least;
	return MIR_MIN(most, mir_tcb_share(t));
}

uint32_t mir_tcb_send_room(const struct mir_tcb *t)
{
	uint32_t limit = mir_tcb_send_limit(t);

	if (!may_send(t) || t->sendq.bytes >= limit)
		return 0;
	return limit - t->sendq.bytes;
}

int mir_tcb_send(struct mir_tcb *t, const struct mir_slice *take, int64_t now)
{
	bool was_empty = t->sendq.bytes == 0;
	struct mir_slice s = *take;

	if (t->error < 0 || !may_send(t)) {
		mir_slice_unref(&s);
		return t->error < 0 ? t->error : MIR_EPIPE;
	}
	/* An almost empty queue always takes some: every connection moves on. */
	if (mir_tcp_sliceq_append(&t->sendq, &t->env->budget, &s, t->sendq.bytes < t->mss) < 0)
		return MIR_ENOMEM;
	if (was_empty && t->una == t->nxt)
		t->progress_at = now;
	t->events |= MIR_TCB_OUTPUT;
	return 0;
}

unsigned mir_tcb_receive(struct mir_tcb *t, struct mir_slice *out, unsigned max, int64_t now)
{
	unsigned n = 0;
	uint32_t before = t->recvq.ready.bytes, offered = t->rcv_adv - t->rcv_nxt, window;

	while (n < max && t->recvq.ready.n > 0)
		out[n++] = mir_tcp_sliceq_take(&t->recvq.ready, &t->env->budget);
	mir_tcb_space_taken(t, before - t->recvq.ready.bytes, now);
	if (t->state < MIR_TCP_ESTABLISHED || t->fin_received || n == 0)
		return n;
	window = mir_tcb_window(t, false) << t->receive_shift;
	/* RFC 9293 section 3.8.6.2.2: the window is told anew when it has grown enough. */
	if (window >= offered + MIR_MIN(t->rcv_buffer / 2, 2u * t->rcv_mss) &&
	    (offered < t->rcv_buffer / 2 || t->rcv_unacked > 0))
		mir_tcb_ack_now(t);
	return n;
}

bool mir_tcb_at_end(const struct mir_tcb *t)
{
	return t->recvq.ready.bytes == 0 &&
	       (t->fin_received || t->read_shut || t->state == MIR_TCP_CLOSED);
}

bool mir_tcb_drained(const struct mir_tcb *t)
{
	return t->sendq.bytes == 0;
}

void mir_tcb_shutdown_write(struct mir_tcb *t, int64_t now)
{
	if (t->fin_queued)
		return;
	t->fin_queued = true;
	t->events |= MIR_TCB_WRITABLE;
	if (t->una == t->nxt)
		t->progress_at = now;
	switch (t->state) {
	case MIR_TCP_SYN_SENT: mir_tcb_die(t, MIR_ECANCELED, now); break;
	case MIR_TCP_ESTABLISHED: mir_tcb_transition(t, MIR_TCP_FIN_WAIT_1, now); break;
	case MIR_TCP_CLOSE_WAIT: mir_tcb_transition(t, MIR_TCP_LAST_ACK, now); break;
	default: break; /* SYN-RECEIVED: when it is established */
	}
}

void mir_tcb_shutdown_read(struct mir_tcb *t, int64_t now)
{
	(void)now;
	t->read_shut = true;
	mir_tcp_recvq_clear(&t->recvq, &t->env->budget);
	t->events |= MIR_TCB_READABLE;
	if (t->state >= MIR_TCP_ESTABLISHED && t->state != MIR_TCP_TIME_WAIT && !t->fin_received)
		mir_tcb_ack_now(t);
}

void mir_tcb_close(struct mir_tcb *t, int64_t now)
{
	bool unread = t->recvq.ready.bytes > 0 || t->recvq.ooo;

	t->orphan = true;
	if (t->state == MIR_TCP_CLOSED || t->state == MIR_TCP_TIME_WAIT)
		return;
	if (unread && !t->fin_received) {
		mir_tcb_abort(t, MIR_ECONNABORTED, now);
		return;
	}
	t->read_shut = true;
	mir_tcp_sliceq_clear(&t->recvq.ready, &t->env->budget);
	mir_tcb_shutdown_write(t, now);
	if (t->state == MIR_TCP_FIN_WAIT_2)
		t->linger_at = now + FIN_WAIT_2;
}

void mir_tcb_abort(struct mir_tcb *t, int error, int64_t now)
{
	if (t->state == MIR_TCP_CLOSED || t->state == MIR_TCP_TIME_WAIT)
		return;
	if (t->state != MIR_TCP_SYN_SENT) {
		t->due |= MIR_TCB_DUE_RST;
		t->events |= MIR_TCB_OUTPUT;
	}
	mir_tcb_die(t, error, now);
}

bool mir_tcb_icmp(struct mir_tcb *t, uint32_t seq, int error, int64_t now)
{
	if (!(mir_seq_le(t->una, seq) && mir_seq_lt(seq, t->nxt)))
		return false;
	if (t->state == MIR_TCP_SYN_SENT && error < 0)
		mir_tcb_die(t, error, now);
	return true;
}
