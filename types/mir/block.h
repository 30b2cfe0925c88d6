/* block.h: BLOCK, an array of sectors that survives a reboot.
 *
 * Calls that wait end with MIR_ETIMEDOUT at the fiber's deadline and with MIR_ECANCELED when it is
 * cancelled; whether a write that ended so has happened, only a read can tell.
 */
#ifndef MIR_BLOCK_H
#define MIR_BLOCK_H

#include <mir/cc.h>
#include <mir/err.h>

struct mir_block;

/* Memory to read into or write from; len is a multiple of the sector size. */
struct mir_iov {
	void *base;
	size_t len;
};

struct mir_block_ops {
	const char *name;

	/* Move sectors, from `sector` on, in order, between the device and iov[0..n-1], whose
	 * memory is borrowed.  All or nothing is not promised on failure; each sector is written
	 * whole or not at all. Blocks until done.  MIR_EIO.  MIR_EDISCONN.  To be called by
	 * mir_block_read and mir_block_write, which have checked the range. */
	int (*read)(struct mir_block *, uint64_t sector, const struct mir_iov *iov, unsigned n);
	int (*write)(struct mir_block *, uint64_t sector, const struct mir_iov *iov, unsigned n);

	/* Every write that returned before this call is durable when it returns, and ordered before
	 * every write that starts after.  Blocks. */
	int (*barrier)(struct mir_block *);

	/* The content of these sectors is no longer needed; reading them gives zeroes or what was
	 * there. A hint.  Blocks.  MIR_ENOSYS. */
	int (*discard)(struct mir_block *, uint64_t sector, uint64_t count);
};

struct mir_block {
	const struct mir_block_ops *ops;
	const char *name;
	uint64_t sectors;
	uint32_t sector_size; /* bytes; a power of two, 512 or more */
	bool writable;
};

/* run/block.c: 0, or MIR_EINVAL: not whole sectors, or not on the disk. */
int mir_block_check(
    const struct mir_block *, uint64_t sector, const struct mir_iov *iov, unsigned n);

/* As the operation; besides, MIR_EINVAL: out of range or not whole sectors. */
static inline int mir_block_read(
    struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	int rc = mir_block_check(b, sector, iov, n);

	return rc < 0 ? rc : b->ops->read(b, sector, iov, n);
}

/* The same; MIR_EROFS. */
static inline int mir_block_write(
    struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	int rc = b->writable ? mir_block_check(b, sector, iov, n) : MIR_EROFS;

	return rc < 0 ? rc : b->ops->write(b, sector, iov, n);
}

static inline int mir_block_barrier(struct mir_block *b)
{
	return b->ops->barrier(b);
}

static inline int mir_block_discard(struct mir_block *b, uint64_t sector, uint64_t count)
{
	if (!b->writable)
		return MIR_EROFS;
	if (sector > b->sectors || count > b->sectors - sector)
		return MIR_EINVAL;
	return b->ops->discard(b, sector, count);
}

#endif
