/* ethernet.h: ETHERNET, frames by type on one link (IEEE 802.3, RFC 894). */
#ifndef MIR_ETHERNET_H
#define MIR_ETHERNET_H

#include <mir/addr.h>
#include <mir/err.h>
#include <mir/packet.h>

enum { MIR_ETHERTYPE_IPV4 = 0x0800, MIR_ETHERTYPE_ARP = 0x0806, MIR_ETHERTYPE_IPV6 = 0x86dd };

struct mir_ethernet;

/* A frame of the type listened for, header pulled off, p->cast and p->l3 set.  Must not block. */
typedef void mir_ethernet_input(
    void *arg, struct mir_packet *p /* take */, const struct mir_mac *src);

struct mir_ethernet_ops {
	const char *name;

	/* Prepends the header and queues the frame; queued frames leave as one burst at the
	 * end of the loop's turn, or when MIR_NET_BURST have come together.  Never blocks.
	 * MIR_EMSGSIZE: longer than the MTU and not GSO.  MIR_EDISCONN. */
	int (*send)(struct mir_ethernet *, const struct mir_mac *dst, uint16_t type,
	    struct mir_packet *p /* take */);

	/* Frames of `type` for us, broadcast or multicast go to input; NULL ends that.
	 * MIR_ELIMIT: no place for another type. */
	int (*listen)(struct mir_ethernet *, uint16_t type, mir_ethernet_input *input, void *arg);
};

struct mir_ethernet {
	const struct mir_ethernet_ops *ops;
	const char *name;
	struct mir_mac mac;
	uint16_t mtu;
	uint16_t offloads; /* MIR_NET_* of the interface below */
	uint8_t max_slices;
};

static inline int mir_ethernet_send(
    struct mir_ethernet *e, const struct mir_mac *dst, uint16_t type, struct mir_packet *p)
{
	return e->ops->send(e, dst, type, p);
}

static inline int mir_ethernet_listen(
    struct mir_ethernet *e, uint16_t type, mir_ethernet_input *input, void *arg)
{
	return e->ops->listen(e, type, input, arg);
}

#endif
