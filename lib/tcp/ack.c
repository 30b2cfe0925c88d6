/* ack.c: what an acknowledgment brings about (RFC 9293 section 3.10.7.4, fifth; RFC 5961 section
 * 5), and the options agreed on in SYNs. */
#include "tcb.h"

#define RTO_AFTER_SYN MIR_SECOND(3)

/* What a segment of this connection may carry: the path's MTU, the peer's wish, our options. */
void mir_tcb_update_mss(struct mir_tcb *t)
{
	unsigned mss = t->mtu > 40 + MIR_TCP_MIN_MSS ? t->mtu - 40u : MIR_TCP_MIN_MSS;

	mss = MIR_MIN(mss, MIR_MAX(t->peer_mss, (unsigned)MIR_TCP_MIN_MSS));
	if (t->use_ts)
		mss -= MIR_TCP_TS_SPACE;
	t->mss = (uint16_t)mss;
	t->cc.mss = mss;
	t->cc.cwnd = MIR_MAX(t->cc.cwnd, mss);
}

void mir_tcb_negotiate(struct mir_tcb *t, const struct mir_tcp_segment *s)
{
	const struct mir_tcp_cc_ops *ops;

	t->use_ts = t->use_ts && s->has_ts;
	t->use_sack = t->use_sack && s->sack_permitted;
	t->use_scale = t->use_scale && s->has_scale;
	t->send_shift = t->use_scale ? s->scale : 0;
	if (!t->use_scale)
		t->receive_shift = 0;
	t->peer_mss = s->mss ? s->mss : MIR_TCP_DEFAULT_MSS;
	mir_tcb_ecn_syn(t, s->flags);
	mir_tcb_update_mss(t);
	ops = t->cc.ops;
	mir_tcp_cc_release(&t->cc);
	mir_tcp_cc_start(&t->cc, ops, t->mss);
}

/* The window field updates SND.WND, unless the segment is older than the last that did.  One that
 * acknowledges more is not, whatever text it carries once more: SND.WND counts from SND.UNA, and an
 * old one would allow more than the peer does. */
static bool update_window(struct mir_tcb *t, const struct mir_tcp_segment *s)
{
	uint32_t before = t->wnd;

	if (!(mir_seq_lt(t->wl2, s->ack) || mir_seq_lt(t->wl1, s->seq) ||
		(t->wl1 == s->seq && t->wl2 == s->ack)))
		return false;
	if (mir_seq_lt(t->wl1, s->seq))
		t->wl1 = s->seq;
	t->wl2 = s->ack;
	t->wnd = s->window;
	t->max_wnd = MIR_MAX(t->max_wnd, t->wnd);
	if (mir_seq_lt(t->edge, s->ack + t->wnd))
		t->edge = s->ack + t->wnd;
	if (t->wnd != before)
		t->events |= MIR_TCB_OUTPUT;
	return t->wnd != before;
}

/* One sample a round trip, of a segment sent once (Karn), else of the echoed timestamp.  False:
 * nothing is learnt.  An echo of a time before the timer fired tells nothing: the ACK may have been
 * lost on the way, or be late. */
static bool sample_rtt(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	uint32_t ms;

	if (t->timed_at && mir_seq_le(t->timed_end, s->ack)) {
		mir_tcb_rtt_sample(t, now - t->timed_at);
		t->timed_at = 0;
		return true;
	}
	if (t->timed_at || !t->use_ts || !s->has_ts || s->tsecr == 0)
		return false;
	if (t->backoff && mir_seq_lt(s->tsecr, t->rto_ts))
		return false;
	ms = mir_tcb_ts(t, now) - s->tsecr;
	if (ms >= 1000u * 120)
		return false;
	mir_tcb_rtt_sample(t, MIR_MS(MIR_MAX(ms, 1u)));
	return true;
}

/* The timer stays backed off until a round trip is known again (RFC 6298 section 5): of timestamps,
 * or, without them, of a segment that was never sent again. */
static void end_backoff(struct mir_tcb *t, bool sampled, int64_t rtt)
{
	if (t->backoff == 0 || (!sampled && (t->use_ts || rtt == 0)))
		return;
	if (!sampled)
		mir_tcb_rtt_sample(t, rtt);
	t->backoff = 0;
}

/* SND.UNA moves on. */
static void advance(struct mir_tcb *t, uint32_t ack, struct mir_tcb_delivery *d)
{
	uint32_t n = ack - t->una;

	if (t->fin_sent && !t->fin_acked && ack == t->nxt) {
		t->fin_acked = true;
		n--;
	}
	mir_tcp_sliceq_drop(&t->sendq, &t->env->budget, n);
	t->una = ack;
	t->progress_at = d->now;
	if (t->sent)
		mir_tcb_acked(t, ack, d);
	if (mir_seq_lt(t->small_end, ack))
		t->small_end = ack;
	if (mir_seq_lt(t->recover, ack))
		t->recover = ack;
	if (mir_seq_lt(t->ecn_end, ack))
		t->ecn_end = ack;
	if (mir_seq_lt(t->wl2, ack - t->max_wnd))
		t->wl2 = ack - t->max_wnd;
	t->events |= MIR_TCB_OUTPUT;
	if (t->sendq.bytes <= mir_tcb_send_limit(t) / 2)
		t->events |= MIR_TCB_WRITABLE;
}

