/* options.c: RFC 7323: window scale, timestamps, PAWS. */
#include "../script.h"

static void scale_agreed(void)
{
	accepted(full_offer);
	ok(syn_ack.has_scale && syn_ack.scale <= 14, "offered: it is answered");
	end();
	accepted(plain_offer);
	ok(!syn_ack.has_scale, "not offered: it is not");
	end();
}

static void scale_in_syn(void)
{
	begin();
	dial_out();
	ok(sent[0].s.has_scale && sent[0].s.window <= 65535, "a SYN offers it");
	mir_sleep(MIR_SECOND(200));
	end();
}

static void scale_not_of_syn(void)
{
	struct offer offer = full_offer;
	struct mir_tcp_segment s = { .flags = SYN | ACK, .seq = ISS, .mss = MSS };

	begin();
	dial_out();
	s.has_scale = true;
	s.scale = offer.shift;
	s.ack = rcv;
	window = 1000;
	say_segment(&s, 0);
	settle();
	flow = dial.flow;
	ok(flow && tcb()->wnd == 1000, "the window of a SYN, ACK is not scaled");
	say_with(ACK, iss, rcv, 0);
	ok(flow && tcb()->wnd == 4000, "later ones are");
	end();
}

static void scale_too_large(void)
{
	accepted((struct offer){ .mss = MSS, .scale = true, .shift = 15 });
	window = 1;
	say_with(ACK, iss, rcv, 0);
	ok(tcb()->wnd == 1u << 14, "15 is taken for 14");
	end();
}

static void no_scale(void)
{
	accepted(plain_offer);
	window = 500;
	say_with(ACK, iss, rcv, 0);
	ok(tcb()->wnd == 500, "500 are 500");
	end();
}

static void ts_agreed(void)
{
	accepted(ts_offer);
	ok(syn_ack.has_ts && syn_ack.tsecr == 5000, "offered: the SYN, ACK echoes it");
	end();
	accepted(plain_offer);
	ok(!syn_ack.has_ts, "not offered: none");
	say_text(iss, 10);
	settle();
	ok(told(nsent == 1 && !sent[0].s.has_ts), "nor later");
	end();
}

static void ts_of_syn(void)
{
	begin();
	dial_out();
	ok(sent[0].s.has_ts && sent[0].s.tsecr == 0, "a SYN echoes nothing");
	mir_sleep(MIR_SECOND(200));
	end();
}

static void ts_in_all(void)
{
	unsigned without = 0;

	accepted(ts_offer);
	say_text(iss, 10);
	iss += 10;
	settle();
	write_bytes(3000);
	mir_sleep(MIR_SECOND(1));
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	settle();
	for (unsigned i = 0; i < nsent; i++)
		without += !sent[i].s.has_ts;
	ok(told(nsent > 5 && without == 0), "%u segments, each with a timestamp", nsent);
	end();
}

/* A segment without the timestamp that was agreed on. */
static void say_bare(uint8_t flags, uint32_t len)
{
	struct mir_tcp_segment s = { .flags = flags, .seq = iss, .ack = rcv, .window = 60000 };

	forget();
	wire_inject(&w.host[1], &s, OUR, PORT, "0123456789", len);
	settle();
}

static void ts_missing(void)
{
	accepted(ts_offer);
	say_bare(ACK, 10);
	ok(silence() && read_all() == 0, "text without one is dropped, silently");
	say_bare(RST, 0);
	ok(state() == MIR_TCP_CLOSED, "a reset without one counts");
	end();
}

static void ts_not_agreed(void)
{
	struct mir_tcp_segment s = { .flags = ACK, .window = 60000, .has_ts = true, .tsval = 1 };

	accepted(plain_offer);
	s.seq = iss;
	s.ack = rcv;
	wire_inject(&w.host[1], &s, OUR, PORT, "0123456789", 10);
	settle();
	ok(read_all() == 10 && told(nsent == 1 && !sent[0].s.has_ts), "it is ignored");
	end();
}

static void echo_of_two(void)
{
	accepted(ts_offer);
	warm();
	clock_ts = 6000;
	say_text(iss, MSS);
	clock_ts = 6010;
	say_text(iss + MSS, MSS);
	settle();
	ok(told(nsent == 1 && sent[0].s.tsecr == 6000), "an ACK of two echoes the first");
	end();
}

static void echo_of_hole(void)
{
	accepted(ts_offer);
	clock_ts = 6000;
	say_with(ACK, iss, rcv, 10);
	clock_ts = 6100;
	say_with(ACK, iss + 20, rcv, 10);
	ok(told(nsent == 1 && sent[0].s.tsecr == 6000), "beyond a hole: that of the last in order");
	clock_ts = 6200;
	say_with(ACK, iss + 10, rcv, 10);
	ok(told(nsent == 1 && sent[0].s.tsecr == 6200), "the hole is filled: that of the filler");
	end();
}

