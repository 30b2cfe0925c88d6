/* console.c: the first serial port. */
#include "../bare/serial.h"
#include "../guest/host.h"

void mir_host_console(const char *text, size_t len)
{
	mir_bare_serial_write(text, len);
}
