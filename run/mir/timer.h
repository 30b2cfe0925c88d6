/* timer.h: calls at a time to come.
 *
 * A hierarchical wheel (G. Varghese, T. Lauck 1987): set, move and stop are O(1); a timer fires at
 * its deadline or at most 1 ms after it, never before.  A timer is embedded in what it belongs to.
 */
#ifndef MIR_TIMER_H
#define MIR_TIMER_H

#include <mir/time.h>

struct mir_timer {
	struct mir_timer *next, **prev; /* prev NULL: not set */
	int64_t deadline;
	void (*fire)(struct mir_timer *); /* from the loop: must not block */
};

static inline void mir_timer_init(struct mir_timer *t, void (*fire)(struct mir_timer *))
{
	*t = (struct mir_timer){ .fire = fire };
}

/* Arms the timer, or moves it; MIR_NEVER stops it.  A deadline that has passed fires in the next
 * turn. */
void mir_timer_set(struct mir_timer *, int64_t deadline);

/* Nothing happens if it is not set. */
void mir_timer_stop(struct mir_timer *);

static inline bool mir_timer_is_set(const struct mir_timer *t)
{
	return t->prev != NULL;
}

#endif
