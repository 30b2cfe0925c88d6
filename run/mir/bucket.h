/* bucket.h: a token bucket in one number (the virtual scheduling algorithm of ITU-T I.371). */
#ifndef MIR_BUCKET_H
#define MIR_BUCKET_H

#include <mir/time.h>

/* All zero is full. */
struct mir_bucket {
	int64_t spent_until; /* when it will be full again */
	uint64_t refused;
};

/* One token, of which one comes every every_ns and at most burst are kept; false: none left. */
static inline bool mir_bucket_take(
    struct mir_bucket *b, int64_t now, int64_t every_ns, unsigned burst)
{
	int64_t from = MIR_MAX(b->spent_until, now);

	if (from - now > every_ns * (int64_t)(burst - 1)) {
		b->refused++;
		return false;
	}
	b->spent_until = from + every_ns;
	return true;
}

#endif
