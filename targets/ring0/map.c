/* map.c */
#include <string.h>

#include "map.h"

void mir_ring0_map_small(struct mir_ring0_tables *t, uint64_t from, uint64_t to, uint64_t flags)
{
	for (uint64_t page = from / PAGE; page < (to + PAGE - 1) / PAGE; page++) {
		uint64_t large = page / PER_TABLE;

		if (!t->pd[large])
			memset(&t->pt[large * PER_TABLE], 0, PAGE);
		t->pd[large] = (uint64_t)(uintptr_t)&t->pt[large * PER_TABLE] | MAP_TABLE;
		t->pt[page] = page * PAGE | flags;
	}
}

void mir_ring0_map(struct mir_ring0_tables *t, uint64_t from, uint64_t to, uint64_t flags)
{
	uint64_t first = (from + LARGE - 1) & -(uint64_t)LARGE, last = to & -(uint64_t)LARGE;

	if (first >= last) {
		mir_ring0_map_small(t, from, to, flags);
		return;
	}
	mir_ring0_map_small(t, from, first, flags);
	for (; first < last; first += LARGE)
		t->pd[first / LARGE] = first | MAP_LARGE(flags);
	mir_ring0_map_small(t, last, to, flags);
}
