/* output.c: what to send now (RFC 9293 sections 3.7.4, 3.8.6.2.1, 3.10.2; RFC 5681, 6675). */
#include "segment.h"

enum {
	SUPER_MAX = MIR_PACKET_MAX - 20 - MIR_TCP_HEADER_MAX, /* payload of a super-segment */
	LEAST_TEXT = 4,                                       /* beside SACK blocks */
};

/* The congestion window is in full use. */
static void limited(struct mir_tcb *t)
{
	t->cwnd_limited = true;
	t->limited_end = t->nxt;
}

static bool in_window(const struct mir_tcb *t, uint32_t len)
{
	return mir_tcb_flight(t) + len <= t->wnd;
}

/* Sends the i-th record, or as much as fits into a segment now, without SACK blocks if they would
 * not leave room for all of it: they follow in an ACK of their own. */
static uint32_t send_record(struct mir_tcp_sender *o, uint32_t i)
{
	struct mir_tcb *t = o->t;
	uint32_t from = mir_tcp_sent_at(t->sent, i)->from, to = mir_tcp_sent_end(t->sent, i);
	uint32_t len = to - from, text = len - (t->fin_sent && to == t->nxt), sent;
	struct mir_tcp_sender bare = *o;
	bool dsack = t->dsack_due;

	if (text > t->mss)
		len = text = t->mss;
	if (text <= o->mss)
		return mir_tcp_send_range(o, from, len);
	bare.nsack = 0;
	bare.timeout = 0;
	bare.mss = t->mss;
	sent = mir_tcp_send_range(&bare, from, len);
	t->due |= MIR_TCB_DUE_ACK;
	t->dsack_due = dsack;
	return sent;
}

/* The i-th record once more.  False: no memory. */
static bool send_again(struct mir_tcp_sender *o, uint32_t i)
{
	struct mir_tcb *t = o->t;
	uint32_t from = mir_tcp_sent_at(t->sent, i)->from, to = mir_tcp_sent_end(t->sent, i);
	uint32_t sent = send_record(o, i);

	if (sent == 0)
		return false;
	if (from + sent != to) { /* the path has become narrower */
		if (mir_tcp_sent_reserve(&t->sent, &t->env->budget, 1, t->una) < 0)
			return false;
		mir_tcp_sent_split(t->sent, i, from + sent);
	}
	mir_tcb_sent_again(t, i, o->now);
	return true;
}

/* Sends again what is lost, as far as the congestion window lets.  False: it does not. */
static bool send_holes(struct mir_tcp_sender *o, uint32_t *pipe)
{
	struct mir_tcb *t = o->t;
	uint32_t i, len;

	if (mir_tcb_frto_holds(t))
		return true;
	while (t->sent && mir_tcp_sent_first_lost(t->sent, &i)) {
		len = mir_tcp_sent_end(t->sent, i) - mir_tcp_sent_at(t->sent, i)->from;
		if (!(t->due & MIR_TCB_DUE_REXMIT) && *pipe + len > t->cc.cwnd) {
			limited(t);
			return false;
		}
		if (!send_again(o, i))
			return false;
		t->due &= (uint8_t)~MIR_TCB_DUE_REXMIT;
		*pipe += len;
		mir_tcb_arm_rtx(t, o->now, false);
	}
	t->due &= (uint8_t)~MIR_TCB_DUE_REXMIT;
	return true;
}

/* How many bytes a new segment takes, of `queued` that wait: 0: none for now.  Silly window
 * avoidance (RFC 9293 section 3.8.6.2.1) and Nagle (3.7.4, as J. Minshall refined it: only a short
 * segment that is under way holds back another). */
static uint32_t choose(const struct mir_tcp_sender *o, uint32_t queued, uint32_t pipe)
{
	struct mir_tcb *t = o->t;
	uint32_t flight = mir_tcb_flight(t), room = t->wnd > flight ? t->wnd - flight : 0;
	uint32_t cwnd = t->cc.cwnd > pipe ? t->cc.cwnd - pipe : 0;
	uint32_t len = MIR_MIN(queued, room), most = o->mss;

	if (len > cwnd) {
		len = cwnd;
		limited(t);
		if (len < o->mss)
			return 0;
	}
	if (t->cc.pacing)
		len = MIR_MIN(len, MIR_MAX(t->cc.quantum, o->mss));
	if (len >= o->mss) {
		if (t->tso && !t->ecn_cwr) /* CWR is for one segment */
			most = SUPER_MAX - SUPER_MAX % o->mss;
		len = MIR_MIN(len, most);
		return len == queued && (t->nodelay || t->fin_queued) ? len : len - len % o->mss;
	}
	if (len == queued && len > 0 &&
	    (t->nodelay || t->fin_queued || t->small_end == t->una ||
		mir_seq_lt(t->small_end, t->una)))
		return len;
	if (len > 0 && (len >= t->max_wnd / 2 || (t->due & MIR_TCB_DUE_SHORT)))
		return len;
	return 0;
}

