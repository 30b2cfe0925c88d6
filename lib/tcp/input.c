/* input.c: a segment arrives (RFC 9293 section 3.10.7), in the order of its checks; with the
 * defences of RFC 5961 and RFC 7323 section 5 (PAWS). */
#include "tcb.h"

enum { TS_RECENT_LIFE = 24 * 24 * 3600 }; /* seconds (RFC 7323 section 5.5) */

/* RFC 7413 section 4.2.1: text that went with the SYN has come, or goes again after the handshake.
 */
static void answer_to_fast(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	mir_tcp_fast_learn(t->env->fast, &t->tuple->peer, &s->cookie, t->peer_mss, now);
	if (!(s->flags & MIR_TCP_ACK) || t->syn_text == 0)
		return;
	if (mir_seq_lt(t->nxt, s->ack)) {
		t->nxt = s->ack;
		t->env->stats.fast_opens++;
	} else {
		t->env->stats.fast_refused++;
	}
	t->syn_text = 0;
}

/* 3.10.7.3: an ACK of what we never sent is answered with a reset, a reset counts only with an
 * acceptable ACK, then the SYN. */
static bool syn_sent(struct mir_tcb *t, struct mir_tcp_segment *s, int64_t now)
{
	bool ack = s->flags & MIR_TCP_ACK;

	if (ack && (mir_seq_le(s->ack, t->iss) || mir_seq_lt(t->nxt + t->syn_text, s->ack))) {
		if (!(s->flags & MIR_TCP_RST)) {
			t->due |= MIR_TCB_DUE_REPLY_RST;
			t->reply_seq = s->ack;
			t->events |= MIR_TCB_OUTPUT;
		}
		return false;
	}
	if (s->flags & MIR_TCP_RST) {
		t->env->stats.resets_in++;
		if (ack)
			mir_tcb_die(t, MIR_ECONNREFUSED, now);
		return false;
	}
	if (!(s->flags & MIR_TCP_SYN))
		return false;
	mir_tcb_negotiate(t, s);
	if (t->env->fast && (t->fast || t->syn_text))
		answer_to_fast(t, s, now);
	t->irs = s->seq;
	t->rcv_nxt = t->last_ack_sent = s->seq + 1;
	t->rcv_adv = t->rcv_nxt + MIR_MIN(t->rcv_buffer, 65535u);
	t->wl1 = s->seq;
	t->wl2 = t->una;
	t->wnd = t->max_wnd = s->window;
	t->edge = t->iss + 1 + t->wnd;
	if (t->use_ts) {
		t->ts_recent = s->tsval;
		t->ts_recent_s = (uint32_t)(now / MIR_SECOND(1));
	}
	mir_tcb_transition(t, MIR_TCP_SYN_RECEIVED, now);
	if (!ack) { /* both opened at once: SYN, ACK */
		t->due |= MIR_TCB_DUE_SYN;
		t->timed_at = 0;
		t->events |= MIR_TCB_OUTPUT;
		return false;
	}
	mir_tcb_ack_now(t);
	s->seq++;
	s->flags &= (uint8_t)~MIR_TCP_SYN;
	return true;
}

/* PAWS: a segment older than what the peer's clock showed last. */
static bool paws_ok(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	if (!t->use_ts || (s->flags & MIR_TCP_RST))
		return true;
	if (!s->has_ts)
		return false;
	if (!mir_seq_lt(s->tsval, t->ts_recent))
		return true;
	return (uint32_t)(now / MIR_SECOND(1)) - t->ts_recent_s > TS_RECENT_LIFE;
}

static void update_ts_recent(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	if (!t->use_ts || !s->has_ts || !mir_seq_le(s->seq, t->last_ack_sent) ||
	    mir_seq_lt(s->tsval, t->ts_recent))
		return;
	t->ts_recent = s->tsval;
	t->ts_recent_s = (uint32_t)(now / MIR_SECOND(1));
}

