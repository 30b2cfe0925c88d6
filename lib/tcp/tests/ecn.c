/* ecn.c: congestion that is marked instead of dropped (RFC 3168). */
#include "party.h"
#include "peer.h"

enum { MSS = 1000 };

static const struct offer ecn = { .mss = MSS, .sack = true, .ecn = true };
static uint8_t bytes[40 * MSS];

static void say(uint8_t flags, bool ce, uint32_t len)
{
	struct mir_tcp_segment s = {
		.flags = MIR_TCP_ACK | flags, .seq = iss, .ack = rcv, .ce = ce
	};

	say_segment(&s, len);
	iss += len;
	settle();
}

/* Whether all ACKs since the last forget() echo a mark, or none does. */
static bool echoes(bool yes)
{
	for (unsigned i = 0; i < nsent; i++) {
		if (!!(sent[i].s.flags & MIR_TCP_ECE) != yes)
			return false;
	}
	return nsent > 0;
}

static void receiver(void)
{
	ecn_key = NULL;
	begin();
	open_with(ecn, NULL, 10);
	ok((syn_ack.flags & (MIR_TCP_ECE | MIR_TCP_CWR)) == MIR_TCP_ECE, "SYN, ACK agrees");
	ok(tcb()->use_ecn, "agreed");
	say(0, false, 100);
	ok(told(echoes(false)), "no mark, no echo");
	forget();
	say(0, true, 100);
	ok(told(echoes(true)), "a mark is echoed at once");
	forget();
	for (unsigned i = 0; i < 4; i++)
		say(0, false, MSS);
	ok(told(echoes(true)), "in every ACK");
	forget();
	say(MIR_TCP_CWR, false, MSS);
	say(0, false, MSS);
	ok(told(echoes(false)), "until the sender has slowed down");
	say(MIR_TCP_CWR, true, MSS);
	forget();
	say(0, false, MSS);
	ok(told(echoes(true)), "a mark on that very segment counts again");
	end();
}

static void sender(void)
{
	uint32_t before, top;
	unsigned cwr = 0, again = 0, marked = 0;

	begin();
	open_with(ecn, NULL, RTT_MS);
	mir_flow_write_copy(&flow->flow, bytes, sizeof(bytes));
	mir_sleep(MIR_MS(RTT_MS));
	ok(nsent == 10 && sent[0].tos == MIR_IP_ECT0, "new text may be marked");
	before = tcb()->cc.cwnd;
	forget();
	rcv += MSS;
	say(MIR_TCP_ECE, false, 0);
	ok(tcb()->cc.cwnd <= before * 7 / 10 + MSS, "the window shrinks: %u to %u", before,
	    tcb()->cc.cwnd);
	before = tcb()->cc.cwnd;
	for (unsigned i = 0; i < 9; i++) {
		rcv += MSS;
		say(MIR_TCP_ECE, false, 0);
	}
	ok(tcb()->cc.cwnd >= before, "once a round trip");
	for (unsigned i = 0; i < nsent; i++)
		cwr += !!(sent[i].s.flags & MIR_TCP_CWR);
	ok(told(cwr == 1 && nsent > 0 && (sent[0].s.flags & MIR_TCP_CWR)),
	    "the first new segment tells, and no other");
	ok(tcb()->env->stats.ecn_reductions == 1 && tcb()->env->stats.retransmits == 0,
	    "nothing was sent again");
	forget();
	top = tcb()->nxt;
	mir_sleep(MIR_SECOND(3));
	for (unsigned i = 0; i < nsent; i++) {
		if (mir_seq_lt(sent[i].s.seq, top)) {
			again++;
			marked += sent[i].tos != 0;
		}
	}
	ok(told(again > 0 && marked == 0), "what is sent again is not to be marked");
	end();
}

static void not_agreed(void)
{
	struct offer plain = ecn;

	plain.ecn = false;
	ecn_key = "on";
	begin();
	open_with(plain, NULL, 10);
	ok(!(syn_ack.flags & MIR_TCP_ECE) && !tcb()->use_ecn, "not asked: no");
	say(0, true, 100);
	ok(told(echoes(false)), "marks mean nothing");
	mir_flow_write_copy(&flow->flow, bytes, 100);
	settle();
	ok(told(nsent > 0 && sent[nsent - 1].tos == 0), "text is not to be marked");
	end();
	ecn_key = "off";
	begin();
	open_with(ecn, NULL, 10);
	ok(!(syn_ack.flags & MIR_TCP_ECE) && !tcb()->use_ecn, "switched off: no");
	end();
}

/* A while in which a router marks all that may be marked. */
static void marks(void *arg)
{
	struct wire *on = arg;

	mir_sleep(MIR_MS(70));
	on->congested = true;
	mir_sleep(MIR_MS(200));
	on->congested = false;
}

static void pair(void)
{
	static struct pair p;
	struct mir_tcp_stats a, b;
	struct mir_fiber *f;

	ecn_key = "on";
	pair_start(&p, 0);
	p.wire.delay = MIR_MS(10);
	f = mir_spawn_joinable("marks", marks, &p.wire);
	transfer(&p.tcp[0].tcp, p.wire.host[0].addr, &p.tcp[1].tcp, 12000000, 60000);
	mir_join(f);
	mir_tcp_device_stats(&p.tcp[0], &a);
	mir_tcp_device_stats(&p.tcp[1], &b);
	ok(a.ecn_marks > 0 && b.ecn_marks > 0, "%llu and %llu marks",
	    (unsigned long long)a.ecn_marks, (unsigned long long)b.ecn_marks);
	ok(a.ecn_reductions > 0 && b.ecn_reductions > 0 &&
		a.ecn_reductions + b.ecn_reductions < 100,
	    "%llu and %llu reductions", (unsigned long long)a.ecn_reductions,
	    (unsigned long long)b.ecn_reductions);
	ok(a.retransmits == 0 && b.retransmits == 0, "nothing was lost");
	pair_stop(&p);
}

/* RFC 3168 section 6.1.1.1: SYNs that ask for it are dropped by some. */
static bool drop_asking(
    struct wire *on, struct host *from, const struct mir_tcp_segment *s, uint32_t len)
{
	(void)on;
	(void)from;
	(void)len;
	return (s->flags & MIR_TCP_SYN) && (s->flags & MIR_TCP_ECE);
}

static void fallback(void)
{
	static struct pair p;
	double t;

	ecn_key = "on";
	pair_start(&p, 0);
	p.wire.filter = drop_asking;
	t = transfer(&p.tcp[0].tcp, p.wire.host[0].addr, &p.tcp[1].tcp, 1000, 1000);
	ok(t > 0.9 && t < 1.5, "the second SYN does not ask: %.2f s", t);
	pair_stop(&p);
}

int main(void)
{
	RUN(receiver);
	RUN(sender);
	RUN(not_agreed);
	RUN(pair);
	RUN(fallback);
	return mir_test_end();
}
