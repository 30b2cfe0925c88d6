/* virtio_block.h: BLOCK on a virtio device (virtio 1.2 section 5.2).
 *
 * Memory goes to the device as it lies.  Long calls become several requests, which the device has
 * at once, as it has those of other fibers; a fiber sleeps until its own are done.  A call whose
 * fiber is cancelled, or whose deadline passes, ends when the device lets go of its memory.
 */
#ifndef MIR_VIRTIO_BLOCK_H
#define MIR_VIRTIO_BLOCK_H

#include <mir/block.h>
#include <mir/fiber.h>
#include <mir/timer.h>

#include "../../../bare/bare.h"
#include "../../device.h"

enum {
	MIR_VIRTIO_BLOCK_REQUESTS = 64, /* at once */
	MIR_VIRTIO_BLOCK_SEGMENTS = 64, /* of memory, in one request */
};

struct mir_virtio_block_config {
	const char *name;
	const char *device; /* which one: "" or NULL where order tells */
};

/* A call of the signature: its requests count down. */
struct mir_virtio_block_call {
	unsigned pending;
	int result; /* the first error */
};

struct mir_virtio_block_request {
	struct mir_virtio_block_request *next; /* free ones */
	struct mir_virtio_block_call *call;    /* NULL: free */
	int64_t began;
	uint8_t head[16];
	uint8_t range[16]; /* of a discard */
	uint8_t status;
};

struct mir_virtio_block {
	struct mir_block block; /* the signature object */
	struct mir_bare_port port;
	struct mir_virtio *device;
	struct mir_vq queue;
	bool armed, slow;
	unsigned segments;     /* of one request at most */
	uint32_t segment_max;  /* bytes of one */
	uint64_t discard_max;  /* sectors of 512 bytes in one request; 0: there is none */
	unsigned discard_step; /* sectors of 512 bytes that a discard should be a multiple of */
	uint32_t discard_type;
	struct mir_waitq done, room;
	struct mir_timer patience;
	struct mir_virtio_block_request *free;
	struct mir_virtio_block_request requests[MIR_VIRTIO_BLOCK_REQUESTS];
};

/* Before any disk starts. */
void mir_virtio_block_announce(const struct mir_virtio_block_config *);
/* MIR_ENODEV: there is none, or it is not clear which; MIR_EPROTO: what it says cannot be. */
int mir_virtio_block_start(struct mir_virtio_block *, const struct mir_virtio_block_config *);
void mir_virtio_block_stop(struct mir_virtio_block *);

#endif
