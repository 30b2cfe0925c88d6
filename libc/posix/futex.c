/* futex.c: waiting at a word of memory (futex(2) of Linux): what locks, condition variables, joins
 * and semaphores of musl wait with.
 *
 * A waiter lies on the stack of who waits, in a list by the address it waits at.  There is one
 * address space, so private and shared are the same.
 */
#include <errno.h>
#include <limits.h>
#include <mir/target.h>
#include <time.h>

#include "calls.h"
#include "file.h"
#include "signals.h"
#include "thread.h"

enum {
	WAIT,
	WAKE,
	REQUEUE = 3,
	CMP_REQUEUE,
	WAKE_OP,
	LOCK_PI,
	UNLOCK_PI,
	TRYLOCK_PI,
	WAIT_BITSET,
	WAKE_BITSET,
	COMMAND = 0x7f,
	REALTIME = 0x100,
	BUCKETS = 256,
	TID = 0x3fffffff, /* of a word of FUTEX_LOCK_PI */
};
#define WAITERS 0x80000000u
#define DIED    0x40000000u
#define ANY     0xffffffffu

struct waiter {
	struct waiter *next, *prev;
	const int *word;
	unsigned bits;
	int tid; /* of LOCK_PI */
	bool woken;
	struct mir_waitq queue; /* of this one */
};

static struct list {
	struct waiter *head, *tail;
} buckets[BUCKETS];

static struct list *list_of(const int *word)
{
	uint64_t h = (uintptr_t)word / sizeof(*word) * UINT64_C(0x9e3779b97f4a7c15);

	return &buckets[h >> 56];
}

static void enqueue(struct waiter *w, const int *word)
{
	struct list *l = list_of(word);

	w->word = word;
	w->next = NULL;
	w->prev = l->tail;
	*(l->tail ? &l->tail->next : &l->head) = w;
	l->tail = w;
}

static void dequeue(struct waiter *w)
{
	struct list *l = list_of(w->word);

	*(w->prev ? &w->prev->next : &l->head) = w->next;
	*(w->next ? &w->next->prev : &l->tail) = w->prev;
}

static void wake(struct waiter *w)
{
	dequeue(w);
	w->woken = true;
	mir_wake_one(&w->queue);
}

static struct waiter *first(const int *word)
{
	struct waiter *w = list_of(word)->head;

	while (w && w->word != word)
		w = w->next;
	return w;
}

long mir_futex_wake(int *word, int n, unsigned bits)
{
	struct waiter *next;
	long woken = 0;

	for (struct waiter *w = list_of(word)->head; w && woken < n; w = next) {
		next = w->next;
		if (w->word != word || !(w->bits & bits))
			continue;
		wake(w);
		woken++;
	}
	return woken;
}

/* At the end a waiter is in no list, whatever the result. */
static long wait_for(struct waiter *w, const int *word, int64_t deadline)
{
	long rc = 0;

	enqueue(w, word);
	while (!w->woken && rc == 0)
		rc = mir_posix_wait(&w->queue, deadline);
	if (w->woken)
		return 0;
	dequeue(w);
	return rc;
}

static long wait_at(int *word, int value, int64_t deadline, unsigned bits)
{
	struct waiter w = { .bits = bits };

	if (bits == 0)
		return -EINVAL;
	if (*(volatile int *)word != value)
		return -EAGAIN;
	return wait_for(&w, word, deadline);
}

static long requeue(int *from, int n, int *to, long most, bool count_moved)
{
	long woken = mir_futex_wake(from, n, ANY), moved = 0;
	struct waiter *next;

	for (struct waiter *w = list_of(from)->head; w && from != to && moved < most; w = next) {
		next = w->next;
		if (w->word != from)
			continue;
		dequeue(w);
		enqueue(w, to);
		moved++;
	}
	return count_moved ? woken + moved : woken;
}

/* What FUTEX_WAKE_OP does to the word: 0, or an errno; *go: wake those that wait there too. */
static long change(int *word, unsigned how, bool *go)
{
	unsigned op = how >> 28 & 7, compare = how >> 24 & 15;
	int by = (int)(how << 8) >> 20, with = (int)(how << 20) >> 20, old = *word;

	if (how >> 31)
		by = (int)(1u << (by & 31));
	switch (op) {
	case 0: *word = by; break;
	case 1: *word = (int)((unsigned)old + (unsigned)by); break;
	case 2: *word |= by; break;
	case 3: *word &= ~by; break;
	case 4: *word ^= by; break;
	default: return -ENOSYS;
	}
	switch (compare) {
	case 0: *go = old == with; break;
	case 1: *go = old != with; break;
	case 2: *go = old < with; break;
	case 3: *go = old <= with; break;
	case 4: *go = old > with; break;
	case 5: *go = old >= with; break;
	default: return -ENOSYS;
	}
	return 0;
}

