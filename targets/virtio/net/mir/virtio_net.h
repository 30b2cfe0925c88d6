/* virtio_net.h: NETWORK on a virtio device (virtio 1.2 section 5.1).
 *
 * Frames are sent as their pieces lie and held until the device has them.  Frames that come lie in
 * buffers of the pool that go up as they are; a long one in several, where the device can.
 */
#ifndef MIR_VIRTIO_NET_H
#define MIR_VIRTIO_NET_H

#include <mir/net.h>
#include <mir/timer.h>

#include "../../../bare/bare.h"
#include "../../device.h"

enum { MIR_VIRTIO_NET_HEADER = 12 };

struct mir_virtio_net_config {
	const char *name;
	const char *device; /* which one: "" or NULL where order tells */
};

/* Frames that were received or sent and got lost, by reason. */
struct mir_virtio_net_drops {
	uint64_t header; /* too short, or a header that contradicts its frame */
	uint64_t oversize;
	uint64_t memory;
	uint64_t unheard; /* nobody listens */
	uint64_t full;    /* sent: the device's queue is full */
	uint64_t down;    /* sent: the link is down, or the device is gone */
};

/* A buffer that the device has, or the driver before it goes up. */
struct mir_virtio_net_buffer {
	struct mir_mem *mem;
	uint8_t *p;
};

struct mir_virtio_net {
	struct mir_net net; /* the signature object */
	struct mir_bare_port port;
	struct mir_virtio *device;
	mir_net_input *input;
	void *arg;
	struct mir_virtio_net_drops drops;
	unsigned header; /* bytes before each frame */
	uint32_t room;   /* bytes of each receive buffer */
	bool merges;     /* a frame may come in several buffers */
	bool split;      /* the header wants a descriptor of its own */
	bool up;         /* the link */
	bool armed;      /* an interrupt tells of the next frame */

	struct mir_vq rx;
	struct mir_virtio_net_buffer buffer[MIR_VQ_MAX];
	/* A frame of which not all buffers have come. */
	struct mir_packet *partial;
	unsigned missing;
	bool bad; /* it is going to be dropped */
	uint8_t partial_header[MIR_VIRTIO_NET_HEADER];

	struct mir_vq tx;
	struct mir_timer sweep; /* takes sent packets back when nothing else looks */
	uint8_t tx_header[MIR_VQ_MAX][MIR_VIRTIO_NET_HEADER];

	struct mir_vq control;
	uint8_t command[16];
};

/* Before any network starts. */
void mir_virtio_net_announce(const struct mir_virtio_net_config *);
/* MIR_ENODEV: there is none, or it is not clear which; MIR_EPROTO: what it says cannot be. */
int mir_virtio_net_start(struct mir_virtio_net *, const struct mir_virtio_net_config *);
void mir_virtio_net_stop(struct mir_virtio_net *);

#endif
