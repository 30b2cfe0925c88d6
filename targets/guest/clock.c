/* clock.c: the clocks of the host. */
#include <mir/target.h>

#include "host.h"

int64_t mir_target_monotonic(void)
{
	return mir_host_monotonic();
}

int64_t mir_target_wall(void)
{
	return mir_host_wall();
}
