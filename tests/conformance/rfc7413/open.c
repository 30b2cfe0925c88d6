/* open.c: RFC 7413: TCP Fast Open, as who accepts. */
#include "open.h"

static void off(void)
{
	static const uint8_t request[] = { 34, 2, 1, 1 };

	begin();
	listens();
	say_raw(SYN, ISS, 0, request, sizeof(request));
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK) && sent[0].s.ack == ISS + 1 &&
		!sent[0].s.cookie.present),
	    "a SYN that asks for a cookie: SYN, ACK without one");
	end();
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

static void gives_cookies(void)
{
	struct mir_tcp_cookie first;

	begin_fast();
	first = ask_cookie();
	ok(first.len >= 4 && first.len <= 16 && first.len % 2 == 0, "a cookie of %u bytes",
	    first.len);
	say_with(RST, ISS + 1, 0, 0);
	ok(memcmp(ask_cookie().bytes, first.bytes, first.len) == 0, "for the same host the same");
	end_fast();
	begin_fast();
	ok(memcmp(ask_cookie().bytes, first.bytes, first.len) != 0, "under another key another");
	end_fast();
}

static void takes_text(void)
{
	struct mir_tcp_cookie cookie;

	begin_fast();
	cookie = ask_cookie();
	say_with(RST, ISS + 1, 0, 0);
	say_fast(&cookie, 100);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK) &&
		sent[0].s.ack == ISS + 101 && !sent[0].s.cookie.present),
	    "SYN and text are acknowledged");
	ok(flow && read_all() == 100, "the user has the text at once");
	if (flow) {
		rcv = sent[0].s.seq + 1;
		iss = ISS + 101;
		forget();
		write_bytes(2500);
		ok(told(nsent == 3 && sent[0].s.seq == rcv && sent[2].s.len == 500),
		    "and may answer before the handshake is over");
		say_with(ACK, iss, rcv + 2500, 0);
		ok(state() == MIR_TCP_ESTABLISHED && mir_tcb_drained(tcb()), "which the ACK ends");
		say_with(ACK, iss, rcv + 2500, 10);
		ok(read_all() == 10, "and more text comes");
	}
	end_fast();
}

static void bad_cookie(void)
{
	struct mir_tcp_cookie cookie;

	begin_fast();
	cookie = ask_cookie();
	say_with(RST, ISS + 1, 0, 0);
	cookie.bytes[3] ^= 1;
	say_fast(&cookie, 100);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK) && sent[0].s.ack == ISS + 1),
	    "text with a bad cookie is not acknowledged");
	ok(!flow && nsent == 1 && sent[0].s.cookie.len > 0, "a good one comes with the SYN, ACK");
	rcv = sent[0].s.seq + 1;
	say_with(ACK, ISS + 1, rcv, 100);
	ok(flow && read_all() == 100, "the text comes again, and is taken");
	end_fast();
}

static void rotation(void)
{
	struct mir_tcp_cookie cookie;

	begin_fast();
	cookie = ask_cookie();
	say_with(RST, ISS + 1, 0, 0);
	mir_sleep(MIR_SECOND(3700));
	say_fast(&cookie, 10);
	ok(flow != NULL, "a cookie of an hour ago is good");
	say_with(RST, ISS + 11, 0, 0);
	mir_flow_abort(&flow->flow);
	flow = NULL;
	mir_sleep(MIR_SECOND(3700));
	say_fast(&cookie, 10);
	ok(told(!flow && nsent == 1 && sent[0].s.cookie.len > 0),
	    "of two hours ago not: a new one");
	end_fast();
}

static struct mir_tcp_flow *kept[1000];
static unsigned nkept;

/* Hosts that open fast, and are not heard of again. */
static unsigned flood(unsigned n)
{
	struct mir_tcp_segment syn = { .flags = SYN, .window = 1000, .mss = 1460, .seq = ISS };

	for (unsigned i = 0; i < n; i++) {
		struct mir_tcp_tuple t = { mir_ip4(0xc0000000 + i), w.host[0].addr, 1024, PORT };
		struct mir_tcp_tuple ours = { t.peer, t.local, PORT, 1024 };
		struct mir_ip_rx rx = { .src = t.local, .dst = t.peer, .proto = MIR_IPPROTO_TCP };
		struct mir_packet *p = mir_packet_new();

		memcpy(mir_packet_put(p, 4), "text", 4);
		syn.cookie = mir_tcp_fast_cookie(tcp.core->env.fast, &ours, mir_now());
		mir_tcp_build(&syn, &t, p);
		p->csum = MIR_CSUM_VALID;
		w.host[0].proto->input(w.host[0].arg, p, &rx);
		if (flow && nkept < MIR_COUNT(kept))
			kept[nkept++] = flow;
		flow = NULL;
	}
	return (unsigned)stats().fast_opens;
}

static void limit(void)
{
	unsigned n;

	begin_fast();
	w.cut = true;
	n = flood(1000);
	ok(n >= 64 && n <= 256, "of 1000 with good cookies %u are served before they are confirmed",
	    n);
	mir_sleep(MIR_SECOND(400));
	while (nkept > 0)
		mir_flow_abort(&kept[--nkept]->flow);
	ok(tcp.core->env.fast->pending == 0, "in the end none is left");
	end_fast();
}

static void syn_again(void)
{
	struct mir_tcp_cookie cookie;

	begin_fast();
	cookie = ask_cookie();
	say_with(RST, ISS + 1, 0, 0);
	say_fast(&cookie, 100);
	rcv = sent[0].s.seq + 1;
	forget();
	say_with(SYN, ISS, 0, 0);
	ok(one(SYN | ACK, rcv - 1, ISS + 101), "the SYN again, without text: the same answer");
	mir_sleep(MIR_SECOND(2));
	ok(told(nsent == 2 && (sent[1].s.flags & WHAT) == (SYN | ACK)), "and again by itself");
	say_with(RST, ISS + 101, 0, 0);
	ok(state() == MIR_TCP_CLOSED && tcb()->error == MIR_ECONNRESET, "a reset ends it");
	end_fast();
}

const struct requirement rfc7413[] = {
	SHOWN("4.1.1", "4.1.1", SHOULD, "be off unless turned on", off),
	SHOWN("4.1.2", "4.1.2", MUST, "give cookies that only it can make", gives_cookies),
	SHOWN("4.1.2 (keys)", "4.1.2", SHOULD, "change the key now and then", rotation),
	SHOWN("4.2.2", "4.2.2", SHOULD, "take text of SYNs with a good cookie", takes_text),
	SHOWN("4.2.2 (bad)", "4.2.2", MUST, "take no text with a bad cookie, and give a good one",
	    bad_cookie),
	SHOWN("4.2.2 (again)", "4.2.2", MUST, "send the SYN, ACK again", syn_again),
	SHOWN("5.1", "5.1", MUST, "limit connections that are not confirmed", limit),
	LAST,
};
