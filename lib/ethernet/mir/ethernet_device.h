/* ethernet_device.h: the ETHERNET device over a NETWORK. */
#ifndef MIR_ETHERNET_DEVICE_H
#define MIR_ETHERNET_DEVICE_H

#include <mir/ethernet.h>
#include <mir/loop.h>
#include <mir/net.h>

enum {
	MIR_ETHERNET_HEADER = 14,
	MIR_ETHERNET_TYPES = 4 /* types that can be listened for at once */
};

struct mir_ethernet_device_config {
	struct mir_net *net;
	const char *name;
};

struct mir_ethernet_stats {
	uint64_t rx_frames, tx_frames;
	uint64_t rx_short;        /* no whole header */
	uint64_t rx_vlan;         /* tagged (IEEE 802.1Q, 802.1ad): no VLANs here */
	uint64_t rx_length;       /* a length in place of a type (IEEE 802.3 LLC) */
	uint64_t rx_not_ours;     /* unicast to another station */
	uint64_t rx_bad_source;   /* the source is a group address */
	uint64_t rx_unknown_type; /* nobody listens */
	uint64_t tx_too_long;     /* longer than the MTU, or too many slices, for the interface */
	uint64_t tx_bursts;
};

struct mir_ethernet_device {
	struct mir_ethernet ethernet; /* the object */
	struct mir_net *net;
	struct {
		mir_ethernet_input *input; /* NULL: free */
		void *arg;
		uint16_t type;
	} listener[MIR_ETHERNET_TYPES];
	struct mir_packet *queue[MIR_NET_BURST];
	unsigned queued;
	struct mir_hook flush;
	struct mir_ethernet_stats stats;
};

/* Takes over the interface's input.  Does not block; cannot fail. */
int mir_ethernet_device_start(
    struct mir_ethernet_device *, const struct mir_ethernet_device_config *);

/* Sends what is queued and lets the interface go.  The device may be asked for one more turn's end
 * after this, so its memory stays until the loop has gone round. */
void mir_ethernet_device_stop(struct mir_ethernet_device *);

#endif
