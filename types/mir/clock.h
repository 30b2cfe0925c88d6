/* clock.h: CLOCK, wall and monotonic, and TIME, sleeping.
 *
 * The runtime itself reads the target's clock directly (mir/time.h); this
 * is the object that an application is handed, so that a test can hand it another.
 */
#ifndef MIR_CLOCK_H
#define MIR_CLOCK_H

#include <mir/cc.h>
#include <mir/err.h>

struct mir_clock;

struct mir_clock_ops {
	const char *name;

	/* Nanoseconds since some start; never goes back, does not jump. */
	int64_t (*monotonic)(struct mir_clock *);

	/* Nanoseconds since 1970-01-01 00:00 UTC without leap seconds; may jump when set. */
	int64_t (*wall)(struct mir_clock *);

	/* Sleeps until the monotonic clock shows `until`.  Blocks.  0, MIR_ETIMEDOUT (the fiber's
	 * deadline came first), MIR_ECANCELED. */
	int (*sleep_until)(struct mir_clock *, int64_t until);
};

struct mir_clock {
	const struct mir_clock_ops *ops;
};

static inline int64_t mir_clock_monotonic(struct mir_clock *c)
{
	return c->ops->monotonic(c);
}

static inline int64_t mir_clock_wall(struct mir_clock *c)
{
	return c->ops->wall(c);
}

static inline int mir_clock_sleep_until(struct mir_clock *c, int64_t until)
{
	return c->ops->sleep_until(c, until);
}

static inline int mir_clock_sleep(struct mir_clock *c, int64_t ns)
{
	return c->ops->sleep_until(c, c->ops->monotonic(c) + ns);
}

#endif
