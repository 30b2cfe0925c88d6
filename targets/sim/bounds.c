/* bounds.c: memory that runs out. */
#include <mir/mem.h>

#include "heap.h"
#include "sim.h"

static struct mir_sim_memory bounds;
static uint64_t asked;

static bool lucky(void)
{
	return bounds.fail == 0 || mir_sim_draw("memory", asked++) >> 32 >= bounds.fail;
}

bool mir_sim_heap_allows(size_t size)
{
	return size == 0 || lucky();
}

/* Of packets and what is in them. */
static bool allow(size_t size)
{
	struct mir_mem_stats stats;

	mir_mem_stats(&stats);
	return (bounds.limit == 0 || stats.bytes + size <= bounds.limit) && lucky();
}

void mir_sim_memory_change(const struct mir_sim_memory *m)
{
	bounds = *m;
	mir_mem_gate(m->limit || m->fail ? allow : NULL);
}
