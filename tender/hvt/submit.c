/* submit.c: MIR_HVT_SUBMIT: the operations of a whole turn in one exit (mir/extension.h). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hvt.h"

/* An operation with its pieces of memory, checked, in the tender's own copy. */
struct piece_list {
	struct iovec iov[MIR_OP_IOV_MAX];
	uint64_t total;
};

/* `store`: something is to be written there. */
static bool pieces(
    const struct guest *g, const struct mir_op *op, bool store, struct piece_list *out)
{
	struct mir_op_iov list[MIR_OP_IOV_MAX];
	uint64_t size = (uint64_t)op->n * sizeof(list[0]);

	out->total = 0;
	if (op->n > MIR_OP_IOV_MAX || op->iov > g->size || size > g->size - op->iov)
		return false;
	memcpy(list, g->mem + op->iov, size);
	for (unsigned i = 0; i < op->n; i++) {
		if (list[i].data > g->size || list[i].len > g->size - list[i].data)
			return false;
		if (store && !guest_unsealed(g, list[i].data, list[i].len))
			return false;
		out->iov[i].iov_base = g->mem + list[i].data;
		out->iov[i].iov_len = list[i].len;
		out->total += list[i].len;
	}
	return true;
}

/* ---- network ---- */

static int64_t net_write(const struct guest *g, const struct mir_op *op)
{
	const struct net_device *net = guest_net(g, op->handle);
	struct piece_list p;

	if (!net || !pieces(g, op, false, &p))
		return -EINVAL;
	return writev(net->fd, p.iov, op->n) < 0 ? net_error(errno) : 0;
}

/* `dry`: bits by handle that had nothing more in this call. */
static int64_t net_read(const struct guest *g, const struct mir_op *op, uint64_t *dry)
{
	const struct net_device *net = guest_net(g, op->handle);
	struct piece_list p;
	ssize_t n;

	if (!net || !pieces(g, op, true, &p))
		return -EINVAL;
	if (*dry & 1ull << op->handle)
		return -EAGAIN;
	n = readv(net->fd, p.iov, op->n);
	if (n > 0)
		return n;
	n = n == 0 ? -EAGAIN : net_error(errno);
	if (n == -EAGAIN)
		*dry |= 1ull << op->handle;
	return n;
}

/* ---- disk ---- */

static int64_t disk_error(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT: return -ENOSPC;
	case EROFS:
	case EPERM:
	case EBADF: return -EROFS;
	case EINVAL:
	case EFAULT: return -EINVAL;
	case EOPNOTSUPP:
	case ENOSYS: return -ENOSYS;
	case ENODEV:
	case ENXIO: return -ENODEV;
	default: return -EIO;
	}
}

