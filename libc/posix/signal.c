/* signal.c: the system calls of signals. */
#include <errno.h>
#include <mir/target.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calls.h"
#include "file.h"
#include "signals.h"
#include "thread.h"

enum { SET = sizeof(uint64_t), STACK_LEAST = 2048 };

long mir_sys_rt_sigaction(int number, const void *action, void *old, size_t size)
{
	if (size != SET || number < 1 || number > MIR_SIGNALS ||
	    (action && (number == SIGKILL || number == SIGSTOP)))
		return -EINVAL;
	if (old)
		memcpy(old, &mir_actions[number], sizeof(*mir_actions));
	if (action) {
		memcpy(&mir_actions[number], action, sizeof(*mir_actions));
		mir_actions[number].mask &= ~(mir_signal_bit(SIGKILL) | mir_signal_bit(SIGSTOP));
		mir_signals_ignored(number);
	}
	return 0;
}

/* In a fiber that is no thread, nothing is blocked, and nothing comes. */
long mir_sys_rt_sigprocmask(int how, const void *set, void *old, size_t size)
{
	struct mir_thread *t = mir_thread_now;
	uint64_t new = 0, was = t ? t->blocked : 0;

	if (size != SET || (set && (how < SIG_BLOCK || how > SIG_SETMASK)))
		return -EINVAL;
	if (set)
		memcpy(&new, set, SET);
	if (old)
		memcpy(old, &was, SET);
	if (!set || !t)
		return 0;
	mir_signals_block(t, how == SIG_BLOCK ? was | new : how == SIG_UNBLOCK ? was & ~new : new);
	mir_posix_again(0);
	return 0;
}

long mir_sys_rt_sigpending(void *set, size_t size)
{
	const struct mir_thread *t = mir_thread_self();
	uint64_t pending = mir_signals_pending(t) & t->blocked;

	if (size > SET)
		return -EINVAL;
	memcpy(set, &pending, size);
	return 0;
}

/* Blocks till a handler has run. */
static long suspend(void)
{
	struct mir_thread *t = mir_thread_now;
	long rc = 0;

	if (!t)
		return -ENOSYS;
	do {
		rc = mir_posix_wait(&t->signal, MIR_NEVER);
	} while (rc == 0 || (rc == -EINTR && !mir_signals_handle(t)));
	return -EINTR;
}

long mir_sys_pause(void)
{
	return suspend();
}

long mir_sys_rt_sigsuspend(const void *set, size_t size)
{
	uint64_t blocked, was;

	if (size != SET)
		return -EINVAL;
	memcpy(&blocked, set, SET);
	if (!mir_thread_now)
		return -ENOSYS;
	was = mir_signals_mask_begin(&blocked);
	return mir_signals_mask_end(was, suspend());
}

static bool deadline_of(const struct timespec *t, int64_t *out)
{
	*out = MIR_NEVER;
	if (!t)
		return true;
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= MIR_SECOND(1))
		return false;
	if (t->tv_sec < MIR_NEVER / MIR_SECOND(1) - 1)
		*out = mir_time_add(mir_target_monotonic(), MIR_SECOND(t->tv_sec) + t->tv_nsec);
	return true;
}

/* Signals that it waits for do not interrupt it, blocked or not; others do. */
static long await(struct mir_thread *t, uint64_t set, int64_t deadline, struct mir_signal *out)
{
	uint64_t was = t->blocked;
	long rc = 0;

	mir_signals_block(t, was | set);
	t->awaited = set;
	while (!mir_signals_take(t, set, out) && rc == 0)
		rc = mir_posix_wait(&t->signal, deadline);
	t->awaited = 0;
	mir_signals_block(t, was);
	return rc;
}

