/* script.h: what scripts are written in, on top of lib/tcp's peer that a test plays. */
#ifndef MIR_TESTS_SCRIPT_H
#define MIR_TESTS_SCRIPT_H

#include "../../lib/tcp/tests/peer.h"
#include "case.h"

enum {
	FIN = MIR_TCP_FIN,
	SYN = MIR_TCP_SYN,
	RST = MIR_TCP_RST,
	PSH = MIR_TCP_PSH,
	ACK = MIR_TCP_ACK,
	URG = MIR_TCP_URG
};

enum { MSS = 1000 };

static const struct offer plain_offer MIR_UNUSED = { .mss = MSS };
static const struct offer sack_offer MIR_UNUSED = { .mss = MSS, .sack = true };
static const struct offer ts_offer MIR_UNUSED = { .mss = MSS, .ts = true };
static const struct offer full_offer MIR_UNUSED = {
	.mss = MSS, .ts = true, .sack = true, .scale = true, .shift = 2
};

/* The last headers that left, as bytes; the payload is not kept. */
static struct {
	uint8_t bytes[60];
	uint32_t header, len;
	bool sum_ok;
} raw[LOG];
static unsigned nraw;

static bool keep_raw(struct wire *wire, struct host *from, uint8_t *bytes, uint32_t len)
{
	if (from == &wire->host[0] && nraw < LOG && len >= 20) {
		uint64_t sum =
		    mir_sum_pseudo(&from->addr, &from->other->addr, MIR_IPPROTO_TCP, len);

		raw[nraw].header = (uint32_t)(bytes[12] >> 4) * 4;
		raw[nraw].len = len;
		raw[nraw].sum_ok = mir_sum_finish(mir_sum(bytes, len, sum)) == 0;
		memcpy(raw[nraw].bytes, bytes, MIR_MIN(raw[nraw].header, len));
		nraw++;
	}
	return false;
}

MIR_UNUSED static void begin_raw(void)
{
	begin();
	nraw = 0;
	w.meddle = keep_raw;
}

/* A connection that the device has accepted, after a handshake of a millisecond. */
MIR_UNUSED static void accepted(struct offer offer)
{
	begin();
	open_with(offer, NULL, 1);
}

MIR_UNUSED static void listens(void)
{
	struct mir_endpoint any = { .port = PORT };

	mir_tcp_listen(&tcp.tcp, &any, 0, NULL, on_accept, NULL, &listener);
	with = plain_offer;
	window = 60000;
	clock_ts = 5000;
	forget();
}

/* Sends a segment without anything agreed on; what was sent before is forgotten. */
MIR_UNUSED static void say_with(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct mir_tcp_segment s = { .flags = flags, .seq = seq, .ack = ack };

	if (flags & SYN)
		s.mss = MSS;
	forget();
	say_segment(&s, len);
	settle();
}

/* Sends bytes as they are, the checksum made right; header: with its options. */
MIR_UNUSED static void say_raw(
    uint8_t flags, uint32_t seq, uint32_t ack, const uint8_t *options, unsigned n)
{
	uint8_t bytes[64] = { 0 };

	mir_put_be16(bytes, OUR);
	mir_put_be16(bytes + 2, PORT);
	mir_put_be32(bytes + 4, seq);
	mir_put_be32(bytes + 8, ack);
	bytes[12] = (uint8_t)((20 + n) / 4 << 4);
	bytes[13] = flags;
	mir_put_be16(bytes + 14, (uint16_t)window);
	memcpy(bytes + 20, options, n);
	complete(bytes, 20 + n, &w.host[1]);
	forget();
	host_receive(&w.host[0], bytes, 20 + n, 0);
	settle();
}

enum { WHAT = FIN | SYN | RST | ACK };

/* Just one segment was sent, and it is this one. */
MIR_UNUSED static bool one(uint8_t flags, uint32_t seq, uint32_t ack)
{
	return told(nsent == 1 && (sent[0].s.flags & WHAT) == flags && sent[0].s.seq == seq &&
		    (!(flags & ACK) || sent[0].s.ack == ack));
}

MIR_UNUSED static bool silence(void)
{
	return told(nsent == 0);
}

MIR_UNUSED static enum mir_tcp_state state(void)
{
	return tcb()->state;
}

MIR_UNUSED static struct mir_tcp_stats stats(void)
{
	struct mir_tcp_stats s;

	mir_tcp_device_stats(&tcp, &s);
	return s;
}

MIR_UNUSED static void write_bytes(uint32_t n)
{
	static uint8_t bytes[200000];

	mir_flow_write_copy(&flow->flow, bytes, n);
	settle();
}

