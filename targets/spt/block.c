/* block.c: sectors of a disk: of any number where the tender allows that, else one a call. */
#include <mir/err.h>
#include <string.h>

#include "spt.h"

enum { KEEP_SIZE = 1, PUNCH_HOLE = 2 };

/* Moves len bytes in calls of at most `most`. */
static int64_t move(long number, int fd, uint8_t *p, uint64_t len, uint64_t at, uint64_t most)
{
	while (len > 0) {
		long part = (long)MIR_MIN(len, most);
		long n = mir_spt_call(number, fd, mir_spt_long(p), part, (long)at, 0, 0);

		if (n == MIR_SPT_EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? n : MIR_EIO; /* the file has become shorter */
		p += n;
		len -= (uint64_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

/* How much of a disk one call may move. */
static uint64_t most_of(const struct mir_mft_entry *e)
{
	return mir_spt_features & MIR_EXT_VECTOR ? (uint64_t)1 << 30 : e->u.block.block_size;
}

static int64_t each(const struct mir_op *op, const struct mir_mft_entry *e, long number)
{
	const struct mir_op_iov *iov = mir_spt_iov(op);
	uint64_t at = op->offset;
	int64_t rc = 0;

	for (unsigned i = 0; i < op->n && rc == 0; i++) {
		rc = move(number, e->b.hostfd, mir_spt_data(&iov[i]), iov[i].len, at, most_of(e));
		at += iov[i].len;
	}
	return rc;
}

/* Small pieces are written in one call, through the bounce buffer: the filter of the tender cannot
 * see how much a pwritev would write. */
static int64_t write_copy(const struct mir_op *op, const struct mir_mft_entry *e)
{
	const struct mir_op_iov *iov = mir_spt_iov(op);
	size_t len = 0;

	for (unsigned i = 0; i < op->n; i++) {
		memcpy(mir_spt_bounce + len, mir_spt_data(&iov[i]), iov[i].len);
		len += iov[i].len;
	}
	return move(CALL_PWRITE64, e->b.hostfd, mir_spt_bounce, len, op->offset, most_of(e));
}

static int64_t block_write(const struct mir_op *op)
{
	const struct mir_mft_entry *e = mir_spt_entry(op, MIR_MFT_BLOCK);

	if (!e)
		return MIR_EINVAL;
	if (op->n > 1 && mir_spt_features & MIR_EXT_VECTOR && mir_spt_iov_len(op) <= MIR_SPT_BOUNCE)
		return write_copy(op, e);
	return each(op, e, CALL_PWRITE64);
}

static int64_t block_read(const struct mir_op *op)
{
	const struct mir_mft_entry *e = mir_spt_entry(op, MIR_MFT_BLOCK);
	long n;

	if (!e)
		return MIR_EINVAL;
	if (op->n > 1 && mir_spt_features & MIR_EXT_VECTOR) {
		n = mir_spt_call(
		    CALL_PREADV, e->b.hostfd, (long)op->iov, op->n, (long)op->offset, 0, 0);
		if (n == (long)mir_spt_iov_len(op))
			return 0;
	}
	return each(op, e, CALL_PREAD64);
}

static int64_t feature_call(const struct mir_op *op, uint32_t feature, long number, const long a[3])
{
	const struct mir_mft_entry *e = mir_spt_entry(op, MIR_MFT_BLOCK);
	long n;

	if (!e)
		return MIR_EINVAL;
	if (!mir_guest.ext || !(mir_guest.ext->device[op->handle].features & feature))
		return MIR_ENOSYS;
	do
		n = mir_spt_call(number, e->b.hostfd, a[0], a[1], a[2], 0, 0);
	while (n == MIR_SPT_EINTR);
	return n;
}

static int64_t block_flush(const struct mir_op *op)
{
	return feature_call(op, MIR_EXT_BLOCK_FLUSH, CALL_FDATASYNC, (long[3]){ 0 });
}

static int64_t block_discard(const struct mir_op *op)
{
	long a[3] = { PUNCH_HOLE | KEEP_SIZE, (long)op->offset, (long)mir_spt_iov_len(op) };

	return feature_call(op, MIR_EXT_BLOCK_DISCARD, CALL_FALLOCATE, a);
}

static int64_t block(const struct mir_op *op)
{
	switch (op->code) {
	case MIR_OP_BLOCK_WRITE: return block_write(op);
	case MIR_OP_BLOCK_READ: return block_read(op);
	case MIR_OP_BLOCK_FLUSH: return block_flush(op);
	default: return block_discard(op);
	}
}

void mir_host_use_block(void)
{
	mir_spt_block = block;
}
