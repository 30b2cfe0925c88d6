/* opening.c: RFC 9293 sections 3.4.1, 3.5, 3.9.1.1: initial numbers, opening. */
#include "../script.h"

/* The device's initial number when it connects from port to peer_port, and is refused. */
static uint32_t isn(uint16_t port, uint16_t peer_port)
{
	struct mir_tcp_segment rst = { .flags = RST | ACK };
	uint32_t seq;

	dial_out();
	rst.ack = sent[0].s.seq + 1;
	wire_inject(&w.host[1], &rst, OUR, PORT, "", 0);
	settle();
	forget();
	dial.done = false;
	dial.local.port = port;
	dial.peer.port = peer_port;
	mir_spawn("dialler", dialler, NULL);
	settle();
	seq = nsent ? sent[0].s.seq : 0;
	rst.ack = seq + 1;
	wire_inject(&w.host[1], &rst, peer_port, port, "", 0);
	settle();
	ok(dial.done && dial.rc == MIR_ECONNREFUSED, "refused");
	return seq;
}

static void isn_clock(void)
{
	uint32_t first, again;
	int64_t t0, t1;

	begin();
	t0 = mir_now();
	first = isn(PORT + 1, OUR);
	mir_sleep(MIR_SECOND(1));
	t1 = mir_now();
	again = isn(PORT + 1, OUR);
	ok(again - first >= (uint32_t)((t1 - t0) / 4000) - 5 &&
		again - first <= (uint32_t)((t1 - t0) / 4000) + 1000,
	    "a step each 4 us: %u in a second", again - first);
	end();
}

static bool far(uint32_t a, uint32_t b)
{
	return a - b > 1000000 && b - a > 1000000;
}

static void isn_secret(void)
{
	uint32_t one_port, other;

	begin();
	one_port = isn(PORT + 1, OUR);
	other = isn(PORT + 2, OUR);
	ok(far(one_port, other), "the next port: a number far off");
	end();
	begin();
	other = isn(PORT + 1, OUR);
	ok(far(one_port, other), "after a start: another secret");
	end();
}

/* What the listener answers to a SYN, which is then reset. */
static uint32_t isn_accepted(uint32_t syn)
{
	uint32_t seq;

	say_with(SYN, syn, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & SYN)), "SYN, ACK");
	seq = nsent ? sent[0].s.seq : 0;
	say_with(RST, syn + 1, 0, 0);
	return seq;
}

/* A listener's number is a cookie: its clock ticks each 64 s, and it goes with the peer's number.
 */
static void isn_of_listener(void)
{
	uint32_t first, later;
	int64_t t0;

	begin();
	listens();
	t0 = mir_now();
	first = isn_accepted(ISS);
	mir_sleep(MIR_SECOND(1));
	later = isn_accepted(ISS);
	ok(later - first >= 250000 && later - first <= (uint32_t)((mir_now() - t0) / 4000) + 1000,
	    "a step each 4 us: %u in a second", later - first);
	end();
}

/* The SYN and the ACK of a connection that is over come once more. */
static void old_handshake(void)
{
	uint32_t old;

	begin();
	listens();
	say_with(SYN, ISS, 0, 0);
	old = sent[0].s.seq + 1;
	say_with(ACK, ISS + 1, old, 0);
	ok(flow != NULL, "established");
	say_with(RST, ISS + 1, old, 0);
	mir_flow_abort(&flow->flow);
	flow = NULL;
	say_with(SYN, ISS, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK)), "an old SYN: SYN, ACK");
	say_with(ACK, ISS + 1, old, 0);
	ok(one(RST, old, 0) && !flow, "the old ACK: no connection, but RST");
	end();
}

static void simultaneous_open(void)
{
	begin();
	dial_out();
	say_with(SYN, ISS, 0, 0);
	ok(one(SYN | ACK, rcv - 1, ISS + 1), "SYN against SYN: SYN, ACK");
	say_with(SYN | ACK, ISS, rcv, 0);
	ok(dial.done && dial.rc == 0, "established");
	flow = dial.flow;
	if (flow) {
		say_with(ACK, iss, rcv, 10);
		ok(read_all() == 10, "and it carries text");
	}
	end();
}

