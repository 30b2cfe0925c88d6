/* process.c: what a program asks of its process.  Threads and signals are as in a process of one
 * thread that nobody sends any: libc/posix/ has more than that in place of the weak functions. */
#include <errno.h>
#include <mir/fiber.h>
#include <mir/panic.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "libc.h"

enum { PID = 1, SIGNALS = 64, SET = 8, ACTION = 32 }; /* bytes of Linux's signal set, sigaction */
enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_COMMAND = 0x7f };

const struct mir_libc_loop *mir_libc_loop;

/* Nobody else sends signals: one that would end a process is a bug here. */
MIR_WEAK long mir_sys_tkill(int tid, int sig)
{
	if (tid != PID)
		return -ESRCH;
	if (sig < 0 || sig > SIGNALS)
		return -EINVAL;
	if (sig == SIGABRT)
		mir_panic("abort() was called");
	if (sig != 0 && sig != SIGCHLD && sig != SIGURG && sig != SIGWINCH && sig != SIGCONT)
		mir_panic("the program sent itself signal %d", sig);
	return 0;
}

MIR_WEAK long mir_sys_kill(int pid, int sig)
{
	return mir_sys_tkill(pid == 0 || pid == -1 ? (int)PID : pid, sig);
}

MIR_WEAK long mir_sys_tgkill(int pid, int tid, int sig)
{
	return pid == PID ? mir_sys_tkill(tid, sig) : -ESRCH;
}

long mir_sys_getpid(void)
{
	return PID;
}

long mir_sys_getppid(void)
{
	return 0;
}

MIR_WEAK long mir_sys_gettid(void)
{
	return PID;
}

long mir_sys_getuid(void)
{
	return 0;
}

long mir_sys_geteuid(void)
{
	return 0;
}

long mir_sys_getgid(void)
{
	return 0;
}

long mir_sys_getegid(void)
{
	return 0;
}

MIR_WEAK long mir_sys_set_tid_address(int *address)
{
	(void)address;
	return PID;
}

MIR_WEAK long mir_sys_set_thread_area(void *base)
{
	mir_target_set_tls(base);
	return 0;
}

long mir_sys_set_robust_list(void *head, size_t len)
{
	(void)head;
	(void)len;
	return 0;
}

/* No signal is ever delivered: whatever is blocked or handled, nothing was before. */
MIR_WEAK long mir_sys_rt_sigprocmask(int how, const void *set, void *old, size_t size)
{
	(void)how;
	(void)set;
	if (size != SET)
		return -EINVAL;
	if (old)
		memset(old, 0, SET);
	return 0;
}

MIR_WEAK long mir_sys_rt_sigaction(int sig, const void *action, void *old, size_t size)
{
	if (size != SET || sig < 1 || sig > SIGNALS ||
	    (action && (sig == SIGKILL || sig == SIGSTOP)))
		return -EINVAL;
	if (old)
		memset(old, 0, ACTION);
	return 0;
}

MIR_WEAK long mir_sys_sched_yield(void)
{
	if (mir_libc_loop && mir_self())
		mir_libc_loop->yield();
	return 0;
}

static int64_t nanoseconds(const struct timespec *t)
{
	return t ? MIR_SECOND(t->tv_sec) + t->tv_nsec : MIR_NEVER;
}

/* A lock that is taken: by another fiber, which may give it back when it runs.  Returning before
 * the word has changed is allowed: callers look again. */
MIR_WEAK long mir_sys_futex(
    int *word, int op, int value, const struct timespec *timeout, int *other, unsigned bits)
{
	int64_t begin = mir_target_monotonic(), limit = nanoseconds(timeout);

	(void)other, (void)bits;
	if ((op & FUTEX_COMMAND) == FUTEX_WAKE)
		return 0;
	if ((op & FUTEX_COMMAND) != FUTEX_WAIT)
		return -ENOSYS;
	if (*(volatile int *)word != value)
		return -EAGAIN;
	if (!mir_libc_loop && !timeout)
		mir_panic("a lock of the C library is waited for that nobody can give back");
	while (*(volatile int *)word == value && mir_target_monotonic() - begin < limit) {
		if (!mir_libc_loop)
			mir_target_poll(mir_time_add(begin, limit));
		else if (mir_libc_loop->yield() < 0)
			return -EINTR;
	}
	return *(volatile int *)word == value ? -ETIMEDOUT : 0;
}

/* musl/thread.c */
MIR_WEAK long mir_thread_clone(
    int (*fn)(void *), void *arg, void *low, void *top, int flags, int *tid, void *tls, int *clear)
{
	(void)fn, (void)arg, (void)low, (void)top, (void)flags, (void)tid, (void)tls, (void)clear;
	return -ENOSYS;
}

MIR_WEAK void mir_thread_unmap(void *base, size_t size)
{
	(void)base, (void)size;
	mir_panic("the only thread is told to end alone");
}