/* First: the four cases of the acceptability test. */
static bool in_window(const struct mir_tcb *t, const struct mir_tcp_segment *s)
{
	uint32_t span = mir_tcp_span(s), wnd = t->rcv_adv - t->rcv_nxt;
	uint32_t first = s->seq - t->rcv_nxt, last = s->seq + span - 1 - t->rcv_nxt;

	if (span == 0)
		return wnd == 0 ? first == 0 : first < wnd || first == 0;
	return wnd > 0 && (first < wnd || last < wnd);
}

/* Cuts off what is before RCV.NXT and behind the window. */
static void trim(struct mir_tcb *t, struct mir_tcp_segment *s)
{
	uint32_t before = t->rcv_nxt - s->seq, room;

	if (mir_seq_lt(s->seq, t->rcv_nxt)) {
		if (s->flags & MIR_TCP_SYN) {
			s->flags &= (uint8_t)~MIR_TCP_SYN;
			s->seq++;
			before--;
		}
		before = MIR_MIN(before, s->len);
		if (before > 0)
			mir_tcb_dsack(t, (struct mir_tcp_range){ s->seq, s->seq + before });
		mir_packet_drop(s->packet, before);
		s->seq += before;
		s->len -= before;
	}
	room = t->rcv_adv - s->seq;
	if (s->len > room) {
		mir_packet_trim(s->packet, room);
		s->len = room;
		s->flags &= (uint8_t)~MIR_TCP_FIN;
	}
}

static void not_acceptable(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	t->env->stats.out_of_window++;
	if (s->flags & MIR_TCP_RST)
		return;
	if (s->len == 0 && !(s->flags & (MIR_TCP_SYN | MIR_TCP_FIN))) {
		/* A probe of one number before RCV.NXT is answered each time; else two sides that
		 * disagree would send ACKs for ever. */
		if (s->seq == t->rcv_nxt - 1)
			mir_tcb_ack_now(t);
		else
			mir_tcb_challenge_ack(t, now);
		return;
	}
	if (s->len > 0 && mir_seq_le(s->seq + s->len, t->rcv_nxt))
		mir_tcb_dsack(t, (struct mir_tcp_range){ s->seq, s->seq + s->len });
	mir_tcb_ack_now(t);
}

/* Second: RFC 5961 section 3.2: only the exact number resets. */
static void reset(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	t->env->stats.resets_in++;
	if (s->seq != t->rcv_nxt) {
		mir_tcb_challenge_ack(t, now);
		return;
	}
	switch (t->state) {
	case MIR_TCP_SYN_RECEIVED:
		mir_tcb_die(t, t->fast ? MIR_ECONNRESET : MIR_ECONNREFUSED, now);
		break;
	case MIR_TCP_CLOSING:
	case MIR_TCP_LAST_ACK: mir_tcb_die(t, 0, now); break;
	default: mir_tcb_die(t, MIR_ECONNRESET, now); break;
	}
}

