/* queue.h: a split virtqueue (virtio 1.2 section 2.7), as its driver sees it.
 *
 * A pure engine: memory in, descriptors out.  It does not touch the device; who uses it tells the
 * device when mir_vq_publish says so.  What the device writes is believed in nothing: indices,
 * numbers of descriptors and lengths are checked, and what the driver must remember lies
 * elsewhere than in the rings.
 */
#ifndef MIR_VIRTIO_QUEUE_H
#define MIR_VIRTIO_QUEUE_H

#include <mir/cc.h>

enum {
	MIR_VQ_MAX = 256,        /* buffers that the device may have at once */
	MIR_VQ_SIZE_MAX = 32768, /* entries of a ring; a power of two */
	MIR_VQ_SEGMENTS = 130,   /* of one buffer, at most */
	MIR_VQ_ALIGN = 4096,     /* of the memory */
	MIR_VQ_DESCRIPTOR = 16,  /* bytes */
};

/* A run of memory that the device reads or writes. */
struct mir_vq_segment {
	uint64_t at; /* as the device sees it */
	uint32_t len;
};

struct mir_vq_slot {
	void *cookie;   /* NULL: the device does not have it */
	uint32_t room;  /* bytes that the device may have written */
	uint16_t count; /* descriptors of its chain */
};

struct mir_vq {
	/* What the device sees too. */
	uint8_t *descriptors, *available, *used, *tables;
	uint16_t size;  /* entries of the rings */
	uint16_t limit; /* descriptors in use: at most size, at most MIR_VQ_MAX */
	uint16_t table; /* entries of each descriptor's indirect table; 0: there are none */
	bool event;     /* both sides say at which index they want to be told */

	uint16_t made; /* buffers ever given to the device, modulo 2^16 */
	uint16_t told; /* the same, when the device was told last */
	uint16_t seen; /* buffers ever taken back */
	uint16_t free, n_free;
	uint16_t outstanding; /* buffers that the device has */
	const char *broke;    /* what the device did that it must not; nothing is taken back any
				 more */
	uint16_t next[MIR_VQ_MAX];
	struct mir_vq_slot slot[MIR_VQ_MAX];
};

/* Bytes of memory for a queue of `size` entries with indirect tables of `table` entries (0: none)
 * for each of the descriptors that are used. */
size_t mir_vq_bytes(unsigned size, unsigned table);

/* Makes an empty queue in memory (MIR_VQ_ALIGN), where its rings lie as legacy devices want them.
 * size: a power of two, at most MIR_VQ_SIZE_MAX. */
void mir_vq_init(struct mir_vq *, void *memory, unsigned size, unsigned table, bool event);

/* A buffer for the device: n_out segments that it reads, then n_in that it writes; n_out + n_in
 * > 0. It is the device's until mir_vq_take gives the cookie (not NULL) back.  False: no room. */
bool mir_vq_add(struct mir_vq *, const struct mir_vq_segment segments[], unsigned n_out,
    unsigned n_in, void *cookie);

/* The device may look at what was added.  True: it wants to be told. */
bool mir_vq_publish(struct mir_vq *);

/* The next buffer that the device is done with: its cookie, and how many bytes it has written;
 * NULL: none, or mir_vq.broke says what is wrong. */
void *mir_vq_take(struct mir_vq *, uint32_t *len);

/* Whether mir_vq_take would find something; costs a read of memory. */
bool mir_vq_ready(const struct mir_vq *);

/* The device is to interrupt when it is done with a buffer. True: it has been already. */
bool mir_vq_arm(struct mir_vq *);

/* It need not.  (With `event` it does not after it has once.) */
void mir_vq_disarm(struct mir_vq *);

/* After the device was reset: the cookies of the buffers that it had, one a call, then NULL. */
void *mir_vq_reclaim(struct mir_vq *);

#endif
