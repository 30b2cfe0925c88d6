/* addr.h: link, network and transport addresses.
 *
 * An IP address is 16 bytes; IPv4 is held as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2),
 * so that no signature changes with IPv6.  All zero is "any" or "none".
 */
#ifndef MIR_ADDR_H
#define MIR_ADDR_H

#include <mir/bytes.h>

struct mir_mac {
	uint8_t b[6];
};

struct mir_ipaddr {
	uint8_t b[16];
};

struct mir_cidr {
	struct mir_ipaddr addr;
	uint8_t len; /* prefix length, 0..32 for IPv4 */
};

struct mir_endpoint {
	struct mir_ipaddr addr;
	uint16_t port; /* host order */
};

#define MIR_IPADDR_ANY ((struct mir_ipaddr){ { 0 } })

enum { MIR_IPADDR_TEXT = 46, MIR_ENDPOINT_TEXT = 54, MIR_MAC_TEXT = 18 };

/* v4 in host order: 0x0a000001 is 10.0.0.1. */
static inline struct mir_ipaddr mir_ip4(uint32_t v4)
{
	struct mir_ipaddr a = { { [10] = 0xff, [11] = 0xff } };

	mir_put_be32(a.b + 12, v4);
	return a;
}

static inline uint32_t mir_ip4_of(const struct mir_ipaddr *a)
{
	return mir_be32(a->b + 12);
}

static inline bool mir_ipaddr_eq(const struct mir_ipaddr *a, const struct mir_ipaddr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static inline bool mir_ipaddr_is_any(const struct mir_ipaddr *a)
{
	static const struct mir_ipaddr any;

	return mir_ipaddr_eq(a, &any);
}

static inline bool mir_ipaddr_is4(const struct mir_ipaddr *a)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->b, prefix, sizeof(prefix)) == 0;
}

static inline bool mir_mac_eq(const struct mir_mac *a, const struct mir_mac *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* The netmask of an IPv4 prefix length, host order. */
static inline uint32_t mir_mask4(unsigned len)
{
	return len == 0 ? 0 : 0xffffffffu << (32 - len);
}

/* Implemented in run/addr.c.  Parsers take the whole text or fail with MIR_EINVAL;
 * formatters write a zero-ended text into a buffer of MIR_*_TEXT bytes and return it. */
int mir_ipaddr_parse(const char *text, struct mir_ipaddr *out);
int mir_cidr_parse(const char *text, struct mir_cidr *out);
int mir_mac_parse(const char *text, struct mir_mac *out);
const char *mir_ipaddr_text(const struct mir_ipaddr *, char buf[MIR_IPADDR_TEXT]);
const char *mir_endpoint_text(const struct mir_endpoint *, char buf[MIR_ENDPOINT_TEXT]);
const char *mir_mac_text(const struct mir_mac *, char buf[MIR_MAC_TEXT]);

#endif
