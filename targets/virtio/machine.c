/* machine.c: a PC, or a machine that looks like one, with a serial port. */
#include "../bare/platform.h"
#include "../bare/rtc.h"
#include "../bare/serial.h"
#include "virtio.h"

const char *mir_bare_machine_begin(void)
{
	mir_bare_serial_begin();
	mir_bare_rtc_begin();
	mir_bare_ports(MIR_VIRTIO_DEBUG_EXIT, 2);
	mir_bare_platform_begin();
	return NULL;
}
