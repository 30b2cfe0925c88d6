/* console.c */
#include "../guest/host.h"
#include "hvt.h"

void mir_host_console(const char *text, size_t len)
{
	struct mir_hvt_puts puts = { mir_hvt_address(text), len };

	mir_hvt_call(MIR_HVT_PUTS, &puts);
}
