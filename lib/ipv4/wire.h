/* wire.h: where the fields of an IPv4 header (RFC 791 section 3.1) and an ICMP error (RFC 792)
 * lie. */
#ifndef MIR_IPV4_WIRE_H
#define MIR_IPV4_WIRE_H

#include <mir/ip.h>

enum {
	IPV4_TOS = 1,
	IPV4_LENGTH = 2,
	IPV4_ID = 4,
	IPV4_FRAGMENT = 6,
	IPV4_TTL = 8,
	IPV4_PROTO = 9,
	IPV4_CHECKSUM = 10,
	IPV4_SRC = 12,
	IPV4_DST = 16,
	IPV4_HEADER = 20,
	IPV4_HEADER_MAX = 60,

	IPV4_DONT_FRAGMENT = 0x4000, /* in the fragment field */
	IPV4_MORE = 0x2000,
	IPV4_OFFSET_MASK = 0x1fff,

	ICMP_HEADER = 8,
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER = 12
};

static inline unsigned mir_ipv4_header_len(const uint8_t *h)
{
	return (h[0] & 0xfu) * 4;
}

#endif
