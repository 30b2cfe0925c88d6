/* recover.c: finding out what was lost and sending it again (RFC 6675 with SACK, RFC 6582
 * without, RFC 5681 section 3).
 *
 * Three numbers say it all: what is below lost_edge and not selectively acknowledged is lost; what
 * of it is below high_rxt has been sent again; recover ends the episode.
 */
#include "tcb.h"

#include <stdlib.h>

enum {
	DUP_THRESHOLD = 3,
	DUP_MAX = 64,
	RANGES = 256, /* selectively acknowledged ranges kept; later ones are not believed */
};

static void insert_at(struct mir_tcp_scoreboard *b, unsigned at, struct mir_tcp_range r)
{
	if (b->n == b->cap) {
		uint16_t cap = b->cap ? (uint16_t)(b->cap * 2) : 8;
		struct mir_tcp_range *range =
		    cap > RANGES ? NULL : realloc(b->range, cap * sizeof(*range));

		if (!range)
			return;
		b->range = range;
		b->cap = cap;
	}
	memmove(&b->range[at + 1], &b->range[at], (b->n - at) * sizeof(b->range[0]));
	b->range[at] = r;
	b->n++;
	b->bytes += r.to - r.from;
}

static void remove_at(struct mir_tcp_scoreboard *b, unsigned at)
{
	b->bytes -= b->range[at].to - b->range[at].from;
	b->n--;
	memmove(&b->range[at], &b->range[at + 1], (b->n - at) * sizeof(b->range[0]));
}

/* Adds a range, joined with those it touches; true if it tells anything new. */
static bool add_range(struct mir_tcp_scoreboard *b, struct mir_tcp_range r)
{
	uint32_t before = b->bytes;
	unsigned at = b->n;

	/* News are mostly at the end. */
	while (at > 0 && mir_seq_le(r.from, b->range[at - 1].to)) {
		struct mir_tcp_range *have = &b->range[at - 1];

		if (mir_seq_le(have->from, r.from) && mir_seq_le(r.to, have->to))
			return false;
		if (mir_seq_le(have->from, r.to)) {
			r.from = mir_seq_min(r.from, have->from);
			r.to = mir_seq_max(r.to, have->to);
			remove_at(b, at - 1);
		}
		at--;
	}
	while (at > 0 && mir_seq_lt(r.from, b->range[at - 1].from))
		at--;
	insert_at(b, at, r);
	return b->bytes != before;
}

/* A report of a duplicate (RFC 2883) after a fast retransmission: the segment was late, not lost.
 * This path reorders: more has to arrive behind a hole before it counts as lost. */
static void sent_in_vain(struct mir_tcb *t)
{
	if (!t->resent)
		return;
	t->resent = false;
	t->dup_threshold = (uint8_t)MIR_MIN(t->dup_threshold + t->dup_threshold / 2, DUP_MAX);
}

bool mir_tcb_sack(struct mir_tcb *t, const struct mir_tcp_segment *s)
{
	bool news = false;

	for (unsigned i = 0; i < s->nsack; i++) {
		struct mir_tcp_range r = s->sack[i];

		if (i == 0 && mir_seq_le(r.to, s->ack))
			sent_in_vain(t);
		if (!mir_seq_lt(r.from, r.to) || mir_seq_lt(t->nxt, r.to) ||
		    mir_seq_le(r.from, t->una))
			continue;
		news |= add_range(&t->sacked, r);
	}
	return news;
}

void mir_tcb_sack_clear(struct mir_tcb *t)
{
	free(t->sacked.range);
	t->sacked = (struct mir_tcp_scoreboard){ 0 };
}

void mir_tcb_sack_advance(struct mir_tcb *t)
{
	struct mir_tcp_scoreboard *b = &t->sacked;

	while (b->n > 0 && mir_seq_le(b->range[0].to, t->una))
		remove_at(b, 0);
	if (b->n > 0 && mir_seq_lt(b->range[0].from, t->una)) {
		b->bytes -= t->una - b->range[0].from;
		b->range[0].from = t->una;
	}
	if (b->n == 0 && b->range)
		mir_tcb_sack_clear(t);
}

/* Selectively acknowledged bytes below `end`. */
static uint32_t sacked_below(const struct mir_tcb *t, uint32_t end)
{
	uint32_t bytes = 0;

	for (unsigned i = 0; i < t->sacked.n; i++) {
		const struct mir_tcp_range *r = &t->sacked.range[i];

		if (mir_seq_le(end, r->from))
			break;
		bytes += mir_seq_min(r->to, end) - r->from;
	}
	return bytes;
}

uint32_t mir_tcb_pipe(const struct mir_tcb *t)
{
	uint32_t above = t->nxt - t->lost_edge;
	uint32_t again = t->high_rxt - t->una;

	if (t->use_sack) {
		above -= t->sacked.bytes - sacked_below(t, t->lost_edge);
		again -= sacked_below(t, t->high_rxt);
	} else {
		above -= (uint32_t)MIR_MIN((uint64_t)t->dup_acks * t->mss, (uint64_t)above);
	}
	return above + again;
}

bool mir_tcb_next_hole(const struct mir_tcb *t, struct mir_tcp_range *out)
{
	uint32_t from = mir_seq_max(t->high_rxt, t->una), to = t->lost_edge;

	for (unsigned i = 0; i < t->sacked.n; i++) {
		const struct mir_tcp_range *r = &t->sacked.range[i];

		if (mir_seq_lt(from, r->from)) {
			to = mir_seq_min(to, r->from);
			break;
		}
		from = mir_seq_max(from, r->to);
	}
	*out = (struct mir_tcp_range){ from, to };
	return mir_seq_lt(from, to);
}

