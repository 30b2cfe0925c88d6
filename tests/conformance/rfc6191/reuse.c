/* reuse.c: RFC 6191, RFC 1337, RFC 6528: tuples that are used again, and their numbers. */
#include "../script.h"

/* A connection that was closed by us, and the time and number it ended with. */
static void waiting(struct offer offer)
{
	accepted(offer);
	clock_ts = 6000;
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	settle();
	say_with(FIN | ACK, iss++, ++rcv, 0);
	ok(stats().time_wait == 1, "TIME-WAIT");
}

static void by_number(void)
{
	waiting(plain_offer);
	say_with(SYN, iss - 10, 0, 0);
	ok(one(ACK, rcv, iss) && stats().time_wait == 1, "an old number: ACK");
	say_with(SYN, iss + 10, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK)), "a later one: SYN, ACK");
	ok(mir_seq_lt(rcv, sent[0].s.seq), "whose own number is past all that was used");
	end();
}

static void by_time(void)
{
	waiting(ts_offer);
	clock_ts = 6001;
	say_with(SYN, iss - 100, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK)),
	    "a later time, whatever the number: SYN, ACK");
	end();
}

static void by_equal_time(void)
{
	waiting(ts_offer);
	say_with(SYN, iss - 100, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == ACK),
	    "an equal time, an old number: ACK");
	say_with(SYN, iss + 100, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK)), "a later one: SYN, ACK");
	end();
}

static void no_assassination(void)
{
	waiting(plain_offer);
	say_with(RST, iss, 0, 0);
	say_with(RST | ACK, iss, rcv, 0);
	ok(silence() && stats().time_wait == 1, "a reset does not end TIME-WAIT");
	say_with(ACK, iss - 1, rcv, 1);
	ok(one(ACK, rcv, iss) && stats().time_wait == 1, "old text: ACK");
	end();
}

const struct requirement rfc6191[] = {
	SHOWN("2 (1)", "2", SHOULD, "accept a SYN of a later time", by_time),
	SHOWN("2 (2)", "2", SHOULD, "of an equal time, and a later number", by_equal_time),
	SHOWN("2 (3)", "2", SHOULD, "without timestamps, of a later number", by_number),
	LAST,
};

const struct requirement rfc1337[] = {
	SHOWN("4", "4", SHOULD, "ignore resets in TIME-WAIT", no_assassination),
	LAST,
};
