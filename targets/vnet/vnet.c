/* vnet.c: the virtio header.  The host is not trusted: each field is checked against the frame. */
#include "vnet.h"

#include <mir/bytes.h>
#include <mir/err.h>

enum {
	NEEDS_CSUM = 1,
	DATA_VALID = 2,
	GSO_NONE = 0,
	GSO_TCP4 = 1,
	GSO_TCP6 = 4,

	FLAGS = 0, /* offsets of the fields, all little-endian */
	GSO_TYPE = 1,
	HEADER_LEN = 2,
	GSO_SIZE = 4,
	CSUM_START = 6,
	CSUM_OFFSET = 8,

	TCP_OFFSET = 12, /* of the byte with the header length in TCP's header */
	TCP_HEADER = 20,
	IP4_HEADERS = 14 + 20 + TCP_HEADER,
	IP6_HEADERS = 14 + 40 + TCP_HEADER,
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* Link, network and TCP header of a packet whose TCP header starts at `tcp`. */
static size_t headers_len(const struct mir_packet *p, size_t tcp)
{
	size_t len = tcp + TCP_HEADER;

	if (tcp + TCP_OFFSET < p->len)
		len = tcp + (size_t)(p->data[tcp + TCP_OFFSET] >> 4) * 4;
	return MIR_MIN(len, p->total);
}

void mir_vnet_write(uint8_t header[MIR_VNET_HEADER_MAX], const struct mir_packet *p)
{
	size_t start = p->csum_start - mir_packet_headroom(p);

	memset(header, 0, MIR_VNET_HEADER_MAX);
	if (p->csum == MIR_CSUM_PARTIAL) {
		header[FLAGS] = NEEDS_CSUM;
		put16(header + CSUM_START, start);
		put16(header + CSUM_OFFSET, p->csum_offset);
	}
	if (p->gso != MIR_GSO_NONE) {
		header[GSO_TYPE] = p->gso == MIR_GSO_TCP4 ? GSO_TCP4 : GSO_TCP6;
		put16(header + GSO_SIZE, p->gso_size);
		put16(header + HEADER_LEN, headers_len(p, start));
	}
}

static int read_gso(const uint8_t *header, struct mir_packet *p)
{
	uint16_t size = get16(header + GSO_SIZE);
	size_t headers;

	switch (header[GSO_TYPE]) {
	case GSO_NONE: return 0;
	case GSO_TCP4:
		p->gso = MIR_GSO_TCP4;
		headers = IP4_HEADERS;
		break;
	case GSO_TCP6:
		p->gso = MIR_GSO_TCP6;
		headers = IP6_HEADERS;
		break;
	default: return MIR_EPROTO; /* none that was offered to the host */
	}
	if (size == 0 || p->total <= headers || p->csum != MIR_CSUM_VALID)
		return MIR_EPROTO;
	p->gso_size = size;
	return 0;
}

int mir_vnet_read(const uint8_t header[MIR_VNET_HEADER], struct mir_packet *p)
{
	size_t start = get16(header + CSUM_START), offset = get16(header + CSUM_OFFSET);

	if (header[FLAGS] & NEEDS_CSUM) {
		if (start + offset + 2 > p->total)
			return MIR_EPROTO;
		p->csum = MIR_CSUM_VALID;
	} else if (header[FLAGS] & DATA_VALID) {
		p->csum = MIR_CSUM_VALID;
	}
	return read_gso(header, p);
}
