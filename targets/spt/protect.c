/* protect.c: what may be done with pages, where the tender allows changes. */
#include <mir/err.h>

#include "spt.h"

int mir_host_protect(void *at, size_t len, enum mir_protect protect)
{
	static const uint8_t bits[] = {
		[MIR_PROTECT_NONE] = 0, [MIR_PROTECT_READ] = 1, [MIR_PROTECT_WRITE] = 3
	};

	if (!(mir_spt_features & MIR_EXT_PROTECT))
		return MIR_ENOSYS;
	return mir_spt_call(CALL_MPROTECT, mir_spt_long(at), (long)len, bits[protect], 0, 0, 0) < 0
		   ? MIR_ENOSYS
		   : 0;
}
