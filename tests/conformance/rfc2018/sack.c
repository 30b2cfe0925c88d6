/* sack.c: RFC 2018, RFC 2883: selective acknowledgments, reports of duplicates. */
#include "../script.h"

static struct mir_tcp_range block(unsigned i)
{
	return nsent ? sent[nsent - 1].s.sack[i] : (struct mir_tcp_range){ 0 };
}

static unsigned nblocks(void)
{
	return nsent ? sent[nsent - 1].s.nsack : 0;
}

static bool is(unsigned i, uint32_t from, uint32_t to)
{
	return block(i).from == iss + from && block(i).to == iss + to;
}

/* Text off bytes on. */
static void text(uint32_t off, uint32_t len)
{
	say_with(ACK, iss + off, rcv, len);
}

static void agreed(void)
{
	accepted(sack_offer);
	ok(syn_ack.sack_permitted, "offered: it is answered");
	end();
	accepted(plain_offer);
	text(1000, 100);
	ok(!syn_ack.sack_permitted && told(nsent == 1 && nblocks() == 0), "not offered: none");
	end();
}

static void blocks(void)
{
	accepted(sack_offer);
	text(1000, 100);
	ok(told(nsent == 1 && nblocks() == 1 && is(0, 1000, 1100)), "a segment beyond a hole");
	text(1100, 100);
	ok(told(nblocks() == 1 && is(0, 1000, 1200)), "a block grows");
	text(3000, 100);
	ok(told(nblocks() == 2 && is(0, 3000, 3100) && is(1, 1000, 1200)),
	    "the newest comes first");
	text(5000, 100);
	text(900, 100);
	ok(told(nblocks() == 3 && is(0, 900, 1200)), "wherever it is");
	text(7000, 100);
	text(9000, 100);
	ok(told(nblocks() == 4 && is(0, 9000, 9100) && is(1, 7000, 7100)), "as many as fit: four");
	text(0, 10);
	ok(told(nblocks() == 4 && sent[0].s.ack == iss + 10), "in each ACK while there is a hole");
	end();
	accepted(full_offer);
	for (unsigned i = 1; i <= 5; i++)
		text(i * 2000, 100);
	ok(told(nblocks() == 3), "with timestamps three fit");
	end();
}

static void repeats(void)
{
	accepted(sack_offer);
	text(1000, 100);
	text(3000, 100);
	text(5000, 100);
	ok(told(nblocks() == 3 && is(0, 5000, 5100) && is(1, 3000, 3100) && is(2, 1000, 1100)),
	    "each block is told three times");
	end();
}

static void no_reneging(void)
{
	accepted(sack_offer);
	text(1000, 1000);
	text(0, 1000);
	ok(one(ACK, rcv, iss + 2000) && read_all() == 2000, "what was reported is there");
	end();
}

static void say_sack(uint32_t ack, uint32_t from, uint32_t to)
{
	struct mir_tcp_segment s = { .flags = ACK, .seq = iss, .ack = ack, .nsack = 1 };

	s.sack[0] = (struct mir_tcp_range){ from, to };
	say_segment(&s, 0);
	settle();
}

static void sender_skips(void)
{
	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(10 * MSS);
	mir_sleep(MIR_MS(98));
	forget();
	for (unsigned i = 2; i <= 10; i++)
		say_sack(rcv, rcv + MSS, rcv + i * MSS);
	ok(told(times_sent(rcv) == 1), "the hole is sent again");
	for (unsigned i = 1; i < 10; i++) {
		if (times_sent(rcv + i * MSS))
			ok(false, "what was reported is sent again");
	}
	end();
}

static void timeout_forgets(void)
{
	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(4 * MSS);
	mir_sleep(MIR_MS(98));
	forget();
	say_sack(rcv, rcv, rcv + MSS); /* a lie: the left edge is not reported so */
	say_sack(rcv, rcv + MSS, rcv + 4 * MSS);
	mir_sleep(MIR_SECOND(2));
	ok(told(times_sent(rcv) >= 1), "after a timeout the left edge goes, reported or not");
	forget();
	mir_sleep(MIR_SECOND(10));
	say_ack(rcv + MSS);
	mir_sleep(MIR_SECOND(20));
	ok(told(times_sent(rcv) >= 1), "and then what was reported, if it is never acknowledged");
	end();
}

