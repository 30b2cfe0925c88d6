/* flood.c: segments of strangers, as many as it is told: SYN, ACK, RST, FIN with numbers and ports
 * of chance, first fragments of datagrams that never get whole, ARP requests.  One JSON line at the
 * end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libpacket.h"

#define SECOND INT64_C(1000000000)

enum { BATCH = 32, FRAGMENT = 1200, MORE_FRAGMENTS = 0x2000 };

static uint64_t state = 88172645463325252u;

static uint32_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

struct kind {
	const char *name;
	uint8_t flags;
	void (*send)(struct mir_raw *, const struct kind *);
};

static void send_tcp(struct mir_raw *r, const struct kind *k)
{
	struct mir_packet p;

	mir_packet_tcp(&p, r, (uint16_t)(1024 + chance() % 64000), k->flags, chance(), chance());
	if (k->flags & (MIR_ACK | MIR_PSH))
		mir_packet_fill(&p, chance() % 100);
	mir_packet_close(&p);
	mir_raw_send(r, p.data, p.len);
}

static void send_fragment(struct mir_raw *r, const struct kind *k)
{
	struct mir_packet p;

	(void)k;
	mir_packet_udp(&p, r, (uint16_t)(1024 + chance() % 64000));
	mir_packet_fill(&p, FRAGMENT);
	mir_packet_close(&p);
	mir_put16(p.data + p.ip + 4, chance() & 0xffff);
	mir_put16(p.data + p.ip + 6, MORE_FRAGMENTS | (chance() % 4 ? 0 : chance() % 5000));
	mir_packet_sum_ip(&p);
	mir_raw_send(r, p.data, p.len);
}

static void send_arp(struct mir_raw *r, const struct kind *k)
{
	uint8_t frame[60] = { 0 }, *arp = frame + MIR_ETH_HLEN;

	(void)k;
	memcpy(frame, r->peer_mac, 6); /* not broadcast: only the target is meant */
	memcpy(frame + 6, r->mac, 6);
	mir_put16(frame + 12, 0x0806);
	memcpy(arp, "\0\1\10\0\6\4\0\1", 8);
	memcpy(arp + 8, r->mac, 6);
	mir_put32(arp + 14, (r->to & 0xffffff00u) | (16 + chance() % 200));
	mir_put32(arp + 24, r->to);
	mir_raw_send(r, frame, sizeof frame);
}

static const struct kind kinds[] = {
	{ "syn", MIR_SYN, send_tcp },
	{ "ack", MIR_ACK, send_tcp },
	{ "rst", MIR_RST, send_tcp },
	{ "fin", MIR_FIN | MIR_ACK, send_tcp },
	{ "fragment", 0, send_fragment },
	{ "arp", 0, send_arp },
	{ 0 },
};

int main(int argc, char **argv)
{
	uint64_t port = 0, sources = 50, rate = 10000, seconds = 5, sent = 0;
	const char *device = NULL, *from = NULL, *to = NULL, *name = "syn";
	const struct mir_option options[] = { { "dev", MIR_OPT_STRING, &device, "device" },
		{ "from", MIR_OPT_STRING, &from, "first source address, of the target's subnet" },
		{ "sources", MIR_OPT_NUMBER, &sources, "how many from there on" },
		{ "to", MIR_OPT_STRING, &to, "address" }, { "port", MIR_OPT_NUMBER, &port, "port" },
		{ "kind", MIR_OPT_STRING, &name, "syn, ack, rst, fin, fragment, arp" },
		{ "rate", MIR_OPT_NUMBER, &rate, "frames a second" },
		{ "seconds", MIR_OPT_NUMBER, &seconds, "how long" }, { 0 } };
	const struct kind *kind = kinds;
	uint8_t frame[MIR_PACKET_MAX];
	struct mir_raw r = { 0 }, source;
	int64_t start;

	mir_options(argc, argv,
	    "usage: flood --dev DEVICE --from IP --to IP --port PORT [option ...]", options);
	while (kind->name && strcmp(kind->name, name) != 0)
		kind++;
	if (!kind->name || sources == 0 || sources > 65536 || rate == 0 || rate > 10000000)
		mir_usage("flood", "a kind that there is, 1 to 65536 sources, a rate");
	r.from = mir_ip4(from);
	r.to = mir_ip4(to);
	r.port = (uint16_t)port;
	r.sources = (uint32_t)sources;
	mir_raw_open(&r, device);
	start = mir_now_ns();
	while (mir_now_ns() - start < (int64_t)seconds * SECOND) {
		for (unsigned i = 0; i < BATCH; i++, sent++) {
			source = r;
			source.from += chance() % r.sources;
			kind->send(&source, kind);
		}
		while (mir_raw_receive(
		    &r, frame, start + (int64_t)((double)sent / (double)rate * 1e9)))
			;
	}
	printf("{\"kind\":\"%s\",\"sent\":%" PRIu64 ",\"seconds\":%.3f}\n", kind->name, sent,
	    (double)(mir_now_ns() - start) / 1e9);
	return 0;
}
