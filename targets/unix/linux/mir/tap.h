/* tap.h: NETWORK on a tap device of the host's kernel. */
#ifndef MIR_TAP_H
#define MIR_TAP_H

#include <mir/net.h>

#include "../../watch.h"

struct mir_tap_config {
	const char *name;
	const char *interface; /* "tap0", or "@3": a descriptor that is open already */
	const char *net_mac;   /* "" or NULL: random */
};

/* Frames that were received or sent and got lost, by reason. */
struct mir_tap_drops {
	uint64_t header; /* a virtio header that contradicts its frame */
	uint64_t oversize;
	uint64_t memory;
	uint64_t unheard; /* nobody listens */
	uint64_t full;    /* sent: the host's queue is full */
	uint64_t down;    /* sent: the host's end is down */
	uint64_t error;
};

struct mir_tap {
	struct mir_net net;
	struct mir_poll_fd poll;
	mir_net_input *input;
	void *arg;
	struct mir_tap_drops drops;
	unsigned header; /* bytes of the virtio header; 0: none */
	bool gone;       /* the host has removed the device */

	/* The next frame goes here. */
	struct mir_packet *packet;
	struct mir_mem *small, *big;
	uint8_t *small_p, *big_p;
};

int mir_tap_start(struct mir_tap *, const struct mir_tap_config *);
void mir_tap_stop(struct mir_tap *);

#endif
