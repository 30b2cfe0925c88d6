/* rate.h: time from a counter, by a multiplication. */
#ifndef MIR_RING0_RATE_H
#define MIR_RING0_RATE_H

#include <mir/cc.h>

/* ns = counter * factor >> shift */
struct mir_rate {
	uint64_t factor;
	unsigned shift;
};

/* Of a counter that goes up `hz` times a second.  False: that cannot be a frequency. */
bool mir_rate_of(struct mir_rate *, uint64_t hz) MIR_COLD;

static inline int64_t mir_rate_ns(const struct mir_rate *r, uint64_t counter)
{
	return (int64_t)((unsigned __int128)counter * r->factor >> r->shift);
}

#endif
