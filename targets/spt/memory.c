/* memory.c: what the host gives and takes without an operation. */
#include "spt.h"

bool mir_host_release(void *at, size_t len)
{
	return mir_spt_features & MIR_EXT_PROTECT &&
	       mir_spt_call(CALL_MADVISE, mir_spt_long(at), (long)len, DONT_NEED, 0, 0, 0) == 0;
}

bool mir_host_entropy(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (mir_spt_features & MIR_EXT_ENTROPY && len > 0) {
		long n = mir_spt_call(CALL_GETRANDOM, mir_spt_long(p), (long)len, 0, 0, 0, 0);

		if (n < 0 && n != MIR_SPT_EINTR)
			break;
		n = MIR_MAX(n, 0);
		p += n;
		len -= (size_t)n;
	}
	return len == 0;
}
