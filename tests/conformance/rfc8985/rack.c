/* rack.c: RFC 8985: losses told by time, and probes of a tail. */
#include "../script.h"

static void say_sack(uint32_t ack, uint32_t from, uint32_t to)
{
	struct mir_tcp_segment s = { .flags = ACK, .seq = iss, .ack = ack, .nsack = 1 };

	s.sack[0] = (struct mir_tcp_range){ from, to };
	say_segment(&s, 0);
	settle();
}

static void fly(unsigned n)
{
	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(n * MSS);
	mir_sleep(MIR_MS(98));
	forget();
}

static void by_time(void)
{
	int64_t t0;

	fly(3);
	t0 = mir_now();
	say_sack(rcv, rcv + 2 * MSS, rcv + 3 * MSS);
	ok(silence(), "one of three is reported: patience");
	mir_sleep(MIR_MS(100));
	ok(told(times_sent(rcv) == 1 && times_sent(rcv + MSS) == 1), "both others go again");
	ok(ms_of(0, t0) <= 50, "after a part of a round trip: %d ms, not at the timeout",
	    ms_of(0, t0));
	end();
}

static void lost_again(void)
{
	fly(10);
	for (unsigned i = 2; i <= 5; i++)
		say_sack(rcv, rcv + MSS, rcv + i * MSS);
	ok(told(times_sent(rcv) == 1), "sent again");
	write_bytes(10 * MSS);
	mir_sleep(MIR_MS(100));
	forget();
	say_sack(rcv, rcv + MSS, rcv + 11 * MSS);
	mir_sleep(MIR_MS(60));
	ok(told(times_sent(rcv) == 1), "a lost retransmission is found without the timer");
	end();
}

static void reordering(void)
{
	uint32_t before;

	fly(10);
	before = tcb()->cc.cwnd;
	say_sack(rcv, rcv + MSS, rcv + 2 * MSS);
	mir_sleep(MIR_MS(5));
	say_ack(rcv + 2 * MSS);
	settle();
	ok(told(times_sent(rcv - 2 * MSS) == 0) && tcb()->cc.cwnd >= before, "5 ms late: not lost");
	end();
}

static void probe(void)
{
	int64_t t0;

	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(5 * MSS);
	t0 = sent[0].at;
	forget();
	mir_sleep(MIR_MS(280));
	ok(told(nsent == 1 && sent[0].s.seq == rcv + 4 * MSS), "the last segment goes again");
	ok(near(ms_of(0, t0), 202), "after two round trips: %d ms", ms_of(0, t0));
	end();
}

static void probe_of_new(void)
{
	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(20 * MSS);
	forget();
	mir_sleep(MIR_MS(280));
	ok(told(nsent == 1 && sent[0].s.seq == rcv + 10 * MSS), "new text is the better probe");
	end();
}

static void probe_once(void)
{
	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(2 * MSS);
	forget();
	mir_sleep(MIR_MS(290));
	ok(told(nsent == 1), "one probe");
	mir_sleep(MIR_MS(600));
	ok(told(nsent >= 2 && sent[1].s.seq == rcv), "then the timer, and the first segment");
	end();
}

static void probe_recovers(void)
{
	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(5 * MSS);
	mir_sleep(MIR_MS(100));
	say_ack(rcv + 3 * MSS);
	settle();
	forget();
	mir_sleep(MIR_MS(280));
	ok(told(nsent >= 1 && sent[0].s.seq == rcv + MSS), "the probe");
	mir_sleep(MIR_MS(30));
	forget();
	say_sack(rcv, rcv + MSS, rcv + 2 * MSS);
	mir_sleep(MIR_MS(40));
	ok(told(times_sent(rcv) == 1), "its report brings out the loss before it");
	end();
}

const struct requirement rfc8985[] = {
	SHOWN("6.2", "6.2", MUST, "tell losses by time, not by counting", by_time),
	SHOWN("6.2 (again)", "6.2", SHOULD, "find lost retransmissions", lost_again),
	SHOWN("6.2.4", "6.2", SHOULD_NOT, "take a little reordering for a loss", reordering),
	SHOWN("7.2", "7.2", SHOULD, "probe a tail after two round trips", probe),
	SHOWN("7.3 (1)", "7.3", SHOULD, "probe with new text if there is some", probe_of_new),
	SHOWN("7.3 (2)", "7.3", MUST, "probe once, then leave it to the timer", probe_once),
	SHOWN("7.4", "7.4", SHOULD, "recover by the answer to a probe", probe_recovers),
	LAST,
};
