/* tender.c: what tenders give in operations, unless the target has a shorter way. */
#include "guest.h"
#include "tender.h"

MIR_WEAK bool mir_host_release(void *at, size_t len)
{
	struct mir_op_iov iov = { mir_guest_address(at), len };
	struct mir_op op = { .code = MIR_OP_RELEASE, .n = 1, .iov = mir_guest_address(&iov) };

	mir_host_submit(&op, 1);
	return op.result == 0;
}

MIR_WEAK bool mir_host_entropy(void *buf, size_t len)
{
	struct mir_op_iov iov = { mir_guest_address(buf), len };
	struct mir_op op = { .code = MIR_OP_ENTROPY, .n = 1, .iov = mir_guest_address(&iov) };

	if (!(mir_guest_features() & MIR_EXT_ENTROPY))
		return false;
	mir_host_submit(&op, 1);
	return op.result == 0;
}
