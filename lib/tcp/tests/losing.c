/* losing.c: what a sender does when segments are lost, against a peer that the test plays: fast
 * retransmit (RFC 5681 section 3.2; RFC 6675 with SACK), limited transmit (RFC 3042), the
 * retransmission timer as the last resort.  What may be found out sooner by time (RFC 8985) passes
 * as well. */
#include "peer.h"

enum { MSS = 1000, FLIGHT = 10 };

static const struct offer plain = { .mss = MSS }, sack = { .mss = MSS, .sack = true };
static uint32_t base; /* number of the first byte written */

static uint32_t seg(unsigned i)
{
	return base + i * MSS;
}

/* A connection with n full segments written, of which the first ten left 100 ms ago.  The ACK that
 * ended the handshake counts as no duplicate. */
static void fly(struct offer offer, unsigned n)
{
	static uint8_t bytes[40 * MSS];

	begin();
	open_with(offer, NULL, RTT_MS);
	base = rcv;
	mir_flow_write_copy(&flow->flow, bytes, n * MSS);
	mir_sleep(MIR_MS(RTT_MS));
	ok(told(nsent == MIR_MIN(n, (unsigned)FLIGHT)), "%u segments are under way", nsent);
	forget();
}

/* The peer still waits for segment `want`; with SACK it has got the segments from..to, and tells so
 * first. */
static void duplicate_ack(unsigned want, unsigned from, unsigned to)
{
	struct mir_tcp_segment s = { .flags = MIR_TCP_ACK, .seq = iss, .ack = seg(want) };

	if (with.sack) {
		s.nsack = 1;
		s.sack[0] = (struct mir_tcp_range){ seg(from), seg(to) };
	}
	say_segment(&s, 0);
	settle();
}

/* How many times the i-th segment has left since the last forget(). */
static unsigned times_sent(unsigned i)
{
	unsigned n = 0;

	for (unsigned k = 0; k < nsent; k++)
		n += sent[k].s.len > 0 && mir_seq_le(sent[k].s.seq, seg(i)) &&
		     mir_seq_lt(seg(i), sent[k].s.seq + sent[k].s.len);
	return n;
}

static void fast_retransmit(struct offer offer)
{
	fly(offer, FLIGHT);
	duplicate_ack(0, 1, 2);
	ok(told(nsent == 0), "one duplicate ACK: patience");
	duplicate_ack(0, 1, 3);
	ok(told(nsent == 0), "two: patience");
	duplicate_ack(0, 1, 4);
	ok(told(nsent == 1 && sent[0].s.seq == seg(0) && sent[0].s.len == MSS),
	    "the third: the first segment leaves at once");
	for (unsigned i = 5; i <= FLIGHT; i++)
		duplicate_ack(0, 1, i);
	ok(told(nsent == 1), "once, and no other");
	say_ack(seg(FLIGHT));
	settle();
	mir_sleep(MIR_SECOND(2));
	ok(told(nsent == 1), "all is acknowledged: nothing more");
	end();
}

static void fast_retransmit_reno(void)
{
	fast_retransmit(plain);
}

static void fast_retransmit_sack(void)
{
	fast_retransmit(sack);
}

/* RFC 5681 section 2: data, a FIN or another window make an ACK no duplicate. */
static void not_duplicates(void)
{
	fly(plain, FLIGHT);
	for (unsigned i = 0; i < 6; i++) {
		window = 60000 - i % 2;
		duplicate_ack(0, 0, 0);
	}
	ok(told(times_sent(0) == 0), "ACKs that change the window");
	for (unsigned i = 0; i < 4; i++) {
		say_text(iss, 10);
		iss += 10;
		settle();
	}
	ok(told(times_sent(0) == 0), "ACKs with text");
	end();
	fly(sack, FLIGHT);
	for (unsigned i = 0; i < 6; i++)
		duplicate_ack(0, 1, 2);
	ok(told(times_sent(0) == 0), "SACK that tells nothing new");
	end();
}

/* RFC 3042: one new segment for each of the first two duplicate ACKs. */
static void limited_transmit(struct offer offer)
{
	fly(offer, 20);
	duplicate_ack(0, 1, 2);
	ok(told(nsent == 1 && sent[0].s.seq == seg(10)), "one duplicate ACK: an 11th segment");
	duplicate_ack(0, 1, 3);
	ok(told(nsent == 2 && sent[1].s.seq == seg(11)), "two: a 12th");
	duplicate_ack(0, 1, 4);
	ok(told(times_sent(0) == 1), "three: the first again");
	end();
}

static void limited_transmit_reno(void)
{
	limited_transmit(plain);
}

