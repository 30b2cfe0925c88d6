/* libpacket.c: packets made by hand.  See libpacket.h. */
#include "libpacket.h"

#include <string.h>

unsigned mir_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

uint32_t mir_get32(const uint8_t *p)
{
	return (uint32_t)mir_get16(p) << 16 | mir_get16(p + 2);
}

void mir_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void mir_put32(uint8_t *p, uint32_t v)
{
	mir_put16(p, v >> 16);
	mir_put16(p + 2, v & 0xffff);
}

static uint32_t add16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static unsigned fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static uint8_t *append(struct mir_packet *p, size_t len)
{
	uint8_t *at = p->data + p->len;

	if (len > sizeof p->data - p->len)
		mir_usage("packet", "larger than 2048 bytes");
	memset(at, 0, len);
	p->len += len;
	return at;
}

void mir_packet_init(struct mir_packet *p, const struct mir_raw *r)
{
	uint8_t *eth;

	memset(p, 0, sizeof *p);
	eth = append(p, MIR_ETH_HLEN);
	memcpy(eth, r->peer_mac, 6);
	memcpy(eth + 6, r->mac, 6);
	mir_put16(eth + 12, 0x0800);
}

void mir_packet_ip(struct mir_packet *p, const struct mir_raw *r, uint8_t protocol)
{
	static uint16_t id;
	uint8_t *ip;

	p->ip = p->len;
	ip = append(p, MIR_IP_HLEN);
	ip[0] = 0x45;
	mir_put16(ip + 4, ++id);
	ip[8] = 64;
	ip[9] = protocol;
	mir_put32(ip + 12, r->from);
	mir_put32(ip + 16, r->to);
	p->transport = p->len;
}

void mir_packet_tcp(struct mir_packet *p, const struct mir_raw *r, uint16_t from_port,
    uint8_t flags, uint32_t seq, uint32_t ack)
{
	uint8_t *tcp;

	mir_packet_init(p, r);
	mir_packet_ip(p, r, 6);
	tcp = append(p, 20);
	mir_put16(tcp, from_port);
	mir_put16(tcp + 2, r->port);
	mir_put32(tcp + 4, seq);
	mir_put32(tcp + 8, ack);
	tcp[12] = 0x50;
	tcp[13] = flags;
	mir_put16(tcp + 14, 65535);
}

void mir_packet_udp(struct mir_packet *p, const struct mir_raw *r, uint16_t from_port)
{
	uint8_t *udp;

	mir_packet_init(p, r);
	mir_packet_ip(p, r, 17);
	udp = append(p, 8);
	mir_put16(udp, from_port);
	mir_put16(udp + 2, r->port);
}

void mir_packet_echo(struct mir_packet *p, uint16_t id)
{
	uint8_t *icmp = append(p, 8);

	icmp[0] = 8;
	mir_put16(icmp + 4, id);
}

void mir_packet_fill(struct mir_packet *p, size_t len)
{
	uint8_t *at = append(p, len);

	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)('a' + i % 26);
}

static void insert(struct mir_packet *p, size_t where, const uint8_t *bytes, size_t len)
{
	append(p, len);
	memmove(p->data + where + len, p->data + where, p->len - len - where);
	memcpy(p->data + where, bytes, len);
}

void mir_packet_ip_options(struct mir_packet *p, const uint8_t *bytes, size_t len)
{
	insert(p, p->ip + MIR_IP_HLEN, bytes, len);
	p->transport += len;
	p->data[p->ip] = (uint8_t)(0x40 | (MIR_IP_HLEN + len) / 4);
}

void mir_packet_tcp_options(struct mir_packet *p, const uint8_t *bytes, size_t len)
{
	insert(p, p->transport + 20, bytes, len);
	p->data[p->transport + 12] = (uint8_t)((20 + len) / 4 << 4);
}

void mir_packet_sum_ip(struct mir_packet *p)
{
	uint8_t *ip = p->data + p->ip;

	mir_put16(ip + 10, 0);
	mir_put16(ip + 10, fold(add16(0, ip, p->transport - p->ip)));
}

void mir_packet_sum(struct mir_packet *p)
{
	uint8_t *ip = p->data + p->ip, *t = p->data + p->transport;
	size_t len = p->len - p->transport;
	unsigned protocol = ip[9], at = protocol == 6 ? 16 : protocol == 17 ? 6 : 2;
	uint32_t sum = protocol == 1 ? 0 : add16(protocol + (uint32_t)len, ip + 12, 8);

	if (len < at + 2u || (protocol != 1 && protocol != 6 && protocol != 17))
		return;
	mir_put16(t + at, 0);
	mir_put16(t + at, fold(add16(sum, t, len)));
}

void mir_packet_close(struct mir_packet *p)
{
	mir_put16(p->data + p->ip + 2, (unsigned)(p->len - p->ip));
	if (p->data[p->ip + 9] == 17)
		mir_put16(p->data + p->transport + 4, (unsigned)(p->len - p->transport));
	mir_packet_sum_ip(p);
	mir_packet_sum(p);
}

const uint8_t *mir_frame_tcp(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + MIR_ETH_HLEN;
	size_t hlen;

	if (len < MIR_ETH_HLEN + MIR_IP_HLEN || mir_get16(frame + 12) != 0x0800 || ip[9] != 6)
		return NULL;
	hlen = (size_t)(ip[0] & 15) * 4;
	return hlen >= MIR_IP_HLEN && len - MIR_ETH_HLEN >= hlen + 20 ? ip + hlen : NULL;
}
