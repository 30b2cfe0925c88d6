/* driver.h: what the parts of the network driver share. */
#ifndef MIR_XEN_NET_DRIVER_H
#define MIR_XEN_NET_DRIVER_H

#include <mir/xen_net.h>

#include "../grant.h"

enum {
	MIR_XEN_ETHER = 14,
	MIR_XEN_VLAN = 4,
	MIR_XEN_FRAME_MAX = MIR_XEN_ETHER + MIR_XEN_VLAN + MIR_PACKET_MAX,
};

/* net.c: the back end cannot be understood, or is gone: says so, once. */
void mir_xen_net_broken(struct mir_xen_net *, const char *why);

/* transmit.c */
void mir_xen_net_tx_begin(struct mir_xen_net_queue *);
void mir_xen_net_tx_done(struct mir_xen_net_queue *); /* what the back end has sent */
bool mir_xen_net_tx_frame(struct mir_xen_net_queue *, struct mir_packet * /* take */);
void mir_xen_net_tx_push(struct mir_xen_net_queue *);
/* Gives back all there is.  forget: the grants have gone with a suspension. */
void mir_xen_net_tx_end(struct mir_xen_net_queue *, bool forget);

/* receive.c */
void mir_xen_net_rx_begin(struct mir_xen_net_queue *);
/* Delivers what has come; whether there is more. */
bool mir_xen_net_rx_take(struct mir_xen_net_queue *);
void mir_xen_net_rx_fill(struct mir_xen_net_queue *);
void mir_xen_net_rx_end(struct mir_xen_net_queue *, bool forget);

#endif
