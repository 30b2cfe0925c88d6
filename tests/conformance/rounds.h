/* rounds.h: a peer that acknowledges whole flights, segment by segment, and one that loses some. */
#ifndef MIR_TESTS_ROUNDS_H
#define MIR_TESTS_ROUNDS_H

#include "script.h"

static const struct offer wide_offer MIR_UNUSED = {
	.mss = MSS, .sack = true, .scale = true, .shift = 2
};

MIR_UNUSED static void say_sack(uint32_t ack, uint32_t from, uint32_t to)
{
	struct mir_tcp_segment s = { .flags = ACK, .seq = iss, .ack = ack, .nsack = 1 };

	s.sack[0] = (struct mir_tcp_range){ from, to };
	rcv = mir_seq_max(rcv, ack);
	say_segment(&s, 0);
	settle();
}

/* A connection over rtt_ms whose first flight, of ten segments, has just come. */
MIR_UNUSED static void fly(struct offer offer, int rtt_ms)
{
	begin();
	open_with(offer, NULL, rtt_ms);
	write_bytes(200000);
	mir_sleep(MIR_MS(rtt_ms - 2));
	forget();
}

/* After rtt_ms each segment that was in flight is acknowledged by itself; there is always more to
 * send. Returns how many there were. */
MIR_UNUSED static unsigned round_trip(int rtt_ms)
{
	uint32_t end = tcb()->nxt;
	unsigned n = 0;

	if (tcb()->sendq.bytes < 100000)
		write_bytes(100000);
	mir_sleep(MIR_MS(rtt_ms));
	while (mir_seq_lt(rcv, end)) {
		say_ack(rcv + MIR_MIN(end - rcv, (uint32_t)MSS));
		n++;
	}
	settle();
	forget();
	return n;
}

/* The first segment of the flight is lost; the others come, and then it. Returns the window as it
 * was before. */
MIR_UNUSED static uint32_t lose_one(int rtt_ms)
{
	uint32_t first = rcv, end = tcb()->nxt, before = tcb()->cc.cwnd;

	mir_sleep(MIR_MS(rtt_ms));
	for (uint32_t to = first + 2 * MSS; mir_seq_le(to, end); to += MSS)
		say_sack(first, first + MSS, to);
	mir_sleep(MIR_MS(rtt_ms));
	say_ack(tcb()->nxt);
	settle();
	forget();
	return before;
}

#endif