long mir_sys_rt_sigtimedwait(
    const void *set, void *info, const struct timespec *timeout, size_t size)
{
	struct mir_thread *t = mir_thread_now;
	struct mir_signal s = { .number = 0 };
	int64_t deadline;
	uint64_t wanted;
	long rc;

	if (size != SET || !t || !deadline_of(timeout, &deadline))
		return -EINVAL;
	memcpy(&wanted, set, SET);
	wanted &= ~(mir_signal_bit(SIGKILL) | mir_signal_bit(SIGSTOP));
	rc = await(t, wanted, deadline, &s);
	mir_posix_again(0);
	if (s.number == 0)
		return rc == -ETIMEDOUT ? -EAGAIN : rc;
	if (info)
		mir_signals_info(info, &s);
	return s.number;
}

/* ---- sending ---- */

static long send(struct mir_thread *t, struct mir_signal *s)
{
	long rc;

	if (s->number < 0 || s->number > MIR_SIGNALS)
		return -EINVAL;
	if (s->number == 0)
		return 0;
	rc = mir_signals_send(t, s);
	/* Who sends again and again lets those that it is for handle it. */
	if (t != mir_thread_now && mir_self())
		mir_yield();
	mir_posix_again(0);
	return rc;
}

/* The end of a blocking call, if the thread is in one; not a signal. */
static long interrupt(struct mir_thread *t)
{
	t->interrupted = true;
	mir_cancel(t->fiber);
	return 0;
}

long mir_sys_tkill(int tid, int number)
{
	struct mir_thread *t = mir_thread_find(tid);
	struct mir_signal s = { .number = number, .code = SI_TKILL, .from = MIR_THREAD_MAIN };

	if (tid <= 0)
		return -EINVAL;
	if (!t)
		return -ESRCH;
	return number == MIR_SIGCANCEL ? interrupt(t) : send(t, &s);
}

long mir_sys_tgkill(int pid, int tid, int number)
{
	if (pid <= 0)
		return -EINVAL;
	return pid == MIR_THREAD_MAIN ? mir_sys_tkill(tid, number) : -ESRCH;
}

static bool is_process(int pid)
{
	return pid == MIR_THREAD_MAIN || pid == 0 || pid == -1 || pid == -MIR_THREAD_MAIN;
}

/* To the main thread, if it does not block it and none waits for it. */
long mir_sys_kill(int pid, int number)
{
	struct mir_signal s = { .number = number, .code = SI_USER, .from = MIR_THREAD_MAIN };

	return is_process(pid) ? send(NULL, &s) : -ESRCH;
}

static struct mir_signal queued(int number, const void *siginfo)
{
	siginfo_t info;

	memcpy(&info, siginfo, sizeof(info));
	return (struct mir_signal){
		.number = number, .code = info.si_code, .from = info.si_pid, .value = info.si_value
	};
}

long mir_sys_rt_sigqueueinfo(int pid, int number, const void *info)
{
	struct mir_signal s = queued(number, info);

	return is_process(pid) ? send(NULL, &s) : -ESRCH;
}

long mir_sys_rt_tgsigqueueinfo(int pid, int tid, int number, const void *info)
{
	struct mir_thread *t = mir_thread_find(tid);
	struct mir_signal s = queued(number, info);

	return t && is_process(pid) ? send(t, &s) : -ESRCH;
}

void mir_posix_sigpipe(void)
{
	struct mir_signal s = { .number = SIGPIPE, .code = SI_USER, .from = MIR_THREAD_MAIN };

	if (mir_thread_now)
		mir_signals_send(mir_thread_now, &s);
}

long mir_sys_sigaltstack(const void *new, void *old)
{
	struct mir_thread *t = mir_thread_self();
	stack_t is = t->stack, will;

	if (t->on_stack)
		is.ss_flags |= SS_ONSTACK;
	if (new) {
		memcpy(&will, new, sizeof(will));
		if (t->on_stack)
			return -EPERM;
		if (will.ss_flags & ~(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (!(will.ss_flags & SS_DISABLE) && will.ss_size < STACK_LEAST)
			return -ENOMEM;
		will.ss_flags &= SS_DISABLE;
		t->stack = will;
	}
	if (old)
		memcpy(old, &is, sizeof(is));
	return 0;
}
