/* hystart.c: when the first slow start ends (RFC 9406 section 4.2). */
#include "../tcb.h"

#include <mir/test.h>

enum { MSS = 1000, ACKS = 10 };

static struct mir_tcp_hystart h;
static struct mir_tcp_cc cc;
static uint32_t una, nxt;

static void begin(void)
{
	memset(&h, 0, sizeof(h));
	mir_tcp_cc_start(&cc, &mir_tcp_newreno, MSS);
	una = 1000;
	nxt = una + ACKS * MSS;
}

/* A round of ten ACKs, each after the same time.  Returns what the window grew by. */
static uint32_t round_of(int64_t rtt_ms)
{
	uint32_t before = cc.cwnd, end = nxt;

	while (mir_seq_lt(una, end)) {
		una += MSS;
		nxt += MSS;
		cc.cwnd += mir_tcp_hystart(
		    &h, &cc, MSS, (struct mir_tcp_round){ una, nxt, MIR_MS(rtt_ms) });
	}
	return cc.cwnd - before;
}

static bool over(void)
{
	return cc.ssthresh != MIR_TCP_SSTHRESH_NONE;
}

static void steady(void)
{
	begin();
	for (unsigned i = 0; i < 20; i++)
		ok(round_of(50) == ACKS * MSS && !over(), "round %u: all counts", i);
	for (unsigned i = 0; i < 20; i++)
		round_of(53);
	ok(!over(), "3 ms more are within the threshold");
}

static void growing(void)
{
	uint32_t grown;

	begin();
	round_of(50);
	round_of(50);
	round_of(50);
	ok(h.baseline == 0, "slow start");
	grown = round_of(70);
	ok(h.baseline == MIR_MS(70) && grown < ACKS * MSS, "longer by 20 ms: conservative");
	grown = round_of(75);
	ok(grown == ACKS * MSS / 4, "a quarter counts: %u", grown);
	for (unsigned i = 0; i < 3; i++)
		round_of(80);
	ok(!over(), "four rounds: not yet");
	round_of(85);
	round_of(85);
	ok(over() && cc.ssthresh <= cc.cwnd, "the fifth: slow start is over at %u", cc.ssthresh);
}

static void jitter(void)
{
	begin();
	round_of(50);
	round_of(50);
	round_of(70);
	ok(h.baseline > 0, "longer round trips");
	round_of(50);
	ok(h.baseline == 0, "short ones again: slow start goes on");
	for (unsigned i = 0; i < 10; i++)
		ok(round_of(50) == ACKS * MSS && !over(), "all counts");
}

static void unknown(void)
{
	begin();
	for (unsigned i = 0; i < 20; i++)
		ok(round_of(0) == ACKS * MSS && !over(), "no samples: as ever");
}

int main(void)
{
	RUN(steady);
	RUN(growing);
	RUN(jitter);
	RUN(unknown);
	return mir_test_end();
}