/* RFC 5681 section 4.1: after a pause the window starts small. */
static void restart_after_idle(struct mir_tcb *t, int64_t now)
{
	uint32_t initial = mir_tcp_initial_window(t->mss);

	if (mir_tcb_flight(t) == 0 && now - t->sent_at > t->rto && t->cc.cwnd > initial &&
	    !t->cc.ops->model)
		t->cc.cwnd = initial;
}

static void note_one(struct mir_tcp_sender *o, uint32_t to)
{
	struct mir_tcp_sent *s = o->t->sent;

	mir_tcp_sent_add(s, to, o->now);
	mir_tcb_rate_sent(o->t, mir_tcp_sent_at(s, s->n - 1), s->n == 1, o->now);
}

/* Records of what was just sent from SND.NXT on: one for each segment on the wire. */
static void note(struct mir_tcp_sender *o, uint32_t n, uint32_t len)
{
	struct mir_tcb *t = o->t;
	uint32_t to = t->nxt + n;

	for (uint32_t done = o->mss; done < len; done += o->mss)
		note_one(o, t->nxt + done);
	note_one(o, to);
	t->sent->prr_out += n;
}

static void sent_new(struct mir_tcp_sender *o, uint32_t n, uint32_t len)
{
	struct mir_tcb *t = o->t;

	if (t->una == t->nxt)
		t->progress_at = o->now;
	if (n > len)
		t->fin_sent = true;
	if (len < o->mss)
		t->small_end = t->nxt + len;
	if (!t->timed_at && t->recovery == MIR_TCP_OPEN) {
		t->timed_at = o->now;
		t->timed_end = t->nxt + n;
	}
	note(o, n, len);
	t->nxt += n;
	t->due &= (uint8_t)~MIR_TCB_DUE_SHORT;
	mir_tcb_arm_rtx(t, o->now, t->rtx_kind == MIR_TCP_RTX_TAIL);
}

/* New data at SND.NXT.  Returns how many numbers it took: 0: no memory. */
static uint32_t send_next(struct mir_tcp_sender *o, uint32_t len, bool fin)
{
	struct mir_tcb *t = o->t;
	uint32_t n;

	if (mir_tcp_sent_reserve(&t->sent, &t->env->budget, len / o->mss + 1, t->nxt) < 0)
		return 0;
	n = mir_tcp_send_range(o, t->nxt, len + fin);
	if (n > 0)
		sent_new(o, n, MIR_MIN(n, len));
	else if (mir_tcb_flight(t) == 0 && !t->sent->probing)
		mir_tcp_sent_free(&t->sent, &t->env->budget);
	return n;
}

/* RFC 8985 section 7.3: a new segment, or the last one again. */
static void send_probe(struct mir_tcp_sender *o)
{
	struct mir_tcb *t = o->t;
	uint32_t queued = mir_tcb_stream_end(t) - t->nxt, room;
	struct mir_tcp_sent *s = t->sent;

	t->due &= (uint8_t)~MIR_TCB_DUE_TAIL;
	if (!s || !s->probing || s->n == 0)
		return;
	room = t->wnd > mir_tcb_flight(t) ? t->wnd - mir_tcb_flight(t) : 0;
	if (!t->fin_sent && queued > 0 && room > 0) {
		if (send_next(o, MIR_MIN(MIR_MIN(queued, room), o->mss), false) > 0)
			t->sent->probe_end = t->nxt;
		return;
	}
	if (mir_tcp_sent_at(s, s->n - 1)->flags & MIR_TCP_SACKED)
		return;
	s->probe_again = true;
	if (!(mir_tcp_sent_at(s, s->n - 1)->flags & MIR_TCP_LOST))
		mir_tcp_sent_set_lost(s, s->n - 1);
	send_again(o, s->n - 1);
	t->sent->undo.possible = false;
}

/* With a rate to keep: bytes leave a millisecond's worth at a time, the next when their time is
 * over.
 */
static bool may_leave(struct mir_tcp_sender *o)
{
	struct mir_tcb *t = o->t;

	if (t->cc.pacing == 0 || !t->sent || t->sent->pace_at <= o->now)
		return true;
	t->sent->paced = true;
	return false;
}

static void pace(struct mir_tcp_sender *o, uint32_t n)
{
	struct mir_tcb *t = o->t;

	if (t->cc.pacing == 0)
		return;
	t->cc.quantum = (uint32_t)MIR_MIN(t->cc.pacing / 1000, (uint64_t)SUPER_MAX);
	if (t->sent)
		t->sent->pace_at = MIR_MAX(t->sent->pace_at, o->now) +
				   (int64_t)((uint64_t)n * 1000000000 / t->cc.pacing);
}

/* A larger segment than others (RFC 8899), if one is to be tried.  Returns how many numbers it
 * took. */
