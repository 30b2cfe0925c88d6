/* exit.c: the end of the domain, and what it is called: what its on_poweroff, on_reboot and
 * on_crash say happens then.
 */
#include "../guest/host.h"
#include "control.h"
#include "machine.h"

enum { CRASHED = 255 };

void mir_host_exit(int status, const void *cookie)
{
	struct mir_xen_shutdown arg = { MIR_XEN_CRASH };

	(void)cookie;
	if ((status & 0xff) != CRASHED)
		arg.reason = (uint32_t)mir_xen_control_reason();
	mir_xen_console_drain();
	for (;;)
		mir_xen_call(MIR_XEN_SCHED, MIR_XEN_SCHED_SHUTDOWN, mir_xen_address(&arg), 0);
}
