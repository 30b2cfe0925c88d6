/* flood.c: RFC 4987: floods of SYNs, and cookies against them. */
#include "../script.h"

/* SYNs from n addresses that do not exist. */
static void flood(unsigned n)
{
	static uint32_t base;

	struct mir_tcp_segment syn = { .flags = SYN, .window = 1000, .mss = 1460 };

	w.cut = true; /* what is sent to them leads nowhere */
	for (unsigned i = 0; i < n; i++) {
		struct mir_tcp_tuple t = { mir_ip4(0xc0000000 + (base++ & 0xffffff)),
			w.host[0].addr, 1024, PORT };
		struct mir_ip_rx rx = { .src = t.local, .dst = t.peer, .proto = MIR_IPPROTO_TCP };
		struct mir_packet *p = mir_packet_new();

		syn.seq = i;
		mir_tcp_build(&syn, &t, p);
		p->csum = MIR_CSUM_VALID;
		w.host[0].proto->input(w.host[0].arg, p, &rx);
	}
	settle();
	w.cut = false;
	forget();
}

/* A peer whose entry the flood pushes out completes its handshake; `early`: one that began before
 * it, and keeps its entry. */
static void through_flood(struct offer offer, bool early)
{
	struct mir_endpoint any = { .port = PORT };
	struct mir_tcp_segment syn = { .flags = SYN, .seq = ISS, .mss = offer.mss };

	begin();
	mir_tcp_listen(&tcp.tcp, &any, 64, NULL, on_accept, NULL, &listener);
	with = offer;
	window = 60000;
	clock_ts = 5000;
	syn.has_scale = offer.scale;
	syn.scale = offer.shift;
	syn.sack_permitted = offer.sack;
	if (!early)
		flood(40);
	say_segment(&syn, 0);
	settle();
	syn_ack = sent[0].s;
	flood(1000);
	ok(stats().half_open <= 64, "%u entries at most", stats().half_open);
	iss = ISS + 1;
	rcv = syn_ack.seq + 1;
	say_ack(rcv);
	settle();
	if (ok(flow != NULL, "the peer gets in all the same")) {
		bool all = offer.ts || early;

		ok(tcb()->use_ts == offer.ts && tcb()->use_sack == (offer.sack && all) &&
			tcb()->use_scale == (offer.scale && all),
		    "with all that is remembered of it");
		say_with(ACK, iss, rcv, 10);
		ok(read_all() == 10, "and talks");
	}
	end();
}

static void cookies(void)
{
	through_flood(plain_offer, false);
	through_flood(sack_offer, false);
	through_flood(full_offer, false);
	through_flood(sack_offer, true);
}

static void forged_cookie(void)
{
	unsigned in = 0;

	begin();
	listens();
	flood(3000);
	for (unsigned i = 0; i < 2000; i++) {
		say_with(ACK, ISS + 1, mir_random_u32(), 0);
		in += flow != NULL;
	}
	ok(in == 0, "2000 guesses open nothing");
	end();
}

static void no_flood_no_cookie(void)
{
	begin();
	listens();
	say_with(SYN, ISS, 0, 0);
	rcv = sent[0].s.seq + 1;
	say_with(RST, ISS + 1, 0, 0);
	say_with(ACK, ISS + 1, rcv, 0);
	ok(one(RST, rcv, 0) && !flow, "without a flood no ACK is believed without its SYN");
	end();
}

const struct requirement rfc4987[] = {
	SHOWN("3.6 (1)", "3.6", SHOULD, "serve peers during a flood", cookies),
	SHOWN("3.6 (2)", "3.6", MUST_NOT, "be opened by guesses", forged_cookie),
	SHOWN("3.6 (3)", "3.6", SHOULD, "believe cookies in a flood alone", no_flood_no_cookie),
	LAST,
};
