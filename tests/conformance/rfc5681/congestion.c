/* congestion.c: RFC 5681, 3042, 6582, 6928: congestion control, limited transmit, NewReno, the
 * first window. */
#include "../script.h"

enum { FLIGHT = 10 };

/* Segments written, the first ten of which left 100 ms ago. */
static void fly(struct offer offer, unsigned n)
{
	begin();
	open_with(offer, NULL, 100);
	write_bytes(n * MSS);
	mir_sleep(MIR_MS(98));
	ok(told(nsent == MIR_MIN(n, (unsigned)FLIGHT)), "%u segments are in flight", nsent);
	forget();
}

static void dup(void)
{
	say_ack(rcv);
	settle();
}

static uint32_t seg(unsigned i)
{
	return rcv + i * MSS;
}

static void first_window(struct offer offer, unsigned mtu, unsigned segments)
{
	begin();
	w.host[0].mtu = mtu;
	open_with(offer, NULL, 1);
	write_bytes(100000);
	ok(told(nsent == segments), "segments of %u: %u", offer.mss, nsent);
	end();
}

static void first_windows(void)
{
	first_window((struct offer){ .mss = 1460 }, 1500, 10);
	first_window((struct offer){ .mss = 536 }, 1500, 10);
	first_window((struct offer){ .mss = 8960 }, 9000, 2);
}

static void first_window_after_loss(void)
{
	begin();
	dial_out();
	mir_sleep(MIR_MS(1500));
	ok(told(nsent == 2), "the SYN is sent again");
	say_with(SYN | ACK, ISS, rcv, 0);
	flow = dial.flow;
	if (ok(flow != NULL, "connected")) {
		forget();
		write_bytes(20 * MSS);
		ok(told(nsent == 1), "one segment leaves: %u", nsent);
	}
	end();
	begin();
	listens();
	say_with(SYN, ISS, 0, 0);
	mir_sleep(MIR_MS(1500));
	ok(told(nsent == 2), "the SYN, ACK is sent again");
	iss = ISS + 1;
	rcv = sent[0].s.seq + 1;
	say_with(ACK, iss, rcv, 0);
	if (ok(flow != NULL, "accepted")) {
		forget();
		write_bytes(20 * MSS);
		ok(told(nsent == 1), "one segment leaves: %u", nsent);
	}
	end();
}

static void slow_start(void)
{
	unsigned before;

	fly(plain_offer, 100);
	before = tcb()->cc.cwnd;
	say_ack(seg(1));
	settle();
	ok(tcb()->cc.cwnd <= before + MSS && told(nsent == 2),
	    "an ACK of one segment: the window grows by one at most");
	end();
}

/* ACKs of parts of a segment bring no more than the bytes that they are of (section 3.1). */
static void division(void)
{
	uint32_t before;

	fly(plain_offer, 100);
	before = tcb()->cc.cwnd;
	for (unsigned i = 1; i <= 100; i++)
		say_ack(rcv + 10);
	settle();
	ok(tcb()->cc.cwnd <= before + MSS, "100 ACKs of 10 bytes each: the window grows by %u",
	    (unsigned)(tcb()->cc.cwnd - before));
	end();
}

static void no_growth_when_idle(void)
{
	uint32_t before;

	begin();
	open_with(plain_offer, NULL, 1);
	before = tcb()->cc.cwnd;
	for (unsigned i = 0; i < 200; i++) {
		write_bytes(100);
		say_with(ACK, iss, rcv + 100, 0);
		rcv += 100;
	}
	ok(tcb()->cc.cwnd == before, "a window that is not used does not grow");
	end();
}

static void fast_retransmit(void)
{
	fly(plain_offer, FLIGHT);
	dup(); /* the last ACK of the handshake is the first of its kind */
	dup();
	ok(told(times_sent(seg(0)) == 0), "two duplicate ACKs: patience");
	dup();
	dup();
	ok(told(times_sent(seg(0)) == 1), "three: sent again at once");
	for (unsigned i = 0; i < 6; i++)
		dup();
	ok(told(times_sent(seg(0)) == 1), "once");
	end();
}

static void halves(void)
{
	fly(plain_offer, FLIGHT);
	for (unsigned i = 0; i < 6; i++)
		dup();
	ok(tcb()->cc.ssthresh >= 2 * MSS && tcb()->cc.ssthresh <= FLIGHT * MSS * 3 / 4,
	    "the threshold: %u of %u", tcb()->cc.ssthresh, FLIGHT * MSS);
	end();
}

static void timeout(void)
{
	fly(plain_offer, 40);
	mir_sleep(MIR_SECOND(1));
	ok(tcb()->cc.cwnd == MSS, "the window: one segment");
	ok(tcb()->cc.ssthresh >= 2 * MSS && tcb()->cc.ssthresh <= FLIGHT * MSS * 3 / 4,
	    "the threshold: %u", tcb()->cc.ssthresh);
	ok(told(times_sent(seg(0)) >= 1 && times_sent(seg(1)) == 0), "only the first goes again");
	end();
}

static void timeout_threshold(void)
{
	uint32_t first;

	fly(plain_offer, FLIGHT);
	mir_sleep(MIR_SECOND(1));
	first = tcb()->cc.ssthresh;
	mir_sleep(MIR_SECOND(10));
	ok(tcb()->cc.ssthresh == first, "again and again: the threshold stays");
	end();
}

