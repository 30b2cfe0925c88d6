/* wire.h: the TCP header and its options (RFC 9293 section 3.1; 7323, 2018), and arithmetic on
 * sequence numbers (RFC 9293 section 3.4). */
#ifndef MIR_TCP_WIRE_H
#define MIR_TCP_WIRE_H

#include <mir/addr.h>
#include <mir/packet.h>

enum {
	MIR_TCP_FIN = 1,
	MIR_TCP_SYN = 2,
	MIR_TCP_RST = 4,
	MIR_TCP_PSH = 8,
	MIR_TCP_ACK = 16,
	MIR_TCP_URG = 32,
	MIR_TCP_ECE = 64, /* RFC 3168 */
	MIR_TCP_CWR = 128,
};

enum {
	MIR_TCP_HEADER = 20,
	MIR_TCP_HEADER_MAX = 60,
	MIR_TCP_SACKS = 4,     /* blocks that fit in a header */
	MIR_TCP_TS_SPACE = 12, /* timestamps, padded */
	MIR_TCP_TIMEOUT_SPACE = 4,
	MIR_TCP_MAX_SHIFT = 14,
	MIR_TCP_MIN_MSS = 28, /* smaller offers are taken for this; of the smallest MTU, 68 */
	MIR_TCP_DEFAULT_MSS = 536,
};

/* One connection's addresses and ports. */
struct mir_tcp_tuple {
	struct mir_ipaddr local, peer;
	uint16_t local_port, peer_port;
};

/* A range of sequence numbers, [from, to). */
struct mir_tcp_range {
	uint32_t from, to;
};

enum { MIR_TCP_COOKIE_MAX = 12 }; /* longer ones do not fit beside the other options of a SYN */

/* TCP Fast Open option (RFC 7413 section 4.1.1); len 0: a cookie is asked for. */
struct mir_tcp_cookie {
	bool present;
	uint8_t len;
	uint8_t bytes[MIR_TCP_COOKIE_MAX];
};

/* A segment, parsed or to be built. */
struct mir_tcp_segment {
	uint16_t source, dest;
	uint32_t seq, ack;
	uint32_t window; /* as in the field; mir_tcb_input scales it */
	uint32_t len;    /* bytes of payload */
	uint16_t gso_size;
	uint8_t flags;
	uint8_t header;       /* bytes */
	uint16_t mss;         /* 0: option absent */
	uint16_t timeout;     /* user timeout, as in the field (RFC 5482); 0: absent */
	bool has_scale;       /* window scale */
	bool sack_permitted;  /* only in SYN */
	bool has_ts;          /* timestamps */
	bool ce;              /* the datagram was marked: congestion (RFC 3168) */
	uint8_t scale, nsack; /* scale: at most 14 (RFC 7323 section 2.3) */
	uint32_t tsval, tsecr;
	struct mir_tcp_range sack[MIR_TCP_SACKS];
	struct mir_tcp_cookie cookie;
	struct mir_packet *packet; /* payload only; owned by whoever holds the segment */
};

/* The header of a segment in the first n bytes at p, checksum not looked at.  MIR_EPROTO: not a TCP
 * header.  An option of a wrong length ends the options: those before it count. */
int mir_tcp_parse(const uint8_t *p, size_t n, struct mir_tcp_segment *out) MIR_MUST_USE;

/* Bytes that the header of this segment takes, options included: 20..60. */
unsigned mir_tcp_header_size(const struct mir_tcp_segment *);

/* Prepends the header to a packet that holds the payload, with MIR_CSUM_PARTIAL and the
 * pseudo-header's sum in the checksum field. */
void mir_tcp_build(
    const struct mir_tcp_segment *, const struct mir_tcp_tuple *, struct mir_packet *p);

/* The user timeout option's field (RFC 5482 section 2): 15 bits of seconds or of minutes. */
uint16_t mir_tcp_timeout_encode(int64_t ns);
int64_t mir_tcp_timeout_decode(uint16_t field);

/* Can it be the address of one host (RFC 9293 section 3.9.2.3)?  That of a subnet's broadcasts is
 * known to IP alone. */
static inline bool mir_tcp_is_host(const struct mir_ipaddr *a)
{
	uint32_t v4 = mir_be32(a->b + 12);

	return !mir_ipaddr_is4(a) || (v4 != 0 && v4 >> 28 < 14);
}

/* How many numbers of the sequence the segment takes. */
static inline uint32_t mir_tcp_span(const struct mir_tcp_segment *s)
{
	return s->len + !!(s->flags & MIR_TCP_SYN) + !!(s->flags & MIR_TCP_FIN);
}

static inline bool mir_seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool mir_seq_le(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline uint32_t mir_seq_max(uint32_t a, uint32_t b)
{
	return mir_seq_lt(a, b) ? b : a;
}

static inline uint32_t mir_seq_min(uint32_t a, uint32_t b)
{
	return mir_seq_lt(a, b) ? a : b;
}

#endif
