/* exit.c */
#include "../guest/host.h"
#include "hvt.h"

void mir_host_exit(int status, const void *cookie)
{
	struct mir_hvt_halt halt = { .cookie = mir_hvt_address(cookie), .status = status };

	for (;;)
		mir_hvt_call(MIR_HVT_HALT, &halt);
}
