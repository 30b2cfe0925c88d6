/* submit.c: operations as system calls of the host.
 *
 * After a wait, networks that it did not find ready are not read: that there is nothing is known.
 */
#include <mir/err.h>

#include "spt.h"

uint8_t mir_spt_bounce[MIR_SPT_BOUNCE];
int64_t (*mir_spt_net)(const struct mir_op *);
int64_t (*mir_spt_block)(const struct mir_op *);

const struct mir_mft_entry *mir_spt_entry(const struct mir_op *op, enum mir_mft_type type)
{
	const struct mir_mft *mft = mir_guest.mft;
	const struct mir_mft_entry *e = mft->e + op->handle;

	if (op->handle >= MIR_MFT_ENTRIES || op->handle >= mft->entries || op->n > MIR_OP_IOV_MAX)
		return NULL;
	return e->attached && e->type == (uint32_t)type ? e : NULL;
}

static int64_t entropy(const struct mir_op *op)
{
	const struct mir_op_iov *iov = mir_spt_iov(op);

	if (!(mir_spt_features & MIR_EXT_ENTROPY))
		return MIR_ENOSYS;
	for (unsigned i = 0; i < op->n; i++) {
		for (uint64_t done = 0; done < iov[i].len;) {
			long n =
			    mir_spt_call(CALL_GETRANDOM, mir_spt_long(mir_spt_data(&iov[i]) + done),
				(long)(iov[i].len - done), 0, 0, 0, 0);

			if (n < 0 && n != MIR_SPT_EINTR)
				return n;
			done += n > 0 ? (uint64_t)n : 0;
		}
	}
	return 0;
}

static int64_t release(const struct mir_op *op)
{
	const struct mir_op_iov *iov = mir_spt_iov(op);
	long rc = 0;

	if (!(mir_spt_features & MIR_EXT_PROTECT))
		return MIR_ENOSYS;
	for (unsigned i = 0; i < op->n && rc == 0; i++)
		rc = mir_spt_call(
		    CALL_MADVISE, (long)iov[i].data, (long)iov[i].len, DONT_NEED, 0, 0, 0);
	return rc;
}

static int64_t one(const struct mir_op *op)
{
	switch (op->code) {
	case MIR_OP_WAIT: return mir_spt_wait(op->offset);
	case MIR_OP_NET_WRITE:
	case MIR_OP_NET_READ: return mir_spt_net ? mir_spt_net(op) : MIR_ENOSYS;
	case MIR_OP_BLOCK_WRITE:
	case MIR_OP_BLOCK_READ:
	case MIR_OP_BLOCK_FLUSH:
	case MIR_OP_BLOCK_DISCARD: return mir_spt_block ? mir_spt_block(op) : MIR_ENOSYS;
	case MIR_OP_ENTROPY: return entropy(op);
	case MIR_OP_RELEASE: return release(op);
	case MIR_OP_CLOCK: return mir_host_wall();
	default: return MIR_ENOSYS;
	}
}

void mir_host_submit(struct mir_op ops[], unsigned n)
{
	uint64_t empty = 0; /* bits by handle: a read would find nothing */

	for (unsigned i = 0; i < n; i++) {
		struct mir_op *op = &ops[i];
		uint64_t bit = (uint64_t)1 << op->handle % MIR_MFT_ENTRIES;

		if (op->code == MIR_OP_NET_READ && (empty & bit)) {
			op->result = MIR_EAGAIN;
			continue;
		}
		op->result = one(op);
		if (op->code == MIR_OP_WAIT)
			empty = ~(uint64_t)op->result;
		else if (op->code == MIR_OP_NET_READ && op->result == MIR_EAGAIN)
			empty |= bit;
	}
}
