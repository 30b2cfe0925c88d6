/* thread.c: the beginning and the end of threads (musl/thread.c calls these). */
#include <errno.h>
#include <mir/format.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "signals.h"
#include "thread.h"

enum { BUCKETS = 256, LAST_TID = 1 << 22 };

struct mir_thread mir_thread_first = { .tid = MIR_THREAD_MAIN, .name = "main" };

static struct mir_thread *buckets[BUCKETS]; /* by number; not the main thread */
static unsigned alive = 1;                  /* threads that have not ended */
static int last_tid = MIR_THREAD_MAIN;

static struct mir_thread **bucket(int tid)
{
	return &buckets[(unsigned)tid % BUCKETS];
}

struct mir_thread *mir_thread_find(int tid)
{
	struct mir_thread *t = *bucket(tid);

	if (tid == MIR_THREAD_MAIN)
		return mir_thread_first.over ? NULL : &mir_thread_first;
	while (t && t->tid != tid)
		t = t->hash_next;
	return t;
}

void mir_thread_begin(void)
{
	if (mir_thread_first.fiber)
		return;
	mir_thread_first.fiber = mir_self();
	mir_thread_now = &mir_thread_first;
	mir_signals_begin();
}

static int new_tid(void)
{
	do
		last_tid = last_tid < LAST_TID ? last_tid + 1 : MIR_THREAD_MAIN + 1;
	while (mir_thread_find(last_tid));
	return last_tid;
}

static void forget(struct mir_thread *t)
{
	struct mir_thread **p = bucket(t->tid), *before = &mir_thread_first;

	while (*p != t)
		p = &(*p)->hash_next;
	*p = t->hash_next;
	while (before->next != t)
		before = before->next;
	before->next = t->next;
}

/* In the loop, when the fiber has been left for good. */
static void bury(struct mir_task *task)
{
	struct mir_thread *t = mir_container(task, struct mir_thread, bury);

	if (t->unmap)
		mir_sys_munmap(t->unmap, t->unmap_size);
	mir_fiber_release(t->fiber);
	free(t);
}

/* The storage may go with the stack, so none of it is used at the end. */
static void run(void *arg)
{
	struct mir_thread *t = arg;

	mir_thread_use(t);
	if (setjmp(t->end) == 0)
		mir_sys_exit(t->fn(t->arg));
	mir_thread_use(NULL);
	mir_post(&t->bury);
}

long mir_thread_clone(
    int (*fn)(void *), void *arg, void *low, void *top, int flags, int *tid, void *tls, int *clear)
{
	struct mir_thread *self = mir_thread_self(), *t;
	uintptr_t end = (uintptr_t)top & ~(uintptr_t)15;

	(void)flags;
	if (!mir_thread_first.fiber)
		return -ENOSYS;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -EAGAIN;
	t->tid = new_tid();
	mir_format(t->name, sizeof(t->name), "thread %d", t->tid);
	t->fiber = mir_spawn_on(low, end - (uintptr_t)low, t->name, run, t);
	if (!t->fiber) {
		free(t);
		return -EAGAIN;
	}
	t->fn = fn;
	t->arg = arg;
	t->tls = tls;
	t->clear = clear;
	t->blocked = self->blocked;
	t->policy = self->policy;
	t->priority = self->priority;
	t->stack.ss_flags = SS_DISABLE;
	t->bury.run = bury;
	t->hash_next = *bucket(t->tid);
	*bucket(t->tid) = t;
	t->next = mir_thread_first.next;
	mir_thread_first.next = t;
	alive++;
	return *tid = t->tid;
}

/* The main thread ends before others: its stack stays. */
MIR_NORETURN static void park(void)
{
	static struct mir_waitq ever;

	mir_thread_first.over = true;
	mir_signals_leave(&mir_thread_first);
	for (;;)
		mir_wait_out(&ever);
}

/* The last thread is the end of the process; and a fiber that is no thread has no other end. */
long mir_sys_exit(int status)
{
	struct mir_thread *t = mir_thread_now;

	if (!t || alive == 1)
		return mir_sys_exit_group(status);
	alive--;
	if (t->clear) {
		*t->clear = 0;
		mir_futex_wake(t->clear, 1, ~0u);
	}
	if (t == &mir_thread_first)
		park();
	forget(t);
	mir_signals_leave(t);
	longjmp(t->end, 1);
}

void mir_thread_unmap(void *stack, size_t size)
{
	struct mir_thread *t = mir_thread_now;

	t->unmap = stack;
	t->unmap_size = size;
	mir_sys_exit(0);
	mir_panic("thread %s runs after its end", t->name);
}

long mir_sys_set_tid_address(int *address)
{
	mir_thread_self()->clear = address;
	return mir_thread_self()->tid;
}

long mir_sys_gettid(void)
{
	return mir_thread_self()->tid;
}

long mir_sys_prctl(int option, unsigned long a)
{
	enum { SET_NAME = 15, GET_NAME };
	struct mir_thread *t = mir_thread_self();
	union {
		unsigned long from;
		char *text;
	} name = { a };

	switch (option) {
	case SET_NAME: mir_format(t->name, sizeof(t->name), "%s", name.text); return 0;
	case GET_NAME: memcpy(name.text, t->name, sizeof(t->name)); return 0;
	}
	return -EINVAL;
}

/* There is one list, which musl itself looks at. */
long mir_sys_get_robust_list(int tid, void **head, size_t *len)
{
	(void)head;
	*len = 3 * sizeof(long);
	return tid == 0 || mir_thread_find(tid) ? 0 : -ESRCH;
}

/* One processor, whose threads are not interrupted. */
long mir_sys_membarrier(int command, unsigned flags, int cpu)
{
	(void)command;
	(void)flags;
	(void)cpu;
	return 0;
}
