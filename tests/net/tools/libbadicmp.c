/* libbadicmp.c: bad ICMP (RFC 792, RFC 1122 section 3.2.2) and UDP (RFC 768). */
#include <string.h>

#include "libbad.h"

#define IP        MIR_ETH_HLEN
#define TRANSPORT (MIR_ETH_HLEN + MIR_IP_HLEN)

static void checksum(struct mir_raw *r)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 40);
	p.data[TRANSPORT + 2] ^= 1;
	mir_bad_send(r, &p);
	mir_bad_echo(&p, r, 40);
	p.data[p.len - 1] ^= 0x80;
	mir_bad_send(r, &p);
}

/* Every length of the transport header, the IP header right each time. */
static void shorten(struct mir_raw *r, struct mir_packet *p)
{
	while (p->len > TRANSPORT) {
		p->len--;
		mir_put16(p->data + IP + 2, (unsigned)(p->len - IP));
		mir_packet_sum_ip(p);
		mir_bad_send(r, p);
	}
}

static void truncated(struct mir_raw *r)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 0);
	shorten(r, &p);
}

static void to_address(struct mir_raw *r, uint32_t to)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 40);
	memset(p.data, 0xff, 6);
	mir_put32(p.data + IP + 16, to);
	mir_packet_sum_ip(&p);
	mir_bad_send(r, &p);
}

static void broadcast(struct mir_raw *r)
{
	to_address(r, 0xffffffff);
	to_address(r, r->to | 0xff);
}

static void types(struct mir_raw *r)
{
	struct mir_packet p;

	for (unsigned type = 0; type < 256; type++) {
		mir_bad_echo(&p, r, 40);
		p.data[TRANSPORT] = (uint8_t)type;
		p.data[TRANSPORT + 1] = (uint8_t)(type * 7);
		mir_packet_sum(&p);
		if (type != 8)
			mir_bad_send(r, &p);
	}
}

/* An ICMP error that quotes a TCP packet from the target, or the beginning of it. */
static void error(struct mir_raw *r, uint8_t type, uint8_t code, unsigned word, size_t quoted)
{
	struct mir_packet p;
	uint8_t *quote;

	mir_packet_init(&p, r);
	mir_packet_ip(&p, r, 1);
	mir_packet_echo(&p, 0);
	mir_packet_fill(&p, 28);
	p.data[TRANSPORT] = type;
	p.data[TRANSPORT + 1] = code;
	mir_put16(p.data + TRANSPORT + 6, word);
	quote = p.data + TRANSPORT + 8;
	memcpy(quote, p.data + IP, MIR_IP_HLEN);
	mir_put16(quote + 2, 1500);
	quote[9] = 6;
	mir_put32(quote + 12, r->to);
	mir_put32(quote + 16, r->from);
	mir_put16(quote + 20, r->port);
	mir_put16(quote + 22, 40000);
	p.len = TRANSPORT + 8 + quoted;
	mir_packet_close(&p);
	mir_bad_send(r, &p);
}

static void errors(struct mir_raw *r)
{
	for (uint8_t code = 0; code < 20; code++)
		error(r, 3, code, 0, 28);
	for (size_t quoted = 0; quoted < 28; quoted++)
		error(r, 3, 3, 0, quoted);
	error(r, 4, 0, 0, 28);
	error(r, 11, 0, 0, 28);
	error(r, 12, 0, 0xff00, 28);
}

static void too_big(struct mir_raw *r)
{
	static const unsigned mtu[] = { 0, 1, 20, 40, 67, 68, 296, 65535 };

	for (size_t i = 0; i < sizeof mtu / sizeof mtu[0]; i++)
		error(r, 3, 4, mtu[i], 28);
}

static void redirect(struct mir_raw *r)
{
	error(r, 5, 1, r->from & 0xffff, 28);
	error(r, 5, 0, 1, 8);
}

static void udp_checksum(struct mir_raw *r)
{
	struct mir_packet p;

	mir_packet_udp(&p, r, 40000);
	mir_packet_fill(&p, 20);
	mir_packet_close(&p);
	p.data[TRANSPORT + 6] ^= 1;
	mir_bad_send(r, &p);
}

static void udp_length(struct mir_raw *r)
{
	static const unsigned length[] = { 0, 1, 7, 29, 1000, 65535 };
	struct mir_packet p;

	for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
		mir_packet_udp(&p, r, 40000);
		mir_packet_fill(&p, 20);
		mir_packet_close(&p);
		mir_put16(p.data + TRANSPORT + 4, length[i]);
		mir_put16(p.data + TRANSPORT + 6, 0);
		mir_bad_send(r, &p);
	}
}

static void udp_truncated(struct mir_raw *r)
{
	struct mir_packet p;

	mir_packet_udp(&p, r, 40000);
	mir_packet_close(&p);
	shorten(r, &p);
}

static void udp_ports(struct mir_raw *r)
{
	struct mir_packet p;

	mir_packet_udp(&p, r, 0);
	mir_put16(p.data + TRANSPORT + 2, 0);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
	for (unsigned port = 1; port < 2000; port++) {
		mir_packet_udp(&p, r, 40000);
		mir_put16(p.data + TRANSPORT + 2, port);
		mir_packet_close(&p);
		mir_bad_send(r, &p);
	}
}

static void udp_broadcast(struct mir_raw *r)
{
	struct mir_packet p;

	mir_packet_udp(&p, r, 40000);
	memset(p.data, 0xff, 6);
	mir_put32(p.data + IP + 16, r->to | 0xff);
	mir_put16(p.data + TRANSPORT + 2, 33333);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
}

const struct mir_bad_case mir_bad_icmp[] = {
	{ "icmp-checksum", MIR_BAD_SILENT, checksum, "a wrong checksum, a wrong byte" },
	{ "icmp-truncated", MIR_BAD_SILENT, truncated, "0 to 7 bytes" },
	{ "icmp-broadcast", MIR_BAD_SILENT, broadcast, "echo to the broadcast addresses" },
	{ "icmp-types", MIR_BAD_ANY, types, "every type but echo request" },
	{ "icmp-errors", MIR_BAD_SILENT, errors,
	    "errors about connections that are not, cut short" },
	{ "icmp-too-big", MIR_BAD_SILENT, too_big, "path MTUs of 0 to 65535" },
	{ "icmp-redirect", MIR_BAD_SILENT, redirect, "redirects that nobody asked for" },
	{ "udp-checksum", MIR_BAD_SILENT, udp_checksum, "a wrong checksum" },
	{ "udp-length", MIR_BAD_ANY, udp_length, "lengths below the header and beyond the packet" },
	{ "udp-truncated", MIR_BAD_SILENT, udp_truncated, "0 to 7 bytes" },
	{ "udp-ports", MIR_BAD_ANY, udp_ports, "port 0, and a scan of 2000" },
	{ "udp-broadcast", MIR_BAD_SILENT, udp_broadcast, "to a closed port by broadcast" }, { 0 }
};
