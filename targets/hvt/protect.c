/* protect.c: by the stub in ring 0 (EL1), which alone reaches the page tables. */
#include <mir/err.h>

#include "../guest/host.h"
#include "hvt.h"

enum { PAGE = 4096 };

int mir_host_protect(void *at, size_t len, enum mir_protect kind)
{
	uint64_t first = mir_hvt_address(at) / PAGE;
	uint64_t end = (mir_hvt_address(at) + len + PAGE - 1) / PAGE;

	if (len > SIZE_MAX - mir_hvt_address(at) - PAGE)
		return MIR_EINVAL;
	return mir_hvt_protect(first, end - first, kind) == 0 ? 0 : MIR_EINVAL;
}
