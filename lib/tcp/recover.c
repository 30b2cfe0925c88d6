/* recover.c: recovery from losses: what was lost goes out again, how fast (RFC 6675, 6937), without
 * SACK as NewReno does (RFC 6582), after the retransmission timer (RFC 5681); and going back on
 * it when nothing was lost (RFC 3708, 4015). */
#include "tcb.h"

enum { DUP_THRESHOLD = 3 };

/* Has the peer reported one of our retransmissions as a duplicate? */
static bool was_again(struct mir_tcp_undo *u, struct mir_tcp_range r)
{
	for (unsigned i = 0; i < u->n; i++) {
		if (mir_seq_le(r.from, u->again[i].from) && mir_seq_le(u->again[i].to, r.to)) {
			u->again[i] = u->again[--u->n];
			return true;
		}
	}
	return !u->counted && u->any;
}

static void undo(struct mir_tcb *t)
{
	struct mir_tcp_sent *s = t->sent;
	struct mir_tcp_cc before = s->undo.cc;

	t->env->stats.spurious++;
	before.cwnd = MIR_MAX(before.cwnd, t->cc.cwnd);
	before.mss = t->cc.mss;
	t->cc = before;
	t->recovery = MIR_TCP_OPEN;
	t->due &= (uint8_t)~MIR_TCB_DUE_REXMIT;
	t->dup_acks = 0;
	t->events |= MIR_TCB_OUTPUT;
	mir_tcp_sent_find_again(s);
	s->undo.possible = false;
	mir_tcb_rack_widen(t);
}

/* A report of a segment that came twice (RFC 2883). */
static void duplicate(struct mir_tcb *t, struct mir_tcp_range r)
{
	struct mir_tcp_sent *s = t->sent;

	if (s->probing && s->probe_again && r.to == s->probe_end) {
		s->probing = false;
		return;
	}
	if (!was_again(&s->undo, r))
		return;
	mir_tcb_rack_widen(t);
	if (s->undo.possible && s->undo.counted && s->undo.n == 0)
		undo(t);
}

static void sack_block(struct mir_tcb *t, struct mir_tcp_range r, struct mir_tcb_delivery *d)
{
	struct mir_tcp_sent *s = t->sent;

	/* Blocks mostly grow at their end. */
	for (unsigned i = 0; i < MIR_TCP_SACKS; i++) {
		if (s->seen[i].from == r.from && mir_seq_lt(s->seen[i].from, s->seen[i].to))
			r.from = mir_seq_min(s->seen[i].to, r.to);
	}
	r.from = mir_seq_max(r.from, mir_tcp_sent_at(s, 0)->from);
	if (!mir_seq_lt(r.from, r.to))
		return;
	for (uint32_t i = mir_tcp_sent_find(s, r.from); i < s->n; i++) {
		const struct mir_tcp_record *at = mir_tcp_sent_at(s, i);

		if (mir_seq_lt(r.to, mir_tcp_sent_end(s, i)))
			break;
		if (mir_seq_lt(at->from, r.from) || (at->flags & MIR_TCP_SACKED))
			continue;
		mir_tcb_delivered(t, i, d);
		mir_tcp_sent_set_sacked(s, i);
	}
}

void mir_tcb_sack(struct mir_tcb *t, const struct mir_tcp_segment *seg, struct mir_tcb_delivery *d)
{
	struct mir_tcp_range seen[MIR_TCP_SACKS] = { 0 };
	unsigned n = 0;

	for (unsigned i = 0; i < seg->nsack; i++) {
		struct mir_tcp_range r = seg->sack[i];

		if (!mir_seq_lt(r.from, r.to) || mir_seq_lt(t->nxt, r.to))
			continue;
		if (i == 0 && (mir_seq_le(r.to, seg->ack) ||
				  (seg->nsack > 1 && mir_seq_le(seg->sack[1].from, r.from) &&
				      mir_seq_le(r.to, seg->sack[1].to)))) {
			duplicate(t, r);
			continue;
		}
		if (t->sent->n == 0 || mir_seq_le(r.from, t->una))
			continue;
		sack_block(t, r, d);
		/* Records that a block covers in part are looked at again. */
		if (r.to == mir_tcp_sent_end(t->sent, mir_tcp_sent_find(t->sent, r.to - 1)) &&
		    r.from == mir_tcp_sent_at(t->sent, mir_tcp_sent_find(t->sent, r.from))->from)
			seen[n++] = r;
	}
	memcpy(t->sent->seen, seen, sizeof(seen));
}

void mir_tcb_acked(struct mir_tcb *t, uint32_t ack, struct mir_tcb_delivery *d)
{
	struct mir_tcp_sent *s = t->sent;

	while (s->n > 0 && mir_seq_le(mir_tcp_sent_end(s, 0), ack)) {
		if (!(mir_tcp_sent_at(s, 0)->flags & MIR_TCP_SACKED))
			mir_tcb_delivered(t, 0, d);
		mir_tcp_sent_pop(s);
	}
	if (s->n > 0 && mir_seq_lt(mir_tcp_sent_at(s, 0)->from, ack))
		mir_tcp_sent_cut(s, ack);
	s->fack = mir_seq_max(s->fack, ack);
	s->lost_from = mir_seq_max(s->lost_from, ack);
}

