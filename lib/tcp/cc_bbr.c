/* cc_bbr.c: congestion control by a model of the path, its bandwidth and its round trip, in place
 * of losses (draft-cardwell-iccrg-bbr-congestion-control-00): startup, drain, then a bandwidth that
 * is probed every eight round trips and a round trip that is probed every ten seconds. */
#include "cc.h"
#include "wire.h"

#include <mir/hash.h>
#include <stdlib.h>

enum {
	UNIT = 256,       /* gains are in these */
	HIGH_GAIN = 739,  /* 2 / ln 2: doubles what is delivered each round */
	DRAIN_GAIN = 88,  /* its inverse */
	CWND_GAIN = 512,  /* room for delayed and stretched ACKs */
	CYCLE = 8,        /* phases of probing for bandwidth */
	BW_ROUNDS = 10,   /* how long a maximum counts */
	FULL_ROUNDS = 3,  /* without a quarter more: the pipe is full */
	MIN_SEGMENTS = 4, /* window while the round trip is probed */
};

#define RTT_LIFE MIR_SECOND(10)
#define RTT_HOLD MIR_MS(200)

enum mode { STARTUP, DRAIN, PROBE_BW, PROBE_RTT };

struct mir_tcp_bbr {
	struct {
		uint64_t bytes_s;
		uint32_t round;
	} best[3]; /* the greatest, and what follows when it is too old */
	uint64_t full_bw;
	int64_t min_rtt, min_rtt_at;
	int64_t cycle_at, hold_until; /* hold_until 0: the pipe is not yet empty enough */
	uint32_t round, round_end;    /* round_end: of delivered bytes */
	uint32_t prior_cwnd, acked;
	uint16_t pacing_gain, cwnd_gain;
	uint8_t mode, phase, full_rounds;
	bool full;
};

static const uint16_t cycle_gains[CYCLE] = { 320, 192, 256, 256, 256, 256, 256, 256 };

static bool bbr_init(struct mir_tcp_cc *cc)
{
	struct mir_tcp_bbr *b = calloc(1, sizeof(*b));

	cc->u.bbr = b;
	if (!b)
		return false;
	b->pacing_gain = b->cwnd_gain = HIGH_GAIN;
	return true;
}

static void bbr_release(struct mir_tcp_cc *cc)
{
	free(cc->u.bbr);
	cc->u.bbr = NULL;
}

/* The maximum of the last BW_ROUNDS rounds, from three samples (K. Nichols). */
static void note_bandwidth(struct mir_tcp_bbr *b, uint64_t bytes_s)
{
	if (bytes_s >= b->best[0].bytes_s || b->round - b->best[2].round > BW_ROUNDS) {
		for (unsigned i = 0; i < 3; i++) {
			b->best[i].bytes_s = bytes_s;
			b->best[i].round = b->round;
		}
		return;
	}
	for (unsigned i = 1; i < 3; i++) {
		if (bytes_s >= b->best[i].bytes_s) {
			for (unsigned k = i; k < 3; k++) {
				b->best[k].bytes_s = bytes_s;
				b->best[k].round = b->round;
			}
			break;
		}
	}
	while (b->round - b->best[0].round > BW_ROUNDS) {
		b->best[0] = b->best[1];
		b->best[1] = b->best[2];
		b->best[2].bytes_s = bytes_s;
		b->best[2].round = b->round;
	}
}

/* What is in flight when `gain` times the bandwidth fills the round trip. */
static uint32_t inflight(const struct mir_tcp_cc *cc, unsigned gain)
{
	const struct mir_tcp_bbr *b = cc->u.bbr;
	uint64_t bdp;

	if (b->min_rtt == 0 || b->best[0].bytes_s == 0)
		return mir_tcp_initial_window(cc->mss);
	bdp = b->best[0].bytes_s / 1000 * (uint64_t)(b->min_rtt / 1000) / 1000;
	return (uint32_t)MIR_MIN(bdp * gain / UNIT, (uint64_t)1 << 30);
}

static void set_mode(struct mir_tcp_bbr *b, enum mode mode, int64_t now)
{
	b->mode = (uint8_t)mode;
	b->cwnd_gain = mode == STARTUP || mode == DRAIN ? HIGH_GAIN : CWND_GAIN;
	switch (mode) {
	case STARTUP: b->pacing_gain = HIGH_GAIN; break;
	case DRAIN: b->pacing_gain = DRAIN_GAIN; break;
	case PROBE_RTT: b->pacing_gain = UNIT; break;
	case PROBE_BW: /* anywhere in the cycle but where less is sent */
		b->phase = (uint8_t)((2 + mir_random_below(CYCLE - 1)) % CYCLE);
		b->pacing_gain = cycle_gains[b->phase];
		b->cycle_at = now;
		break;
	}
}

static void look_whether_full(struct mir_tcp_bbr *b, const struct mir_tcp_rate *r, bool new_round)
{
	if (b->full || !new_round || r->app_limited)
		return;
	if (b->best[0].bytes_s >= b->full_bw + b->full_bw / 4) {
		b->full_bw = b->best[0].bytes_s;
		b->full_rounds = 0;
	} else if (++b->full_rounds >= FULL_ROUNDS) {
		b->full = true;
	}
}

