/* packet.h: a packet on its way through the network stack.
 *
 *      head             data          data+len              head+MIR_PACKET_HEAD
 *       |---headroom-----|--linear part---|------tailroom------|   then slice[0], slice[1], ...
 *
 * The linear part holds headers (and, in a small packet, everything).  Each layer
 * on the way down prepends its header in place; each layer on the way up pulls
 * its header off.  Payload follows in slices: references to memory that others own,
 * so that TCP keeps what it may have to send again, an embedded file goes
 * out as it lies, and a 64 kB segment fits.
 *
 * A packet is itself counted memory (mem is its first member): a slice may point into its
 * linear part and keep the packet alive.
 *
 * Received packets: the driver places the first min(frame, 192) bytes or more in the
 * linear part, so that link, network and transport headers can be read from there
 * once mir_packet_pull_up() has said yes.
 */
#ifndef MIR_PACKET_H
#define MIR_PACKET_H

#include <mir/slice.h>

enum {
	MIR_PACKET_HEAD = 320,     /* bytes in the linear part, headroom included */
	MIR_PACKET_HEADROOM = 160, /* virtio-net 12 + Ethernet 18 + IPv6 40 + TCP 60, rounded up */
	MIR_PACKET_SLICES = 18,    /* 64 kB in 4 kB pages, and both ends cut */
	MIR_PACKET_MAX = 65535     /* bytes of network-layer data, headers included */
};

/* Who has seen to the transport checksum. */
enum mir_csum {
	MIR_CSUM_NONE,    /* received: not checked yet.  To send: complete, nothing to do */
	MIR_CSUM_VALID,   /* received: checked by the device, or never on a wire */
	MIR_CSUM_PARTIAL, /* to send: the field holds the pseudo-header's sum; the device adds the
			     bytes from csum_start on and stores at csum_start + csum_offset */
};

/* One packet that stands for many. */
enum mir_gso {
	MIR_GSO_NONE,
	MIR_GSO_TCP4, /* a TCP segment over IPv4 that the device cuts (sent) or has merged
			 (received) */
	MIR_GSO_TCP6,
};

enum mir_cast { MIR_UNICAST, MIR_BROADCAST, MIR_MULTICAST };

struct mir_packet {
	struct mir_mem mem;      /* first: a packet is an owner */
	struct mir_packet *next; /* link for whoever holds the packet */
	uint8_t *data;           /* first byte of the linear part */
	uint32_t total;          /* bytes in the linear part and all slices */
	uint16_t len;            /* bytes in the linear part */
	uint16_t nslices;

	uint8_t csum; /* enum mir_csum */
	uint8_t gso;  /* enum mir_gso */
	uint8_t cast; /* enum mir_cast: received, how the link addressed it */
	uint8_t reserved;
	uint16_t
	    csum_start; /* offset from head, not from data: stays true when headers are pushed */
	uint16_t csum_offset; /* from csum_start */
	uint16_t gso_size;    /* payload bytes of each packet that it stands for */
	uint16_t l3;          /* received: offset from head of the network header */

	struct mir_slice slice[MIR_PACKET_SLICES];
	uint8_t head[MIR_PACKET_HEAD];
};

/* Implemented in run/packet.c; packets are pooled. */

/* An empty packet whose data lies after the headroom, or NULL when out of memory. */
struct mir_packet *mir_packet_new(void);

/* Makes the first n bytes linear, moving them from the slices where they are not; room in front
 * is used up if it must be.  False, and nothing done, if the packet has fewer than n or they
 * do not fit in the head. */
bool mir_packet_pull_up(struct mir_packet *, size_t n);

/* Shortens the packet to its first `total` bytes (padding of short Ethernet frames). */
void mir_packet_trim(struct mir_packet *, size_t total);

/* Drops n bytes from the front, through the linear part into the slices; n <= total. */
void mir_packet_drop(struct mir_packet *, size_t n);

/* Copies len bytes from offset off (from data) to dst; off + len <= total. */
void mir_packet_copy(const struct mir_packet *, size_t off, void *dst, size_t len);

/* The payload as slices with references of their own; a linear part becomes a slice that holds the
 * packet. The packet's own reference is given up.  out has room for MIR_PACKET_SLICES + 1.  Returns
 * how many (empty ones left out). */
unsigned mir_packet_into_slices(struct mir_packet *p /* take */, struct mir_slice *out);

static inline struct mir_packet *mir_packet_ref(struct mir_packet *p)
{
	p->mem.refs++;
	return p;
}

static inline void mir_packet_unref(struct mir_packet *p)
{
	if (p)
		mir_mem_unref(&p->mem);
}

static inline size_t mir_packet_headroom(const struct mir_packet *p)
{
	return (size_t)(p->data - p->head);
}

static inline size_t mir_packet_tailroom(const struct mir_packet *p)
{
	return p->nslices ? 0 : (size_t)(p->head + MIR_PACKET_HEAD - (p->data + p->len));
}

/* Grows the packet by n bytes at the front and returns the new front.  The caller
 * knows that there is headroom (its layer's share of MIR_PACKET_HEADROOM). */
static inline uint8_t *mir_packet_push(struct mir_packet *p, size_t n)
{
	p->data -= n;
	p->len = (uint16_t)(p->len + n);
	p->total += (uint32_t)n;
	return p->data;
}

/* Drops n linear bytes from the front and returns where they were; n <= len. */
static inline uint8_t *mir_packet_pull(struct mir_packet *p, size_t n)
{
	uint8_t *front = p->data;

	p->data += n;
	p->len = (uint16_t)(p->len - n);
	p->total -= (uint32_t)n;
	return front;
}

/* Grows the linear part by n bytes at the end and returns them; there are no slices
 * yet and n <= tailroom. */
static inline uint8_t *mir_packet_put(struct mir_packet *p, size_t n)
{
	uint8_t *end = p->data + p->len;

	p->len = (uint16_t)(p->len + n);
	p->total += (uint32_t)n;
	return end;
}

/* Appends a slice; false (and the slice stays the caller's) when there is no place. */
static inline bool mir_packet_append(struct mir_packet *p, const struct mir_slice *s /* take */)
{
	if (p->nslices == MIR_PACKET_SLICES)
		return false;
	p->slice[p->nslices++] = *s;
	p->total += (uint32_t)s->len;
	return true;
}

#endif
