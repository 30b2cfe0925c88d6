/* closing.c: RFC 9293 sections 3.5.2, 3.6, 3.9.1.4: closing and resetting. */
#include "../script.h"

static void reset_with_text(void)
{
	accepted(plain_offer);
	say_with(RST, iss, 0, 20);
	ok(silence() && state() == MIR_TCP_CLOSED, "a reset with text resets");
	end();
}

static void told_of_reset(void)
{
	struct mir_slice s;

	accepted(plain_offer);
	say_with(RST, iss, 0, 0);
	ok(mir_flow_read(&flow->flow, &s, 1) == MIR_ECONNRESET, "the reader is told");
	ok(mir_flow_write_copy(&flow->flow, "x", 1) == MIR_ECONNRESET, "the writer is told");
	end();
	accepted(plain_offer);
	say_with(FIN | ACK, iss, rcv, 0);
	ok(mir_flow_read(&flow->flow, &s, 1) == 0, "a regular end is another thing");
	end();
}

static void closed_with_unread(void)
{
	accepted(plain_offer);
	say_with(ACK, iss, rcv, 10);
	forget();
	mir_flow_close(&flow->flow);
	flow = NULL;
	settle();
	ok(told(nsent == 1 && (sent[0].s.flags & RST) && sent[0].s.seq == rcv), "unread text: RST");
	end();
	accepted(plain_offer);
	mir_flow_close(&flow->flow);
	flow = NULL;
	settle();
	ok(one(FIN | ACK, rcv, iss), "none: FIN");
	say_with(ACK, iss, rcv + 1, 10);
	ok(told(nsent == 1 && (sent[0].s.flags & RST)), "text that nobody can read: RST");
	end();
}

static void half_closed(void)
{
	reach(MIR_TCP_FIN_WAIT_2);
	say_with(ACK, iss, rcv, 50);
	ok(one(ACK, rcv, iss + 50) && read_all() == 50, "after our FIN text still comes");
	end();
	reach(MIR_TCP_CLOSE_WAIT);
	write_bytes(50);
	ok(told(nsent == 1 && sent[0].s.len == 50), "after the peer's FIN text still leaves");
	end();
}

/* How long a TIME-WAIT lasts, in s. */
static unsigned waits(void)
{
	unsigned s = 0;

	while (stats().time_wait && s < 600) {
		mir_sleep(MIR_SECOND(1));
		s++;
	}
	return s;
}

static void time_wait(void)
{
	unsigned s;

	reach(MIR_TCP_TIME_WAIT);
	s = waits();
	ok(s >= 10 && s <= 12, "TIME-WAIT lasts %u s", s);
	end();
}

static void time_wait_configured(void)
{
	reach(MIR_TCP_ESTABLISHED);
	tcp.core->config.tcp_time_wait = MIR_SECOND(240);
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	settle();
	say_with(FIN | ACK, iss++, ++rcv, 0);
	ok(state() == MIR_TCP_TIME_WAIT && waits() >= 240, "tcp-time-wait: 240s gives 2 MSL");
	end();
}

static void time_wait_timestamps(void)
{
	accepted(ts_offer);
	clock_ts = 6000;
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	settle();
	say_with(FIN | ACK, iss++, ++rcv, 0);
	ok(stats().time_wait == 1, "TIME-WAIT");
	clock_ts = 5999;
	say_with(SYN, iss + 100000, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == ACK), "a SYN of an older time: ACK");
	clock_ts = 6001;
	say_with(SYN, iss - 100000, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK)), "of a newer: SYN, ACK");
	ok(stats().time_wait == 0, "TIME-WAIT is over");
	end();
}

static void simultaneous_close(void)
{
	accepted(plain_offer);
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	settle();
	ok(one(FIN | ACK, rcv, iss), "FIN");
	say_with(FIN | ACK, iss, rcv, 0);
	ok(one(ACK, rcv + 1, iss + 1) && state() == MIR_TCP_CLOSING, "CLOSING");
	say_with(ACK, iss + 1, rcv + 1, 0);
	ok(silence() && state() == MIR_TCP_TIME_WAIT, "TIME-WAIT");
	end();
}

static void fin_again(void)
{
	reach(MIR_TCP_ESTABLISHED);
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	mir_sleep(MIR_SECOND(2));
	ok(told(nsent >= 3 && (sent[nsent - 1].s.flags & FIN) && sent[nsent - 1].s.seq == rcv),
	    "a FIN that is not acknowledged is sent again");
	end();
}

const struct requirement rfc9293_closing[] = {
	SHOWN("SHLD-2", "3.5.3", SHOULD, "take resets with text", reset_with_text),
	SHOWN("MUST-12", "3.6", MUST, "tell the user of a reset from a regular end", told_of_reset),
	SHOWN("SHLD-3", "3.6.1", SHOULD, "reset when received text is thrown away",
	    closed_with_unread),
	SHOWN("half-close", "3.6", MUST, "receive after having closed, send after the peer has",
	    half_closed),
	SHOWN("both close", "3.6", MUST, "go through CLOSING when both close at once",
	    simultaneous_close),
	SHOWN("FIN again", "3.6", MUST, "send a FIN again until it is acknowledged", fin_again),
	{ "MUST-13", "3.6.1", MUST, "stay in TIME-WAIT for twice the MSL", time_wait, DIFFERENT,
	    "10 s: no segment lives for two minutes today, and 240 s would hold many ports; the "
	    "key tcp-time-wait sets it" },
	SHOWN("MUST-13 (key)", "3.6.1", MUST, "the same with tcp-time-wait at 240 s",
	    time_wait_configured),
	SHOWN("SHLD-4", "3.6.1", SHOULD, "end TIME-WAIT for a SYN of a later time",
	    time_wait_timestamps),
	LAST,
};
