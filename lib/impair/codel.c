/* codel.c: Controlled Delay, a queue that stays short (RFC 8289 section 5.6), told of each frame in
 * the order in which they leave. */
#include <mir/impair.h>

static const int64_t INTERVAL = 100000000;

static uint64_t root(uint64_t v)
{
	uint64_t r = 0;

	for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
		if ((r + bit) * (r + bit) <= v)
			r += bit;
	return r;
}

/* The time of the next drop: INTERVAL / sqrt(count) after t. */
static int64_t control(int64_t t, uint32_t count)
{
	return t + (int64_t)((uint64_t)INTERVAL * 1000 / root((uint64_t)count * 1000000));
}

/* Whether frames have waited for too long through a whole interval. */
static bool above(struct mir_codel *c, int64_t now, int64_t sojourn, int64_t target)
{
	if (sojourn < target) {
		c->first_above = 0;
		return false;
	}
	if (c->first_above == 0) {
		c->first_above = now + INTERVAL;
		return false;
	}
	return now >= c->first_above;
}

bool mir_codel_drop(struct mir_codel *c, int64_t now, int64_t sojourn, int64_t target)
{
	uint32_t delta;

	if (!above(c, now, sojourn, target)) {
		c->dropping = false;
		return false;
	}
	if (c->dropping) {
		if (now < c->drop_next)
			return false;
		c->count++;
		c->drop_next = control(c->drop_next, c->count);
		return true;
	}
	c->dropping = true;
	delta = c->count - c->last_count;
	c->count = delta > 1 && now - c->drop_next < 16 * INTERVAL ? delta : 1;
	c->drop_next = control(now, c->count);
	c->last_count = c->count;
	return true;
}
