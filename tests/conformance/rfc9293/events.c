/* events.c: RFC 9293 section 3.10.7: segments in each state, with the changes of RFC 5961. */
#include "../script.h"

static const enum mir_tcp_state synchronized[] = { MIR_TCP_ESTABLISHED, MIR_TCP_FIN_WAIT_1,
	MIR_TCP_FIN_WAIT_2, MIR_TCP_CLOSE_WAIT, MIR_TCP_CLOSING, MIR_TCP_LAST_ACK };

static bool has_unacked(enum mir_tcp_state s)
{
	return s == MIR_TCP_FIN_WAIT_1 || s == MIR_TCP_CLOSING || s == MIR_TCP_LAST_ACK;
}

static void closed(void)
{
	begin();
	say_with(RST, ISS, 0, 0);
	ok(silence(), "a reset: nothing");
	say_with(ACK, ISS, 777, 5);
	ok(one(RST, 777, 0), "an ACK: a reset of its number");
	say_with(SYN, ISS, 0, 0);
	ok(one(RST | ACK, 0, ISS + 1), "a SYN: a reset that acknowledges it");
	say_with(SYN | FIN, ISS, 0, 5);
	ok(one(RST | ACK, 0, ISS + 7), "SYN, text and FIN are all counted");
	end();
}

static void listening_reset(void)
{
	begin();
	listens();
	say_with(RST, ISS, 0, 0);
	say_with(RST | ACK, ISS, 99, 0);
	ok(silence(), "ignored");
	end();
}

static void listening_ack(void)
{
	begin();
	listens();
	say_with(ACK, ISS, 555, 0);
	ok(one(RST, 555, 0), "an ACK");
	say_with(SYN | ACK, ISS, 556, 0);
	ok(one(RST, 556, 0), "a SYN, ACK");
	end();
}

static void listening_syn(void)
{
	begin();
	listens();
	say_with(SYN, ISS, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK) && sent[0].s.ack == ISS + 1),
	    "SYN, ACK");
	ok(sent[0].s.window > 0 && sent[0].s.mss > 0, "with a window and an MSS");
	end();
}

static void listening_other(void)
{
	begin();
	listens();
	say_with(0, ISS, 0, 10);
	ok(silence(), "text without SYN or ACK");
	say_with(FIN, ISS, 0, 0);
	ok(silence(), "a FIN");
	end();
}

static void syn_sent_ack(void)
{
	begin();
	dial_out();
	say_with(ACK, ISS, rcv + 9, 0);
	ok(one(RST, rcv + 9, 0), "of what was not sent: reset");
	say_with(ACK, ISS, rcv - 1, 0);
	ok(one(RST, rcv - 1, 0), "of our own first number: reset");
	say_with(RST | ACK, ISS, rcv + 9, 0);
	ok(silence() && !dial.done, "in a reset: dropped");
	say_with(RST | ACK, ISS, rcv, 0);
	ok(dial.done, "the end");
	end();
}

static void syn_sent_reset(void)
{
	begin();
	dial_out();
	say_with(RST, ISS, 0, 0);
	ok(silence() && !dial.done, "a reset without ACK is dropped");
	say_with(RST | ACK, ISS, rcv, 0);
	ok(silence() && dial.done && dial.rc == MIR_ECONNREFUSED, "with ours: refused");
	end();
}

static void syn_sent_syn(void)
{
	begin();
	dial_out();
	say_with(ACK, ISS, rcv, 0);
	ok(silence() && !dial.done, "an ACK alone connects nobody");
	say_with(SYN | ACK, ISS, rcv, 0);
	ok(one(ACK, rcv, ISS + 1) && dial.done && dial.rc == 0, "SYN, ACK: ACK");
	flow = dial.flow;
	end();
}

