/* blind.c: RFC 5961: attacks in the window by somebody who sees nothing of the connection. */
#include "../script.h"

static void exact_reset(void)
{
	reach(MIR_TCP_ESTABLISHED);
	say_with(RST, iss, 0, 0);
	ok(silence() && state() == MIR_TCP_CLOSED, "the number expected next: reset");
	end();
}

static void reset_in_window(void)
{
	static const uint32_t off[] = { 1, 1000, 60000, 65534 };

	for (unsigned i = 0; i < MIR_COUNT(off); i++) {
		reach(MIR_TCP_ESTABLISHED);
		say_with(RST, iss + off[i], 0, 0);
		ok(one(ACK, rcv, iss) && state() == MIR_TCP_ESTABLISHED,
		    "%u bytes in: a challenge ACK", (unsigned)off[i]);
		end();
	}
}

static void reset_outside(void)
{
	reach(MIR_TCP_ESTABLISHED);
	say_with(RST, iss - 1, 0, 0);
	ok(silence(), "before the window");
	say_with(RST, iss + 1000000, 0, 0);
	ok(silence() && state() == MIR_TCP_ESTABLISHED, "behind it: dropped");
	end();
}

static void challenged_peer(void)
{
	reach(MIR_TCP_ESTABLISHED);
	say_with(RST, iss + 10, 0, 0);
	ok(one(ACK, rcv, iss), "a challenge ACK");
	say_with(RST, iss, 0, 0);
	ok(state() == MIR_TCP_CLOSED, "a peer that is gone answers with the exact reset");
	end();
}

static void syn_anywhere(void)
{
	static const uint32_t at[] = { 0, 1, 30000, 1000000, (uint32_t)-5 };

	for (unsigned i = 0; i < MIR_COUNT(at); i++) {
		reach(MIR_TCP_ESTABLISHED);
		say_with(SYN, iss + at[i], 0, 0);
		ok(one(ACK, rcv, iss) && state() == MIR_TCP_ESTABLISHED, "%u: a challenge ACK",
		    (unsigned)at[i]);
		end();
	}
}

static void old_acks(void)
{
	reach(MIR_TCP_ESTABLISHED);
	say_with(ACK, iss, rcv - 60001, 10);
	ok(one(ACK, rcv, iss) && read_all() == 0,
	    "an ACK further back than the largest window: an ACK, and its text is not taken");
	say_with(ACK, iss, rcv - 59999, 10);
	ok(read_all() == 10, "nearer: its text is");
	end();
}

static void future_acks(void)
{
	reach(MIR_TCP_ESTABLISHED);
	say_with(ACK, iss, rcv + 1, 10);
	ok(one(ACK, rcv, iss) && read_all() == 0, "an ACK of what was not sent: an ACK, no text");
	end();
}

static void limited(void)
{
	unsigned answers = 0;

	reach(MIR_TCP_ESTABLISHED);
	for (unsigned i = 0; i < 1000; i++) {
		say_with(RST, iss + 1 + i, 0, 0);
		answers += nsent;
	}
	ok(answers >= 1 && answers <= 30, "1000 resets in two seconds: %u challenge ACKs", answers);
	mir_sleep(MIR_SECOND(1));
	say_with(RST, iss + 7, 0, 0);
	ok(one(ACK, rcv, iss), "a second later again");
	end();
}

static struct mir_tcp_flow *second_flow;

/* The limit is of each connection: it tells nothing about others (CVE-2016-5696). */
static void limit_is_own(void)
{
	struct mir_tcp_segment s = { .flags = SYN, .seq = 77, .window = 60000, .mss = MSS };

	reach(MIR_TCP_ESTABLISHED);
	for (unsigned i = 0; i < 200; i++)
		say_with(RST, iss + 1 + i, 0, 0);
	wire_inject(&w.host[1], &s, OUR + 1, PORT, "", 0);
	settle();
	s.flags = ACK;
	s.seq++;
	s.ack = nsent ? sent[nsent - 1].s.seq + 1 : 0;
	second_flow = flow;
	wire_inject(&w.host[1], &s, OUR + 1, PORT, "", 0);
	settle();
	ok(flow != second_flow, "a second connection");
	forget();
	s.flags = RST;
	s.seq += 5;
	wire_inject(&w.host[1], &s, OUR + 1, PORT, "", 0);
	settle();
	ok(told(nsent == 1 && sent[0].s.dest == OUR + 1), "has a challenge ACK of its own");
	mir_flow_abort(&second_flow->flow);
	end();
}

static void reset_of_handshake(void)
{
	begin();
	listens();
	say_with(SYN, ISS, 0, 0);
	say_with(RST, ISS + 50, 0, 0);
	ok(silence() && stats().half_open == 1, "an inexact reset does not end a handshake");
	say_with(RST, ISS + 1, 0, 0);
	ok(silence() && stats().half_open == 0, "the exact one does");
	end();
}

const struct requirement rfc5961[] = {
	SHOWN("3.2 (1)", "3.2", MUST, "be reset by the exact number", exact_reset),
	SHOWN("3.2 (2)", "3.2", MUST, "challenge other resets in the window", reset_in_window),
	SHOWN("3.2 (3)", "3.2", MUST, "drop resets outside of it", reset_outside),
	SHOWN("3.2 (4)", "3.2", MUST, "be reset by the answer to the challenge", challenged_peer),
	SHOWN("3.2 (5)", "3.2", SHOULD, "do the same in SYN-RECEIVED", reset_of_handshake),
	SHOWN("4.2", "4.2", MUST, "challenge SYNs, whatever their number", syn_anywhere),
	SHOWN("5.2 (1)", "5.2", MUST, "drop text whose ACK is too old, and answer", old_acks),
	SHOWN("5.2 (2)", "5.2", MUST, "drop text whose ACK is of the future, and answer",
	    future_acks),
	SHOWN("7", "7", SHOULD, "limit challenge ACKs", limited),
	SHOWN("7 (each)", "7", SHOULD_NOT, "let the limit tell of other connections", limit_is_own),
	LAST,
};
