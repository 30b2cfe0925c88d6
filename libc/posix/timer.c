/* timer.c: timers whose end is a signal: setitimer (alarm, ualarm), timer_create. */
#include <errno.h>
#include <mir/target.h>
#include <mir/timer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "calls.h"
#include "signals.h"
#include "thread.h"

enum {
	TIMERS = 1024,
	TO_SIGNAL = 0, /* SIGEV_SIGNAL, _NONE, _THREAD_ID */
	TO_NOBODY = 1,
	TO_THREAD = 4,
	ABSOLUTE = 1, /* TIMER_ABSTIME */
	MICROSECOND = 1000,
};

/* As the kernel has struct sigevent. */
struct event {
	union sigval value;
	int number, notify, tid;
};

struct timer {
	struct mir_timer timer;
	int64_t interval;   /* 0: once */
	int id, clock, tid; /* 0: to the process */
	bool silent;
	int overrun; /* of the signal that was taken last */
	struct mir_signal signal;
};

static struct timer *timers[TIMERS];
static struct timer real; /* of setitimer */

/* How often it has ended by now, at least once; it is set for the next time. */
static int64_t go_on(struct timer *t)
{
	int64_t late = mir_target_monotonic() - t->timer.deadline, n = 1;

	if (t->interval == 0)
		return 1;
	if (late >= t->interval)
		n += late / t->interval;
	mir_timer_set(&t->timer, mir_time_add(t->timer.deadline, n * t->interval));
	return n;
}

static void fire(struct mir_timer *timer)
{
	struct timer *t = mir_container(timer, struct timer, timer);
	struct mir_thread *thread = t->tid ? mir_thread_find(t->tid) : NULL;
	int64_t n = go_on(t);

	if (t->silent || (t->tid && !thread))
		return;
	if (t->signal.queued) {
		t->signal.overrun = (int)MIR_MIN(t->signal.overrun + n, (int64_t)0x7fffffff);
		return;
	}
	t->signal.overrun = (int)MIR_MIN(n - 1, (int64_t)0x7fffffff);
	mir_signals_send(thread, &t->signal);
}

static void timer_begin(struct timer *t, int number)
{
	mir_timer_init(&t->timer, fire);
	t->signal = (struct mir_signal){ .number = number, .code = SI_TIMER, .kept = true };
}

static void set(struct timer *t, int64_t deadline, int64_t interval)
{
	t->interval = interval;
	mir_timer_set(&t->timer, deadline);
}

static int64_t left(const struct timer *t)
{
	if (!mir_timer_is_set(&t->timer))
		return 0;
	return MIR_MAX(t->timer.deadline - mir_target_monotonic(), (int64_t)1);
}

/* ---- setitimer ---- */

static bool of_timeval(const struct timeval *t, int64_t *ns)
{
	if (t->tv_sec < 0 || t->tv_usec < 0 || t->tv_usec >= 1000000)
		return false;
	*ns = t->tv_sec < MIR_NEVER / MIR_SECOND(1) - 1
		  ? MIR_SECOND(t->tv_sec) + t->tv_usec * MICROSECOND
		  : MIR_NEVER;
	return true;
}

static struct timeval to_timeval(int64_t ns)
{
	ns += ns > 0 ? MICROSECOND - 1 : 0; /* what runs is not told as over */
	return (struct timeval){ ns / MIR_SECOND(1), ns % MIR_SECOND(1) / MICROSECOND };
}

/* Nobody counts how long the program has run: of the three clocks there is the real one. */
long mir_sys_getitimer(int which, struct itimerval *out)
{
	if (which != ITIMER_REAL)
		return -EINVAL;
	out->it_value = to_timeval(left(&real));
	out->it_interval = to_timeval(real.interval);
	return 0;
}

