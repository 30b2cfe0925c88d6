/* virtio.h: what the files of this target know of each other. */
#ifndef MIR_VIRTIO_TARGET_H
#define MIR_VIRTIO_TARGET_H

#include <mir/cc.h>

enum {
	/* QEMU's isa-debug-exit: v ends it with status 2 v + 1. */
	MIR_VIRTIO_DEBUG_EXIT = 0x501,
	MIR_VIRTIO_STATUS_MAX = 127,
};

#endif
