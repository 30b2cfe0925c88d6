/* driver.h: what the two halves of the network driver share. */
#ifndef MIR_GUEST_NET_DRIVER_H
#define MIR_GUEST_NET_DRIVER_H

#include <mir/guest_net.h>

#include "../tender.h"

enum {
	MIR_GUEST_ETHER = 14,
	MIR_GUEST_VLAN = 4,
	MIR_GUEST_FRAME_MAX = MIR_GUEST_ETHER + MIR_GUEST_VLAN + MIR_PACKET_MAX,
};

/* net.c: the host has taken the device away. */
void mir_guest_net_disconnected(struct mir_guest_net *);

/* receive.c: of struct mir_guest_port. */
unsigned mir_guest_net_reads(struct mir_guest_port *, struct mir_op ops[], unsigned room);
unsigned mir_guest_net_taken(struct mir_guest_port *, const struct mir_op ops[], unsigned n);
/* receive.c: gives the rooms back. */
void mir_guest_net_rooms_release(struct mir_guest_net *);

static inline struct mir_guest_net *mir_guest_net_of(struct mir_guest_port *port)
{
	return mir_container(port, struct mir_guest_net, port);
}

#endif
