/* thread.h: POSIX threads as fibers, and their signals.
 *
 * A thread is a fiber with a thread-local storage of its own and a number.  The program's main
 * function runs in the main thread, whose number is that of the process.  Fibers that are no
 * threads have the main thread's storage, but an errno of their own each, and no signal is handled
 * in them.
 */
#ifndef MIR_POSIX_THREAD_H
#define MIR_POSIX_THREAD_H

#include <mir/fiber.h>
#include <mir/loop.h>
#include <setjmp.h>
#include <signal.h>

enum {
	MIR_THREAD_NAME = 16, /* bytes of a name, its end included */
	MIR_THREAD_MAIN = 1,  /* the number of the main thread, and of the process */
};

/* What a signal tells its handler. */
struct mir_signal {
	struct mir_signal *next;
	int number, code, from; /* si_signo, si_code; si_pid, or a timer's number */
	int overrun;
	union sigval value;
	bool queued, kept; /* is in a list; belongs to a timer, and is not to be freed */
};

/* Signals that have come and were not handled yet, of a thread or of the process. */
struct mir_signals {
	uint64_t set;                  /* bit n - 1: signal n */
	struct mir_signal *head, *end; /* in order of arrival; not all of `set` have one */
};

struct mir_thread {
	struct mir_thread *next, *hash_next; /* all that live */
	struct mir_fiber *fiber;
	void *tls;
	int tid;
	int *clear; /* becomes 0 at the end */
	int (*fn)(void *);
	void *arg;
	void *unmap; /* its stack, which goes with it */
	size_t unmap_size;
	int policy, priority; /* as they were set; nothing comes of them */
	struct mir_task bury;
	jmp_buf end;
	char name[MIR_THREAD_NAME];

	struct mir_signals pending;
	uint64_t blocked;
	uint64_t awaited;        /* of sigtimedwait */
	struct mir_waitq signal; /* who waits for signals alone */
	stack_t stack;           /* of sigaltstack */
	bool interrupted;        /* to be cancelled: the present call ends with EINTR */
	bool on_stack;           /* runs a handler on `stack` */
	bool over;               /* the main thread, when it has ended before the others */
};

/* The running thread; NULL in fibers that are none, and in the loop. */
extern struct mir_thread *mir_thread_now;

/* The main thread, and behind it all others that live. */
extern struct mir_thread mir_thread_first;

/* The running one, or for want of that the main thread. */
static inline struct mir_thread *mir_thread_self(void)
{
	return mir_thread_now ? mir_thread_now : &mir_thread_first;
}

/* The running fiber is the main thread from now on.  Before anything else of this header. */
void mir_thread_begin(void);

/* NULL: no thread that lives has that number. */
struct mir_thread *mir_thread_find(int tid);

/* switch.c: the storage of that thread is in use from now on. */
void mir_thread_use(struct mir_thread *);

/* futex.c: how many of at most n that waited at the word go on. */
long mir_futex_wake(int *word, int n, unsigned bits);

#endif