static uint32_t send_mtu_probe(struct mir_tcp_sender *o, uint32_t pipe)
{
	struct mir_tcb *t = o->t;
	uint32_t queued = mir_tcb_stream_end(t) - t->nxt, flight = mir_tcb_flight(t), len, n;
	uint32_t room = t->wnd > flight ? t->wnd - flight : 0;
	struct mir_tcp_sender large = *o;

	if (t->mtu_limit == 0 || t->fin_sent || t->cc.cwnd <= pipe)
		return 0;
	len = mir_tcb_mtu_probe(t, MIR_MIN(MIR_MIN(queued, room), t->cc.cwnd - pipe), o->now);
	if (len == 0)
		return 0;
	large.mss = len;
	large.timeout = 0;
	n = send_next(&large, len, false);
	if (n < len) /* no memory, or in too many pieces */
		t->mtu_probe = 0;
	return n;
}

static void send_new(struct mir_tcp_sender *o, uint32_t pipe)
{
	struct mir_tcb *t = o->t;

	restart_after_idle(t, o->now);
	pipe += send_mtu_probe(o, pipe);
	while (!t->fin_sent && may_leave(o)) {
		uint32_t queued = mir_tcb_stream_end(t) - t->nxt, n;
		uint32_t len = choose(o, queued, pipe);
		bool fin = t->fin_queued && len == queued && in_window(t, len + 1);

		if (queued <= len && pipe + len < t->cc.cwnd)
			mir_tcb_rate_idle(t);
		if (len == 0 && !(fin && queued == 0))
			return;
		n = send_next(o, len, fin);
		if (n == 0)
			return;
		pipe += n;
		pace(o, n);
	}
}

/* As many blocks as fit, beside some text, into a segment of the path: an ACK that is too large for
 * it would never arrive. */
static void gather_options(struct mir_tcp_sender *o)
{
	struct mir_tcb *t = o->t;
	unsigned max = MIR_MIN(t->use_ts ? 3u : MIR_TCP_SACKS, (t->mss - 4u - LEAST_TEXT) / 8);

	o->mss = t->mss;
	o->timeout = 0;
	if (t->timeout_due && !t->dsack_due && !t->recvq.ooo && t->mss > 2 * MIR_TCP_MIN_MSS) {
		o->timeout = mir_tcp_timeout_encode(MIR_MS(t->user_timeout_ms));
		o->mss -= MIR_TCP_TIMEOUT_SPACE;
	}
	if (!t->use_sack || (!t->dsack_due && !t->recvq.ooo) || max == 0)
		return;
	if (t->dsack_due)
		o->sack[o->nsack++] = t->dsack;
	o->nsack += (uint8_t)mir_tcp_recvq_sacks(&t->recvq, o->sack + o->nsack, max - o->nsack);
	if (o->nsack)
		o->mss = t->mss - 4u - 8u * o->nsack;
}

static void send_acks(struct mir_tcp_sender *o)
{
	struct mir_tcb *t = o->t;

	if (t->due & MIR_TCB_DUE_PROBE) {
		t->due &= (uint8_t)~MIR_TCB_DUE_PROBE;
		mir_tcp_send_ack(o, t->una - 1);
	}
	/* Without SACK each segment beyond a hole is worth a duplicate ACK (RFC 5681). */
	while (t->acks_owed > 1 && !t->use_sack && mir_tcp_send_ack(o, t->nxt))
		t->acks_owed--;
	t->acks_owed = 0;
	if ((t->due & MIR_TCB_DUE_ACK) && !mir_tcp_send_ack(o, t->nxt))
		t->ack_at = o->now + MIR_MS(10); /* no memory now */
}

void mir_tcb_output(struct mir_tcb *t, int64_t now, mir_tcb_emit *emit, void *arg)
{
	struct mir_tcp_sender o = { .t = t, .now = now, .emit = emit, .arg = arg, .mss = t->mss };
	uint32_t pipe;

	t->events &= (uint8_t)~MIR_TCB_OUTPUT;
	if (t->due & MIR_TCB_DUE_REPLY_RST)
		mir_tcp_send_rst(&o, t->reply_seq, false);
	if (t->due & MIR_TCB_DUE_RST)
		mir_tcp_send_rst(&o, t->nxt, true);
	t->due &= (uint8_t) ~(MIR_TCB_DUE_RST | MIR_TCB_DUE_REPLY_RST);
	if (t->state == MIR_TCP_CLOSED) {
		t->due = 0;
		return;
	}
	if (t->due & MIR_TCB_DUE_SYN)
		mir_tcp_send_syn(&o);
	if (mir_tcb_in_handshake(t) && !mir_tcb_is_fast(t)) {
		if (t->state == MIR_TCP_SYN_RECEIVED)
			send_acks(&o);
		return;
	}
	gather_options(&o);
	if (t->due & MIR_TCB_DUE_TAIL)
		send_probe(&o);
	pipe = mir_tcb_pipe(t);
	if (t->state != MIR_TCP_TIME_WAIT && t->state != MIR_TCP_FIN_WAIT_2 &&
	    send_holes(&o, &pipe)) {
		send_new(&o, pipe);
		if (mir_tcb_frto_stuck(t))
			send_holes(&o, &pipe);
	}
	send_acks(&o);
	mir_tcb_arm_rtx(t, now, false);
}
