/* rate.c */
#include "rate.h"

enum { NS_BITS = 32, MORE_BITS = 29 };
#define SECOND 1000000000ull
#define HZ_MIN 1000000ull
#define HZ_MAX (1ull << (64 - MORE_BITS))

bool mir_rate_of(struct mir_rate *r, uint64_t hz)
{
	uint64_t whole, rest;

	if (hz < HZ_MIN || hz >= HZ_MAX)
		return false;
	whole = (SECOND << NS_BITS) / hz;
	rest = (SECOND << NS_BITS) % hz;
	r->shift = MORE_BITS;
	while (whole >> (64 - r->shift))
		r->shift--;
	r->factor = (whole << r->shift) + (rest << r->shift) / hz;
	r->shift += NS_BITS;
	return true;
}
