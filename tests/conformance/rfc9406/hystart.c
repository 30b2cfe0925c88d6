/* hystart.c: RFC 9406: HyStart++, when slow start ends. */
#include "../rounds.h"

static uint32_t window_of(void)
{
	return tcb()->cc.cwnd / tcb()->cc.mss;
}

static void doubles(void)
{
	fly(wide_offer, 100);
	round_trip(1);
	round_trip(100);
	ok(window_of() >= 38 && window_of() <= 42,
	    "round trips are the same: %u segments after two", window_of());
	ok(tcb()->cc.ssthresh == MIR_TCP_SSTHRESH_NONE, "slow start goes on");
	end();
}

static void slower(void)
{
	uint32_t before;

	fly(wide_offer, 100);
	round_trip(1);
	round_trip(100);
	before = window_of();
	round_trip(130);
	ok(window_of() > before && window_of() < before * 8 / 5,
	    "round trips are longer by 30 %%: %u segments, %u before", window_of(), before);
	ok(tcb()->cc.ssthresh == MIR_TCP_SSTHRESH_NONE, "slow start is not over yet");
	end();
}

static void jitter(void)
{
	uint32_t before;

	fly(wide_offer, 100);
	round_trip(1);
	round_trip(100);
	round_trip(130);
	round_trip(100);
	before = window_of();
	round_trip(100);
	ok(window_of() >= before * 3 / 2, "it was jitter: %u segments, %u before", window_of(),
	    before);
	end();
}

static void over(void)
{
	fly(wide_offer, 100);
	round_trip(1);
	for (unsigned i = 0; i < 7; i++)
		round_trip(i == 0 ? 100 : 130);
	ok(tcb()->cc.ssthresh != MIR_TCP_SSTHRESH_NONE, "after five rounds: congestion avoidance");
	end();
}

static void small_differences(void)
{
	fly(wide_offer, 20);
	round_trip(1);
	for (unsigned i = 0; i < 3; i++)
		round_trip(i == 0 ? 20 : 23);
	ok(window_of() >= 100, "3 ms of 20 are no sign: %u segments", window_of());
	end();
}

static void once(void)
{
	uint32_t before;

	fly(wide_offer, 100);
	round_trip(1);
	mir_sleep(MIR_SECOND(3)); /* the timer */
	say_ack(tcb()->nxt);
	settle();
	ok(tcb()->cc.ssthresh != MIR_TCP_SSTHRESH_NONE, "a loss has ended the first slow start");
	before = window_of();
	round_trip(100);
	ok(window_of() <= 2 * before + 1 && window_of() > before,
	    "the next is the usual one: %u of %u", window_of(), before);
	end();
}

static void many_at_once(void)
{
	uint32_t before;

	fly(wide_offer, 100);
	before = window_of();
	say_ack(tcb()->nxt);
	settle();
	ok(window_of() == 2 * before, "an ACK of ten segments: %u, %u before", window_of(), before);
	end();
}

const struct requirement rfc9406[] = {
	SHOWN("slow start", "4.2", SHOULD,
	    "double the window in a round trip while those are the same", doubles),
	SHOWN("conservative", "4.2", SHOULD, "grow by a quarter of that when they get longer",
	    slower),
	SHOWN("jitter", "4.2", SHOULD, "go back to slow start when they get shorter again", jitter),
	SHOWN("rounds", "4.2", SHOULD, "end slow start after five rounds of it", over),
	SHOWN("threshold", "4.3", SHOULD, "take for longer what is by an eighth, at least by 4 ms",
	    small_differences),
	SHOWN("once", "4.2", SHOULD, "use it in the first slow start alone", once),
	{ .id = "limit",
	    .section = "4.3",
	    .level = SHOULD,
	    .text = "grow by eight segments an ACK at most, without pacing",
	    .run = many_at_once,
	    .verdict = DIFFERENT,
	    .why = "no limit: an ACK of a peer that merges segments stands for dozens" },
	LAST,
};