/* Reads all that has come; returns how many bytes; each is what say_segment() made it. */
MIR_UNUSED static uint32_t read_all(void)
{
	struct mir_slice s[8];
	uint32_t bytes = 0;
	int n;

	while (tcb()->recvq.ready.bytes > 0 && (n = mir_flow_read(&flow->flow, s, 8)) > 0) {
		for (int i = 0; i < n; i++)
			bytes += (uint32_t)s[i].len;
		mir_slices_unref(s, (unsigned)n);
	}
	return bytes;
}

/* How many times the byte of that number has left since the last forget(). */
MIR_UNUSED static unsigned times_sent(uint32_t seq)
{
	unsigned n = 0;

	for (unsigned k = 0; k < nsent; k++)
		n += sent[k].s.len > 0 && mir_seq_le(sent[k].s.seq, seq) &&
		     mir_seq_lt(seq, sent[k].s.seq + sent[k].s.len);
	return n;
}

/* Milliseconds from t0 to the i-th segment. */
MIR_UNUSED static int ms_of(unsigned i, int64_t t0)
{
	return i < nsent ? (int)((sent[i].at - t0 + MIR_US(500)) / MIR_MS(1)) : -1;
}

MIR_UNUSED static bool near(int ms, int want)
{
	return ms >= want - 2 && ms <= want + 4;
}

static struct {
	int rc;
	bool done;
	struct mir_tcp_flow *flow;
	struct mir_endpoint local, peer;
	const struct mir_tcp_options *options;
} dial;

MIR_UNUSED static void dialler(void *arg)
{
	(void)arg;
	dial.rc = mir_tcp_connect(&tcp.tcp, &dial.local, &dial.peer, dial.options, &dial.flow);
	dial.done = true;
}

/* The device connects from PORT to OUR; its SYN is sent[0]. */
MIR_UNUSED static void dial_out(void)
{
	forget();
	with = plain_offer;
	window = 60000;
	clock_ts = 5000;
	dial.done = false;
	dial.rc = 0;
	dial.flow = NULL;
	dial.options = NULL;
	dial.local = (struct mir_endpoint){ .port = PORT };
	dial.peer = (struct mir_endpoint){ w.host[1].addr, OUR };
	mir_spawn("dialler", dialler, NULL);
	settle();
	if (!ok(nsent == 1 && (sent[0].s.flags & WHAT) == SYN, "SYN"))
		mir_panic("no SYN");
	iss = ISS + 1;
	rcv = sent[0].s.seq + 1;
}

/* Brings a new connection that was accepted into the state, with nothing unacknowledged. */
MIR_UNUSED static void reach(enum mir_tcp_state want)
{
	bool ours = want != MIR_TCP_ESTABLISHED && want != MIR_TCP_CLOSE_WAIT;

	accepted(plain_offer);
	if (want == MIR_TCP_CLOSE_WAIT || want == MIR_TCP_LAST_ACK)
		say_with(FIN | ACK, iss++, rcv, 0);
	if (ours)
		mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	settle();
	if (ours)
		rcv++;
	if (want == MIR_TCP_FIN_WAIT_2 || want == MIR_TCP_TIME_WAIT)
		say_with(ACK, iss, rcv, 0);
	if (want == MIR_TCP_TIME_WAIT)
		say_with(FIN | ACK, iss++, rcv, 0);
	if (want == MIR_TCP_CLOSING)
		say_with(FIN | ACK, iss++, rcv - 1, 0);
	ok(state() == want, "%s", mir_tcp_state_name(want));
	forget();
}

/* An ICMP error about our segment with that number. */
MIR_UNUSED static void icmp(enum mir_ip_error_kind kind, uint32_t seq, uint16_t mtu)
{
	struct mir_ip_error e = {
		.kind = kind, .src = w.host[0].addr, .dst = w.host[1].addr, .mtu = mtu
	};
	uint8_t l4[8];

	mir_put_be16(l4, PORT);
	mir_put_be16(l4 + 2, OUR);
	mir_put_be32(l4 + 4, seq);
	forget();
	if (w.host[0].proto->plausible(w.host[0].arg, &e, l4, 8)) { /* as IP does */
		if (kind == MIR_IP_TOO_BIG && mtu >= 68 && mtu < w.host[0].mtu)
			w.host[0].mtu = mtu;
		w.host[0].proto->error(w.host[0].arg, &e, l4, 8);
	}
	settle();
}

/* Warms the receiver: it has seen full segments, and acknowledges no longer as at the start. */
MIR_UNUSED static void warm(void)
{
	for (unsigned i = 0; i < 20; i++) {
		say_text(iss, MSS);
		iss += MSS;
		mir_sleep(MIR_MS(50));
		read_all();
	}
	mir_sleep(MIR_MS(50));
	forget();
}

#endif
