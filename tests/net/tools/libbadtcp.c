/* libbadtcp.c: bad TCP segments (RFC 9293 sections 3.1, 3.5, 3.10). */
#include <string.h>

#include "libbad.h"

#define IP  MIR_ETH_HLEN
#define TCP (MIR_ETH_HLEN + MIR_IP_HLEN)

static uint16_t next_port = 41000;

static void syn_make(struct mir_packet *p, struct mir_raw *r)
{
	mir_packet_tcp(p, r, next_port++, MIR_SYN, 1000, 0);
	mir_packet_close(p);
}

/* A SYN with a byte of its header changed, the checksum following suit. */
static void with_byte(struct mir_raw *r, unsigned at, uint8_t value)
{
	struct mir_packet p;

	syn_make(&p, r);
	p.data[TCP + at] = value;
	mir_packet_sum(&p);
	mir_bad_send(r, &p);
}

static void with_options(struct mir_raw *r, const uint8_t *bytes, size_t len)
{
	struct mir_packet p;

	syn_make(&p, r);
	mir_packet_tcp_options(&p, bytes, len);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
}

static void checksum(struct mir_raw *r)
{
	struct mir_packet p;

	for (unsigned bit = 0; bit < 16; bit++) {
		syn_make(&p, r);
		p.data[TCP + 16 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		mir_bad_send(r, &p);
	}
}

static void truncated(struct mir_raw *r)
{
	struct mir_packet p;

	syn_make(&p, r);
	while (p.len > TCP) {
		p.len--;
		mir_put16(p.data + IP + 2, (unsigned)(p.len - IP));
		mir_packet_sum_ip(&p);
		mir_packet_sum(&p);
		mir_bad_send(r, &p);
	}
}

static void offset(struct mir_raw *r)
{
	for (unsigned n = 0; n < 5; n++)
		with_byte(r, 12, (uint8_t)(n << 4));
	with_byte(r, 12, 0x60);
	with_byte(r, 12, 0xf0);
}

static void flags(struct mir_raw *r)
{
	for (unsigned n = 0; n < 256; n++)
		with_byte(r, 13, (uint8_t)n);
	for (unsigned n = 1; n < 16; n++)
		with_byte(r, 12, (uint8_t)(0x50 | n));
}

static void options(struct mir_raw *r)
{
	static const uint8_t bad[][8] = { { 2, 0, 5, 180 }, { 2, 1, 5, 180 }, { 2, 255, 5, 180 },
		{ 2, 4, 0, 0 }, { 2, 4, 0, 1 }, { 2, 4, 255, 255 }, { 3, 3, 255 }, { 3, 2, 14 },
		{ 3, 4, 7, 7 }, { 8, 10, 0, 0 }, { 8, 0 }, { 8, 255 }, { 5, 2 }, { 5, 9, 1 },
		{ 5, 255 }, { 4, 0 }, { 4, 3, 1 }, { 254, 0 }, { 255, 255 },
		{ 1, 1, 1, 1, 1, 1, 1, 2 }, { 1, 1, 1, 1, 1, 1, 2, 4 }, { 34, 2 }, { 19, 18 },
		{ 29, 1 }, { 30, 0 } };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		with_options(r, bad[i], sizeof bad[i]);
}

static void options_repeated(struct mir_raw *r)
{
	uint8_t bytes[40];

	for (unsigned i = 0; i < 40; i += 4)
		memcpy(bytes + i, "\2\4\0\144", 4);
	with_options(r, bytes, sizeof bytes);
	memset(bytes, 1, sizeof bytes);
	with_options(r, bytes, sizeof bytes);
	memset(bytes, 0, sizeof bytes);
	with_options(r, bytes, sizeof bytes);
}

static void land(struct mir_raw *r)
{
	struct mir_packet p;

	syn_make(&p, r);
	mir_put32(p.data + IP + 12, r->to);
	mir_put16(p.data + TCP, r->port);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
}

static void from_to(struct mir_raw *r, uint32_t from, uint32_t to)
{
	struct mir_packet p;

	syn_make(&p, r);
	mir_put32(p.data + IP + 12, from);
	mir_put32(p.data + IP + 16, to);
	if (to != r->to)
		memset(p.data, 0xff, 6);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
}

static void broadcast(struct mir_raw *r)
{
	from_to(r, r->from, 0xffffffff);
	from_to(r, r->from, r->to | 0xff);
	from_to(r, r->from, 0xe0000001);
	from_to(r, 0xffffffff, r->to);
	from_to(r, 0xe0000001, r->to);
	from_to(r, 0, r->to);
}

static void link_broadcast(struct mir_raw *r)
{
	struct mir_packet p;

	syn_make(&p, r);
	memset(p.data, 0xff, 6);
	mir_bad_send(r, &p);
}

static void port_zero(struct mir_raw *r)
{
	struct mir_packet p;

	syn_make(&p, r);
	mir_put16(p.data + TCP, 0);
	mir_packet_sum(&p);
	mir_bad_send(r, &p);
	mir_put16(p.data + TCP + 2, 0);
	mir_packet_sum(&p);
	mir_bad_send(r, &p);
}

static void stray(struct mir_raw *r)
{
	static const uint8_t kind[] = { MIR_ACK, MIR_FIN | MIR_ACK, MIR_SYN | MIR_ACK,
		MIR_PSH | MIR_ACK, MIR_FIN, MIR_URG, MIR_ACK | MIR_URG };
	struct mir_packet p;

	for (size_t i = 0; i < sizeof kind; i++) {
		mir_packet_tcp(&p, r, next_port++, kind[i], 0xfffffff0, 0x80000000);
		mir_packet_fill(&p, 100);
		mir_put16(p.data + TCP + 18, 0xffff);
		mir_packet_close(&p);
		mir_bad_send(r, &p);
	}
}

static void resets(struct mir_raw *r)
{
	struct mir_packet p;

	for (uint32_t i = 0; i < 1000; i++) {
		mir_packet_tcp(&p, r, (uint16_t)(i * 61), i % 2 ? MIR_RST : MIR_RST | MIR_ACK,
		    i * 4294967u, i);
		mir_packet_close(&p);
		mir_bad_send(r, &p);
	}
}

static void syn_data(struct mir_raw *r)
{
	struct mir_packet p;

	mir_packet_tcp(&p, r, next_port++, MIR_SYN, 0xffffffff, 0);
	mir_packet_fill(&p, 1400);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
	mir_packet_tcp(&p, r, next_port++, MIR_SYN | MIR_FIN, 1, 0);
	mir_packet_fill(&p, 100);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
}

static void scan(struct mir_raw *r)
{
	struct mir_packet p;

	for (unsigned port = 1; port < 20000; port += 3) {
		syn_make(&p, r);
		mir_put16(p.data + TCP + 2, port);
		mir_packet_sum(&p);
		mir_bad_send(r, &p);
	}
}

const struct mir_bad_case mir_bad_tcp[] = { { "tcp-checksum", MIR_BAD_SILENT, checksum,
						"each bit of the checksum wrong" },
	{ "tcp-truncated", MIR_BAD_SILENT, truncated, "0 to 19 bytes of a SYN" },
	{ "tcp-offset", MIR_BAD_SILENT, offset, "headers below 20 bytes and beyond the segment" },
	{ "tcp-land", MIR_BAD_SILENT, land, "a SYN from the target's own address and port" },
	{ "tcp-broadcast", MIR_BAD_SILENT, broadcast, "SYNs to and from many and none" },
	{ "tcp-link-broadcast", MIR_BAD_ANY, link_broadcast, "a SYN to the broadcast MAC address" },
	{ "tcp-resets", MIR_BAD_SILENT, resets, "1000 resets of connections that are not" },
	{ "tcp-flags", MIR_BAD_ANY, flags, "every combination of flags and reserved bits" },
	{ "tcp-options", MIR_BAD_ANY, options, "option lengths and values out of range" },
	{ "tcp-options-full", MIR_BAD_ANY, options_repeated,
	    "40 bytes of MSS, of nothing, of ends" },
	{ "tcp-port-zero", MIR_BAD_ANY, port_zero, "from and to port 0" },
	{ "tcp-stray", MIR_BAD_ANY, stray,
	    "segments of no connection, with data and urgent pointers" },
	{ "tcp-syn-data", MIR_BAD_ANY, syn_data, "data in a SYN, across the end of numbers" },
	{ "tcp-scan", MIR_BAD_ANY, scan, "SYNs to 6666 ports" }, { 0 } };
