/* poll.c: when nothing can happen now, it is the time of the next timer. */
#include <mir/panic.h>
#include <mir/target.h>
#include <mir/time.h>

#include "sim.h"

void mir_target_poll(int64_t deadline)
{
	if (deadline == MIR_NEVER)
		mir_panic("deadlock: nothing is ready and no timer is set");
	mir_sim_clock_advance(deadline);
}