/* RFC 6675 section 4, IsLost: the highest number below which all that is not acknowledged is
 * lost. */
static void find_lost(struct mir_tcb *t)
{
	const struct mir_tcp_scoreboard *b = &t->sacked;
	uint32_t bytes = 0, half = mir_tcb_flight(t) / t->mss / 2, threshold;

	/* Never so much that a short flight could not reach it. */
	threshold = MIR_MIN(MIR_MAX(half, (uint32_t)DUP_THRESHOLD), (uint32_t)t->dup_threshold);
	for (unsigned i = b->n; i > 0; i--) {
		bytes += b->range[i - 1].to - b->range[i - 1].from;
		if (b->n - i + 1 >= threshold || bytes > (threshold - 1u) * t->mss) {
			t->lost_edge = mir_seq_max(t->lost_edge, b->range[i - 1].from);
			return;
		}
	}
}

static void open_again(struct mir_tcb *t)
{
	t->recovery = MIR_TCP_OPEN;
	t->cc.cwnd = MIR_MIN(t->cc.cwnd, MIR_MAX(t->cc.ssthresh, (uint32_t)t->mss));
	t->dup_acks = 0;
	t->high_rxt = t->lost_edge = t->una;
}

static void enter(struct mir_tcb *t, int64_t now)
{
	uint32_t flight = mir_tcb_flight(t);

	t->env->stats.fast_recoveries++;
	t->recovery = MIR_TCP_FAST_RECOVERY;
	t->recover = t->nxt;
	t->high_rxt = t->una;
	t->timed_at = 0;
	t->resent = true;
	t->cc.ops->lost(&t->cc, MIR_MIN(flight, t->cc.cwnd), now);
	if (!t->use_sack)
		t->lost_edge = mir_seq_min(t->una + t->mss, t->nxt);
	t->due |= MIR_TCB_DUE_REXMIT;
	t->events |= MIR_TCB_OUTPUT;
}

static void while_open(struct mir_tcb *t, uint32_t acked, bool dup, int64_t now)
{
	if (acked > 0) {
		t->dup_acks = 0;
		if (t->cwnd_limited)
			t->cc.ops->acked(&t->cc, acked, t->srtt, now);
	}
	if (dup) {
		t->dup_acks++;
		t->events |= MIR_TCB_OUTPUT; /* RFC 3042: the pipe has room for new data */
	}
	if (t->use_sack) {
		find_lost(t);
		if (mir_seq_lt(t->una, t->lost_edge))
			enter(t, now);
	} else if (dup && t->dup_acks >= DUP_THRESHOLD && t->recover == t->una) {
		enter(t, now);
	}
}

/* RFC 6582 section 3.2: a partial ACK tells of the next hole. */
static void partial(struct mir_tcb *t, uint32_t acked)
{
	t->dup_acks -= MIR_MIN(t->dup_acks, acked / t->mss);
	t->high_rxt = t->una;
	t->lost_edge = mir_seq_min(t->una + t->mss, t->nxt);
	t->due |= MIR_TCB_DUE_REXMIT;
}

void mir_tcb_recover(struct mir_tcb *t, uint32_t acked, bool dup, int64_t now)
{
	if (t->recovery != MIR_TCP_OPEN && mir_seq_le(t->recover, t->una)) {
		if (t->recovery == MIR_TCP_FAST_RECOVERY)
			t->cc.cwnd = t->cc.ssthresh;
		open_again(t);
		t->cwnd_limited = false;
	}
	if (acked > 0 || dup)
		t->events |= MIR_TCB_OUTPUT;
	switch (t->recovery) {
	case MIR_TCP_OPEN: while_open(t, acked, dup, now); break;
	case MIR_TCP_FAST_RECOVERY:
		if (dup)
			t->dup_acks++;
		if (t->use_sack)
			find_lost(t);
		else if (acked > 0)
			partial(t, acked);
		break;
	case MIR_TCP_LOSS:
		t->lost_edge = mir_seq_max(t->lost_edge, t->recover);
		if (acked > 0)
			t->cc.ops->acked(&t->cc, acked, t->srtt, now);
		break;
	}
	if (acked > 0)
		t->cwnd_limited = false;
}

static void all_lost(struct mir_tcb *t)
{
	t->recovery = MIR_TCP_LOSS;
	t->recover = t->lost_edge = t->nxt;
	t->high_rxt = t->una;
	t->dup_acks = 0;
	t->timed_at = 0;
}

void mir_tcb_recover_timeout(struct mir_tcb *t, int64_t now)
{
	if (t->backoff == 0)
		t->cc.ops->timeout(&t->cc, mir_tcb_flight(t), now);
	else /* RFC 2018 section 8: the peer may have thrown away what it had reported */
		mir_tcb_sack_clear(t);
	t->cc.cwnd = t->mss;
	t->dup_threshold = DUP_THRESHOLD;
	t->resent = false;
	all_lost(t);
	t->due |= MIR_TCB_DUE_REXMIT;
	t->events |= MIR_TCB_OUTPUT;
}

void mir_tcb_recover_resegment(struct mir_tcb *t)
{
	all_lost(t);
}
