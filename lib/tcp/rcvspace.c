/* rcvspace.c: the receive buffer goes with what the user takes in a round trip ("dynamic right
 * sizing"): the peer is then limited by the path and not by us, and no connection may fill more
 * memory than its path needs. */
#include "tcb.h"

enum {
	RTT_LEAST_US = 1000, /* bursts of a driver and turns of the loop are no round trips */
	SPARE = 16,          /* segments more than needed */
};

static uint32_t us_of(int64_t now)
{
	return (uint32_t)(now / 1000);
}

/* One more sample; rtt_us includes the peer's delays: short ones tell most. */
static void sample(struct mir_tcb *t, uint32_t rtt_us, bool exact)
{
	if (t->rcv_rtt_us == 0 || rtt_us < t->rcv_rtt_us)
		t->rcv_rtt_us = MIR_MAX(rtt_us, 1u);
	else if (exact)
		t->rcv_rtt_us += (rtt_us - t->rcv_rtt_us) / 8;
}

void mir_tcb_space_text(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	uint32_t ms;

	if (t->use_ts && s->has_ts) {
		/* The first segment that echoes an ACK of ours came a round trip after that. */
		ms = mir_tcb_ts(t, now) - s->tsecr;
		if (s->tsecr != t->rcv_mark && s->len >= t->rcv_mss && ms < 60000)
			sample(t, MIR_MAX(ms, 1u) * 1000, true);
		t->rcv_mark = s->tsecr;
		return;
	}
	/* What we offered then has all come: a round trip at least. */
	if (t->rcv_mark_us && mir_seq_lt(t->rcv_nxt, t->rcv_mark))
		return;
	if (t->rcv_mark_us)
		sample(t, us_of(now) - t->rcv_mark_us, false);
	t->rcv_mark = t->rcv_adv;
	t->rcv_mark_us = us_of(now) | 1;
}

/* What a buffer has to hold: what comes in a round trip once for the reader and once for the
 * window; and as much more as the peer's rate is rising by: in slow start it doubles. */
static uint64_t needed(const struct mir_tcb *t)
{
	uint64_t want = 2 * (uint64_t)t->rcv_taken + (uint64_t)SPARE * t->rcv_mss;
	uint32_t more = t->rcv_taken > t->rcv_space ? t->rcv_taken - t->rcv_space : 0;

	return want + want * MIR_MIN(more, t->rcv_space) / MIR_MAX(t->rcv_space, 1u);
}

static void resize(struct mir_tcb *t)
{
	const struct mir_budget *b = &t->env->budget;
	uint64_t want = needed(t), left = b->used < b->limit ? b->limit - b->used : 0;

	if (b->used > b->limit / 2) { /* others need it more */
		want = MIR_MAX(want, (uint64_t)MIR_TCB_RECEIVE_START);
		t->rcv_buffer = (uint32_t)MIR_MIN((uint64_t)t->rcv_buffer, want);
		t->rcv_space = t->rcv_taken;
		return;
	}
	if (t->rcv_taken <= t->rcv_space)
		return;
	want = MIR_MIN(MIR_MIN(want, (uint64_t)t->rcv_limit), left / 4);
	t->rcv_buffer = MIR_MAX(t->rcv_buffer, (uint32_t)want);
	t->rcv_space = t->rcv_taken;
}

/* Without timestamps, a sample of our own segments is better than one of the peer's. */
static uint32_t round_trip(const struct mir_tcb *t)
{
	uint32_t own = (uint32_t)MIR_MIN(t->srtt / 1000, (int64_t)UINT32_MAX);

	if (own == 0 || (t->rcv_rtt_us && (t->use_ts || t->rcv_rtt_us < own)))
		own = t->rcv_rtt_us;
	return own;
}

void mir_tcb_space_taken(struct mir_tcb *t, uint32_t bytes, int64_t now)
{
	uint32_t rtt = round_trip(t);

	t->rcv_taken += MIR_MIN(bytes, UINT32_MAX - t->rcv_taken);
	if (rtt == 0 || us_of(now) - t->rcv_round_us < MIR_MAX(rtt, (uint32_t)RTT_LEAST_US))
		return;
	resize(t);
	t->rcv_taken = 0;
	t->rcv_round_us = us_of(now);
}