uint32_t mir_tcb_pipe(const struct mir_tcb *t)
{
	uint32_t pipe = mir_tcb_flight(t);

	if (t->sent)
		pipe -= t->sent->sacked + t->sent->lost;
	if (!t->use_sack)
		pipe -= (uint32_t)MIR_MIN((uint64_t)t->dup_acks * t->mss, (uint64_t)pipe);
	return pipe;
}

void mir_tcb_sent_again(struct mir_tcb *t, uint32_t i, int64_t now)
{
	struct mir_tcp_sent *s = t->sent;
	struct mir_tcp_range r = { mir_tcp_sent_at(s, i)->from, mir_tcp_sent_end(s, i) };
	struct mir_tcp_undo *u = &s->undo;

	mir_tcp_sent_set_again(s, i, now);
	mir_tcb_rate_sent(t, mir_tcp_sent_at(s, i), false, now);
	t->timed_at = 0;
	s->prr_out += r.to - r.from;
	if (!u->any) {
		u->any = true;
		u->first_end = r.to;
		u->first_ts = mir_tcb_ts(t, now);
	}
	if (u->n < MIR_TCP_RESENT)
		u->again[u->n++] = r;
	else
		u->counted = false;
}

static void begin_undo(struct mir_tcb *t, bool possible)
{
	t->sent->undo = (struct mir_tcp_undo){ .cc = t->cc, .possible = possible, .counted = true };
}

uint32_t mir_tcb_loss_window(const struct mir_tcb *t)
{
	return t->cwnd_limited ? t->cc.cwnd : MIR_MIN(mir_tcb_flight(t), t->cc.cwnd);
}

static void enter(struct mir_tcb *t, int64_t now)
{
	struct mir_tcp_sent *s = t->sent;

	t->env->stats.fast_recoveries++;
	begin_undo(t, true);
	t->recovery = MIR_TCP_FAST_RECOVERY;
	t->recover = t->nxt;
	t->timed_at = 0;
	s->probing = false;
	s->prr_flight = MIR_MAX(mir_tcb_flight(t), (uint32_t)t->mss);
	s->prr_delivered = s->prr_out = 0;
	t->cc.ops->lost(&t->cc, mir_tcb_loss_window(t), now);
	mir_tcb_ecn_reduced(t);
	t->due |= MIR_TCB_DUE_REXMIT;
	t->events |= MIR_TCB_OUTPUT;
}

static void leave(struct mir_tcb *t)
{
	if (t->recovery == MIR_TCP_FAST_RECOVERY && !t->cc.ops->model)
		t->cc.cwnd = t->cc.ssthresh;
	t->recovery = MIR_TCP_OPEN;
	t->cc.cwnd = MIR_MIN(t->cc.cwnd, MIR_MAX(t->cc.ssthresh, (uint32_t)t->mss));
	t->dup_acks = 0;
	t->cwnd_limited = false;
	mir_tcb_rack_recovered(t);
}

/* RFC 6937 section 3: as many segments leave as keep the reduction in proportion to what has
 * arrived; below the target, as slow start would send. */
static void reduce(struct mir_tcb *t, uint32_t delivered, bool progress)
{
	struct mir_tcp_sent *s = t->sent;
	uint32_t pipe = mir_tcb_pipe(t);
	uint64_t may;

	s->prr_delivered += delivered;
	if (pipe > t->cc.ssthresh) {
		may = (s->prr_delivered * t->cc.ssthresh + s->prr_flight - 1) / s->prr_flight;
		may -= MIR_MIN(may, s->prr_out);
	} else {
		may = s->prr_delivered - MIR_MIN(s->prr_delivered, s->prr_out);
		may = MIR_MAX(may, (uint64_t)delivered) + (progress ? t->mss : 0u);
		may = MIR_MIN(may, (uint64_t)(t->cc.ssthresh - pipe));
	}
	t->cc.cwnd = MIR_MAX(pipe + (uint32_t)may, (uint32_t)t->mss);
}

/* The window was in full use when what is acknowledged was sent: it may grow. */
static void grow(struct mir_tcb *t, uint32_t acked, const struct mir_tcb_delivery *d)
{
	struct mir_tcp_round round = { t->una, t->nxt, d->rtt };

	if (!t->cwnd_limited)
		return;
	if (t->cc.ssthresh == MIR_TCP_SSTHRESH_NONE)
		acked = mir_tcp_hystart(&t->sent->hystart, &t->cc, acked, round);
	t->cc.ops->acked(&t->cc, acked, t->srtt, d->now);
	if (mir_seq_le(t->limited_end, t->una))
		t->cwnd_limited = false;
}