static void probe_bandwidth(struct mir_tcp_cc *cc, const struct mir_tcp_rate *r, int64_t now)
{
	struct mir_tcp_bbr *b = cc->u.bbr;
	bool over = now - b->cycle_at > b->min_rtt;

	if (b->pacing_gain > UNIT)
		over = over && r->pipe >= inflight(cc, b->pacing_gain);
	else if (b->pacing_gain < UNIT)
		over = over || r->pipe <= inflight(cc, UNIT);
	/* A path that loses much never holds as much as is asked for. */
	over = over || now - b->cycle_at > 4 * b->min_rtt;
	if (!over)
		return;
	b->phase = (uint8_t)((b->phase + 1) % CYCLE);
	b->pacing_gain = cycle_gains[b->phase];
	b->cycle_at = now;
}

/* The window is kept small until what is seen is the path, and not our own queue. */
static void probe_round_trip(struct mir_tcp_cc *cc, const struct mir_tcp_rate *r, int64_t now)
{
	struct mir_tcp_bbr *b = cc->u.bbr;

	if (b->hold_until == 0 && r->pipe <= MIN_SEGMENTS * cc->mss)
		b->hold_until = now + MIR_MAX(RTT_HOLD, b->min_rtt);
	if (b->hold_until == 0 || now < b->hold_until)
		return;
	b->min_rtt_at = now;
	cc->cwnd = MIR_MAX(cc->cwnd, b->prior_cwnd);
	set_mode(b, b->full ? PROBE_BW : STARTUP, now);
}

static void note_round_trip(struct mir_tcp_cc *cc, const struct mir_tcp_rate *r, int64_t now)
{
	struct mir_tcp_bbr *b = cc->u.bbr;
	bool old = b->min_rtt != 0 && now - b->min_rtt_at > RTT_LIFE;

	if (r->rtt > 0 && (b->min_rtt == 0 || r->rtt <= b->min_rtt || old)) {
		b->min_rtt = r->rtt;
		b->min_rtt_at = now;
	}
	if (old && b->mode != PROBE_RTT) {
		b->prior_cwnd = cc->cwnd;
		b->hold_until = 0;
		set_mode(b, PROBE_RTT, now);
	}
}

static void set_pacing(struct mir_tcp_cc *cc)
{
	struct mir_tcp_bbr *b = cc->u.bbr;
	uint64_t bw = b->best[0].bytes_s, rate;

	if (bw == 0 && b->min_rtt > 0)
		bw = (uint64_t)cc->cwnd * 1000000 / (uint64_t)(b->min_rtt / 1000 + 1);
	rate = bw * b->pacing_gain / UNIT;
	rate -= rate / 100; /* a little less than what fits, so that queues drain */
	if (b->full || rate > cc->pacing)
		cc->pacing = rate;
}

static void set_window(struct mir_tcp_cc *cc, const struct mir_tcp_rate *r)
{
	struct mir_tcp_bbr *b = cc->u.bbr;
	uint32_t target = inflight(cc, b->cwnd_gain) + 3 * MIR_MAX(cc->mss, cc->quantum);

	if (b->full)
		cc->cwnd = MIR_MIN(cc->cwnd + r->acked, target);
	else if (cc->cwnd < target || b->acked < mir_tcp_initial_window(cc->mss))
		cc->cwnd += r->acked;
	if (b->mode == PROBE_RTT)
		cc->cwnd = MIR_MIN(cc->cwnd, MIN_SEGMENTS * cc->mss);
	cc->cwnd = MIR_MAX(cc->cwnd, MIN_SEGMENTS * cc->mss);
	b->acked += MIR_MIN(r->acked, UINT32_MAX - b->acked);
}

static void bbr_model(struct mir_tcp_cc *cc, const struct mir_tcp_rate *r, int64_t now)
{
	struct mir_tcp_bbr *b = cc->u.bbr;
	bool new_round = mir_seq_le(b->round_end, r->prior);

	if (new_round) {
		b->round_end = r->delivered;
		b->round++;
	}
	if (r->bytes_s > 0 && (!r->app_limited || r->bytes_s >= b->best[0].bytes_s))
		note_bandwidth(b, r->bytes_s);
	look_whether_full(b, r, new_round);
	if (b->mode == STARTUP && b->full)
		set_mode(b, DRAIN, now);
	if (b->mode == DRAIN && r->pipe <= inflight(cc, UNIT))
		set_mode(b, PROBE_BW, now);
	if (b->mode == PROBE_BW)
		probe_bandwidth(cc, r, now);
	note_round_trip(cc, r, now);
	if (b->mode == PROBE_RTT)
		probe_round_trip(cc, r, now);
	set_pacing(cc);
	set_window(cc, r);
}

/* Losses say nothing of the model; after a timeout the window grows again as data arrive. */
static void bbr_acked(struct mir_tcp_cc *cc, uint32_t bytes, int64_t srtt, int64_t now)
{
	(void)cc;
	(void)bytes;
	(void)srtt;
	(void)now;
}

static void bbr_lost(struct mir_tcp_cc *cc, uint32_t flight, int64_t now)
{
	(void)cc;
	(void)flight;
	(void)now;
}

const struct mir_tcp_cc_ops mir_tcp_bbr = {
	.name = "bbr",
	.init = bbr_init,
	.release = bbr_release,
	.model = bbr_model,
	.acked = bbr_acked,
	.lost = bbr_lost,
	.timeout = bbr_lost,
};
