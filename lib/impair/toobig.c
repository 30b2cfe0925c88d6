/* toobig.c: path MTU on the relay: ICMP errors and fragmentation.  See toobig.h. */
#include <mir/toobig.h>

#include <string.h>

#define ETH_HLEN  14u
#define IP4_HLEN  20u
#define IP6_HLEN  40u
#define FRAME_MAX (14u + 65535u)

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* RFC 1071, continued from an earlier sum. */
static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += be16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static unsigned fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* The header's length if this is a whole IPv4 header, else 0. */
static size_t ip4_hlen(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + ETH_HLEN;
	size_t hlen;

	if (len < ETH_HLEN + IP4_HLEN || be16(frame + 12) != 0x0800 || ip[0] >> 4 != 4)
		return 0;
	hlen = (size_t)(ip[0] & 15) * 4;
	return hlen >= IP4_HLEN && hlen <= len - ETH_HLEN ? hlen : 0;
}

static bool is_ip6(const uint8_t *frame, size_t len)
{
	return len >= ETH_HLEN + IP6_HLEN && be16(frame + 12) == 0x86dd &&
	       frame[ETH_HLEN] >> 4 == 6;
}

static void ethernet_reply(uint8_t *out, const uint8_t *frame)
{
	memcpy(out, frame + 6, 6);
	memcpy(out + 6, frame, 6);
	memcpy(out + 12, frame + 12, 2);
}

static bool is_ip4_error(const uint8_t *ip, size_t hlen, size_t len)
{
	unsigned type;

	if (ip[9] != 1 || len <= hlen)
		return false;
	type = ip[hlen];
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static size_t reply4(const uint8_t *frame, size_t len, unsigned mtu, uint8_t *out)
{
	const uint8_t *ip = frame + ETH_HLEN;
	size_t hlen = ip4_hlen(frame, len);
	size_t quoted = hlen + 8 <= len - ETH_HLEN ? hlen + 8 : len - ETH_HLEN;
	uint8_t *o = out + ETH_HLEN, *icmp = o + IP4_HLEN;

	if (!(ip[6] & 0x40) || (be16(ip + 6) & 0x1fff) || ip[16] >= 224 ||
	    is_ip4_error(ip, hlen, len - ETH_HLEN))
		return 0;
	ethernet_reply(out, frame);
	memset(o, 0, IP4_HLEN + 8);
	o[0] = 0x45;
	put16(o + 2, (unsigned)(IP4_HLEN + 8 + quoted));
	o[8] = 64;
	o[9] = 1;
	memcpy(o + 12, ip + 16, 4);
	memcpy(o + 16, ip + 12, 4);
	put16(o + 10, fold(sum16(0, o, IP4_HLEN)));
	icmp[0] = 3;
	icmp[1] = 4;
	put16(icmp + 6, mtu);
	memcpy(icmp + 8, ip, quoted);
	put16(icmp + 2, fold(sum16(0, icmp, 8 + quoted)));
	return ETH_HLEN + IP4_HLEN + 8 + quoted;
}

static size_t reply6(const uint8_t *frame, size_t len, unsigned mtu, uint8_t *out)
{
	const uint8_t *ip = frame + ETH_HLEN;
	size_t quoted = len - ETH_HLEN < 1232 ? len - ETH_HLEN : 1232;
	uint8_t *o = out + ETH_HLEN, *icmp = o + IP6_HLEN;
	uint32_t sum;

	if (ip[24] == 0xff || (ip[6] == 58 && len > ETH_HLEN + IP6_HLEN && ip[40] < 128))
		return 0;
	ethernet_reply(out, frame);
	memset(o, 0, IP6_HLEN + 8);
	o[0] = 0x60;
	put16(o + 4, (unsigned)(8 + quoted));
	o[6] = 58;
	o[7] = 64;
	memcpy(o + 8, ip + 24, 16);
	memcpy(o + 24, ip + 8, 16);
	icmp[0] = 2;
	put16(icmp + 6, mtu);
	memcpy(icmp + 8, ip, quoted);
	sum = sum16((uint32_t)(8 + quoted) + 58, o + 8, 32);
	put16(icmp + 2, fold(sum16(sum, icmp, 8 + quoted)));
	return ETH_HLEN + IP6_HLEN + 8 + quoted;
}

size_t mir_toobig_reply(
    const uint8_t *frame, size_t len, unsigned mtu, uint8_t out[static MIR_TOOBIG_REPLY_LEN])
{
	if (ip4_hlen(frame, len))
		return reply4(frame, len, mtu, out);
	if (is_ip6(frame, len))
		return reply6(frame, len, mtu, out);
	return 0;
}

bool mir_toobig_fragment(const uint8_t *frame, size_t len, unsigned mtu,
    void (*emit)(void *arg, const uint8_t *frame, size_t len), void *arg)
{
	static uint8_t piece[FRAME_MAX];
	size_t hlen = ip4_hlen(frame, len);
	const uint8_t *ip = frame + ETH_HLEN;
	size_t total, offset, most, at;
	unsigned more;

	if (hlen == 0 || (ip[6] & 0x40) || mtu < hlen + 8)
		return false;
	total = be16(ip + 2);
	if (total < hlen || total > len - ETH_HLEN)
		return false;
	most = (mtu - hlen) & ~(size_t)7;
	offset = (be16(ip + 6) & 0x1fff) * 8;
	more = be16(ip + 6) & 0x2000;
	for (at = 0; at < total - hlen; at += most) {
		size_t n = total - hlen - at < most ? total - hlen - at : most;
		bool last = at + n == total - hlen;
		uint8_t *o = piece + ETH_HLEN;

		memcpy(piece, frame, ETH_HLEN + hlen);
		memcpy(o + hlen, ip + hlen + at, n);
		put16(o + 2, (unsigned)(hlen + n));
		put16(o + 6, (unsigned)((offset + at) / 8) | (last ? more : 0x2000));
		put16(o + 10, 0);
		put16(o + 10, fold(sum16(0, o, hlen)));
		emit(arg, piece, ETH_HLEN + hlen + n);
	}
	return true;
}