static void limited_transmit_sack(void)
{
	limited_transmit(sack);
	fly(sack, 20);
	duplicate_ack(0, 1, 2);
	duplicate_ack(0, 1, 2);
	duplicate_ack(0, 1, 2);
	ok(told(nsent == 1), "with SACK only for news");
	end();
}

/* The peer's window is full: nothing new may leave. */
static void limited_by_window(void)
{
	fly(plain, 20);
	window = FLIGHT * MSS;
	duplicate_ack(0, 0, 0); /* the window is told */
	duplicate_ack(0, 0, 0);
	duplicate_ack(0, 0, 0);
	ok(told(nsent == 0), "no new segment past the peer's window");
	end();
}

/* Several holes, each sent again once, and nothing that the peer has. */
static void holes(void)
{
	struct mir_tcp_segment s = { .flags = MIR_TCP_ACK, .seq = iss };

	fly(sack, FLIGHT);
	s.seq = iss;
	s.ack = seg(0);
	s.nsack = 2;
	s.sack[0] = (struct mir_tcp_range){ seg(3), seg(10) };
	s.sack[1] = (struct mir_tcp_range){ seg(1), seg(2) };
	say_segment(&s, 0);
	settle();
	ok(told(times_sent(0) == 1 && times_sent(2) == 1), "both holes are sent again");
	ok(told(nsent == 2), "and nothing else");
	end();
}

/* RFC 6582: without SACK a partial ACK tells of the next hole. */
static void partial_ack(void)
{
	fly(plain, FLIGHT);
	for (unsigned i = 0; i < 6; i++)
		duplicate_ack(0, 0, 0);
	ok(told(nsent == 1 && times_sent(0) == 1), "the first hole");
	mir_sleep(MIR_MS(50));
	say_ack(seg(4));
	settle();
	ok(told(nsent == 2 && times_sent(4) == 1), "a partial ACK: the second at once");
	say_ack(seg(FLIGHT));
	settle();
	ok(told(nsent == 2), "the end");
	end();
}

/* The window halves, or is multiplied by 0.7 (RFC 9438), and at a timeout falls to one segment. */
static void slower(struct offer offer)
{
	fly(offer, 40);
	for (unsigned i = 2; i <= FLIGHT; i++)
		duplicate_ack(0, 1, i);
	ok(times_sent(0) == 1, "sent again");
	forget();
	say_ack(seg(FLIGHT + 2)); /* the two of limited transmit too */
	mir_sleep(MIR_MS(20));
	ok(tcb()->cc.cwnd >= 4 * MSS && tcb()->cc.cwnd <= 9 * MSS, "window: %u", tcb()->cc.cwnd);
	end();
	fly(offer, 40);
	mir_sleep(MIR_SECOND(1));
	ok(tcb()->cc.cwnd == MSS && tcb()->cc.ssthresh <= (FLIGHT + 1) * MSS * 3 / 4,
	    "after a timeout: %u", tcb()->cc.cwnd);
	forget();
	say_ack(seg(1));
	settle();
	ok(told(nsent == 2), "and it grows by what is acknowledged");
	end();
}

static void slower_reno(void)
{
	slower(plain);
}

static void slower_sack(void)
{
	slower(sack);
}

/* Too few segments for three duplicate ACKs: found out by time, or by the timer. */
static void tail_lost(struct offer offer)
{
	int64_t t0;

	fly(offer, 3);
	t0 = mir_now();
	say_ack(seg(1));
	mir_sleep(MIR_SECOND(1));
	ok(told(nsent > 0 && (times_sent(1) > 0 || times_sent(2) > 0)), "what is lost goes again");
	ok(told(nsent > 0 && sent[0].at - t0 <= MIR_MS(400)), "within the timeout");
	ok(told(nsent > 0 && sent[0].at - t0 >= MIR_MS(100)), "not within a round trip");
	mir_sleep(MIR_SECOND(2));
	ok(told(times_sent(1) > 0), "the first of it too");
	end();
}

static void tail_lost_reno(void)
{
	tail_lost(plain);
}

static void tail_lost_sack(void)
{
	tail_lost(sack);
}

int main(void)
{
	RUN(fast_retransmit_reno);
	RUN(fast_retransmit_sack);
	RUN(not_duplicates);
	RUN(limited_transmit_reno);
	RUN(limited_transmit_sack);
	RUN(limited_by_window);
	RUN(holes);
	RUN(partial_ack);
	RUN(slower_reno);
	RUN(slower_sack);
	RUN(tail_lost_reno);
	RUN(tail_lost_sack);
	return mir_test_end();
}