static void not_acceptable(void)
{
	for (unsigned i = 0; i < MIR_COUNT(synchronized); i++) {
		reach(synchronized[i]);
		say_with(ACK, iss - 1000, rcv, 10);
		ok(told(nsent >= 1 && sent[nsent - 1].s.ack == iss && sent[nsent - 1].s.len == 0),
		    "old text is answered with an ACK");
		mir_sleep(MIR_MS(110)); /* what is limited may go again */
		say_with(ACK, iss + 100000, rcv, 10);
		ok(told(nsent >= 1 && sent[nsent - 1].s.ack == iss && sent[nsent - 1].s.len == 0),
		    "so is text past the window");
		ok(state() == synchronized[i] && tcb()->rcv_nxt == iss, "and nothing changes");
		end();
	}
}

static void resets(void)
{
	for (unsigned i = 0; i < MIR_COUNT(synchronized); i++) {
		reach(synchronized[i]);
		say_with(RST, iss, 0, 0);
		ok(silence() && state() == MIR_TCP_CLOSED, "the next number: reset");
		end();
	}
}

static void syn_in_window(void)
{
	for (unsigned i = 0; i < MIR_COUNT(synchronized); i++) {
		reach(synchronized[i]);
		say_with(SYN, iss, 0, 0);
		ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == ACK && sent[0].s.ack == iss),
		    "a SYN: a challenge ACK");
		ok(state() == synchronized[i], "and no more");
		end();
	}
}

static void without_ack(void)
{
	for (unsigned i = 0; i < MIR_COUNT(synchronized); i++) {
		reach(synchronized[i]);
		say_with(0, iss, 0, 10);
		ok(silence() && tcb()->rcv_nxt == iss, "dropped");
		end();
	}
}

static void ack_of_nothing(void)
{
	for (unsigned i = 0; i < MIR_COUNT(synchronized); i++) {
		reach(synchronized[i]);
		say_with(ACK, iss, rcv + 50, 0);
		ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == ACK && sent[0].s.ack == iss),
		    "of what was not sent: an ACK");
		ok(state() == synchronized[i], "and no more");
		end();
	}
}

static void ack_of_fin(void)
{
	for (unsigned i = 0; i < MIR_COUNT(synchronized); i++) {
		enum mir_tcp_state s = synchronized[i];
		enum mir_tcp_state next = s == MIR_TCP_FIN_WAIT_1 ? MIR_TCP_FIN_WAIT_2
					  : s == MIR_TCP_CLOSING  ? MIR_TCP_TIME_WAIT
								  : MIR_TCP_CLOSED;

		if (!has_unacked(s))
			continue;
		reach(s);
		say_with(ACK, iss, rcv, 0);
		ok(silence() && state() == next, "to %s", mir_tcp_state_name(next));
		end();
	}
}

static void text_after_fin(void)
{
	static const enum mir_tcp_state after[] = { MIR_TCP_CLOSE_WAIT, MIR_TCP_CLOSING,
		MIR_TCP_LAST_ACK };

	for (unsigned i = 0; i < MIR_COUNT(after); i++) {
		reach(after[i]);
		say_with(ACK, iss, rcv - has_unacked(after[i]), 10);
		ok(state() == after[i] && read_all() == 0 && tcb()->rcv_nxt == iss,
		    "text behind a FIN is not taken");
		end();
	}
}

static void fin(void)
{
	reach(MIR_TCP_ESTABLISHED);
	say_with(FIN | ACK, iss, rcv, 10);
	ok(one(ACK, rcv, iss + 11) && state() == MIR_TCP_CLOSE_WAIT, "with text: both count");
	say_with(FIN | ACK, iss, rcv, 10);
	ok(one(ACK, rcv, iss + 11) && state() == MIR_TCP_CLOSE_WAIT, "again: ACK");
	end();
	reach(MIR_TCP_FIN_WAIT_2);
	say_with(FIN | ACK, iss, rcv, 0);
	ok(one(ACK, rcv, iss + 1) && state() == MIR_TCP_TIME_WAIT, "FIN-WAIT-2 to TIME-WAIT");
	end();
	reach(MIR_TCP_FIN_WAIT_1);
	say_with(FIN | ACK, iss, rcv, 0);
	ok(one(ACK, rcv, iss + 1) && state() == MIR_TCP_TIME_WAIT, "with the ACK of ours: at once");
	end();
}

