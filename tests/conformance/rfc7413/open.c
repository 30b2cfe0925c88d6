/* open.c: RFC 7413: what is not done, and what happens instead. */
#include "../script.h"

static void ignored(void)
{
	static const uint8_t request[] = { 34, 2, 2, 4, 0x03, 0xe8, 1, 1 };

	begin();
	listens();
	say_raw(SYN, ISS, 0, request, sizeof(request));
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK) && sent[0].s.ack == ISS + 1),
	    "a SYN that asks for a cookie: SYN, ACK without one");
	end();
}

static void text_of_syn(void)
{
	begin();
	listens();
	say_with(SYN, ISS, 0, 100);
	ok(told(nsent == 1 && sent[0].s.ack == ISS + 1), "text in a SYN is not acknowledged");
	iss = ISS + 1;
	rcv = sent[0].s.seq + 1;
	say_with(ACK, iss, rcv, 100);
	ok(flow && read_all() == 100, "it comes again, and is taken");
	end();
}

static const char why_not[] =
    "nothing but a few clients of TLS gain by it, many networks drop it, and cookies would have to "
    "outlive images";

const struct requirement rfc7413[] = {
	{ "4.1", "4.1", MUST, "give cookies to peers who ask", ignored, DIFFERENT, why_not },
	{ "4.2", "4.2", MUST, "take text of SYNs with a good cookie", text_of_syn, DIFFERENT,
	    why_not },
	{ "4.2 (client)", "4.2", MUST, "send text in SYNs to hosts whose cookie it has", NULL,
	    NOT_MET, why_not },
	LAST,
};
