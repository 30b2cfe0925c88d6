/* fiber.h: fibers and what they wait on.
 *
 * A fiber is a stack and a place in the program.  Fibers share one core and are never
 * preempted: data changes under a fiber only across a call marked "Blocks.".  Every blocking call
 * of a fiber ends with MIR_ECANCELED once it is cancelled, and with MIR_ETIMEDOUT once its deadline
 * has passed.
 */
#ifndef MIR_FIBER_H
#define MIR_FIBER_H

#include <mir/cc.h>
#include <mir/err.h>
#include <mir/time.h>

enum { MIR_STACK_SIZE = 64 * 1024 }; /* usable bytes; a guard page lies below */

struct mir_fiber;

/* Starts fn(arg) on a fiber from the pool; it runs when the present one blocks, or in the loop's
 * next round.  name: static, for logs and backtraces.  The handle is valid until the fiber ends,
 * or, if it is to be joined, until it was joined: say so with mir_spawn_joinable.  NULL: out of
 * memory. */
struct mir_fiber *mir_spawn(const char *name, void (*fn)(void *), void *arg);
struct mir_fiber *mir_spawn_joinable(const char *name, void (*fn)(void *), void *arg);

/* Waits for the end of a joinable fiber and releases the handle.  Blocks.  MIR_ECANCELED,
 * MIR_ETIMEDOUT: it is not joined. */
int mir_join(struct mir_fiber *);

/* From now on every blocking call of that fiber returns MIR_ECANCELED, the present one included. */
void mir_cancel(struct mir_fiber *);

/* Its blocking calls work again.  Who has cancelled it: nobody else knows what that was for. */
void mir_uncancel(struct mir_fiber *);

/* As mir_spawn, on a stack of the caller's: `size` bytes from `stack` on, whose end is a multiple
 * of
 * 16.  When the fiber has ended and another runs, the stack is the caller's again, and
 * mir_fiber_release frees the handle; until then the name must live. */
struct mir_fiber *mir_spawn_on(
    void *stack, size_t size, const char *name, void (*fn)(void *), void *arg);
void mir_fiber_release(struct mir_fiber *);

/* The running fiber; NULL in the event loop itself. */
struct mir_fiber *mir_self(void);
const char *mir_fiber_name(const struct mir_fiber *);
bool mir_cancelled(void);

/* Lets the others run.  Blocks.  0 or MIR_ECANCELED. */
int mir_yield(void);

/* Blocks.  0 when the time has come, MIR_ECANCELED, MIR_ETIMEDOUT (the fiber's deadline is
 * earlier). */
int mir_sleep_until(int64_t deadline);

static inline int mir_sleep(int64_t ns)
{
	return mir_sleep_until(mir_time_add(mir_now(), ns));
}

/* The running fiber's deadline: every blocking call returns MIR_ETIMEDOUT from then on.  A new one
 * counts only if it is earlier than the present one; returns the present one for
 * mir_deadline_restore:
 *
 *     int64_t outer = mir_deadline_set(mir_now() + MIR_SECOND(5));
 *     rc = mir_flow_read(flow, &slice, 1);
 *     mir_deadline_restore(outer);
 */
int64_t mir_deadline_set(int64_t deadline);
void mir_deadline_restore(int64_t outer);

/* A queue of fibers that wait for one thing.  All zero is empty. */
struct mir_waiter;
struct mir_waitq {
	struct mir_waiter *head, *tail;
};

/* Blocks until woken: 0; or MIR_ECANCELED, MIR_ETIMEDOUT.  As with a condition variable, look at
 * the condition again after. */
int mir_wait(struct mir_waitq *);

/* As mir_wait, but for what must not be left before it is done, such as memory that a device
 * writes to: neither a cancellation nor a deadline is its result, though a cancellation may be
 * why it returns. Blocks. */
void mir_wait_out(struct mir_waitq *);

/* From anywhere, never block. In order of waiting. */
void mir_wake_one(struct mir_waitq *);
void mir_wake_all(struct mir_waitq *);

static inline bool mir_waitq_empty(const struct mir_waitq *q)
{
	return q->head == NULL;
}

/* What there is: for tests and statistics. */
struct mir_fiber_stats {
	unsigned alive;  /* fibers started and not ended */
	unsigned pooled; /* stacks kept for later fibers */
	unsigned peak;   /* most alive at once */
	uint64_t switches;
};
void mir_fiber_stats(struct mir_fiber_stats *out);

/* For crash reports: the fiber whose stack begins at most `below` bytes above the address, that is,
 * whose guard was hit; NULL. */
const struct mir_fiber *mir_fiber_of_guard(const void *address, size_t below);

/* Backtraces of all fibers go to the console through `line`.  For panics and debuggers. */
void mir_fiber_dump(void (*line)(const char *text));

/* The three above as reports of bugs and faults reach them: NULL until the first fiber is started,
 * so that images that start none hold nothing of fibers.  (panic.c) */
struct mir_fiber_reports {
	struct mir_fiber *(*self)(void);
	const struct mir_fiber *(*of_guard)(const void *address, size_t below);
	void (*dump)(void (*line)(const char *text));
};
extern const struct mir_fiber_reports *mir_fiber_reports;

#endif
