/* net.h: NETWORK, an interface that moves Ethernet frames.
 *
 * Implemented by a target's net driver and by lib/link (a cable in memory). A driver
 * embeds struct mir_net and fills its fields before start returns.
 *
 * Frames are packets whose data is the Ethernet header, without preamble and FCS.
 * Frames move in bursts both ways.  Offloads are agreed by fields: a layer above may send a packet
 * with MIR_CSUM_PARTIAL or MIR_GSO_* only if the interface has the bit.
 */
#ifndef MIR_NET_H
#define MIR_NET_H

#include <mir/addr.h>
#include <mir/err.h>
#include <mir/packet.h>

enum { MIR_NET_BURST = 64 }; /* frames in one call at most */

/* Offloads, in mir_net.offloads. */
enum {
	MIR_NET_TX_CSUM = 1, /* takes MIR_CSUM_PARTIAL */
	MIR_NET_TX_TSO4 = 2, /* takes MIR_GSO_TCP4 up to MIR_PACKET_MAX; implies TX_CSUM */
	MIR_NET_RX_CSUM = 4, /* may deliver MIR_CSUM_VALID */
	MIR_NET_RX_GRO4 = 8, /* may deliver MIR_GSO_TCP4: frames longer than the MTU */
};

struct mir_net_stats {
	uint64_t rx_packets, rx_bytes, rx_dropped;
	uint64_t tx_packets, tx_bytes, tx_dropped;
};

struct mir_net;

/* A burst has arrived.  Takes the packets (not the array).  Called from the event loop: must not
 * block. */
typedef void mir_net_input(void *arg, struct mir_packet *const frames[] /* take */, unsigned n);

struct mir_net_ops {
	const char *name;

	/* Sends n <= MIR_NET_BURST frames in order, without blocking.  Takes them all; those for
	 * which the device has no room are dropped and counted in tx_dropped.  Returns how many
	 * went out. MIR_EDISCONN: the interface is gone. */
	int (*send)(struct mir_net *, struct mir_packet *const frames[] /* take */, unsigned n);

	/* From now on bursts go to `input`; one receiver, the last one set.  NULL: frames are
	 * dropped and counted. */
	void (*listen)(struct mir_net *, mir_net_input *input, void *arg);
};

struct mir_net {
	const struct mir_net_ops *ops;
	const char *name; /* "service" */
	struct mir_mac mac;
	uint16_t mtu;       /* payload bytes, without the Ethernet header */
	uint16_t offloads;  /* MIR_NET_* */
	uint8_t max_slices; /* slices that a frame to send may have, <= MIR_PACKET_SLICES */
	struct mir_net_stats stats;
};

static inline int mir_net_send(struct mir_net *n, struct mir_packet *const frames[], unsigned count)
{
	return n->ops->send(n, frames, count);
}

static inline void mir_net_listen(struct mir_net *n, mir_net_input *input, void *arg)
{
	n->ops->listen(n, input, arg);
}

#endif