long mir_sys_setitimer(int which, const struct itimerval *new, struct itimerval *old)
{
	int64_t value = 0, interval = 0;

	if (which != ITIMER_REAL)
		return -EINVAL;
	if (new &&
	    (!of_timeval(&new->it_value, &value) || !of_timeval(&new->it_interval, &interval)))
		return -EINVAL;
	if (old)
		mir_sys_getitimer(which, old);
	if (!real.signal.number) {
		timer_begin(&real, SIGALRM);
		real.signal.code = SI_KERNEL;
	}
	set(&real, value ? mir_time_add(mir_target_monotonic(), value) : MIR_NEVER, interval);
	return 0;
}

/* ---- timer_create ---- */

static struct timer *timer_of(int id)
{
	return id >= 0 && id < TIMERS ? timers[id] : NULL;
}

/* Clocks of processor time run as the monotonic one does: the processor is ours alone. */
static bool is_clock(int clock)
{
	struct timespec t;

	return mir_sys_clock_gettime(clock, &t) == 0;
}

long mir_sys_timer_create(int clock, const void *event, int *id)
{
	struct event e = { .number = SIGALRM };
	struct timer *t;
	int free_id = 0;

	if (event)
		memcpy(&e, event, sizeof(e));
	while (free_id < TIMERS && timers[free_id])
		free_id++;
	if (!is_clock(clock) ||
	    (e.notify != TO_NOBODY && e.notify != TO_SIGNAL && e.notify != TO_THREAD) ||
	    (e.notify != TO_NOBODY && (e.number < 1 || e.number > MIR_SIGNALS)) ||
	    (e.notify == TO_THREAD && !mir_thread_find(e.tid)))
		return -EINVAL;
	t = free_id < TIMERS ? calloc(1, sizeof(*t)) : NULL;
	if (!t)
		return -EAGAIN;
	timer_begin(t, e.number);
	t->id = t->signal.from = *id = free_id;
	t->clock = clock;
	t->silent = e.notify == TO_NOBODY;
	t->tid = e.notify == TO_THREAD ? e.tid : 0;
	t->signal.value = e.value;
	if (!event)
		t->signal.value.sival_int = free_id;
	timers[free_id] = t;
	return 0;
}

long mir_sys_timer_delete(int id)
{
	struct timer *t = timer_of(id);

	if (!t)
		return -EINVAL;
	mir_timer_stop(&t->timer);
	mir_signals_forget(&t->signal);
	timers[id] = NULL;
	free(t);
	return 0;
}

static bool of_timespec(const struct timespec *t, int64_t *ns)
{
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= MIR_SECOND(1))
		return false;
	*ns = t->tv_sec < MIR_NEVER / MIR_SECOND(1) - 1 ? MIR_SECOND(t->tv_sec) + t->tv_nsec
							: MIR_NEVER;
	return true;
}

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){ ns / MIR_SECOND(1), ns % MIR_SECOND(1) };
}

long mir_sys_timer_gettime(int id, struct itimerspec *out)
{
	const struct timer *t = timer_of(id);

	if (!t)
		return -EINVAL;
	out->it_value = to_timespec(left(t));
	out->it_interval = to_timespec(t->interval);
	return 0;
}

long mir_sys_timer_settime(int id, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	struct timer *t = timer_of(id);
	int64_t value, interval, now = mir_target_monotonic();
	struct timespec clock;

	if (!t || !new || !of_timespec(&new->it_value, &value) ||
	    !of_timespec(&new->it_interval, &interval))
		return -EINVAL;
	if (old)
		mir_sys_timer_gettime(id, old);
	mir_signals_forget(&t->signal);
	if (value && flags & ABSOLUTE) {
		mir_sys_clock_gettime(t->clock, &clock);
		value = MIR_MAX(value - (MIR_SECOND(clock.tv_sec) + clock.tv_nsec), (int64_t)1);
	}
	set(t, value ? mir_time_add(now, value) : MIR_NEVER, interval);
	return 0;
}

long mir_sys_timer_getoverrun(int id)
{
	const struct timer *t = timer_of(id);

	return t ? t->signal.overrun : -EINVAL;
}
