/* clock.c: the time, and waiting for it. */
#include <errno.h>
#include <mir/fiber.h>
#include <time.h>

#include "libc.h"

/* Of Linux; <time.h> does not show all of them everywhere. */
enum {
	REALTIME,
	MONOTONIC,
	PROCESS_CPU,
	THREAD_CPU,
	MONOTONIC_RAW,
	REALTIME_COARSE,
	MONOTONIC_COARSE,
	BOOTTIME,
	ABSTIME = 1, /* of clock_nanosleep's flags */
};

/* The processor time of a process or of a thread by its number, as Linux packs that. */
static bool is_cpu_clock(int clock)
{
	enum { KIND = 3, SCHEDULED = 2, THREAD = 4, NUMBER = 3 };

	if (clock == PROCESS_CPU || clock == THREAD_CPU)
		return true;
	return clock < 0 && (clock & KIND) == SCHEDULED &&
	       (clock & THREAD || ~(clock >> NUMBER) <= mir_sys_getpid());
}

static bool read_clock(int clock, int64_t *ns)
{
	if (is_cpu_clock(clock)) { /* the processor is ours alone */
		*ns = mir_target_monotonic() - mir_libc_began;
		return true;
	}
	switch (clock) {
	case REALTIME:
	case REALTIME_COARSE: *ns = mir_target_wall(); return true;
	case MONOTONIC:
	case MONOTONIC_RAW:
	case MONOTONIC_COARSE:
	case BOOTTIME: *ns = mir_target_monotonic(); return true;
	}
	return false;
}

static void set(struct timespec *out, int64_t ns)
{
	out->tv_sec = ns / MIR_SECOND(1);
	out->tv_nsec = ns % MIR_SECOND(1);
}

long mir_sys_clock_gettime(int clock, struct timespec *out)
{
	int64_t ns;

	if (!read_clock(clock, &ns))
		return -EINVAL;
	set(out, ns);
	return 0;
}

long mir_sys_clock_getres(int clock, struct timespec *out)
{
	int64_t ns;

	if (!read_clock(clock, &ns))
		return -EINVAL;
	if (out)
		set(out, 1);
	return 0;
}

/* libc/posix/ has another one, which handles signals. */
MIR_WEAK int mir_libc_sleep(int64_t deadline)
{
	if (mir_self())
		return mir_sleep_until(deadline);
	while (mir_target_monotonic() < deadline)
		mir_target_poll(deadline);
	return 0;
}

long mir_sys_clock_nanosleep(
    int clock, int flags, const struct timespec *request, struct timespec *left)
{
	int64_t now, ns, deadline;

	if (!read_clock(clock, &now) || request->tv_sec < 0 || request->tv_nsec < 0 ||
	    request->tv_nsec >= MIR_SECOND(1))
		return -EINVAL;
	ns = request->tv_sec < MIR_NEVER / MIR_SECOND(1) - 1
		 ? MIR_SECOND(request->tv_sec) + request->tv_nsec
		 : MIR_NEVER;
	if (flags & ABSTIME)
		ns = ns == MIR_NEVER ? ns : MIR_MAX(ns - now, 0);
	deadline = mir_time_add(mir_target_monotonic(), ns);
	if (mir_libc_sleep(deadline) == 0)
		return 0;
	if (left && !(flags & ABSTIME))
		set(left, MIR_MAX(deadline - mir_target_monotonic(), 0));
	return -EINTR;
}

long mir_sys_nanosleep(const struct timespec *request, struct timespec *left)
{
	return mir_sys_clock_nanosleep(MONOTONIC, 0, request, left);
}