static void kept_until_acked(void)
{
	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(4 * MSS);
	mir_sleep(MIR_MS(98));
	say_sack(rcv, rcv + MSS, rcv + 4 * MSS);
	ok(tcb()->sendq.bytes == 4 * MSS, "reported text is kept until it is acknowledged");
	end();
}

static void duplicate_below(void)
{
	accepted(sack_offer);
	text(0, 500);
	text(0, 500);
	ok(told(nsent == 1 && nblocks() == 1 && is(0, 0, 500) && sent[0].s.ack == iss + 500),
	    "the first block is of the duplicate");
	text(500, 100);
	ok(told(nblocks() == 0), "once");
	end();
}

static void duplicate_with_hole(void)
{
	accepted(sack_offer);
	text(0, 500);
	text(1000, 500);
	text(0, 500);
	ok(told(nblocks() == 2 && is(0, 0, 500) && is(1, 1000, 1500)), "then what is beyond holes");
	end();
}

static void duplicate_above(void)
{
	accepted(sack_offer);
	text(1000, 500);
	text(1500, 500);
	text(1500, 500);
	ok(told(nblocks() == 2 && is(0, 1500, 2000) && is(1, 1000, 2000)),
	    "the duplicate, then the block that it is in");
	end();
}

static void duplicate_in_part(void)
{
	accepted(sack_offer);
	text(0, 500);
	text(200, 500);
	ok(told(nblocks() == 1 && is(0, 200, 500) && sent[0].s.ack == iss + 700),
	    "the part that is not new");
	end();
}

static void duplicate_received(void)
{
	uint32_t before;

	begin();
	open_with(sack_offer, NULL, 100);
	write_bytes(10 * MSS);
	mir_sleep(MIR_MS(98));
	before = tcb()->cc.cwnd;
	for (unsigned i = 2; i <= 10; i++)
		say_sack(rcv, rcv + MSS, rcv + i * MSS);
	ok(tcb()->cc.cwnd < before, "a loss made the window small");
	mir_sleep(MIR_MS(5));
	say_sack(rcv + 10 * MSS, rcv, rcv + MSS);
	ok(tcb()->cc.cwnd >= before, "a duplicate shows that there was none");
	end();
}

const struct requirement rfc2018[] = {
	SHOWN("2", "2", MUST_NOT, "send SACK to a peer that did not offer it", agreed),
	SHOWN("4 (1)", "4", SHOULD, "send SACK in each ACK while there is a hole", blocks),
	SHOWN("4 (2)", "4", MUST, "tell of the newest segment first", blocks),
	SHOWN("4 (3)", "4", SHOULD, "tell as many blocks as fit", blocks),
	SHOWN("4 (4)", "4", SHOULD, "repeat the blocks told last", repeats),
	SHOWN("8 (receiver)", "8", SHOULD_NOT, "throw away what was told", no_reneging),
	SHOWN("5 (1)", "5", SHOULD, "send again what is not reported", sender_skips),
	SHOWN("5 (2)", "5", MUST, "send the left edge after a timeout", timeout_forgets),
	{ "5 (3)", "5", SHOULD, "forget all reports at a timeout", NULL, NOT_MET,
	    "only at a second one, or when the left edge was reported: else all would be sent "
	    "again for one lost retransmission (RFC 6675 section 5.1)" },
	SHOWN("8 (sender)", "8", MUST, "keep text until it is acknowledged", kept_until_acked),
	LAST,
};

const struct requirement rfc2883[] = {
	SHOWN("4.1", "4.1", SHOULD, "report a duplicate in the first block, once", duplicate_below),
	SHOWN("4.1.2", "4.1", SHOULD, "report what is beyond holes after it", duplicate_with_hole),
	SHOWN("4.2", "4.2", SHOULD, "report duplicates beyond holes", duplicate_above),
	SHOWN("4.3", "4.3", SHOULD, "report partial duplicates", duplicate_in_part),
	SHOWN("5", "5", SHOULD, "learn from reports (RFC 3708)", duplicate_received),
	LAST,
};
