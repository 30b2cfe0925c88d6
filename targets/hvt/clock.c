/* clock.c: time from the CPU's counter, by multiplication; the day from the tender, now and then.
 */
#include "../guest/host.h"
#include "hvt.h"

enum { NS_BITS = 32, MORE_BITS = 29 };
#define SECOND       1000000000ull
#define RESYNC_AFTER 1000000000 /* ns: a host that sets its clock is followed that soon */
#define HZ_MIN       1000000ull
#define HZ_MAX       (1ull << (64 - MORE_BITS))

/* ns = counter * factor >> shift */
static uint64_t factor MIR_RELRO;
static unsigned shift MIR_RELRO;

bool mir_hvt_clock_begin(uint64_t hz)
{
	uint64_t whole, rest;

	if (hz < HZ_MIN || hz >= HZ_MAX)
		return false;
	whole = (SECOND << NS_BITS) / hz;
	rest = (SECOND << NS_BITS) % hz;
	shift = MORE_BITS;
	while (whole >> (64 - shift))
		shift--;
	factor = (whole << shift) + (rest << shift) / hz;
	shift += NS_BITS;
	return true;
}

int64_t mir_hvt_clock_at(uint64_t counter)
{
	return (int64_t)((unsigned __int128)counter * factor >> shift);
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
