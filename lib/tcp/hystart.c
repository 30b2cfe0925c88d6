/* hystart.c: HyStart++ (RFC 9406): the first slow start ends when round trips grow, before the
 * queue at the bottleneck overflows. */
#include "tcb.h"

#define THRESHOLD_MIN MIR_MS(4)
#define THRESHOLD_MAX MIR_MS(16)

enum {
	SAMPLES = 8,   /* of a round, before its shortest means something */
	DIVISOR = 8,   /* of a round trip: how much longer is longer */
	SLOWER = 4,    /* growth in conservative slow start: a quarter */
	CSS_ROUNDS = 5 /* then slow start is over */
};

static void begin_round(struct mir_tcp_hystart *h, uint32_t nxt)
{
	h->last_min = h->samples > 0 ? h->now_min : 0;
	h->now_min = 0;
	h->samples = 0;
	h->round_end = nxt;
}

static void sample(struct mir_tcp_hystart *h, int64_t rtt)
{
	if (rtt <= 0)
		return;
	h->now_min = h->samples == 0 ? rtt : MIR_MIN(h->now_min, rtt);
	h->samples += h->samples < UINT8_MAX;
}

static bool longer(const struct mir_tcp_hystart *h)
{
	int64_t by = MIR_MIN(MIR_MAX(h->last_min / DIVISOR, THRESHOLD_MIN), THRESHOLD_MAX);

	return h->samples >= SAMPLES && h->last_min > 0 && h->now_min >= h->last_min + by;
}

uint32_t mir_tcp_hystart(
    struct mir_tcp_hystart *h, struct mir_tcp_cc *cc, uint32_t bytes, struct mir_tcp_round r)
{
	/* With nothing under way, the next round begins with its first ACK. */
	bool ended = mir_seq_lt(r.una, r.nxt) && (!h->begun || mir_seq_le(h->round_end, r.una));

	sample(h, r.rtt);
	if (h->baseline == 0 && longer(h)) {
		h->baseline = h->now_min;
		h->rounds = 0;
	} else if (h->baseline > 0 && h->samples >= SAMPLES && h->now_min < h->baseline) {
		h->baseline = 0; /* it was jitter */
	}
	if (ended) {
		h->rounds += h->begun && h->baseline > 0;
		h->begun = true;
		begin_round(h, r.nxt);
	}
	if (h->baseline > 0 && h->rounds >= CSS_ROUNDS) {
		cc->ssthresh = cc->cwnd;
		return bytes;
	}
	/* No limit L of section 4.2: one ACK of a peer that merges segments stands for dozens. */
	return h->baseline > 0 ? bytes / SLOWER : bytes;
}
