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

static int64_t one(const struct mir_op *op)
{
	bool net = op->code == MIR_OP_NET_WRITE || op->code == MIR_OP_NET_READ;
	int64_t (*fn)(const struct mir_op *) = net ? mir_spt_net : mir_spt_block;

	if (op->code == MIR_OP_WAIT)
		return mir_spt_wait(op->offset);
	return fn ? fn(op) : MIR_ENOSYS;
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