/* What an acknowledged FIN means in each state. */
static void fin_acked(struct mir_tcb *t, int64_t now)
{
	switch (t->state) {
	case MIR_TCP_FIN_WAIT_1: mir_tcb_transition(t, MIR_TCP_FIN_WAIT_2, now); break;
	case MIR_TCP_CLOSING: mir_tcb_transition(t, MIR_TCP_TIME_WAIT, now); break;
	case MIR_TCP_LAST_ACK: mir_tcb_die(t, 0, now); break;
	default: break;
	}
}

/* RFC 5681 section 3.1, RFC 6298 section 5.7. */
static void syn_was_lost(struct mir_tcb *t)
{
	t->cc.cwnd = t->mss;
	if (t->srtt == 0)
		t->rto = RTO_AFTER_SYN;
}

/* In SYN-RECEIVED only an ACK of our SYN counts. */
static bool complete_handshake(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	if (!(mir_seq_lt(t->una, s->ack) && mir_seq_le(s->ack, t->nxt))) {
		t->due |= MIR_TCB_DUE_REPLY_RST;
		t->reply_seq = s->ack;
		t->events |= MIR_TCB_OUTPUT;
		return false;
	}
	sample_rtt(t, s, now);
	t->una++;
	if (!t->sent)
		t->small_end = t->recover = t->una;
	t->widened_end = t->una;
	t->due &= (uint8_t)~MIR_TCB_DUE_SYN;
	if (t->backoff > 0)
		syn_was_lost(t);
	t->backoff = 0;
	t->wnd = t->max_wnd = s->window;
	t->edge = t->sent ? mir_seq_max(t->edge, s->ack + t->wnd) : s->ack + t->wnd;
	t->wl1 = s->seq;
	t->wl2 = s->ack;
	mir_tcb_transition(t, MIR_TCP_ESTABLISHED, now);
	if (t->fin_queued)
		mir_tcb_transition(t, MIR_TCP_FIN_WAIT_1, now);
	t->progress_at = now;
	t->events |= MIR_TCB_OUTPUT;
	mir_tcb_arm_rtx(t, now, true);
	return true;
}

static void settle(struct mir_tcb *t, const struct mir_tcp_segment *s, uint32_t acked, bool dup,
    const struct mir_tcb_delivery *d)
{
	mir_tcb_mtu_acked(t, d->now);
	mir_tcb_probe_acked(t, acked, s->nsack > 0, d->now);
	mir_tcb_recover(t, acked, dup, d);
	/* What is known of the path is kept while there is more to send at once. */
	if (mir_tcb_flight(t) == 0 && !t->sent->probing && t->sendq.bytes == 0)
		mir_tcp_sent_free(&t->sent, &t->env->budget);
}

bool mir_tcb_ack(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	uint32_t acked, flight;
	struct mir_tcb_delivery d = { .now = now, .fack = t->sent ? t->sent->fack : t->una };
	bool window_changed, dup, sampled = false, opens = t->state == MIR_TCP_SYN_RECEIVED;

	if (t->state == MIR_TCP_SYN_RECEIVED && !complete_handshake(t, s, now))
		return false;
	if (mir_seq_lt(t->nxt, s->ack) || mir_seq_lt(s->ack, t->una - t->max_wnd)) {
		mir_tcb_challenge_ack(t, now);
		return false;
	}
	if (mir_seq_lt(s->ack, t->una))
		return true; /* old: nothing to learn, its text may be new */
	acked = s->ack - t->una;
	flight = mir_tcb_flight(t);
	d.tsecr = t->use_ts && s->has_ts ? s->tsecr : 0;
	if (acked > 0) {
		sampled = sample_rtt(t, s, now);
		advance(t, s->ack, &d);
		end_backoff(t, sampled, d.rtt);
	}
	window_changed = update_window(t, s);
	if (t->sent && t->use_sack && s->nsack)
		mir_tcb_sack(t, s, &d);
	/* RFC 5681 section 2; with SACK, news in the blocks are what counts (RFC 6675). */
	dup = acked == 0 && flight > 0 && !opens &&
	      (t->use_sack ? d.bytes > 0 : mir_tcp_span(s) == 0 && !window_changed);
	if (dup)
		t->env->stats.dup_acks++;
	if (t->sent)
		settle(t, s, acked, dup, &d);
	mir_tcb_rate_acked(t, &d);
	mir_tcb_ecn_ack(t, s, now);
	if (t->persist && (t->wnd > 0 || acked > 0)) {
		t->persist = false;
		t->rtx_at = MIR_NEVER;
		t->backoff = 0;
	}
	/* The peer lives: its window may stay closed for as long as the user cares. */
	if ((t->persist || t->wnd == 0) && !t->orphan)
		t->progress_at = now;
	mir_tcb_arm_rtx(t, now, acked > 0);
	if (t->fin_acked && acked > 0)
		fin_acked(t, now);
	return t->state != MIR_TCP_CLOSED;
}
