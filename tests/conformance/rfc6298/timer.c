/* timer.c: RFC 6298: the retransmission timer. */
#include "../script.h"

/* When the device sends an unanswered segment again, in ms. */
static int again(void)
{
	int64_t t0;

	forget();
	write_bytes(100);
	t0 = nsent ? sent[0].at : 0;
	mir_sleep(MIR_MS(3100));
	return nsent > 1 ? ms_of(1, t0) : -1;
}

static void initial(void)
{
	begin();
	dial_out();
	mir_sleep(MIR_SECOND(8));
	ok(told(nsent == 4 && near(ms_of(1, sent[0].at), 1000) && near(ms_of(2, sent[0].at), 3000)),
	    "a SYN again after %d and %d ms", ms_of(1, sent[0].at), ms_of(2, sent[0].at));
	mir_sleep(MIR_SECOND(200));
	end();
}

static void first_sample(void)
{
	int ms;

	begin();
	open_with(plain_offer, NULL, 100);
	ms = again();
	ok(near(ms, 300), "100 ms: 100 + 4 * 50: %d", ms);
	end();
}

static void second_sample(void)
{
	int ms;

	begin();
	open_with(plain_offer, NULL, 100);
	write_bytes(100);
	mir_sleep(MIR_MS(198));
	say_ack(rcv + 100);
	settle();
	ms = again();
	ok(near(ms, 362), "then 200 ms: 112.5 + 4 * 62.5: %d", ms);
	end();
}

static void floor_(void)
{
	int ms;

	accepted(plain_offer);
	ms = again();
	ok(near(ms, 200), "a round trip of 1 ms: %d ms", ms);
	end();
}

static void ceiling(void)
{
	int64_t longest = 0;

	accepted(plain_offer);
	write_bytes(100);
	mir_sleep(MIR_SECOND(250));
	for (unsigned i = 1; i < nsent; i++)
		longest = MIR_MAX(longest, sent[i].at - sent[i - 1].at);
	ok(longest >= MIR_SECOND(59), "the longest time is %d ms", (int)(longest / MIR_MS(1)));
	end();
}

static void karn(void)
{
	int64_t srtt;

	begin();
	open_with(plain_offer, NULL, 100);
	srtt = tcb()->srtt;
	write_bytes(100);
	mir_sleep(MIR_MS(350));
	say_ack(rcv + 100);
	settle();
	ok(nsent == 2 && tcb()->srtt == srtt, "an ACK of what was sent twice is no sample");
	end();
	begin();
	open_with(ts_offer, NULL, 100);
	write_bytes(100);
	mir_sleep(MIR_MS(310));
	say_ack(rcv + 100);
	settle();
	ok(nsent == 2 && tcb()->srtt != 0 && tcb()->srtt < MIR_MS(100), "a timestamp makes it one");
	end();
}

static void stops(void)
{
	begin();
	open_with(plain_offer, NULL, 100);
	write_bytes(100);
	say_with(ACK, iss, rcv + 100, 0);
	mir_sleep(MIR_SECOND(10));
	ok(silence(), "all is acknowledged: nothing more");
	end();
}

static void restarts(void)
{
	int64_t t0;

	begin();
	open_with(plain_offer, NULL, 100);
	write_bytes(2 * MSS);
	mir_sleep(MIR_MS(200));
	t0 = mir_now();
	say_with(ACK, iss, rcv + MSS, 0);
	mir_sleep(MIR_MS(600));
	ok(told(nsent >= 1 && ms_of(0, t0) >= 290), "an ACK of one of two: anew, %d ms",
	    ms_of(0, t0));
	ok(told(nsent >= 1 && sent[0].s.seq == rcv + MSS), "the first that is not acknowledged");
	end();
}

static void doubles(void)
{
	accepted(plain_offer);
	write_bytes(100);
	mir_sleep(MIR_SECOND(5));
	for (unsigned i = 2; i < nsent; i++)
		ok(near((int)((sent[i].at - sent[i - 1].at) / MIR_MS(1)),
		       2 * (int)((sent[i - 1].at - sent[i - 2].at) / MIR_MS(1))),
		    "after twice the time");
	ok(nsent >= 5, "%u times", nsent);
	end();
}

static void after_lost_syn(void)
{
	int ms;

	begin();
	dial_out();
	mir_sleep(MIR_MS(1500));
	say_with(SYN | ACK, ISS, rcv, 0);
	flow = dial.flow;
	if (ok(flow != NULL, "connected at the second SYN")) {
		ms = again();
		ok(near(ms, 3000), "the timer begins with 3 s: %d", ms);
	}
	end();
}

const struct requirement rfc6298[] = {
	SHOWN("2.1", "2", SHOULD, "begin with 1 s", initial),
	SHOWN("2.2", "2", MUST, "take SRTT + 4 * RTTVAR after the first sample", first_sample),
	SHOWN("2.3", "2", MUST, "smooth the next", second_sample),
	{ "2.4", "2", SHOULD, "wait for 1 s at least", floor_, DIFFERENT,
	    "200 ms, as all others do today: clocks tick each ms" },
	SHOWN("2.5", "2", MUST, "wait for up to a minute", ceiling),
	SHOWN("3", "3", MUST, "take no sample of what was sent again (Karn)", karn),
	SHOWN("5.2", "5", SHOULD, "stop the timer when all is acknowledged", stops),
	SHOWN("5.3", "5", SHOULD, "start it anew for an ACK of new text", restarts),
	SHOWN("5.4", "5", SHOULD, "send the first segment again", restarts),
	SHOWN("5.5", "5", MUST, "double the time", doubles),
	SHOWN("5.7", "5", MUST, "begin with 3 s after a lost SYN", after_lost_syn),
	LAST,
};