static void after_idle(void)
{
	begin();
	open_with(plain_offer, NULL, 10);
	for (unsigned round = 0; round < 4; round++) {
		unsigned n;

		forget();
		write_bytes(50 * MSS);
		for (n = 0; n < nsent; n++)
			say_ack(sent[n].s.seq + sent[n].s.len);
		while (mir_tcb_flight(tcb()) || tcb()->sendq.bytes) {
			mir_sleep(MIR_MS(1));
			say_ack(tcb()->nxt);
			mir_sleep(MIR_MS(9));
		}
	}
	ok(tcb()->cc.cwnd > 12 * MSS, "the window has grown: %u", tcb()->cc.cwnd);
	mir_sleep(MIR_SECOND(60));
	forget();
	write_bytes(60 * MSS);
	ok(told(nsent <= FLIGHT), "after a minute's silence: %u segments", nsent);
	end();
}

static void ack_at_once(void)
{
	accepted(plain_offer);
	warm();
	say_with(ACK, iss + MSS, rcv, MSS);
	ok(one(ACK, rcv, iss), "beyond a hole");
	say_with(ACK, iss, rcv, MSS / 2);
	ok(one(ACK, rcv, iss + MSS / 2), "in a hole");
	end();
}

static void no_more_acks(void)
{
	unsigned acks = 0;

	accepted(plain_offer);
	for (unsigned i = 0; i < 50; i++) {
		say_with(ACK, iss, rcv, MSS);
		acks += nsent;
		iss += MSS;
		read_all();
	}
	mir_sleep(MIR_SECOND(1));
	ok(acks + nsent <= 50 + 3, "50 segments: %u ACKs", acks);
	end();
}

static void limited_transmit(void)
{
	fly(plain_offer, 20);
	dup();
	ok(told(nsent <= 1), "one duplicate ACK: one new segment at most");
	dup();
	dup();
	ok(told(times_sent(seg(FLIGHT)) == 1 && times_sent(seg(FLIGHT + 2)) == 0),
	    "two: no more than two in all");
	end();
}

static void limited_by_window(void)
{
	fly(plain_offer, 20);
	window = FLIGHT * MSS;
	dup();
	dup();
	ok(told(nsent == 0), "never past the peer's window");
	end();
}

static void partial_ack(void)
{
	fly(plain_offer, FLIGHT);
	for (unsigned i = 0; i < 6; i++)
		dup();
	ok(told(times_sent(seg(0)) == 1), "the first hole");
	forget();
	mir_sleep(MIR_MS(50));
	say_with(ACK, iss, rcv + 4 * MSS, 0);
	ok(told(times_sent(rcv + 4 * MSS) == 1), "a partial ACK: the next hole at once");
	say_with(ACK, iss, rcv + FLIGHT * MSS, 0);
	ok(tcb()->recovery == MIR_TCP_OPEN, "the end of what was in flight ends it");
	end();
}

static void after_recovery(void)
{
	fly(plain_offer, FLIGHT);
	mir_sleep(MIR_SECOND(1));
	forget();
	for (unsigned i = 0; i < 5; i++)
		dup();
	ok(told(times_sent(seg(0)) == 0), "duplicate ACKs of before a timeout start nothing");
	end();
}

const struct requirement rfc5681[] = {
	SHOWN("3.1 (1)", "3.1", MUST, "begin with no more than RFC 6928 allows", first_windows),
	SHOWN("3.1 (2)", "3.1", MUST, "begin with one segment if a SYN was lost",
	    first_window_after_loss),
	SHOWN("3.1 (3)", "3.1", MUST, "grow by a segment for each ACK at most", slow_start),
	SHOWN("3.1 (4)", "3.1", SHOULD, "count bytes, not ACKs", division),
	{ "3.1 (5)", "3.1", MUST, "halve the threshold, two segments at least", halves, DIFFERENT,
	    "CUBIC, the default, takes 0.7 (RFC 9438 section 4.6); newreno halves" },
	SHOWN("3.1 (6)", "3.1", MUST, "go down to one segment at a timeout", timeout),
	SHOWN("3.1 (7)", "3.1", MUST, "keep the threshold at the next timeout of a segment",
	    timeout_threshold),
	SHOWN("3.1 (8)", "3.1", SHOULD_NOT, "grow a window that is not used (RFC 7661)",
	    no_growth_when_idle),
	SHOWN("3.2 (1)", "3.2", SHOULD, "send again at the third duplicate ACK", fast_retransmit),
	SHOWN("3.2 (2)", "3.2", SHOULD, "send new segments at the first two", limited_transmit),
	SHOWN("4.1", "4.1", SHOULD, "begin anew after a silence of one timeout", after_idle),
	SHOWN("4.2 (1)", "4.2", SHOULD, "acknowledge at once beyond and in a hole", ack_at_once),
	SHOWN("4.2 (2)", "4.2", MUST_NOT, "send more than an ACK for each segment", no_more_acks),
	LAST,
};

const struct requirement rfc3042[] = {
	SHOWN("2 (1)", "2", SHOULD, "send one new segment for each of two duplicate ACKs",
	    limited_transmit),
	SHOWN("2 (2)", "2", MUST_NOT, "send past the peer's window", limited_by_window),
	LAST,
};

const struct requirement rfc6582[] = {
	SHOWN("3.2 (3)", "3.2", MUST, "send the next hole at a partial ACK", partial_ack),
	SHOWN(
	    "3.2 (4)", "3.2", MUST_NOT, "begin again for ACKs of before a timeout", after_recovery),
	LAST,
};
