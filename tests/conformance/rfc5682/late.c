/* late.c: RFC 5682, RFC 3522, RFC 4015: timeouts for nothing, told by new segments or by echoes. */
#include "../script.h"

static uint32_t cwnd; /* before the timeout */

/* Ten segments are under way, more wait, and the timer fires: the first goes again. */
static void time_out(struct offer offer)
{
	begin();
	open_with(offer, NULL, 100);
	write_bytes(40 * MSS);
	cwnd = tcb()->cc.cwnd;
	forget();
	for (unsigned i = 0; i < 3000 && times_sent(rcv) == 0; i++)
		mir_sleep(MIR_MS(1));
	ok(stats().timeouts == 1 && times_sent(rcv) == 1, "the timer has fired");
	forget();
}

static bool again(void)
{
	bool any = false;

	for (unsigned i = 0; i < nsent; i++)
		any |= mir_seq_lt(sent[i].s.seq, iss) && mir_seq_lt(sent[i].s.seq, tcb()->recover);
	return any;
}

static void step2(void)
{
	uint32_t next;

	time_out(sack_offer);
	next = tcb()->nxt;
	say_ack(rcv + MSS);
	settle();
	ok(told(nsent == 2 && sent[0].s.seq == next && sent[1].s.seq == next + MSS),
	    "the first is acknowledged: two new ones");
	end();
}

static void step3_late(void)
{
	time_out(sack_offer);
	say_ack(rcv + MSS);
	settle();
	forget();
	say_ack(rcv + MSS);
	settle();
	ok(told(!again()) && stats().spurious == 1, "one that was sent once: nothing goes again");
	ok(tcb()->cc.cwnd >= cwnd, "the window is as before");
	end();
}

static void say_sack(uint32_t ack, uint32_t from, uint32_t to)
{
	struct mir_tcp_segment s = { .flags = ACK, .seq = iss, .ack = ack, .nsack = 1 };

	s.sack[0] = (struct mir_tcp_range){ from, to };
	forget();
	say_segment(&s, 0);
	settle();
}

static void step3_lost(void)
{
	uint32_t next;

	time_out(sack_offer);
	next = tcb()->nxt;
	say_ack(rcv + MSS);
	settle();
	say_sack(rcv, next, next + MSS);
	ok(told(times_sent(rcv) == 1) && stats().spurious == 0,
	    "only what is new has come: what is lost goes again");
	end();
}

static void nothing_new(void)
{
	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(5 * MSS);
	forget();
	for (unsigned i = 0; i < 3000 && times_sent(rcv) == 0; i++)
		mir_sleep(MIR_MS(1));
	forget();
	say_ack(rcv + MSS);
	settle();
	ok(told(times_sent(rcv) == 1), "nothing new: what is lost goes again");
	end();
}

/* The echo is of what was sent before the timer fired. */
static void echo(void)
{
	uint32_t first;

	begin();
	open_with((struct offer){ .mss = MSS, .ts = true, .sack = true }, NULL, 100);
	write_bytes(40 * MSS);
	cwnd = tcb()->cc.cwnd;
	first = sent[0].s.tsval;
	for (unsigned i = 0; i < 3000 && stats().timeouts == 0; i++)
		mir_sleep(MIR_MS(1));
	settle();
	forget();
	sent[0].s.tsval = first;
	nsent = 1; /* what is echoed */
	say_ack(rcv + MSS - MIR_TCP_TS_SPACE);
	settle();
	ok(stats().spurious == 1 && tcb()->sent->lost == 0,
	    "the first copy has arrived: nothing is lost");
	ok(tcb()->cc.cwnd >= cwnd, "the window is as before");
	end();
}

const struct requirement rfc5682[] = {
	SHOWN("2 (2b)", "2.1", SHOULD, "send two new segments after the first again", step2),
	SHOWN("2 (3b)", "2.1", SHOULD, "find late segments by an ACK of one sent once", step3_late),
	SHOWN("2 (3a)", "2.1", MUST, "go on as ever when only new segments arrive", step3_lost),
	SHOWN("2 (2b, none)", "2.1", MUST, "go on as ever with nothing new to send", nothing_new),
	LAST,
};

const struct requirement rfc4015[] = {
	SHOWN("3", "3", SHOULD, "restore the window when the echo tells of the first copy", echo),
	LAST,
};
