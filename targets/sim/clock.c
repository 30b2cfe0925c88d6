/* clock.c: time that passes only when nothing else can happen. */
#include <mir/target.h>

#include "sim.h"

enum { START = 1000000000 }; /* not 0, so that "never yet" and "at the start" differ */

static const int64_t WALL_OFFSET = 1767225600 * (int64_t)1000000000; /* 2026-01-01 00:00 UTC */

static int64_t now = START;

int64_t mir_target_monotonic(void)
{
	return now;
}

int64_t mir_target_wall(void)
{
	return WALL_OFFSET + now - START;
}

void mir_sim_clock_reset(void)
{
	now = START;
}

void mir_sim_clock_advance(int64_t time)
{
	now = MIR_MAX(now, time);
}