/* Moves on by n bytes that were done. */
static void advance(struct iovec **iov, unsigned *n, size_t done)
{
	while (*n > 0 && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		++*iov;
		--*n;
	}
	if (*n > 0) {
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
}

static bool on_disk(const struct block_device *d, uint64_t offset, uint64_t len)
{
	return offset <= d->capacity && len <= d->capacity - offset &&
	       (offset | len) % d->block_size == 0;
}

static int64_t disk_move(const struct guest *g, const struct mir_op *op, bool out)
{
	const struct block_device *d = guest_block(g, op->handle);
	struct piece_list p;
	struct iovec *iov = p.iov;
	unsigned left = op->n;
	uint64_t offset = op->offset;

	if (!d || !pieces(g, op, !out, &p) || !on_disk(d, offset, p.total))
		return -EINVAL;
	if (out && (d->features & MIR_EXT_BLOCK_READONLY))
		return -EROFS;
	advance(&iov, &left, 0);
	while (left > 0) {
		ssize_t n = out ? pwritev(d->fd, iov, (int)left, (off_t)offset)
				: preadv(d->fd, iov, (int)left, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? disk_error(errno) : -EIO; /* the file was cut */
		offset += (uint64_t)n;
		advance(&iov, &left, (size_t)n);
	}
	return 0;
}

static int64_t disk_flush(const struct guest *g, const struct mir_op *op)
{
	const struct block_device *d = guest_block(g, op->handle);

	if (!d)
		return -EINVAL;
	return fdatasync(d->fd) < 0 ? disk_error(errno) : 0;
}

static int64_t disk_discard(const struct guest *g, const struct mir_op *op)
{
	const struct block_device *d = guest_block(g, op->handle);
	struct mir_op_iov range;

	if (!d || op->n == 0 || op->iov > g->size || sizeof(range) > g->size - op->iov)
		return -EINVAL;
	memcpy(&range, g->mem + op->iov, sizeof(range));
	if (!on_disk(d, op->offset, range.len))
		return -EINVAL;
	if (d->features & MIR_EXT_BLOCK_READONLY)
		return -EROFS;
	if (!(d->features & MIR_EXT_BLOCK_DISCARD))
		return -ENOSYS;
	if (range.len == 0)
		return 0;
	if (fallocate(d->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)op->offset,
		(off_t)range.len) < 0)
		return disk_error(errno);
	return 0;
}

/* ---- memory, entropy, time ---- */

static int64_t entropy(const struct guest *g, const struct mir_op *op)
{
	struct piece_list p;

	if (!pieces(g, op, true, &p))
		return -EINVAL;
	for (unsigned i = 0; i < op->n; i++) {
		uint8_t *to = p.iov[i].iov_base;
		size_t len = p.iov[i].iov_len;

		while (len > 0) {
			ssize_t n = getrandom(to, len, 0);

			if (n < 0 && errno != EINTR)
				return errno == EFAULT ? -EINVAL : -EIO;
			if (n > 0) {
				to += n;
				len -= (size_t)n;
			}
		}
	}
	return 0;
}

static int64_t release(const struct guest *g, const struct mir_op *op)
{
	struct piece_list p;

	if (!pieces(g, op, true, &p))
		return -EINVAL;
	for (unsigned i = 0; i < op->n; i++) {
		uint64_t at = (uint64_t)((uint8_t *)p.iov[i].iov_base - g->mem);
		uint64_t start = (at + HVT_PAGE - 1) & ~(uint64_t)(HVT_PAGE - 1);
		uint64_t end = (at + p.iov[i].iov_len) & ~(uint64_t)(HVT_PAGE - 1);

		if (start >= end)
			continue;
		if (!guest_writable(g, start, end - start))
			return -EINVAL;
		if (madvise(g->mem + start, end - start, MADV_DONTNEED) < 0)
			return -ENOSYS;
	}
	return 0;
}

static int64_t wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- all ---- */

static int64_t do_op(struct guest *g, const struct mir_op *op, uint64_t *dry)
{
	switch ((enum mir_op_code)op->code) {
	case MIR_OP_WAIT: return (int64_t)guest_wait(g, op->offset);
	case MIR_OP_NET_WRITE: return net_write(g, op);
	case MIR_OP_NET_READ: return net_read(g, op, dry);
	case MIR_OP_BLOCK_WRITE: return disk_move(g, op, true);
	case MIR_OP_BLOCK_READ: return disk_move(g, op, false);
	case MIR_OP_BLOCK_FLUSH: return disk_flush(g, op);
	case MIR_OP_BLOCK_DISCARD: return disk_discard(g, op);
	case MIR_OP_ENTROPY: return entropy(g, op);
	case MIR_OP_RELEASE: return release(g, op);
	case MIR_OP_CLOCK: return wall();
	default: return -ENOSYS;
	}
}

/* The operations are read before the first is done: one that writes over them changes nothing. */
const char *guest_submit(struct guest *g, uint64_t at)
{
	struct mir_op ops[MIR_OP_MAX];
	struct mir_hvt_submit c;
	uint64_t dry = 0, size;

	if (at > g->size || sizeof(c) > g->size - at)
		return "a submission outside of its memory";
	memcpy(&c, g->mem + at, sizeof(c));
	if (c.n > MIR_OP_MAX)
		return "a submission of too many operations";
	size = c.n * sizeof(ops[0]);
	if (!guest_writable(g, c.ops, size))
		return "a submission of operations outside of its memory";
	memcpy(ops, g->mem + c.ops, size);
	for (unsigned i = 0; i < c.n; i++) {
		int64_t result = do_op(g, &ops[i], &dry);

		memcpy(g->mem + c.ops + i * sizeof(ops[0]) + offsetof(struct mir_op, result),
		    &result, sizeof(result));
		if (ops[i].code == MIR_OP_WAIT)
			dry = 0;
	}
	return NULL;
}
