/* ramdisk.h: BLOCK in memory. */
#ifndef MIR_RAMDISK_H
#define MIR_RAMDISK_H

#include <mir/block.h>

enum { MIR_RAMDISK_SECTOR = 512, MIR_RAMDISK_CHUNK = 65536 };

struct mir_ramdisk {
	struct mir_block block; /* the signature object */
	uint8_t **chunks;       /* of MIR_RAMDISK_CHUNK bytes; NULL: all zero */
	size_t nchunks;
};

struct mir_ramdisk_config {
	uint64_t size; /* bytes, rounded down to sectors */
	const char *name;
};

/* A disk of zeroes; memory is taken when it is written to.  MIR_EINVAL: under one sector.
 * MIR_ENOMEM.  A write may fail with MIR_ENOSPC when there is no memory. */
int mir_ramdisk_start(struct mir_ramdisk *, const struct mir_ramdisk_config *);
void mir_ramdisk_stop(struct mir_ramdisk *);

#endif
