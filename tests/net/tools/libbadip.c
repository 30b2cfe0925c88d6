/* libbadip.c: bad IPv4 packets (RFC 791, RFC 1122 section 3.2) and fragments
 * (RFC 1858, RFC 5722 in spirit).
 */
#include <string.h>

#include "libbad.h"

#define IP MIR_ETH_HLEN

/* An echo with one byte of the IP header changed; the checksum follows suit. */
static void with_byte(struct mir_raw *r, unsigned at, uint8_t value)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 40);
	p.data[IP + at] = value;
	mir_packet_sum_ip(&p);
	mir_bad_send(r, &p);
}

static void with_length(struct mir_raw *r, unsigned total)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 40);
	mir_put16(p.data + IP + 2, total);
	mir_packet_sum_ip(&p);
	mir_bad_send(r, &p);
}

static void from_source(struct mir_raw *r, uint32_t source)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 40);
	mir_put32(p.data + IP + 12, source);
	mir_packet_sum_ip(&p);
	mir_bad_send(r, &p);
}

static void with_options(struct mir_raw *r, const uint8_t *bytes, size_t len)
{
	struct mir_packet p;

	mir_packet_init(&p, r);
	mir_packet_ip(&p, r, 1);
	mir_packet_ip_options(&p, bytes, len);
	mir_packet_echo(&p, 0x6261);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
}

static void checksum(struct mir_raw *r)
{
	struct mir_packet p;

	for (unsigned bit = 0; bit < 16; bit++) {
		mir_bad_echo(&p, r, 40);
		p.data[IP + 10 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		mir_bad_send(r, &p);
	}
}

static void version(struct mir_raw *r)
{
	for (unsigned v = 0; v < 16; v++)
		if (v != 4)
			with_byte(r, 0, (uint8_t)(v << 4 | 5));
}

static void ihl_short(struct mir_raw *r)
{
	for (unsigned n = 0; n < 5; n++)
		with_byte(r, 0, (uint8_t)(0x40 | n));
}

static void ihl_long(struct mir_raw *r)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 0);
	p.data[IP] = 0x4f;
	mir_packet_sum_ip(&p);
	mir_bad_send(r, &p);
}

static void total_long(struct mir_raw *r)
{
	with_length(r, 69);
	with_length(r, 1500);
	with_length(r, 65535);
}

static void total_short(struct mir_raw *r)
{
	for (unsigned n = 0; n < 28; n++)
		with_length(r, n);
}

static void truncated(struct mir_raw *r)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 0);
	mir_bad_truncate(r, &p, MIR_ETH_HLEN);
}

static void source_multicast(struct mir_raw *r)
{
	from_source(r, 0xe0000001);
	from_source(r, 0xefffffff);
}

static void source_broadcast(struct mir_raw *r)
{
	from_source(r, 0xffffffff);
}

static void source_subnet(struct mir_raw *r)
{
	from_source(r, r->to | 0xff);
}

static void source_loopback(struct mir_raw *r)
{
	from_source(r, 0x7f000001);
}

static void source_self(struct mir_raw *r)
{
	from_source(r, r->to);
}

static void source_reserved(struct mir_raw *r)
{
	from_source(r, 0);
	from_source(r, 0xf0000001);
}

static void to_other(struct mir_raw *r)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 40);
	mir_put32(p.data + IP + 16, 0x08080808);
	mir_packet_sum_ip(&p);
	mir_bad_send(r, &p);
	mir_put32(p.data + IP + 16, 0x7f000001);
	mir_packet_sum_ip(&p);
	mir_bad_send(r, &p);
}

static void protocols(struct mir_raw *r)
{
	for (unsigned n = 0; n < 256; n++)
		if (n != 1 && n != 6 && n != 17)
			with_byte(r, 9, (uint8_t)n);
}

static void source_route(struct mir_raw *r)
{
	uint8_t loose[] = { 131, 7, 4, 0, 0, 0, 0, 0 }, strict[] = { 137, 7, 4, 0, 0, 0, 0, 0 };

	mir_put32(loose + 3, r->from);
	mir_put32(strict + 3, r->from);
	with_options(r, loose, sizeof loose);
	with_options(r, strict, sizeof strict);
}

static void options(struct mir_raw *r)
{
	static const uint8_t bad[][8] = { { 7, 0, 4 }, { 7, 1, 4 }, { 7, 255, 4 }, { 7, 2 },
		{ 7, 7, 200 }, { 7, 7, 0 }, { 68, 4, 255, 255 }, { 68, 8, 5, 0x0f },
		{ 131, 255, 4 }, { 131, 3, 0 }, { 130, 0 }, { 148, 3, 0, 0 },
		{ 1, 1, 1, 1, 1, 1, 1, 131 }, { 255, 255, 255, 255 }, { 1, 1, 1, 1, 1, 1, 1, 7 } };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		with_options(r, bad[i], sizeof bad[i]);
}

/* A piece of a packet of 8 * count bytes; `flags` as on the wire, offset in eights. */
static void fragment(
    struct mir_raw *r, uint8_t protocol, unsigned id, unsigned flags, unsigned offset, size_t len)
{
	struct mir_packet p;