static long wake_op(int *word, int n, int *other, long n_other, unsigned how)
{
	bool go = false;
	long rc = change(other, how, &go), woken;

	if (rc < 0)
		return rc;
	woken = mir_futex_wake(word, n, ANY);
	return go ? woken + mir_futex_wake(other, (int)MIR_MIN(n_other, (long)INT_MAX), ANY)
		  : woken;
}

/* There are no priorities to inherit: a lock whose word tells its owner, given from one to the
 * next. */
static long lock_pi(int *word, int64_t deadline, bool try)
{
	struct waiter w = { .bits = ANY, .tid = mir_thread_self()->tid };
	unsigned value = (unsigned)*word;
	long rc;

	if ((value & TID) == (unsigned)w.tid)
		return -EDEADLK;
	if (!(value & TID)) {
		*word = (int)((value & (WAITERS | DIED)) | (unsigned)w.tid);
		return 0;
	}
	if (try)
		return -EAGAIN;
	if (!mir_thread_find((int)(value & TID)))
		return -ESRCH;
	*word = (int)(value | WAITERS);
	rc = wait_for(&w, word, deadline);
	if (rc < 0 && !first(word))
		*word = (int)((unsigned)*word & ~WAITERS);
	return rc;
}

static long unlock_pi(int *word)
{
	struct waiter *w = first(word);

	if (((unsigned)*word & TID) != (unsigned)mir_thread_self()->tid)
		return -EPERM;
	if (!w) {
		*word = 0;
		return 0;
	}
	wake(w);
	*word = (int)((unsigned)w->tid | (first(word) ? WAITERS : 0));
	return 0;
}

/* The monotonic time at which it is over; false: no such time. */
static bool deadline_of(const struct timespec *t, int op, int64_t *out)
{
	int command = op & COMMAND;
	bool absolute = command == WAIT_BITSET || command == LOCK_PI;
	int64_t now = mir_target_monotonic(), ns;

	*out = MIR_NEVER;
	if (!t)
		return true;
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= MIR_SECOND(1))
		return false;
	if (t->tv_sec >= MIR_NEVER / MIR_SECOND(1) - 1)
		return true;
	ns = MIR_SECOND(t->tv_sec) + t->tv_nsec;
	if (absolute && (op & REALTIME || command == LOCK_PI))
		ns -= mir_target_wall();
	else if (absolute)
		ns -= now;
	*out = mir_time_add(now, MIR_MAX(ns, (int64_t)0));
	return true;
}

static bool waits(int command)
{
	return command == WAIT || command == WAIT_BITSET || command == LOCK_PI;
}

long mir_sys_futex(
    int *word, int op, int value, const struct timespec *timeout, int *other, unsigned bits)
{
	union {
		const struct timespec *from;
		long count;
	} second = { timeout };
	int64_t deadline = MIR_NEVER;
	long rc;

	if ((uintptr_t)word % sizeof(*word) != 0 ||
	    (waits(op & COMMAND) && !deadline_of(timeout, op, &deadline)))
		return -EINVAL;
	do {
		switch (op & COMMAND) {
		case WAIT: rc = wait_at(word, value, deadline, ANY); break;
		case WAIT_BITSET: rc = wait_at(word, value, deadline, bits); break;
		case WAKE: return mir_futex_wake(word, value, ANY);
		case WAKE_BITSET: return bits ? mir_futex_wake(word, value, bits) : -EINVAL;
		case CMP_REQUEUE:
			if (*(volatile int *)word != (int)bits)
				return -EAGAIN;
			/* fall through */
		case REQUEUE:
			return requeue(
			    word, value, other, second.count, (op & COMMAND) == CMP_REQUEUE);
		case WAKE_OP: return wake_op(word, value, other, second.count, bits);
		case LOCK_PI: rc = lock_pi(word, deadline, false); break;
		case TRYLOCK_PI: rc = lock_pi(word, deadline, true); break;
		case UNLOCK_PI: return unlock_pi(word);
		default: return -ENOSYS;
		}
	} while (mir_posix_again(rc));
	return rc;
}

long mir_sys_sched_yield(void)
{
	if (mir_self())
		mir_yield();
	mir_posix_again(0);
	return 0;
}
