/* time.h: the monotonic clock in nanoseconds, as the runtime sees it. */
#ifndef MIR_TIME_H
#define MIR_TIME_H

#include <mir/cc.h>

#define MIR_NEVER     INT64_MAX
#define MIR_US(n)     ((int64_t)(n)*1000)
#define MIR_MS(n)     ((int64_t)(n)*1000000)
#define MIR_SECOND(n) ((int64_t)(n)*1000000000)

/* The time at which the loop's present turn began: what packet code and timers use.
 * Cheap, and the same for all that happens at once. */
int64_t mir_now(void);

/* The clock itself, read now: for measuring. */
int64_t mir_now_precise(void);

/* Nanoseconds since 1970, UTC. */
int64_t mir_wall(void);

/* t + ns without overflow; ns >= 0. */
static inline int64_t mir_time_add(int64_t t, int64_t ns)
{
	return t > MIR_NEVER - ns ? MIR_NEVER : t + ns;
}

#endif
