/* echo.c: a host that answers, without a memory of anything. */
#include "world.h"

#include <mir/addr.h>
#include <mir/bytes.h>
#include <mir/checksum.h>
#include <string.h>

enum {
	MAC = 6,
	TYPE = 12,
	ETHER = 14,
	ARP = 28,
	IP4 = 20,
	TCP = 20,
	ICMP = 8,
	UDP = 8,
	FIN = 1,
	SYN = 2,
	RST = 4,
	ACK = 16,
};

static const uint8_t own_mac[MAC] = { 2, 0, 0, 0, 0, 0xfe };

static void to_sender(uint8_t *frame)
{
	memcpy(frame, frame + MAC, MAC);
	memcpy(frame + MAC, own_mac, MAC);
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t t = a[i];

		a[i] = b[i];
		b[i] = t;
	}
}

/* RFC 826: yes, that is me; but not to who asks for himself (RFC 5227). */
static size_t arp(uint8_t *frame, size_t len)
{
	uint8_t *p = frame + ETHER, *from = p + 8, *to = p + 18;

	if (len < ETHER + ARP || mir_be16(p + 6) != 1 || mir_be32(from + MAC) == 0 ||
	    memcmp(from + MAC, to + MAC, 4) == 0)
		return 0;
	mir_put_be16(p + 6, 2);
	swap(from, to, MAC + 4);
	memcpy(from, own_mac, MAC);
	to_sender(frame);
	return ETHER + ARP;
}

/* The sum of a transport header and what follows. */
static uint16_t transport_sum(const uint8_t *ip, const uint8_t *l4, size_t len)
{
	struct mir_ipaddr a = mir_ip4(mir_be32(ip + 12)), b = mir_ip4(mir_be32(ip + 16));

	return mir_sum_finish(mir_sum(l4, len, mir_sum_pseudo(&a, &b, ip[9], len)));
}

/* RFC 9293 section 3.10.7.1: a reset for what is none. */
static size_t refuse(uint8_t *ip, uint8_t *tcp, size_t len)
{
	uint8_t flags = tcp[13];
	size_t header = (size_t)(tcp[12] >> 4) * 4;
	uint32_t seq = mir_be32(tcp + 4);

	if ((flags & RST) || header < TCP || header > len)
		return 0;
	swap(tcp, tcp + 2, 2);
	if (flags & ACK) {
		memcpy(tcp + 4, tcp + 8, 4);
		memset(tcp + 8, 0, 4);
		tcp[13] = RST;
	} else {
		seq += (uint32_t)(len - header) + ((flags & SYN) != 0) + ((flags & FIN) != 0);
		memset(tcp + 4, 0, 4);
		mir_put_be32(tcp + 8, seq);
		tcp[13] = RST | ACK;
	}
	tcp[12] = TCP / 4 << 4;
	memset(tcp + 14, 0, 6);
	mir_put_be16(tcp + 16, transport_sum(ip, tcp, TCP));
	return TCP;
}

/* What the transport answers to len bytes; addresses are swapped already. */
static size_t answer(uint8_t *ip, uint8_t *l4, size_t len)
{
	switch (ip[9]) {
	case MIR_IPPROTO_ICMP:
		if (len < ICMP || l4[0] != 8)
			return 0;
		l4[0] = 0;
		mir_put_be16(l4 + 2, 0);
		mir_put_be16(l4 + 2, mir_sum_finish(mir_sum(l4, len, 0)));
		return len;
	case MIR_IPPROTO_UDP:
		if (len < UDP)
			return 0;
		swap(l4, l4 + 2, 2); /* the sum stays what it was */
		return len;
	case MIR_IPPROTO_TCP: return len < TCP ? 0 : refuse(ip, l4, len);
	default: return 0;
	}
}

static size_t ip4(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + ETHER;
	size_t header, total, n;

	if (len < ETHER + IP4 || memcmp(frame, own_mac, MAC) != 0)
		return 0;
	header = (size_t)(ip[0] & 15) * 4;
	total = mir_be16(ip + 2);
	if (ip[0] >> 4 != 4 || header < IP4 || total < header || total > len - ETHER ||
	    (mir_be16(ip + 6) & 0x3fff) != 0)
		return 0;
	swap(ip + 12, ip + 16, 4);
	n = answer(ip, ip + header, total - header);
	if (n == 0)
		return 0;
	mir_put_be16(ip + 2, (uint16_t)(header + n));
	ip[8] = 64;
	mir_put_be16(ip + 10, 0);
	mir_put_be16(ip + 10, mir_sum_finish(mir_sum(ip, header, 0)));
	to_sender(frame);
	return ETHER + header + n;
}

size_t mir_sim_echo(uint8_t *frame, size_t len)
{
	if (len < ETHER)
		return 0;
	switch (mir_be16(frame + TYPE)) {
	case 0x0806: return arp(frame, len);
	case 0x0800: return ip4(frame, len);
	default: return 0;
	}
}
