/* exit.c: the end of the machine, and what it tells of the image's status.
 *
 * QEMU's isa-debug-exit at port 0x501 knows odd statuses only: that of the image, at most 127,
 * comes out as 2 * status + 1. A machine that cannot be turned off is started again, which ends
 * QEMU under -no-reboot, and Firecracker.
 */
#include "../bare/power.h"
#include "../guest/host.h"
#include "virtio.h"

void mir_host_exit(int status, const void *cookie)
{
	(void)cookie;
	if (status != 0)
		mir_bare_out16(MIR_VIRTIO_DEBUG_EXIT,
		    (uint16_t)MIR_MIN((unsigned)status & 0xff, (unsigned)MIR_VIRTIO_STATUS_MAX));
	mir_bare_power_off();
	mir_bare_reset();
}
