/* wait.c: sleep until a network is ready or a time has come.
 *
 * With the extension it is one call with a timeout.  Without, there is a timer in the set: it is
 * asked for only before a real sleep, and only if it is not set for that time already.
 */
#include <mir/time.h>

#include "spt.h"

enum { EVENTS = MIR_MFT_ENTRIES + 1, FOR_EVER = -1 };

struct time {
	int64_t s, ns;
};

static const int64_t tolerance = MIR_US(1); /* of a timer, below what a wheel's tick is */

/* Waits by that system call with that timeout; bits by handle of what is ready. */
static int64_t ready(long number, long timeout)
{
	struct mir_spt_event events[EVENTS];
	long n = mir_spt_call(
	    number, mir_spt_boot->epollfd, mir_spt_long(events), EVENTS, timeout, 0, 8);
	uint64_t bits = 0;

	while (n-- > 0) {
		if (events[n].data < MIR_MFT_ENTRIES)
			bits |= (uint64_t)1 << events[n].data;
	}
	return (int64_t)bits;
}

static int64_t wait_exactly(uint64_t timeout_ns)
{
	struct time t = { (int64_t)(timeout_ns / 1000000000), (int64_t)(timeout_ns % 1000000000) };

	return ready(CALL_EPOLL_PWAIT2, timeout_ns == UINT64_MAX ? 0 : mir_spt_long(&t));
}

/* The timer rings at `time`; MIR_NEVER: not. */
static void set_timer(int64_t time)
{
	static int64_t set = MIR_NEVER;
	struct {
		struct time interval, value;
	} t = { .value = { 0, 0 } };

	/* One that has rung stays ready until it is set anew. */
	if (set == time || (time != MIR_NEVER && set != MIR_NEVER && set > mir_host_monotonic() &&
			       set - time <= tolerance && time - set <= tolerance))
		return;
	if (time != MIR_NEVER) {
		t.value.s = time / 1000000000;
		t.value.ns = time % 1000000000 | 1; /* all zero would stop it */
	}
	mir_spt_call(
	    CALL_TIMERFD_SETTIME, mir_spt_boot->timerfd, TIMER_ABSOLUTE, mir_spt_long(&t), 0, 0, 0);
	set = time;
}

int64_t mir_spt_wait(uint64_t timeout_ns)
{
	int64_t bits;

	if (mir_spt_features & MIR_EXT_WAIT && timeout_ns > 0)
		return wait_exactly(timeout_ns);
	bits = ready(CALL_EPOLL_PWAIT, 0);
	if (bits || timeout_ns == 0)
		return bits;
	set_timer(timeout_ns > (uint64_t)MIR_NEVER
		      ? MIR_NEVER
		      : mir_time_add(mir_host_monotonic(), (int64_t)timeout_ns));
	return ready(CALL_EPOLL_PWAIT, FOR_EVER);
}
