/* block.c: a disk of the tender. */
#include <mir/fiber.h>
#include <mir/guest_block.h>
#include <mir/log.h>

#include "../tender.h"

MIR_LOG_SOURCE(block);

enum { OPS = 8, SECTOR_MIN = 512 };

static struct mir_guest_block *disk_of(struct mir_block *b)
{
	return mir_container(b, struct mir_guest_block, block);
}

static int error_of(int64_t result)
{
	switch (result) {
	case MIR_ENOSPC: return MIR_ENOSPC;
	case MIR_EROFS: return MIR_EROFS;
	case MIR_ENODEV: return MIR_EDISCONN;
	case MIR_ENOSYS: return MIR_ENOSYS;
	default: return MIR_EIO;
	}
}

static int submit(struct mir_op ops[], unsigned n)
{
	mir_host_submit(ops, n);
	for (unsigned i = 0; i < n; i++) {
		if (ops[i].result < 0)
			return error_of(ops[i].result);
	}
	return 0;
}

/* Moves all of iov, from byte `at` on, in as few submissions as the limits of operations allow. */
static int move(struct mir_guest_block *d, enum mir_op_code code, uint64_t at,
    const struct mir_iov *iov, unsigned n)
{
	int rc = 0;

	while (n > 0 && rc == 0) {
		struct mir_op_iov v[OPS * MIR_OP_IOV_MAX];
		struct mir_op ops[OPS];
		unsigned k = 0, used = 0;

		for (; k < OPS && n > 0; k++) {
			struct mir_op *op = &ops[k];

			*op = (struct mir_op){ .code = (uint16_t)code,
				.handle = d->handle,
				.iov = mir_guest_address(v + used),
				.offset = at };
			for (; op->n < MIR_OP_IOV_MAX && n > 0; op->n++, iov++, n--) {
				v[used++] =
				    (struct mir_op_iov){ mir_guest_address(iov->base), iov->len };
				at += iov->len;
			}
		}
		rc = submit(ops, k);
	}
	return rc;
}

static int block_read(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	int rc = mir_yield();

	return rc ? rc : move(disk_of(b), MIR_OP_BLOCK_READ, sector * b->sector_size, iov, n);
}

static int block_write(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	int rc = mir_yield();

	return rc ? rc : move(disk_of(b), MIR_OP_BLOCK_WRITE, sector * b->sector_size, iov, n);
}

/* Without the feature, the ABI has no flush: what was written is in the host's memory, and safe
 * from an end of this image, not from one of the host. */
static int block_barrier(struct mir_block *b)
{
	struct mir_guest_block *d = disk_of(b);
	struct mir_op op = { .code = MIR_OP_BLOCK_FLUSH, .handle = d->handle };
	int rc = mir_yield();

	if (rc == 0 && (d->features & MIR_EXT_BLOCK_FLUSH))
		rc = submit(&op, 1);
	return rc;
}

static int block_discard(struct mir_block *b, uint64_t sector, uint64_t count)
{
	struct mir_guest_block *d = disk_of(b);
	struct mir_op_iov iov = { 0, count * b->sector_size };
	struct mir_op op = { .code = MIR_OP_BLOCK_DISCARD,
		.handle = d->handle,
		.n = 1,
		.iov = mir_guest_address(&iov),
		.offset = sector * b->sector_size };
	int rc;

	if (!(d->features & MIR_EXT_BLOCK_DISCARD))
		return MIR_ENOSYS;
	rc = mir_yield();
	return rc || count == 0 ? rc : submit(&op, 1);
}

static const struct mir_block_ops ops = {
	.name = "disk of the tender",
	.read = block_read,
	.write = block_write,
	.barrier = block_barrier,
	.discard = block_discard,
};

int mir_guest_block_start(struct mir_guest_block *d, const struct mir_guest_block_config *config)
{
	int handle = mir_guest_device(config->name, MIR_MFT_BLOCK);
	const struct mir_mft_entry *e;
	uint32_t size;

	*d = (struct mir_guest_block){ .block = { .ops = &ops, .name = config->name } };
	if (handle < 0)
		return handle;
	e = &mir_guest.mft->e[handle];
	size = e->u.block.block_size;
	if (size < SECTOR_MIN || (size & (size - 1)) || e->u.block.capacity < size) {
		mir_error("%s: the tender gives %llu bytes in blocks of %u", config->name,
		    (unsigned long long)e->u.block.capacity, size);
		return MIR_EPROTO;
	}
	mir_host_use_block();
	d->handle = (uint32_t)handle;
	d->features = mir_guest_device_ext(d->handle)->features;
	d->block.sector_size = size;
	d->block.sectors = e->u.block.capacity / size;
	d->block.writable = !(d->features & MIR_EXT_BLOCK_READONLY);
	if (!(d->features & MIR_EXT_BLOCK_FLUSH) && d->block.writable)
		mir_debug("%s: this tender cannot flush", config->name);
	return 0;
}

void mir_guest_block_stop(struct mir_guest_block *d)
{
	(void)d;
}
