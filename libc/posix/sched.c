/* sched.c: scheduling of threads: what is set is told again, and changes nothing: fibers run until
 * they block; and processes, of which there is one. */
#include <errno.h>
#include <mir/time.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "calls.h"
#include "thread.h"

enum { OTHER, FIFO, ROUND_ROBIN, BATCH, IDLE = 5, MOST = 99, SLICE_MS = 100 };

static struct mir_thread *thread_of(int tid)
{
	return tid == 0 ? mir_thread_self() : mir_thread_find(tid);
}

static bool is_realtime(int policy)
{
	return policy == FIFO || policy == ROUND_ROBIN;
}

static bool is_policy(int policy)
{
	return is_realtime(policy) || policy == OTHER || policy == BATCH || policy == IDLE;
}

static long set(struct mir_thread *t, int policy, const int *priority)
{
	if (!t)
		return -ESRCH;
	if (!is_policy(policy) || *priority < (is_realtime(policy) ? 1 : 0) ||
	    *priority > (is_realtime(policy) ? MOST : 0))
		return -EINVAL;
	t->policy = policy;
	t->priority = *priority;
	return 0;
}

long mir_sys_sched_setscheduler(int tid, int policy, const int *priority)
{
	return set(thread_of(tid), policy, priority);
}

long mir_sys_sched_getscheduler(int tid)
{
	const struct mir_thread *t = thread_of(tid);

	return t ? t->policy : -ESRCH;
}

long mir_sys_sched_setparam(int tid, const int *priority)
{
	struct mir_thread *t = thread_of(tid);

	return set(t, t ? t->policy : OTHER, priority);
}

long mir_sys_sched_getparam(int tid, int *priority)
{
	const struct mir_thread *t = thread_of(tid);

	if (!t)
		return -ESRCH;
	*priority = t->priority;
	return 0;
}

long mir_sys_sched_get_priority_max(int policy)
{
	return !is_policy(policy) ? -EINVAL : is_realtime(policy) ? MOST : 0;
}

long mir_sys_sched_get_priority_min(int policy)
{
	return !is_policy(policy) ? -EINVAL : is_realtime(policy) ? 1 : 0;
}

long mir_sys_sched_rr_get_interval(int tid, struct timespec *out)
{
	if (!thread_of(tid))
		return -ESRCH;
	*out = (struct timespec){ 0, MIR_MS(SLICE_MS) };
	return 0;
}

/* One processor. */
long mir_sys_sched_getaffinity(int tid, size_t size, uint64_t *set_of)
{
	if (!thread_of(tid))
		return -ESRCH;
	if (size < sizeof(*set_of))
		return -EINVAL;
	*set_of = 1;
	return sizeof(*set_of);
}

long mir_sys_sched_setaffinity(int tid, size_t size, const uint64_t *set_of)
{
	if (!thread_of(tid))
		return -ESRCH;
	return size >= sizeof(*set_of) && *set_of & 1 ? 0 : -EINVAL;
}

/* There are no other processes, and none can be made: ENOSYS, once with a line in the log, is of
 * libc/stubs.c.  So no child ends. */
long mir_sys_wait4(int pid, int *status, int options, void *usage)
{
	(void)pid;
	(void)status;
	(void)options;
	(void)usage;
	return -ECHILD;
}

long mir_sys_waitid(int type, int id, void *info, int options, void *usage)
{
	(void)type;
	(void)id;
	(void)info;
	(void)options;
	(void)usage;
	return -ECHILD;
}
