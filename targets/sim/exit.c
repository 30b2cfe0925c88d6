/* exit.c: the end of the process, and its state at the beginning. */
#include <mir/target.h>
#include <stdlib.h>

#include "sim.h"

void mir_target_exit(int status)
{
	mir_sim_turn_end(status);
	exit(status);
}

void mir_target_backtrace(const void *from)
{
	(void)from;
}

void mir_sim_reset(uint64_t seed)
{
	mir_sim_clock_reset();
	mir_sim_entropy_reset(seed);
}