/* First to fourth check.  True: on to the ACK. */
static bool checks(struct mir_tcb *t, struct mir_tcp_segment *s, int64_t now)
{
	bool closed_window = t->rcv_adv == t->rcv_nxt;

	if (!paws_ok(t, s, now)) {
		t->env->stats.paws_dropped++;
		if (s->has_ts)
			mir_tcb_challenge_ack(t, now);
		return false;
	}
	/* Both opened at once: the SYN, ACK repeats the SYN that we have. */
	if (t->state == MIR_TCP_SYN_RECEIVED && s->seq == t->irs && (s->flags & MIR_TCP_SYN) &&
	    (s->flags & MIR_TCP_ACK) && !(s->flags & MIR_TCP_RST)) {
		s->seq++;
		s->flags &= (uint8_t)~MIR_TCP_SYN;
		mir_tcb_ack_now(t);
	}
	if (mir_tcb_is_fast(t) && s->seq == t->irs &&
	    (s->flags & (MIR_TCP_SYN | MIR_TCP_ACK | MIR_TCP_RST)) == MIR_TCP_SYN) {
		t->due |= MIR_TCB_DUE_SYN; /* it has not heard us */
		t->events |= MIR_TCB_OUTPUT;
		return false;
	}
	/* RFC 9293 section 3.10.7.4: a closed window still lets ACKs and resets through. */
	if (closed_window && s->seq == t->rcv_nxt && mir_tcp_span(s) > 0 &&
	    !(s->flags & MIR_TCP_SYN)) {
		mir_packet_trim(s->packet, 0);
		s->len = 0;
		s->flags &= (uint8_t)~MIR_TCP_FIN;
		mir_tcb_ack_now(t);
	}
	if (!in_window(t, s)) {
		not_acceptable(t, s, now);
		return false;
	}
	if (s->flags & MIR_TCP_RST) {
		reset(t, s, now);
		return false;
	}
	if (s->flags & MIR_TCP_SYN) { /* RFC 5961 section 4.2 */
		mir_tcb_challenge_ack(t, now);
		return false;
	}
	return s->flags & MIR_TCP_ACK;
}

/* Eighth: the peer's FIN, once everything before it has come. */
static void fin(struct mir_tcb *t, int64_t now)
{
	t->rcv_nxt++;
	t->rcv_adv = mir_seq_max(t->rcv_adv, t->rcv_nxt);
	mir_tcp_recvq_drop_ooo(&t->recvq, &t->env->budget); /* text behind a FIN is none */
	t->fin_received = true;
	t->events |= MIR_TCB_READABLE;
	mir_tcb_ack_now(t);
	switch (t->state) {
	case MIR_TCP_SYN_RECEIVED:
	case MIR_TCP_ESTABLISHED: mir_tcb_transition(t, MIR_TCP_CLOSE_WAIT, now); break;
	case MIR_TCP_FIN_WAIT_1: mir_tcb_transition(t, MIR_TCP_CLOSING, now); break;
	case MIR_TCP_FIN_WAIT_2: mir_tcb_transition(t, MIR_TCP_TIME_WAIT, now); break;
	default: break;
	}
}

static void accepted(struct mir_tcb *t, struct mir_tcp_segment *s, int64_t now)
{
	if (!mir_tcb_ack(t, s, now))
		return;
	if (t->state == MIR_TCP_TIME_WAIT)
		return;
	mir_tcb_ecn_text(t, s);
	if (s->timeout)
		mir_tcb_hear_timeout(t, s->timeout);
	if (s->len > 0 && t->orphan && !t->fin_received) {
		/* Section 3.6.1: nobody is there to read what comes. */
		mir_tcb_abort(t, MIR_ECONNABORTED, now);
		return;
	}
	if ((s->flags & MIR_TCP_FIN) && !t->fin_received) {
		t->fin_seen = true;
		t->peer_fin = s->seq + s->len;
	}
	if (s->len > 0 && !t->fin_received)
		mir_tcb_text(t, s, now);
	if (t->fin_seen && !t->fin_received && t->rcv_nxt == t->peer_fin)
		fin(t, now);
	else if (s->flags & MIR_TCP_FIN)
		mir_tcb_ack_now(t);
}

void mir_tcb_input(struct mir_tcb *t, struct mir_tcp_segment *s, int64_t now)
{
	bool good = false;

	if (!(s->flags & MIR_TCP_SYN))
		s->window <<= t->send_shift;
	if (t->state == MIR_TCP_SYN_SENT)
		good = syn_sent(t, s, now);
	else if (t->state != MIR_TCP_CLOSED && t->state != MIR_TCP_TIME_WAIT)
		good = checks(t, s, now);
	if (good) {
		update_ts_recent(t, s, now);
		mir_tcb_heard(t, now);
		trim(t, s);
		accepted(t, s, now);
	}
	mir_packet_unref(s->packet);
	s->packet = NULL;
}
