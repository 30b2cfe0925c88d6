/* acks.c: RFC 9293 sections 3.8.6.3, 3.10.7.4, 3.9.2.3: acknowledging; urgent text. */
#include "../script.h"

static void burst(void)
{
	accepted(plain_offer);
	warm();
	for (unsigned i = 0; i < 8; i++) {
		say_text(iss, MSS);
		iss += MSS;
	}
	settle();
	ok(told(nsent == 1 && sent[0].s.ack == iss), "eight segments at once: one ACK of all");
	end();
}

static void queues_out_of_order(void)
{
	accepted(plain_offer);
	say_with(ACK, iss + 2 * MSS, rcv, MSS);
	ok(one(ACK, rcv, iss), "beyond a hole: an ACK of what is before");
	say_with(ACK, iss + MSS, rcv, MSS);
	say_with(ACK, iss, rcv, MSS);
	ok(one(ACK, rcv, iss + 3 * MSS) && read_all() == 3 * MSS, "the hole closes: all is there");
	end();
}

static void delayed(void)
{
	int64_t t0;

	accepted(plain_offer);
	warm();
	t0 = mir_now();
	say_text(iss, MSS);
	iss += MSS;
	settle();
	ok(silence(), "a full segment is not acknowledged at once");
	mir_sleep(MIR_MS(600));
	ok(told(nsent == 1 && ms_of(0, t0) < 500), "but within half a second: %d ms", ms_of(0, t0));
	end();
}

static void every_second(void)
{
	accepted(plain_offer);
	warm();
	for (unsigned i = 1; i <= 10; i++) {
		say_text(iss, MSS);
		iss += MSS;
		settle();
		ok(told(nsent == i / 2), "%u full segments: %u ACKs", i, i / 2);
	}
	end();
}

static void urgent_in_line(void)
{
	uint8_t bytes[40] = { 0 };

	accepted(plain_offer);
	mir_put_be16(bytes, OUR);
	mir_put_be16(bytes + 2, PORT);
	mir_put_be32(bytes + 4, iss);
	mir_put_be32(bytes + 8, rcv);
	bytes[12] = 0x50;
	bytes[13] = ACK | URG;
	mir_put_be16(bytes + 14, 60000);
	mir_put_be16(bytes + 18, 5);
	complete(bytes, sizeof(bytes), &w.host[1]);
	host_receive(&w.host[0], bytes, sizeof(bytes), 0);
	settle();
	ok(read_all() == 20, "urgent text comes in line");
	end();
}

static const char no_urgent[] =
    "urgent text is part of the stream like any other, and none is sent: RFC 6093 section 5 tells "
    "new applications not to use it, and the flow interface has no place for it";

const struct requirement rfc9293_acks[] = {
	SHOWN("MUST-58", "3.8.6.3", MUST, "acknowledge several segments with one ACK", burst),
	SHOWN("MUST-59", "3.10.7.4", MUST, "take all that waits before it acknowledges", burst),
	SHOWN("SHLD-31", "3.10.7.4", SHOULD, "keep segments beyond a hole", queues_out_of_order),
	SHOWN("SHLD-18", "3.8.6.3", SHOULD, "delay ACKs", delayed),
	SHOWN("MUST-40", "3.8.6.3", MUST, "delay them by less than 0.5 s", delayed),
	SHOWN("SHLD-19", "3.8.6.3", SHOULD, "acknowledge every second full segment", every_second),
	{ "MUST-30", "3.8.5", MUST, "support urgent text", urgent_in_line, DIFFERENT, no_urgent },
	{ "MUST-62", "3.8.5", MUST, "let the pointer be of the first byte that is not urgent", NULL,
	    NOT_MET, no_urgent },
	{ "MUST-31", "3.8.5", MUST, "support urgent text of any length", NULL, NOT_MET, no_urgent },
	{ "MUST-32", "3.8.5", MUST, "tell the user of urgent text", NULL, NOT_MET, no_urgent },
	{ "MUST-33", "3.8.5", MUST, "tell how much of it there is", NULL, NOT_MET, no_urgent },
	{ "SHLD-13", "3.8.5", SHOULD_NOT, "use urgent text in new applications", NULL, UNSEEN,
	    "they cannot" },
	LAST,
};
