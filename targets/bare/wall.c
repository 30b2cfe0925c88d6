/* wall.c: the time of day, from the hypervisor, else from the clock of the board. */
#include "../guest/host.h"
#include "clock.h"
#include "machine.h"
#include "rtc.h"

#define SECOND       1000000000ll
#define RESYNC_AFTER SECOND /* a host that sets its clock is followed that soon */

static const volatile struct mir_bare_wallclock *pv;

/* The time of day less the monotonic clock is in [low, high]. */
static int64_t low, high, synced;
static bool known;

void mir_bare_wall_use(const volatile struct mir_bare_wallclock *p)
{
	pv = p;
}

static void from_pv(void)
{
	uint32_t version;

	mir_bare_ring0_call(0, 0, 0, CALL_WALL);
	do {
		version = pv->version;
		__asm__ volatile("" : : : "memory");
		low = pv->seconds * SECOND + pv->ns;
		__asm__ volatile("" : : : "memory");
	} while (version & 1 || version != pv->version);
	low -= mir_bare_clock_shift();
	high = low;
}

/* It shows whole seconds: what several readings leave possible is ever less. */
static void from_rtc(int64_t now)
{
	int64_t seconds = mir_bare_rtc(), from = seconds * SECOND - now, to = from + SECOND;

	if (seconds < 0)
		return;
	if (!known || from > high || to < low) {
		low = from;
		high = to;
	}
	low = MIR_MAX(low, from);
	high = MIR_MIN(high, to);
}

int64_t mir_host_wall(void)
{
	int64_t now = mir_host_monotonic();

	if (!known || now - synced >= RESYNC_AFTER) {
		if (pv)
			from_pv();
		else
			from_rtc(now);
		synced = now;
		known = true;
	}
	return now + low + (high - low) / 2;
}
