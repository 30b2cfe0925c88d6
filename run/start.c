/* start.c: what generated main functions share. */
#include <mir/start.h>

MIR_LOG_SOURCE(start);

struct mir_common mir_common = { .name = "image" };

int mir_start_failed(const char *device, int err)
{
	mir_error("%s did not start: %s", device, mir_strerror(err));
	return 1;
}
