/* submit.c: operations, in the tender's one call for many, or one by one in the base ABI's. */
#include <errno.h>
#include <string.h>

#include "../guest/tender.h"
#include "hvt.h"

enum { BOUNCE = 32768 }; /* a multiple of every size of blocks; more than any frame of the ABI */

/* What an operation of several pieces goes through. */
static uint8_t bounce[BOUNCE] MIR_ALIGNED(64);

static const struct mir_op_iov *iov_of(const struct mir_op *op)
{
	return (const struct mir_op_iov *)(uintptr_t)op->iov;
}

static uint64_t length(const struct mir_op *op)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < op->n; i++)
		len += iov_of(op)[i].len;
	return len;
}

/* Copies `len` bytes between `bounce` and the operation's pieces, from byte `at` of them on. */
static void copy(const struct mir_op *op, uint64_t at, uint64_t len, bool gather)
{
	uint8_t *p = bounce;

	for (unsigned i = 0; i < op->n && len > 0; i++) {
		const struct mir_op_iov *iov = &iov_of(op)[i];
		uint64_t skip = MIR_MIN(at, iov->len), part = MIR_MIN(iov->len - skip, len);
		uint8_t *piece = (uint8_t *)(uintptr_t)iov->data + skip;

		memcpy(gather ? p : piece, gather ? piece : p, part);
		at -= skip;
		len -= part;
		p += part;
	}
}

static int64_t error(int32_t result)
{
	static const int16_t errors[] = { 0, -EAGAIN, -EINVAL, -EIO };

	return (uint32_t)result < MIR_COUNT(errors) ? errors[result] : -EIO;
}

/* ---- one at a time ---- */

static int64_t wait(const struct mir_op *op)
{
	struct mir_hvt_poll poll = { .timeout_ns = MIR_MIN(op->offset, UINT64_MAX / 4) };

	mir_hvt_call(MIR_HVT_POLL, &poll);
	return (int64_t)poll.ready;
}

static int64_t net_write(const struct mir_op *op)
{
	struct mir_hvt_net net = { .handle = op->handle, .len = length(op) };

	if (op->n == 1) {
		net.data = iov_of(op)[0].data;
	} else {
		if (net.len > BOUNCE)
			return -EMSGSIZE;
		copy(op, 0, net.len, true);
		net.data = mir_hvt_address(bounce);
	}
	mir_hvt_call(MIR_HVT_NET_WRITE, &net);
	return error(net.ret);
}

static int64_t net_read(const struct mir_op *op)
{
	struct mir_hvt_net net = { .handle = op->handle, .len = length(op) };

	if (op->n == 1) {
		net.data = iov_of(op)[0].data;
	} else {
		net.len = MIR_MIN(net.len, (uint64_t)BOUNCE);
		net.data = mir_hvt_address(bounce);
	}
	mir_hvt_call(MIR_HVT_NET_READ, &net);
	if (net.ret != MIR_HVT_OK)
		return error(net.ret);
	if (op->n != 1)
		copy(op, 0, MIR_MIN(net.len, (uint64_t)BOUNCE), false);
	return (int64_t)net.len;
}

static int64_t block_call(
    enum mir_hvt_call call, const struct mir_op *op, uint64_t at, uint64_t data, uint64_t len)
{
	struct mir_hvt_block block = {
		.handle = op->handle, .offset = op->offset + at, .data = data, .len = len
	};

	mir_hvt_call(call, &block);
	return error(block.ret);
}

static int64_t block(enum mir_hvt_call call, const struct mir_op *op)
{
	uint64_t len = length(op), part;

	if (op->n == 1)
		return block_call(call, op, 0, iov_of(op)[0].data, len);
	for (uint64_t at = 0; at < len; at += part) {
		int64_t rc;

		part = MIR_MIN(len - at, (uint64_t)BOUNCE);
		if (call == MIR_HVT_BLOCK_WRITE)
			copy(op, at, part, true);
		rc = block_call(call, op, at, mir_hvt_address(bounce), part);
		if (rc < 0)
			return rc;
		if (call == MIR_HVT_BLOCK_READ)
			copy(op, at, part, false);
	}
	return 0;
}

/* `dry`: networks that have given -EAGAIN. */
static int64_t net_one(const struct mir_op *op, uint64_t *dry)
{
	uint64_t bit = 1ull << (op->handle % 64);
	int64_t rc;

	if (op->code == MIR_OP_NET_WRITE)
		return net_write(op);
	rc = *dry & bit ? -EAGAIN : net_read(op);
	*dry |= rc == -EAGAIN ? bit : 0;
	return rc;
}

static int64_t block_one(const struct mir_op *op)
{
	return block(op->code == MIR_OP_BLOCK_WRITE ? MIR_HVT_BLOCK_WRITE : MIR_HVT_BLOCK_READ, op);
}

static int64_t (*net)(const struct mir_op *, uint64_t *dry);
static int64_t (*disk)(const struct mir_op *);

void mir_host_use_net(void)
{
	net = net_one;
}

void mir_host_use_block(void)
{
	disk = block_one;
}

static int64_t one(const struct mir_op *op, uint64_t *dry)
{
	switch (op->code) {
	case MIR_OP_WAIT: return wait(op);
	case MIR_OP_NET_WRITE:
	case MIR_OP_NET_READ: return net ? net(op, dry) : -ENOSYS;
	case MIR_OP_BLOCK_WRITE:
	case MIR_OP_BLOCK_READ: return disk ? disk(op) : -ENOSYS;
	default: return -ENOSYS;
	}
}

/* ---- all at once ---- */

static void submit(struct mir_op ops[], unsigned n)
{
	while (n > 0) {
		struct mir_hvt_submit all = { mir_hvt_address(ops), MIR_MIN(n, MIR_OP_MAX), 0 };

		mir_hvt_call(MIR_HVT_SUBMIT, &all);
		ops += all.n;
		n -= all.n;
	}
}

void mir_host_submit(struct mir_op ops[], unsigned n)
{
	uint64_t dry = 0;

	if (mir_guest.ext && mir_guest.ext->features & MIR_EXT_SUBMIT) {
		submit(ops, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		ops[i].result = one(&ops[i], &dry);
}
