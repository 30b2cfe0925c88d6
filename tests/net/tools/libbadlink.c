/* libbadlink.c: bad Ethernet frames and ARP packets (RFC 826). */
#include <string.h>

#include "libbad.h"

static void arp_make(struct mir_packet *p, struct mir_raw *r)
{
	uint8_t *arp = p->data + MIR_ETH_HLEN;

	mir_packet_init(p, r);
	memset(arp, 0, 28);
	memset(p->data, 0xff, 6);
	mir_put16(p->data + 12, 0x0806);
	memcpy(arp, "\0\1\10\0\6\4\0\1", 8);
	memcpy(arp + 8, r->mac, 6);
	mir_put32(arp + 14, r->from);
	mir_put32(arp + 24, r->to);
	p->len = MIR_ETH_HLEN + 28;
}

static void eth_other(struct mir_raw *r)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 40);
	p.data[5] ^= 0x55;
	mir_bad_send(r, &p);
}

static void eth_type(struct mir_raw *r)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 40);
	for (unsigned type = 0; type < 0x10000; type += 0x101) {
		mir_put16(p.data + 12, type);
		if (type != 0x0800 && type != 0x0806)
			mir_bad_send(r, &p);
	}
}

static void eth_empty(struct mir_raw *r)
{
	struct mir_packet p;

	mir_bad_echo(&p, r, 0);
	mir_raw_send(r, p.data, MIR_ETH_HLEN);
	mir_put16(p.data + 12, 0x0806);
	mir_raw_send(r, p.data, MIR_ETH_HLEN);
	mir_put16(p.data + 12, 0x86dd);
	mir_raw_send(r, p.data, MIR_ETH_HLEN);
}

static void arp_truncated(struct mir_raw *r)
{
	struct mir_packet p;

	arp_make(&p, r);
	mir_bad_truncate(r, &p, MIR_ETH_HLEN);
}

static void arp_fields(struct mir_raw *r)
{
	static const struct {
		uint8_t at, value;
	} wrong[] = { { 1, 6 }, { 3, 1 }, { 4, 0 }, { 4, 5 }, { 4, 255 }, { 5, 0 }, { 5, 16 },
		{ 5, 255 }, { 7, 0 }, { 7, 3 }, { 6, 255 } };
	struct mir_packet p;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		arp_make(&p, r);
		p.data[MIR_ETH_HLEN + wrong[i].at] = wrong[i].value;
		mir_bad_send(r, &p);
	}
}

static void arp_source(struct mir_raw *r)
{
	struct mir_packet p;

	arp_make(&p, r);
	memset(p.data + MIR_ETH_HLEN + 8, 0xff, 6);
	mir_bad_send(r, &p);
	arp_make(&p, r);
	p.data[MIR_ETH_HLEN + 8] |= 1;
	mir_bad_send(r, &p);
	arp_make(&p, r);
	mir_put32(p.data + MIR_ETH_HLEN + 14, 0xe0000001);
	mir_bad_send(r, &p);
	mir_put32(p.data + MIR_ETH_HLEN + 14, 0xffffffff);
	mir_bad_send(r, &p);
}

static void arp_conflict(struct mir_raw *r)
{
	struct mir_packet p;

	arp_make(&p, r);
	mir_put32(p.data + MIR_ETH_HLEN + 14, r->to);
	mir_bad_send(r, &p);
	p.data[MIR_ETH_HLEN + 7] = 2;
	mir_bad_send(r, &p);
}

static void arp_flood(struct mir_raw *r)
{
	struct mir_packet p;

	arp_make(&p, r);
	for (uint32_t i = 0; i < 20000; i++) {
		mir_put32(p.data + MIR_ETH_HLEN + 14, (r->to & 0xffff0000) | (i & 0xffff));
		if (mir_get32(p.data + MIR_ETH_HLEN + 14) != r->to &&
		    mir_get32(p.data + MIR_ETH_HLEN + 14) != r->from)
			mir_bad_send(r, &p);
	}
}

const struct mir_bad_case mir_bad_link[] = { { "eth-other", MIR_BAD_SILENT, eth_other,
						 "a frame for another host's MAC address" },
	{ "eth-type", MIR_BAD_SILENT, eth_type, "IPv4 under 255 wrong types and lengths" },
	{ "eth-empty", MIR_BAD_SILENT, eth_empty, "frames that end after the Ethernet header" },
	{ "arp-truncated", MIR_BAD_SILENT, arp_truncated, "ARP of 0 to 27 bytes" },
	{ "arp-fields", MIR_BAD_ANY, arp_fields, "wrong hardware, protocol, lengths, operation" },
	{ "arp-source", MIR_BAD_ANY, arp_source, "broadcast and multicast senders" },
	{ "arp-conflict", MIR_BAD_ANY, arp_conflict, "we claim the target's own address" },
	{ "arp-flood", MIR_BAD_ANY, arp_flood, "20000 askers, each with another address" }, { 0 } };
