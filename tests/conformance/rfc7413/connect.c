/* connect.c: RFC 7413: TCP Fast Open, as who connects. */
#include "open.h"

static const uint8_t text[100] = "first";
static struct mir_tcp_options options;

/* The device connects with text; its SYN is sent[0]. */
static void dial_with(uint16_t port, size_t len)
{
	options = (struct mir_tcp_options){ .first = { text, len, NULL } };
	forget();
	dial.done = false;
	dial.rc = 0;
	dial.flow = NULL;
	dial.options = &options;
	dial.local = (struct mir_endpoint){ .port = port };
	dial.peer = (struct mir_endpoint){ w.host[1].addr, OUR };
	mir_spawn("dialler", dialler, NULL);
	settle();
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == SYN), "SYN");
	iss = ISS + 1;
	rcv = sent[0].s.seq + 1;
}

/* SYN, ACK of so many bytes of the text, with a cookie of so many. */
static void answer(uint16_t port, uint32_t acked, uint8_t cookie)
{
	struct mir_tcp_segment s = {
		.flags = SYN | ACK, .seq = ISS, .ack = rcv + acked, .mss = MSS
	};

	s.window = window;
	s.cookie = (struct mir_tcp_cookie){ cookie > 0, cookie, "cookie" };
	forget();
	wire_inject(&w.host[1], &s, OUR, port, "", 0);
	settle();
	ok(dial.done && dial.rc == 0, "connected");
}

static void hang_up(void)
{
	mir_flow_abort(&dial.flow->flow);
	settle();
}

static bool text_from(uint32_t seq)
{
	return told(
	    nsent > 0 && sent[nsent - 1].s.len == sizeof(text) && sent[nsent - 1].s.seq == seq);
}

/* The first connection to the peer, which gives a cookie. */
static void acquainted(uint8_t cookie)
{
	begin_fast();
	dial_with(PORT, sizeof(text));
	ok(told(sent[0].s.cookie.present && sent[0].s.cookie.len == 0 && sent[0].s.len == 0),
	    "asks for a cookie, and sends no text");
	answer(PORT, 0, cookie);
	ok(text_from(rcv), "text after the handshake");
	hang_up();
}

static void asks(void)
{
	acquainted(8);
	end_fast();
}

static void sends_text(void)
{
	acquainted(8);
	dial_with(PORT + 1, sizeof(text));
	ok(told(sent[0].s.len == sizeof(text) && sent[0].s.cookie.len == 8 &&
		memcmp(sent[0].s.cookie.bytes, "cookie", 6) == 0),
	    "SYN with the cookie, and text");
	answer(PORT + 1, sizeof(text), 0);
	ok(told(nsent == 1 && sent[0].s.len == 0 && sent[0].s.seq == rcv + sizeof(text)),
	    "acknowledged: not sent again");
	hang_up();
	end_fast();
}

static void sends_again(void)
{
	acquainted(8);
	dial_with(PORT + 1, sizeof(text));
	answer(PORT + 1, 0, 8);
	ok(text_from(rcv), "not acknowledged: sent again");
	hang_up();
	dial_with(PORT + 2, sizeof(text));
	answer(PORT + 2, 40, 0);
	ok(told(nsent > 0 && sent[nsent - 1].s.seq == rcv + 40 && sent[nsent - 1].s.len == 60),
	    "acknowledged in part: the rest");
	hang_up();
	end_fast();
}

static void falls_back(void)
{
	acquainted(8);
	dial_with(PORT + 1, sizeof(text));
	mir_sleep(MIR_MS(1100));
	ok(told(nsent == 2 && sent[1].s.len == 0 && !sent[1].s.cookie.present),
	    "the SYN is lost: again without text and cookie");
	answer(PORT + 1, 0, 0);
	ok(text_from(rcv), "text after the handshake");
	hang_up();
	dial_with(PORT + 2, sizeof(text));
	ok(told(sent[0].s.len == 0 && !sent[0].s.cookie.present), "the next is not tried");
	answer(PORT + 2, 0, 0);
	hang_up();
	mir_sleep(MIR_SECOND(700));
	dial_with(PORT + 3, sizeof(text));
	ok(told(sent[0].s.len == sizeof(text)), "ten minutes later it is");
	answer(PORT + 3, sizeof(text), 0);
	hang_up();
	end_fast();
}

/* The SYN had arrived, and its answer was lost. */
static void late_answer(void)
{
	acquainted(8);
	dial_with(PORT + 1, sizeof(text));
	mir_sleep(MIR_MS(1100));
	answer(PORT + 1, sizeof(text), 0);
	ok(told(nsent == 1 && sent[0].s.len == 0 && sent[0].s.seq == rcv + sizeof(text)),
	    "all is acknowledged: nothing again");
	hang_up();
	end_fast();
}

static void no_cookie(void)
{
	acquainted(0);
	dial_with(PORT + 1, sizeof(text));
	ok(told(sent[0].s.len == 0 && sent[0].s.cookie.present), "without a cookie no text");
	answer(PORT + 1, 0, 16);
	hang_up();
	dial_with(PORT + 2, sizeof(text));
	ok(told(sent[0].s.len == 0), "one that leaves no room for other options is not kept");
	answer(PORT + 2, 0, 3);
	hang_up();
	dial_with(PORT + 3, sizeof(text));
	ok(told(sent[0].s.len == 0), "nor one of an odd length");
	answer(PORT + 3, 0, 0);
	hang_up();
	end_fast();
}

const struct requirement rfc7413_client[] = {
	SHOWN("4.1.3", "4.1.3", MUST, "ask for a cookie before it sends text", asks),
	SHOWN("4.2.1", "4.2.1", SHOULD, "send text with the cookie", sends_text),
	SHOWN("4.2.1 (again)", "4.2.1", MUST, "send again what is not acknowledged", sends_again),
	SHOWN(
	    "4.1.3 (fallback)", "4.1.3.1", SHOULD, "try without when the SYN is lost", falls_back),
	SHOWN("4.2.1 (late)", "4.2.1", MUST, "know what the first SYN had", late_answer),
	SHOWN("4.1.3 (lengths)", "4.1.1", MUST, "ignore cookies of wrong lengths", no_cookie),
	LAST,
};
