/* start.c: from the host's main to the image's, and the end. */
#include <mir/start.h>
#include <mir/target.h>
#include <stdlib.h>

#include "unix.h"

void mir_target_exit(int status)
{
	exit(status);
}

int main(int argc, char **argv)
{
	uint8_t probe;

	mir_boot_begin(mir_target_monotonic(), 0);
	mir_unix_crash_install();
	mir_unix_signals_install();
	if (mir_target_entropy(&probe, sizeof(probe)) < 0)
		return mir_start_failed("entropy", MIR_ENOENTROPY);
	mir_boot_phase("target");
	return mir_loop_run(mir_main, argc, argv);
}
