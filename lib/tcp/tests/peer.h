/* peer.h: a peer of the device that a test plays: it says what it offers in its SYN, sends the
 * segments that the test asks for, and notes when each of the device's left.  Host 0 has TCP,
 * host 1 is the peer. */
#ifndef MIR_TCP_TESTS_PEER_H
#define MIR_TCP_TESTS_PEER_H

#include "wire.h"

#include <stdio.h>

enum { OUR = 4000, PORT = 80, ISS = 1000, LOG = 512, RTT_MS = 100 };

/* What the peer offers. */
struct offer {
	bool ts, sack, scale, ecn;
	uint8_t shift;
	uint16_t mss;
};

struct logged {
	int64_t at;
	uint8_t tos;
	struct mir_tcp_segment s;
};

static struct wire w;
static struct mir_tcp_device tcp;
static struct mir_tcp_flow *flow;
static struct mir_tcp_listener *listener;
static struct offer with;
static uint32_t iss, rcv;       /* the peer's next number; what it expects of the device */
static uint32_t window;         /* field of its segments */
static uint32_t clock_ts;       /* its timestamp */
static struct logged sent[LOG]; /* what the device sent since the last forget() */
static unsigned nsent;
static struct mir_tcp_segment syn_ack;

MIR_UNUSED static bool note(
    struct wire *wire, struct host *from, const struct mir_tcp_segment *s, uint32_t n)
{
	(void)n;
	if (from == &wire->host[0] && nsent < LOG)
		sent[nsent++] = (struct logged){ mir_now(), from->tos, *s };
	return false;
}

MIR_UNUSED static void on_accept(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	flow = f;
}

MIR_UNUSED static void begin(void)
{
	struct mir_tcp_device_config config = {
		.ip = &w.host[0].ip, .tcp_ecn = ecn_key, .tcp_fast_open = fast_key, .name = "test"
	};

	wire_init(&w);
	w.filter = note;
	flow = NULL;
	listener = NULL;
	nsent = 0;
	mir_tcp_device_start(&tcp, &config);
}

MIR_UNUSED static void end(void)
{
	if (flow)
		mir_flow_abort(&flow->flow);
	if (listener)
		mir_tcp_unlisten(listener);
	mir_sleep(MIR_MS(10));
	mir_tcp_device_stop(&tcp);
	wire_release(&w);
}

MIR_UNUSED static void forget(void)
{
	nsent = 0;
}

/* Lets the device answer: no timer of it fires within this time. */
MIR_UNUSED static void settle(void)
{
	mir_sleep(MIR_MS(2));
}

/* Sends a segment with len bytes of payload, with the timestamp if that was agreed on. */
MIR_UNUSED static void say_segment(struct mir_tcp_segment *s, uint32_t len)
{
	static uint8_t payload[2000];

	for (uint32_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(s->seq + i);
	s->window = window;
	if (with.ts) {
		s->has_ts = true;
		s->tsval = clock_ts;
		s->tsecr = nsent > 0 ? sent[nsent - 1].s.tsval : syn_ack.tsval;
	}
	wire_inject(&w.host[1], s, OUR, PORT, payload, len);
}

MIR_UNUSED static void say_text(uint32_t seq, uint32_t len)
{
	struct mir_tcp_segment s = { .flags = MIR_TCP_ACK, .seq = seq, .ack = rcv };

	say_segment(&s, len);
}

MIR_UNUSED static void say_ack(uint32_t ack)
{
	struct mir_tcp_segment s = { .flags = MIR_TCP_ACK, .seq = iss, .ack = ack };

	rcv = mir_seq_max(rcv, ack);
	say_segment(&s, 0);
}

/* A connection that the device accepted, ESTABLISHED, whose handshake took rtt_ms. */
MIR_UNUSED static void open_with(
    struct offer offer, const struct mir_tcp_options *options, int rtt_ms)
{
	struct mir_endpoint any = { .port = PORT };
	struct mir_tcp_segment syn = { .flags = MIR_TCP_SYN, .seq = ISS, .mss = offer.mss };

	mir_tcp_listen(&tcp.tcp, &any, 0, options, on_accept, NULL, &listener);
	with = offer;
	window = 60000;
	clock_ts = 5000;
	if (offer.ecn)
		syn.flags |= MIR_TCP_ECE | MIR_TCP_CWR;
	syn.has_scale = offer.scale;
	syn.scale = offer.shift;
	syn.sack_permitted = offer.sack;
	syn_ack = (struct mir_tcp_segment){ 0 };
	say_segment(&syn, 0);
	mir_sleep(MIR_MS(rtt_ms));
	if (!ok(nsent == 1 && (sent[0].s.flags & 0x3f) == (MIR_TCP_SYN | MIR_TCP_ACK), "SYN, ACK"))
		mir_panic("no handshake");
	syn_ack = sent[0].s;
	iss = ISS + 1;
	rcv = syn_ack.seq + 1;
	say_ack(rcv);
	settle();
	if (!ok(flow != NULL, "established"))
		mir_panic("no connection");
	forget();
}

MIR_UNUSED static const struct mir_tcb *tcb(void)
{
	return &mir_container(flow, struct mir_tcp_conn, flow)->tcb;
}

/* Says what was sent, for a test that failed. */
MIR_UNUSED static bool told(bool good)
{
	for (unsigned i = 0; !good && i < nsent && i < 24; i++)
		printf("# %lld us: seq +%u len %u ack +%u win %u flags %x\n",
		    (long long)(sent[i].at / 1000), sent[i].s.seq - syn_ack.seq, sent[i].s.len,
		    sent[i].s.ack - ISS, sent[i].s.window, sent[i].s.flags);
	return good;
}

#endif