/* RFC 6582 section 3.2: without SACK, the first segment is lost. */
static void lose_first(struct mir_tcb *t)
{
	if (t->sent->n > 0 && !(mir_tcp_sent_at(t->sent, 0)->flags & MIR_TCP_LOST))
		mir_tcp_sent_set_lost(t->sent, 0);
	t->due |= MIR_TCB_DUE_REXMIT;
}

static void while_open(
    struct mir_tcb *t, uint32_t acked, bool dup, const struct mir_tcb_delivery *d)
{
	if (acked > 0) {
		t->dup_acks = 0;
		grow(t, acked, d);
	}
	if (dup) {
		t->dup_acks++;
		t->events |= MIR_TCB_OUTPUT; /* RFC 3042: the pipe has room for new data */
	}
	if (!t->use_sack && dup && t->dup_acks >= DUP_THRESHOLD && t->recover == t->una)
		lose_first(t);
	if (t->sent->lost == 0)
		return;
	if (mir_tcb_mtu_lost(t, d->now)) {
		t->due |= MIR_TCB_DUE_REXMIT;
		return;
	}
	enter(t, d->now);
	if (t->use_sack && !t->cc.ops->model) /* many may be lost at once */
		reduce(t, d->bytes, acked > 0);
}

static void while_recovering(struct mir_tcb *t, uint32_t acked, bool dup, uint32_t delivered)
{
	if (dup)
		t->dup_acks++;
	if (t->use_sack && !t->cc.ops->model) {
		reduce(t, delivered, acked > 0);
	} else if (acked > 0 && !t->use_sack) {
		t->dup_acks -= MIR_MIN(t->dup_acks, acked / t->mss);
		lose_first(t);
	}
}

/* RFC 4015: the first segment that was sent again is acknowledged, by an echo of what was sent
 * before. */
static bool in_vain(const struct mir_tcb *t, uint32_t acked, uint32_t tsecr)
{
	const struct mir_tcp_undo *u = &t->sent->undo;

	return t->recovery != MIR_TCP_OPEN && u->possible && u->any && acked > 0 && tsecr &&
	       mir_seq_le(u->first_end, t->una) && mir_seq_lt(tsecr, u->first_ts);
}

void mir_tcb_recover(struct mir_tcb *t, uint32_t acked, bool dup, const struct mir_tcb_delivery *d)
{
	if (in_vain(t, acked, d->tsecr) || mir_tcb_frto_spurious(t, acked, d))
		undo(t);
	if (t->recovery != MIR_TCP_OPEN && mir_seq_le(t->recover, t->una))
		leave(t);
	if (acked > 0 || dup)
		t->events |= MIR_TCB_OUTPUT;
	mir_tcb_rack_detect(t, d->now);
	switch (t->recovery) {
	case MIR_TCP_OPEN: while_open(t, acked, dup, d); break;
	case MIR_TCP_FAST_RECOVERY: while_recovering(t, acked, dup, d->bytes); break;
	case MIR_TCP_LOSS:
		if (acked > 0)
			t->cc.ops->acked(&t->cc, acked, t->srtt, d->now);
		mir_tcb_frto_acked(t, acked);
		break;
	}
}

void mir_tcb_recover_reordered(struct mir_tcb *t, int64_t now)
{
	mir_tcb_rack_detect(t, now);
	if (t->sent->lost > 0 && t->recovery == MIR_TCP_OPEN) {
		if (mir_tcb_mtu_lost(t, now))
			t->due |= MIR_TCB_DUE_REXMIT;
		else
			enter(t, now);
	}
	t->events |= MIR_TCB_OUTPUT;
}

static void all_lost(struct mir_tcb *t, bool forget)
{
	t->recovery = MIR_TCP_LOSS;
	t->recover = t->nxt;
	t->dup_acks = 0;
	t->timed_at = 0;
	t->sent->probing = false;
	t->sent->reorder_at = MIR_NEVER;
	mir_tcp_sent_lose_all(t->sent, forget);
}

void mir_tcb_recover_timeout(struct mir_tcb *t, int64_t now)
{
	/* RFC 2018 section 8: the peer may have thrown away what it had reported. */
	bool forget = t->backoff > 0 || (mir_tcp_sent_at(t->sent, 0)->flags & MIR_TCP_SACKED);
	bool first = t->recovery == MIR_TCP_OPEN && !forget;

	if (t->backoff == 0) {
		begin_undo(t, t->recovery == MIR_TCP_OPEN);
		if (t->recovery == MIR_TCP_FAST_RECOVERY && !t->cc.ops->model)
			t->cc.cwnd = t->cc.ssthresh;
		t->cc.ops->timeout(&t->cc, mir_tcb_flight(t), now);
		mir_tcb_ecn_reduced(t);
	}
	t->cc.cwnd = t->mss;
	all_lost(t, forget);
	mir_tcb_frto_begin(t, first);
	t->due |= MIR_TCB_DUE_REXMIT;
	t->events |= MIR_TCB_OUTPUT;
}

void mir_tcb_recover_resegment(struct mir_tcb *t)
{
	begin_undo(t, false);
	all_lost(t, false);
	mir_tcb_frto_begin(t, false);
}