static void time_wait_fin(void)
{
	reach(MIR_TCP_TIME_WAIT);
	mir_sleep(MIR_SECOND(8));
	say_with(FIN | ACK, iss - 1, rcv, 0);
	ok(one(ACK, rcv, iss), "a FIN again: ACK");
	mir_sleep(MIR_SECOND(8));
	ok(stats().time_wait == 1, "and the time begins anew");
	end();
}

static void trims(void)
{
	reach(MIR_TCP_ESTABLISHED);
	say_with(ACK, iss, rcv, 10);
	say_with(ACK, iss + 5, rcv, 10);
	ok(one(ACK, rcv, iss + 15) && read_all() == 15, "what is new of a segment is taken");
	end();
}

/* SND.WL1, SND.WL2. */
static void old_windows(void)
{
	reach(MIR_TCP_ESTABLISHED);
	say_with(ACK, iss, rcv, 10);
	iss += 10;
	window = 5000;
	say_with(ACK, iss, rcv, 0);
	ok(tcb()->wnd == 5000, "a new window");
	window = 60000;
	say_with(ACK, iss - 10, rcv, 5);
	ok(tcb()->wnd == 5000, "an older segment does not change it");
	say_with(ACK, iss, rcv, 0);
	ok(tcb()->wnd == 60000, "a newer one does");
	end();
}

const struct requirement rfc9293_events[] = {
	SHOWN("CLOSED", "3.10.7.1", MUST, "reset all but resets", closed),
	SHOWN("LISTEN 1", "3.10.7.2", SHOULD, "ignore resets", listening_reset),
	SHOWN("LISTEN 2", "3.10.7.2", SHOULD, "reset ACKs", listening_ack),
	SHOWN("LISTEN 3", "3.10.7.2", MUST, "answer SYNs", listening_syn),
	SHOWN("LISTEN 4", "3.10.7.2", SHOULD, "drop all else", listening_other),
	SHOWN("SYN-SENT 1", "3.10.7.3", MUST, "reset ACKs of what was not sent", syn_sent_ack),
	SHOWN("SYN-SENT 2", "3.10.7.3", MUST, "believe resets that acknowledge the SYN",
	    syn_sent_reset),
	SHOWN("SYN-SENT 4", "3.10.7.3", MUST, "connect for a SYN that acknowledges ours",
	    syn_sent_syn),
	SHOWN("1st", "3.10.7.4", MUST, "answer what is not acceptable with an ACK", not_acceptable),
	SHOWN("trim", "3.10.7.4", SHOULD, "take what is in the window of a segment", trims),
	SHOWN("2nd", "3.10.7.4", MUST, "be reset in every state", resets),
	SHOWN("4th", "3.10.7.4", MUST, "challenge SYNs in every state", syn_in_window),
	SHOWN("5th", "3.10.7.4", MUST, "drop segments without ACK", without_ack),
	SHOWN("5th (ACK)", "3.10.7.4", MUST, "answer ACKs of what was not sent", ack_of_nothing),
	SHOWN("5th (window)", "3.10.7.4", MUST, "take windows of newer segments only", old_windows),
	SHOWN("5th (FIN)", "3.10.7.4", MUST, "change state for the ACK of its FIN", ack_of_fin),
	SHOWN("7th", "3.10.7.4", SHOULD_NOT, "take text after the peer's FIN", text_after_fin),
	SHOWN("8th", "3.10.7.4", MUST, "change state for the peer's FIN", fin),
	SHOWN("8th (TIME-WAIT)", "3.10.7.4", MUST,
	    "begin TIME-WAIT anew for a FIN that comes again", time_wait_fin),
	LAST,
};
