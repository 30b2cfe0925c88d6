/* protect.c: by ring 0, which alone reaches the page tables. */
#include <mir/err.h>

#include "../guest/host.h"
#include "machine.h"

int mir_host_protect(void *at, size_t len, enum mir_protect kind)
{
	uint64_t from = mir_bare_address(at);

	if (len > SIZE_MAX - from - PAGE)
		return MIR_EINVAL;
	return mir_bare_ring0_call(from / PAGE, (from + len + PAGE - 1) / PAGE - from / PAGE, kind,
		   CALL_PROTECT) == 0
		   ? 0
		   : MIR_EINVAL;
}

/* Nothing beneath takes memory back. */
bool mir_host_release(void *at, size_t len)
{
	(void)at;
	(void)len;
	return false;
}
