/* driver.h: what the parts of the disk's driver share. */
#ifndef MIR_VIRTIO_BLOCK_DRIVER_H
#define MIR_VIRTIO_BLOCK_DRIVER_H

#include <mir/virtio_block.h>

enum {
	MIR_VIRTIO_BLOCK_IN = 0, /* types of requests */
	MIR_VIRTIO_BLOCK_OUT = 1,
	MIR_VIRTIO_BLOCK_FLUSH_NOW = 4,
	MIR_VIRTIO_BLOCK_GET_ID = 8,
	MIR_VIRTIO_BLOCK_DISCARD_NOW = 11,
	MIR_VIRTIO_BLOCK_ZERO_NOW = 13,

	MIR_VIRTIO_BLOCK_UNIT = 512, /* bytes that the device counts in, whatever its sectors */
};

/* Features (section 5.2.3). */
#define MIR_VIRTIO_BLOCK_SIZE_MAX (1ull << 1)
#define MIR_VIRTIO_BLOCK_SEG_MAX  (1ull << 2)
#define MIR_VIRTIO_BLOCK_READONLY (1ull << 5)
#define MIR_VIRTIO_BLOCK_SECTOR   (1ull << 6)
#define MIR_VIRTIO_BLOCK_FLUSH    (1ull << 9)
#define MIR_VIRTIO_BLOCK_TOPOLOGY (1ull << 10)
#define MIR_VIRTIO_BLOCK_DISCARD  (1ull << 13)
#define MIR_VIRTIO_BLOCK_ZEROES   (1ull << 14)

/* request.c: of struct mir_block_ops. */
extern const struct mir_block_ops mir_virtio_block_ops;
/* request.c: of the port. */
bool mir_virtio_block_turn(struct mir_bare_port *);
/* request.c: of the timer: says so when a request takes long. */
void mir_virtio_block_patience(struct mir_timer *);
/* request.c: the device is gone: all calls end. */
void mir_virtio_block_fail(struct mir_virtio_block *);

#endif
