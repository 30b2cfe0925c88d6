/* clock.c: time from the CPU's counter, by multiplication; the day from the tender, now and then.
 */
#include "../guest/host.h"
#include "../ring0/rate.h"
#include "hvt.h"

#define RESYNC_AFTER 1000000000 /* ns: a host that sets its clock is followed that soon */

static struct mir_rate rate MIR_RELRO;

bool mir_hvt_clock_begin(uint64_t hz)
{
	return mir_rate_of(&rate, hz);
}

int64_t mir_hvt_clock_at(uint64_t counter)
{
	return mir_rate_ns(&rate, counter);
}

int64_t mir_host_monotonic(void)
{
	return mir_hvt_clock_at(mir_hvt_counter());
}

int64_t mir_host_wall(void)
{
	static int64_t offset, synced;
	static bool known;
	int64_t now = mir_host_monotonic();

	if (!known || now - synced >= RESYNC_AFTER) {
		struct mir_hvt_walltime wall = { 0 };

		mir_hvt_call(MIR_HVT_WALLTIME, &wall);
		synced = now = mir_host_monotonic();
		offset = (int64_t)wall.nsecs - now;
		known = true;
	}
	return now + offset;
}