static void syn_received_from(void)
{
	begin();
	listens();
	say_with(SYN, ISS, 0, 0);
	say_with(RST, ISS + 1, 0, 0);
	ok(silence() && stats().half_open == 0, "from LISTEN: a reset leads back to LISTEN");
	say_with(SYN, ISS + 10, 0, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK)), "which still listens");
	end();
	begin();
	dial_out();
	say_with(SYN, ISS, 0, 0);
	say_with(RST, ISS + 1, 0, 0);
	ok(silence() && dial.done && dial.rc == MIR_ECONNREFUSED, "from SYN-SENT: it refuses");
	end();
}

static struct mir_tcp_flow *second;

static void on_second(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	second = f;
}

static void many_on_a_port(void)
{
	struct mir_endpoint own = { w.host[0].addr, PORT };
	struct mir_tcp_segment s = { .flags = SYN, .seq = 77, .window = 60000, .mss = MSS };
	struct mir_tcp_listener *also;

	accepted(plain_offer);
	own.addr = w.host[0].addr;
	second = NULL;
	ok(mir_tcp_listen(&tcp.tcp, &own, 0, NULL, on_second, NULL, &also) == 0,
	    "the same port is listened on for one address too");
	say_text(iss, 10);
	iss += 10;
	settle();
	ok(read_all() == 10, "the connection goes on");
	forget();
	wire_inject(&w.host[1], &s, OUR + 1, PORT, "", 0);
	settle();
	s.flags = ACK;
	s.seq++;
	s.ack = nsent ? sent[0].s.seq + 1 : 0;
	wire_inject(&w.host[1], &s, OUR + 1, PORT, "", 0);
	settle();
	ok(second != NULL, "a second connection to that port");
	say_text(iss, 10);
	settle();
	ok(read_all() == 10, "beside the first");
	if (second)
		mir_flow_abort(&second->flow);
	mir_tcp_unlisten(also);
	end();
}

static struct mir_ipaddr last_source;

static bool note_source(struct wire *wire, struct host *from, uint8_t *bytes, uint32_t len)
{
	(void)wire;
	(void)bytes;
	(void)len;
	last_source = from->addr;
	return false;
}

static void source_address(void)
{
	struct mir_endpoint other = { mir_ip4(0x0a000063), PORT }, to = { w.host[1].addr, OUR };
	struct mir_tcp_flow *f;

	begin();
	w.meddle = note_source;
	to.addr = w.host[1].addr;
	dial_out();
	say_with(SYN | ACK, ISS, rcv, 0);
	ok(dial.done && dial.rc == 0, "connected");
	flow = dial.flow;
	ok(flow && mir_ipaddr_eq(&flow->local.addr, &w.host[0].addr), "from the address IP names");
	ok(mir_tcp_connect(&tcp.tcp, &other, &to, NULL, &f) == MIR_EADDRNOTAVAIL,
	    "an address that is not ours is refused");
	end();
}

static void local_address(void)
{
	struct mir_tcp_segment syn_only = { .flags = RST | ACK };

	begin();
	dial_out();
	syn_only.ack = rcv;
	wire_inject(&w.host[1], &syn_only, OUR, PORT, "", 0);
	settle();
	forget();
	dial.done = false;
	dial.local = (struct mir_endpoint){ w.host[0].addr, PORT + 5 };
	mir_spawn("dialler", dialler, NULL);
	settle();
	ok(nsent == 1 && sent[0].s.source == PORT + 5, "the caller chose address and port");
	mir_sleep(MIR_SECOND(200));
	end();
}

