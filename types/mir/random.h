/* random.h: RANDOM, bytes that nobody can predict. */
#ifndef MIR_RANDOM_H
#define MIR_RANDOM_H

#include <mir/cc.h>
#include <mir/err.h>

struct mir_random;

struct mir_random_ops {
	const char *name;

	/* Fills buf.  Does not block and cannot fail: an image without entropy does not start. */
	void (*fill)(struct mir_random *, void *buf, size_t len);
};

struct mir_random {
	const struct mir_random_ops *ops;
};

static inline void mir_random_fill(struct mir_random *r, void *buf, size_t len)
{
	r->ops->fill(r, buf, len);
}

#endif
