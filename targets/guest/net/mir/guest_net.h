/* guest_net.h: NETWORK that the tender has attached. */
#ifndef MIR_GUEST_NET_H
#define MIR_GUEST_NET_H

#include <mir/net.h>

#include "../../guest.h"

enum {
	MIR_GUEST_NET_TX = MIR_NET_BURST, /* frames that wait for the end of the turn */
	MIR_GUEST_NET_TX_IOV = 4 * MIR_GUEST_NET_TX,
	MIR_GUEST_NET_RX = 16, /* frames that there is room for in one turn */
	MIR_GUEST_NET_HEADER = 12,
};

struct mir_guest_net_config {
	const char *name;
};

/* Frames that were received or sent and got lost, by reason. */
struct mir_guest_net_drops {
	uint64_t header; /* too short, or a virtio header that contradicts its frame */
	uint64_t oversize;
	uint64_t memory;
	uint64_t unheard; /* nobody listens */
	uint64_t full;    /* sent: the host's queue is full */
	uint64_t down;    /* sent: the host's end is down */
	uint64_t error;
};

/* Room for a frame: its first bytes in the packet, the rest in the buffers. */
struct mir_guest_net_room {
	struct mir_packet *packet;
	struct mir_mem *small, *big;
	uint8_t *small_p, *big_p;
	uint8_t header[MIR_GUEST_NET_HEADER];
	struct mir_op_iov iov[4];
};

struct mir_guest_net {
	struct mir_net net; /* the signature object */
	struct mir_guest_port port;
	mir_net_input *input;
	void *arg;
	struct mir_guest_net_drops drops;
	unsigned header; /* bytes of the virtio header; 0: none */
	bool big;        /* frames need the big buffers too */
	bool gone;       /* the host has removed the device */

	struct mir_packet *tx[MIR_GUEST_NET_TX]; /* held until they are written */
	struct mir_op tx_op[MIR_GUEST_NET_TX];
	struct mir_op_iov tx_iov[MIR_GUEST_NET_TX_IOV];
	uint8_t tx_header[MIR_GUEST_NET_TX][MIR_GUEST_NET_HEADER];
	unsigned n_tx_iov;

	struct mir_guest_net_room rx[MIR_GUEST_NET_RX];
	unsigned want; /* rooms to offer: grows with what comes */
};

/* MIR_ENODEV: the tender has no network of that name; MIR_EPROTO: what it says of it cannot be. */
int mir_guest_net_start(struct mir_guest_net *, const struct mir_guest_net_config *);
void mir_guest_net_stop(struct mir_guest_net *);

#endif
