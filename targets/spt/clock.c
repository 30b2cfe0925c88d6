/* clock.c: the host's clocks: by a function of the host where the tender knows one, which costs a
 * fifth of a system call. */
#include "spt.h"

struct time {
	int64_t s, ns;
};

typedef int reader(int clock, struct time *);

static int64_t read_clock(int clock)
{
	const struct mir_ext *ext = mir_guest.ext;
	struct time t = { 0, 0 };

	if (!ext || ext->clock == 0 || ((reader *)(uintptr_t)ext->clock)(clock, &t) != 0)
		mir_spt_call(CALL_CLOCK_GETTIME, clock, mir_spt_long(&t), 0, 0, 0, 0);
	return t.s * 1000000000 + t.ns;
}

int64_t mir_host_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC_ID);
}

int64_t mir_host_wall(void)
{
	return read_clock(CLOCK_REALTIME_ID);
}
