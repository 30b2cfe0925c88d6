/* raw.h: a host over a fake interface, for tests that make frames byte by byte. */
#ifndef TEST_RAW_H
#define TEST_RAW_H

#include "../../ethernet/tests/fake_net.h"
#include "host.h"

enum { ETH = 14, IP = 20, ECHO = 8, UDP = 17, ICMP = 1 };

static struct fake_net net;
static struct test_host host; /* 10.0.0.1/24, gateway 10.0.0.254; the peer is 10.0.0.2 */

/* A frame to the host with an IPv4 header and len bytes of payload; the checksum is right. */
static inline size_t raw_datagram(uint8_t *f, uint8_t proto, const void *payload, size_t len)
{
	static const uint8_t eth[ETH] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	uint8_t *h = f + ETH;

	memcpy(f, eth, ETH);
	memset(h, 0, IP);
	h[0] = 0x45;
	mir_put_be16(h + 2, (uint16_t)(IP + len));
	h[8] = 64;
	h[9] = proto;
	mir_put_be32(h + 12, 0x0a000002);
	mir_put_be32(h + 16, 0x0a000001);
	mir_put_be16(h + 10, mir_sum_finish(mir_sum(h, IP, 0)));
	if (len)
		memcpy(h + IP, payload, len);
	return ETH + IP + len;
}

static inline void raw_seal(uint8_t *f)
{
	uint8_t *h = f + ETH;

	mir_put_be16(h + 10, 0);
	mir_put_be16(h + 10, mir_sum_finish(mir_sum(h, (h[0] & 15u) * 4, 0)));
}

/* A UDP datagram to a port. */
static inline size_t raw_udp(uint8_t *f, uint16_t port)
{
	uint8_t u[12] = { 0, 99, 0, 0, 0, 12, 0, 0, 1, 2, 3, 4 };

	mir_put_be16(u + 2, port);
	return raw_datagram(f, UDP, u, sizeof(u));
}

/* An ICMP message about `quoted`, which starts with its IP header. */
static inline size_t raw_icmp(
    uint8_t *f, uint8_t type, uint8_t code, uint32_t rest, const uint8_t *quoted, size_t len)
{
	uint8_t m[600] = { type, code };

	mir_put_be32(m + 4, rest);
	if (len)
		memcpy(m + 8, quoted, len);
	mir_put_be16(m + 2, mir_sum_finish(mir_sum(m, 8 + len, 0)));
	return raw_datagram(f, ICMP, m, 8 + len);
}

/* The peer's ARP reply. */
static inline void raw_arp_reply(uint32_t addr)
{
	uint8_t f[42] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0,
		0, 0, 2 };

	mir_put_be32(f + 28, addr);
	memcpy(f + 32, f, 6);
	mir_put_be32(f + 38, 0x0a000001);
	fake_input(&net, f, sizeof(f));
}

static inline void raw_start(void)
{
	fake_init(&net);
	host_start(&host, &net.net, "10.0.0.1/24", "10.0.0.254");
	mir_arp_send(&host.arp.arp, test_ip("10.0.0.2"), mir_packet_new());
	mir_arp_send(&host.arp.arp, test_ip("10.0.0.254"), mir_packet_new());
	fake_flush();
	raw_arp_reply(0x0a000002);
	raw_arp_reply(0x0a0000fe);
	fake_flush();
	net.sent = 0;
}

static inline void raw_stop(void)
{
	host_stop(&host);
	fake_flush();
}

/* The IP header of the i-th frame sent. */
static inline const uint8_t *raw_sent(unsigned i)
{
	return net.frame[i].b + ETH;
}

#endif
