/* prr.c: RFC 6937: how fast a window becomes smaller. */
#include "../rounds.h"

static void in_proportion(void)
{
	uint32_t first;
	unsigned total = 0, delivered = 0;

	fly(sack_offer, 100);
	first = rcv;
	for (unsigned i = 2; i <= 10; i++) {
		say_sack(first, first + MSS, first + i * MSS);
		delivered++;
		total += nsent;
		forget();
		if (total > (delivered * 7 + 9) / 10 + 1)
			ok(false, "%u arrived, %u left", delivered, total);
	}
	ok(total >= 4 && total <= 8, "of ten segments one is lost: while nine arrive, %u leave",
	    total);
	end();
}

static void after_many_losses(void)
{
	uint32_t first;

	fly(sack_offer, 100);
	first = rcv;
	for (unsigned i = 8; i <= 10; i++) {
		say_sack(first, first + 7 * MSS, first + i * MSS);
		ok(told(nsent <= 2), "a segment arrives, %u leave", nsent);
		forget();
	}
	mir_sleep(MIR_MS(100));
	for (unsigned i = 1; i <= 3; i++) {
		forget();
		say_ack(first + i * MSS);
		settle();
		ok(told(nsent <= 3), "and while holes close: %u", nsent);
	}
	end();
}

static void ends_at_target(void)
{
	fly(sack_offer, 100);
	lose_one(0);
	ok(tcb()->recovery == MIR_TCP_OPEN && tcb()->cc.cwnd <= tcb()->cc.ssthresh,
	    "the window is that of congestion control: %u of %u", tcb()->cc.cwnd,
	    tcb()->cc.ssthresh);
	end();
}

const struct requirement rfc6937[] = {
	SHOWN("proportional part", "3", SHOULD,
	    "while more is under way than is to be, send in proportion to what arrives",
	    in_proportion),
	SHOWN("reduction bound", "3", SHOULD,
	    "with less under way, send no more than what arrives and a segment", after_many_losses),
	SHOWN("end", "3", SHOULD, "end with the window that congestion control has chosen",
	    ends_at_target),
	LAST,
};