static void recent_of_ack_only(void)
{
	accepted(ts_offer);
	clock_ts = 9000;
	say_with(ACK, iss + 100000, rcv, 10);
	ok(tcb()->ts_recent == 5000, "a segment outside of the window is not remembered");
	end();
}

static void own_clock(void)
{
	uint32_t first;

	accepted(ts_offer);
	write_bytes(1);
	first = sent[nsent - 1].s.tsval;
	say_with(ACK, iss, rcv + 1, 0);
	mir_sleep(MIR_SECOND(5));
	write_bytes(1);
	first = sent[nsent - 1].s.tsval - first;
	ok(first >= 5000 && first <= 5010, "a step each ms: %u in 5 s", (unsigned)first);
	end();
}

static void own_offset(void)
{
	uint32_t first;

	accepted(ts_offer);
	first = syn_ack.tsval;
	end();
	accepted(ts_offer);
	ok(syn_ack.tsval - first > 100000 && first - syn_ack.tsval > 100000,
	    "another start: another offset");
	end();
}

static void paws(void)
{
	accepted(ts_offer);
	clock_ts = 7000;
	say_with(ACK, iss, rcv, 10);
	iss += 10;
	read_all();
	clock_ts = 6999;
	say_with(ACK, iss, rcv, 10);
	ok(one(ACK, rcv, iss) && read_all() == 0, "an older time: dropped, and an ACK");
	clock_ts = 7000;
	say_with(ACK, iss, rcv, 10);
	ok(read_all() == 10, "an equal one is taken");
	end();
}

static void paws_reset(void)
{
	accepted(ts_offer);
	clock_ts = 4000;
	say_with(RST, iss, 0, 0);
	ok(state() == MIR_TCP_CLOSED, "a reset of an older time counts");
	end();
}

static void paws_wraps(void)
{
	accepted(ts_offer);
	for (uint32_t n = 0; n < 8; n++) {
		clock_ts += 0x7ffffffe;
		say_with(ACK, iss, rcv, 10);
		iss += 10;
		if (read_all() != 10)
			ok(false, "a newer time is dropped");
	}
	ok(silence() || nsent == 1, "times go round the circle");
	end();
}

static void paws_outdated(void)
{
	accepted(ts_offer);
	mir_sleep(MIR_SECOND(25 * 24 * 3600));
	clock_ts = 4000;
	say_with(ACK, iss, rcv, 10);
	ok(read_all() == 10, "after 24 days of silence nothing is old");
	end();
}

const struct requirement rfc7323[] = {
	SHOWN("2.2 (1)", "2.2", MUST, "answer window scale only if it is offered", scale_agreed),
	SHOWN("2.2 (2)", "2.2", MUST_NOT, "scale the windows of SYNs", scale_not_of_syn),
	SHOWN("2.2 (3)", "2.2", MUST, "offer it in SYNs alone", scale_in_syn),
	SHOWN("2.3 (1)", "2.3", MUST, "take shifts of more than 14 for 14", scale_too_large),
	SHOWN("2.3 (2)", "2.3", MUST, "shift by nothing if it is not agreed on", no_scale),
	{ "2.3 (log)", "2.3", SHOULD, "log such a shift", NULL, NOT_MET,
	    "anybody could fill the log" },
	SHOWN("3.2 (1)", "3.2", MUST, "answer timestamps only if they are offered", ts_agreed),
	SHOWN("3.2 (2)", "3.2", MUST, "echo 0 in a SYN", ts_of_syn),
	SHOWN("3.2 (3)", "3.2", MUST, "send them in each segment once agreed on", ts_in_all),
	SHOWN("3.2 (4)", "3.2", SHOULD, "drop segments without one then", ts_missing),
	SHOWN("3.2 (5)", "3.2", MUST_NOT, "abort for a segment without one", ts_missing),
	SHOWN("3.2 (6)", "3.2", MUST, "ignore them if not agreed on", ts_not_agreed),
	SHOWN("4.3 (A)", "4.3", MUST, "echo the first of those that an ACK covers", echo_of_two),
	SHOWN("4.3 (B)", "4.3", MUST, "echo the last in order beyond a hole", echo_of_hole),
	SHOWN("4.3 (C)", "4.3", MUST, "echo the segment that fills a hole", echo_of_hole),
	SHOWN("4.3 (D)", "4.3", MUST, "remember acceptable segments only", recent_of_ack_only),
	SHOWN("5.4 (1)", "5.4", MUST, "let its clock tick each 1 ms to 1 s", own_clock),
	SHOWN("7.1", "7.1", SHOULD, "begin at a secret offset", own_offset),
	SHOWN("5.3 (R1)", "5.3", MUST, "drop segments of an older time, and answer", paws),
	SHOWN("5.2", "5.2", MUST, "take resets of any time", paws_reset),
	SHOWN("5.3 (wrap)", "5.2", MUST, "compare times modulo 2^32", paws_wraps),
	SHOWN("5.5", "5.5", MUST, "forget a time after 24 days", paws_outdated),
	LAST,
};
