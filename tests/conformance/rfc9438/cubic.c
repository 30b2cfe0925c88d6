/* cubic.c: RFC 9438: CUBIC. */
#include "../rounds.h"

static void beta(void)
{
	uint32_t before;

	fly(sack_offer, 100);
	before = lose_one(0);
	ok(tcb()->cc.ssthresh == before / 10 * 7, "%u of %u", tcb()->cc.ssthresh, before);
	end();
}

static void least(void)
{
	fly(sack_offer, 100);
	for (unsigned i = 0; i < 12; i++) {
		lose_one(1);
		round_trip(1);
	}
	ok(tcb()->cc.ssthresh >= 2 * tcb()->cc.mss, "two segments at least: %u",
	    tcb()->cc.ssthresh);
	end();
}

static void fast_convergence(void)
{
	uint32_t before;

	fly(sack_offer, 100);
	lose_one(0);
	round_trip(10);
	before = lose_one(10);
	ok(tcb()->cc.u.cubic.w_max < before,
	    "lost again below the last maximum: %u of %u is the new", tcb()->cc.u.cubic.w_max,
	    before);
	end();
}

/* On short paths it is no slower than Reno with the same reduction: 9/17 of a segment a round. */
static void reno(void)
{
	uint32_t before;

	fly(wide_offer, 10);
	lose_one(0);
	round_trip(10);
	before = tcb()->cc.cwnd;
	for (unsigned i = 0; i < 20; i++)
		round_trip(10);
	ok(tcb()->cc.cwnd >= before + 8 * MSS && tcb()->cc.cwnd <= before + 22 * MSS,
	    "20 rounds of 10 ms: from %u to %u", before, tcb()->cc.cwnd);
	end();
}

/* And on long ones it is faster. */
static void cubic(void)
{
	uint32_t before, last, most = 0;

	fly(wide_offer, 500);
	round_trip(1);
	lose_one(500);
	round_trip(500);
	before = last = tcb()->cc.cwnd;
	for (unsigned i = 0; i < 20; i++) {
		round_trip(500);
		most = MIR_MAX(most, tcb()->cc.cwnd * 100 / last);
		last = tcb()->cc.cwnd;
	}
	ok(last > before + 25 * MSS, "20 rounds of 500 ms: from %u to %u", before, last);
	ok(most <= 152, "by a half in a round at most: %u %%", most - 100);
	end();
}

static void timeout(void)
{
	uint32_t before;

	fly(sack_offer, 100);
	before = tcb()->cc.cwnd;
	mir_sleep(MIR_SECOND(2));
	ok(tcb()->cc.cwnd == tcb()->cc.mss, "a segment is left: %u", tcb()->cc.cwnd);
	ok(tcb()->cc.ssthresh <= (before + MSS) / 10 * 7 && tcb()->cc.ssthresh >= 2 * tcb()->cc.mss,
	    "the threshold: %u of %u", tcb()->cc.ssthresh, before);
	end();
}

static void slow_start(void)
{
	fly(wide_offer, 100);
	round_trip(1);
	ok(tcb()->cc.cwnd == 20 * tcb()->cc.mss, "twice as much a round: %u", tcb()->cc.cwnd);
	end();
}

const struct requirement rfc9438[] = {
	SHOWN("beta", "4.6", SHOULD, "keep seven tenths after a loss", beta),
	SHOWN("least", "4.6", MUST, "keep a threshold of two segments", least),
	SHOWN("fast convergence", "4.7", SHOULD, "give up more when losses come closer together",
	    fast_convergence),
	SHOWN("Reno-friendly", "4.3", SHOULD, "be no slower than Reno on short paths", reno),
	SHOWN("cubic", "4.2, 4.4, 4.5", SHOULD,
	    "follow the cube of the time since the loss, by a half in a round at most", cubic),
	SHOWN("timeout", "4.8", MUST, "reduce the window and the threshold at a timeout", timeout),
	SHOWN("slow start", "4.10", MUST, "use slow start below the threshold", slow_start),
	LAST,
};
