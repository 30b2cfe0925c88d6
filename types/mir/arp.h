/* arp.h: ARP, from IPv4 addresses on the link to hardware addresses (RFC 826, 5227). */
#ifndef MIR_ARP_H
#define MIR_ARP_H

#include <mir/addr.h>
#include <mir/err.h>
#include <mir/packet.h>

struct mir_arp;

/* Another host claims our address (RFC 5227 section 2.4).  Must not block. */
typedef void mir_arp_conflict(void *arg, struct mir_ipaddr addr, const struct mir_mac *claimant);

/* The next hop of a packet that send() took did not answer: the packet, so that the sender can be
 * told. Must not block. */
typedef void mir_arp_unreachable(void *arg, struct mir_packet *p /* take */);

struct mir_arp_ops {
	const char *name;

	/* Sends an IPv4 packet to next_hop, now or once its address is known; a bounded
	 * number waits per address, the oldest is dropped.  Never blocks. */
	int (*send)(struct mir_arp *, struct mir_ipaddr next_hop, struct mir_packet *p /* take */);

	/* The hardware address of addr.  Blocks.  MIR_EHOSTUNREACH after 3 unanswered requests,
	 * MIR_ETIMEDOUT (the fiber's deadline), MIR_ECANCELED. */
	int (*query)(struct mir_arp *, struct mir_ipaddr addr, struct mir_mac *out);

	/* Answer for addr from now on, and announce it twice (RFC 5227 section 2.3), without
	 * waiting.  MIR_ELIMIT. */
	int (*add)(struct mir_arp *, struct mir_ipaddr addr);
	void (*remove)(struct mir_arp *, struct mir_ipaddr addr);

	/* Probes whether somebody uses addr (RFC 5227 section 2.1.1, with `wait_ns` in place of
	 * the seconds there).  Blocks.  0: free.  MIR_EADDRINUSE,
	 * MIR_ETIMEDOUT (the fiber's deadline), MIR_ECANCELED: not known. */
	int (*probe)(struct mir_arp *, struct mir_ipaddr addr, int64_t wait_ns);

	void (*watch)(struct mir_arp *, mir_arp_conflict *, mir_arp_unreachable *, void *arg);
};

struct mir_arp {
	const struct mir_arp_ops *ops;
};

static inline int mir_arp_send(struct mir_arp *a, struct mir_ipaddr next_hop, struct mir_packet *p)
{
	return a->ops->send(a, next_hop, p);
}

#endif