	mir_packet_init(&p, r);
	mir_packet_ip(&p, r, protocol);
	mir_packet_fill(&p, len);
	mir_put16(p.data + IP + 2, (unsigned)(p.len - IP));
	mir_put16(p.data + IP + 4, id);
	mir_put16(p.data + IP + 6, flags | offset);
	mir_packet_sum_ip(&p);
	mir_bad_send(r, &p);
}

#define MORE 0x2000u

static void frag_overlap(struct mir_raw *r)
{
	fragment(r, 17, 0x7001, MORE, 0, 64);
	fragment(r, 17, 0x7001, 0, 3, 8);
	fragment(r, 17, 0x7002, MORE, 0, 64);
	fragment(r, 17, 0x7002, MORE, 4, 64);
	fragment(r, 17, 0x7002, 0, 2, 120);
	fragment(r, 1, 0x7003, 0, 4, 64);
	fragment(r, 1, 0x7003, MORE, 0, 80);
}

static void frag_tiny(struct mir_raw *r)
{
	fragment(r, 6, 0x7010, MORE, 0, 8);
	fragment(r, 6, 0x7010, 0, 1, 64);
	for (unsigned i = 0; i < 64; i++)
		fragment(r, 17, 0x7011, i < 63 ? MORE : 0, i, 8);
}

static void frag_beyond(struct mir_raw *r)
{
	fragment(r, 1, 0x7020, MORE, 0, 1400);
	fragment(r, 1, 0x7020, 0, 8189, 1400);
	fragment(r, 1, 0x7021, 0, 8191, 8);
}

static void frag_ends(struct mir_raw *r)
{
	fragment(r, 17, 0x7030, 0, 16, 64);
	fragment(r, 17, 0x7030, 0, 8, 8);
	fragment(r, 17, 0x7030, 0, 64, 64);
	fragment(r, 17, 0x7030, MORE, 0, 128);
}

static void frag_odd(struct mir_raw *r)
{
	fragment(r, 17, 0x7040, MORE, 0, 13);
	fragment(r, 17, 0x7041, MORE, 0, 0);
	fragment(r, 17, 0x7042, 0, 5, 0);
	fragment(r, 17, 0x7043, MORE | 0xc000, 0, 64);
}

static void frag_never(struct mir_raw *r)
{
	for (unsigned i = 0; i < 5000; i++)
		fragment(r, 17, i, MORE, i % 2 ? 0 : 100, 1400);
}

static void frag_pieces(struct mir_raw *r)
{
	for (unsigned i = 0; i < 4000; i++)
		fragment(r, 17, 0x7050, MORE, 2 * i, 8);
}

const struct mir_bad_case mir_bad_ip[] = {
	{ "ip-checksum", MIR_BAD_SILENT, checksum, "each bit of the checksum wrong" },
	{ "ip-version", MIR_BAD_SILENT, version, "every version but 4" },
	{ "ip-ihl-short", MIR_BAD_SILENT, ihl_short, "headers of 0 to 16 bytes" },
	{ "ip-ihl-long", MIR_BAD_SILENT, ihl_long, "a header longer than the packet" },
	{ "ip-total-long", MIR_BAD_SILENT, total_long, "a length beyond the frame" },
	{ "ip-total-short", MIR_BAD_SILENT, total_short, "a length below the headers" },
	{ "ip-truncated", MIR_BAD_SILENT, truncated, "0 to 27 bytes of an echo request" },
	{ "ip-source-multicast", MIR_BAD_SILENT, source_multicast, "multicast sources" },
	{ "ip-source-broadcast", MIR_BAD_SILENT, source_broadcast, "255.255.255.255 as source" },
	{ "ip-source-subnet", MIR_BAD_SILENT, source_subnet, "the broadcast address of a /24" },
	{ "ip-source-loopback", MIR_BAD_SILENT, source_loopback, "127.0.0.1 from outside" },
	{ "ip-source-self", MIR_BAD_SILENT, source_self, "the target's own address as source" },
	{ "ip-source-reserved", MIR_BAD_SILENT, source_reserved, "0.0.0.0 and 240.0.0.1" },
	{ "ip-other", MIR_BAD_SILENT, to_other, "for another host, and for 127.0.0.1" },
	{ "ip-protocols", MIR_BAD_ANY, protocols, "every protocol but ICMP, TCP and UDP" },
	{ "ip-source-route", MIR_BAD_SILENT, source_route, "loose and strict source routes" },
	{ "ip-options", MIR_BAD_ANY, options, "lengths and pointers out of range" },
	{ "frag-overlap", MIR_BAD_SILENT, frag_overlap, "fragments that overlap" },
	{ "frag-tiny", MIR_BAD_ANY, frag_tiny, "a TCP header in pieces, 64 pieces of 8 bytes" },
	{ "frag-beyond", MIR_BAD_SILENT, frag_beyond, "a packet of more than 65535 bytes" },
	{ "frag-ends", MIR_BAD_SILENT, frag_ends, "three last fragments that disagree" },
	{ "frag-odd", MIR_BAD_SILENT, frag_odd, "empty, not of eights, and with DF" },
	{ "frag-never", MIR_BAD_ANY, frag_never, "5000 packets that never get whole" },
	{ "frag-pieces", MIR_BAD_ANY, frag_pieces, "one packet of 4000 pieces with holes" }, { 0 }
};
