/* entropy.c: entropy that is a function of the seed (SplitMix64: G. L. Steele, D. Lea, C. H. Flood,
 * "Fast splittable pseudorandom number generators", 2014). */
#include <mir/err.h>
#include <mir/target.h>

#include "sim.h"

static uint64_t state, start;

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t next(void)
{
	return mix(state += 0x9e3779b97f4a7c15);
}

int mir_target_entropy(void *buf, size_t len)
{
	uint8_t *p = buf;
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++) {
		if (i % 8 == 0)
			v = next();
		p[i] = (uint8_t)(v >> (8 * (i % 8)));
	}
	return 0;
}

void mir_sim_entropy_reset(uint64_t seed)
{
	state = start = seed;
}

uint64_t mir_sim_seed(void)
{
	return start;
}

uint64_t mir_sim_draw(const char *purpose, uint64_t n)
{
	uint64_t key = mix(start + 0x9e3779b97f4a7c15);

	for (; *purpose; purpose++)
		key = mix(key ^ (uint8_t)*purpose);
	return mix(key + (n + 1) * 0x9e3779b97f4a7c15);
}
