/* ecn.c: RFC 3168: congestion that routers mark. */
#include "../script.h"

enum { ECE = MIR_TCP_ECE, CWR = MIR_TCP_CWR };

static const struct offer ecn_offer = { .mss = MSS, .sack = true, .ecn = true };

static void say(uint8_t flags, bool ce, uint32_t len)
{
	struct mir_tcp_segment s = { .flags = ACK | flags, .seq = iss, .ack = rcv, .ce = ce };

	forget();
	say_segment(&s, len);
	iss += len;
	settle();
}

static bool echoes(bool yes)
{
	for (unsigned i = 0; i < nsent; i++) {
		if (!!(sent[i].s.flags & ECE) != yes)
			return told(false);
	}
	return told(nsent > 0);
}

static void agrees(void)
{
	begin();
	open_with(ecn_offer, NULL, 1);
	ok((syn_ack.flags & (ECE | CWR)) == ECE, "SYN, ACK has ECE alone");
	end();
	accepted(sack_offer);
	ok(!(syn_ack.flags & (ECE | CWR)), "not asked: neither");
	end();
}

static void asks(void)
{
	ecn_key = "on";
	begin();
	dial_out();
	ok((sent[0].s.flags & (ECE | CWR)) == (ECE | CWR) && sent[0].tos == 0,
	    "a SYN has both, and may not be marked");
	mir_sleep(MIR_MS(1500));
	ok(told(nsent == 2 && !(sent[1].s.flags & (ECE | CWR))), "the second SYN has neither");
	mir_sleep(MIR_SECOND(200));
	end();
	ecn_key = NULL;
}

static void refused(void)
{
	ecn_key = "on";
	for (unsigned i = 0; i < 2; i++) {
		begin();
		dial_out();
		say_with((uint8_t)(SYN | ACK | (i ? ECE | CWR : 0)), ISS, rcv, 0);
		flow = dial.flow;
		forget();
		if (ok(flow != NULL, "connected"))
			write_bytes(100);
		ok(told(nsent == 1 && sent[0].tos == 0), "an answer with %s: no ECN",
		    i ? "both" : "neither");
		end();
	}
	ecn_key = NULL;
}

static void may_mark(void)
{
	begin();
	open_with(ecn_offer, NULL, 10);
	write_bytes(3 * MSS);
	ok(told(nsent == 3 && sent[0].tos == MIR_IP_ECT0 && sent[2].tos == MIR_IP_ECT0),
	    "new text may be marked");
	forget();
	mir_sleep(MIR_SECOND(2));
	for (unsigned i = 0; i < nsent; i++) {
		if (sent[i].tos)
			ok(false, "a retransmission may be marked");
	}
	ok(nsent >= 2, "text that is sent again may not");
	say(0, false, 10);
	ok(told(nsent >= 1 && sent[0].s.len == 0 && sent[0].tos == 0), "nor may ACKs");
	end();
}

static void probes_unmarked(void)
{
	begin();
	open_with(ecn_offer, NULL, 10);
	window = 0;
	say(0, false, 0);
	write_bytes(100);
	forget();
	mir_sleep(MIR_SECOND(5));
	for (unsigned i = 0; i < nsent; i++) {
		if (sent[i].tos)
			ok(false, "a probe may be marked");
	}
	ok(told(nsent >= 2), "probes of a closed window may not");
	end();
}

static void receiver(void)
{
	begin();
	open_with(ecn_offer, NULL, 10);
	say(0, false, 100);
	ok(echoes(false), "no mark: no echo");
	say(0, true, 100);
	ok(echoes(true), "a mark: an echo");
	for (unsigned i = 0; i < 5; i++) {
		say(0, false, MSS);
		ok(echoes(true), "and in each ACK");
	}
	say(CWR, false, MSS);
	ok(echoes(false), "until CWR");
	say(CWR, true, MSS);
	ok(echoes(true), "CWR with a mark of its own");
	end();
}

static void sender(void)
{
	uint32_t before, after;
	unsigned cwr = 0;

	begin();
	open_with(ecn_offer, NULL, RTT_MS);
	write_bytes(60 * MSS);
	mir_sleep(MIR_MS(RTT_MS));
	before = tcb()->cc.cwnd;
	forget();
	rcv += MSS;
	say(ECE, false, 0);
	after = tcb()->cc.cwnd;
	ok(after < before && after >= before / 2, "an echo: %u to %u", before, after);
	nsent = 0;
	for (unsigned i = 0; i < 9; i++) {
		struct mir_tcp_segment s = { .flags = ACK | ECE, .seq = iss, .ack = rcv += MSS };

		say_segment(&s, 0);
		settle();
	}
	ok(tcb()->cc.cwnd >= after, "once a round trip");
	for (unsigned i = 0; i < nsent; i++)
		cwr += !!(sent[i].s.flags & CWR);
	ok(told(cwr == 1 && (sent[0].s.flags & CWR) && sent[0].s.len > 0),
	    "the next new segment tells, once");
	ok(tcb()->env->stats.retransmits == 0, "nothing is sent again");
	end();
}

static void ece_of_syn_only(void)
{
	uint32_t before;

	accepted(sack_offer);
	write_bytes(20 * MSS);
	before = tcb()->cc.cwnd;
	rcv += MSS;
	say(ECE, false, 0);
	ok(tcb()->cc.cwnd >= before, "not agreed on: an echo means nothing");
	say(0, true, 100);
	ok(echoes(false), "nor does a mark");
	end();
}

const struct requirement rfc3168[] = {
	SHOWN("6.1.1 (1)", "6.1.1", MUST, "answer SYN with ECE and CWR by ECE alone", agrees),
	SHOWN("6.1.1 (2)", "6.1.1", MUST_NOT, "let SYNs be marked", asks),
	SHOWN("6.1.1 (3)", "6.1.1", MUST, "take any other answer for a no", refused),
	SHOWN("6.1.1.1", "6.1.1.1", SHOULD, "not ask in SYNs that are sent again", asks),
	SHOWN("6.1.1 (4)", "6.1.1", MUST, "ignore marks and echoes if not agreed on",
	    ece_of_syn_only),
	SHOWN("6.1.2 (1)", "6.1.2", MUST, "slow down for an echo as for a loss", sender),
	SHOWN("6.1.2 (2)", "6.1.2", SHOULD_NOT, "slow down more than once a round trip", sender),
	SHOWN("6.1.2 (3)", "6.1.2", MUST, "set CWR in the next new segment", sender),
	SHOWN("6.1.3", "6.1.3", MUST, "echo a mark until CWR comes", receiver),
	SHOWN("6.1.4", "6.1.4", MUST_NOT, "let ACKs be marked", may_mark),
	SHOWN("6.1.5", "6.1.5", MUST_NOT, "let retransmissions be marked", may_mark),
	SHOWN("6.1.6", "6.1.6", MUST_NOT, "let window probes be marked", probes_unmarked),
	LAST,
};