static void open_to_many(void)
{
	static const uint32_t bad[] = { 0xe0000001, 0xffffffff, 0xf0000001, 0 };
	struct mir_tcp_flow *f;

	begin();
	for (unsigned i = 0; i < MIR_COUNT(bad); i++) {
		struct mir_endpoint to = { mir_ip4(bad[i]), OUR };
		int rc = mir_tcp_connect(&tcp.tcp, NULL, &to, NULL, &f);

		ok(rc == MIR_EINVAL || rc == MIR_ENETUNREACH || rc == MIR_EADDRNOTAVAIL,
		    "to %08x: %s", (unsigned)bad[i], mir_strerror(rc));
	}
	ok(silence(), "and nothing was sent");
	end();
}

/* A SYN with another source, or another kind of destination. */
static void syn_from(uint32_t src, enum mir_cast cast)
{
	struct mir_tcp_segment s = { .flags = SYN, .seq = ISS, .window = 60000, .mss = MSS };
	struct mir_tcp_tuple t = { mir_ip4(src), w.host[0].addr, OUR, PORT };
	struct mir_ip_rx rx = { .src = t.local, .dst = t.peer, .proto = 6, .cast = (uint8_t)cast };
	struct mir_packet *p = mir_packet_new();

	mir_tcp_build(&s, &t, p);
	p->csum = MIR_CSUM_VALID;
	forget();
	w.host[0].proto->input(w.host[0].arg, p, &rx);
	settle();
}

static void syn_to_many(void)
{
	begin();
	listens();
	syn_from(0x0a000002, MIR_BROADCAST);
	ok(silence() && stats().half_open == 0, "a SYN to a broadcast address");
	syn_from(0x0a000002, MIR_MULTICAST);
	ok(silence() && stats().half_open == 0, "a SYN to a multicast address");
	mir_tcp_unlisten(listener);
	listener = NULL;
	syn_from(0x0a000002, MIR_MULTICAST);
	ok(silence(), "nobody listens: no reset either");
	end();
}

static void syn_of_nobody(void)
{
	static const uint32_t bad[] = { 0xe0000001, 0xffffffff, 0 };

	begin();
	listens();
	for (unsigned i = 0; i < MIR_COUNT(bad); i++) {
		syn_from(bad[i], MIR_UNICAST);
		ok(silence() && stats().half_open == 0, "a SYN from %08x", (unsigned)bad[i]);
	}
	end();
}

const struct requirement rfc9293_opening[] = {
	SHOWN("MUST-8", "3.4.1", MUST, "let a clock drive initial numbers", isn_clock),
	{ "MUST-8 (listeners)", "3.4.1", MUST, "the same, as who is connected to", isn_of_listener,
	    MET, "while half of a listener's backlog is in use, the number is a SYN cookie" },
	SHOWN("old SYN", "3.5", MUST, "make no connection of an old SYN and an old ACK",
	    old_handshake),
	SHOWN("SHLD-1", "3.4.1", SHOULD, "add a secret function of the 4-tuple", isn_secret),
	SHOWN("MUST-9", "3.4.1", MUST_NOT, "let outsiders compute it", isn_secret),
	SHOWN("MUST-10", "3.5", MUST, "allow simultaneous opens", simultaneous_open),
	SHOWN("MUST-11", "3.5", MUST, "remember where SYN-RECEIVED came from", syn_received_from),
	SHOWN("MUST-41", "3.9.1.1", MUST_NOT, "let a listener disturb connections", many_on_a_port),
	SHOWN("MUST-42", "3.9.1.1", MUST, "listen on a port that has connections", many_on_a_port),
	SHOWN("MUST-43", "3.9.1.1", MUST, "let the user choose the local address", local_address),
	SHOWN("MUST-44", "3.9.1.1", MUST, "ask IP for it otherwise", source_address),
	{ "MUST-45", "3.9.1.1", MUST, "keep it for the whole connection", NULL, UNSEEN,
	    "it is a part of the connection's key (lib/tcp/table.c)" },
	SHOWN("MUST-46", "3.9.1.1", MUST, "refuse to open to broadcast or multicast", open_to_many),
	SHOWN("MUST-57", "3.9.2.3", MUST, "drop SYNs to broadcast or multicast", syn_to_many),
	SHOWN("MUST-63", "3.9.2.3", MUST, "drop SYNs from invalid addresses", syn_of_nobody),
	LAST,
};
