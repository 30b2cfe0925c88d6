/* pool.h: objects of one size, kept when they are given back.  In mem.c. */
#ifndef MIR_RUN_POOL_H
#define MIR_RUN_POOL_H

#include <mir/cc.h>

struct mir_pooled {
	struct mir_pooled *next;
};

struct mir_pool {
	size_t size;             /* bytes of an object */
	unsigned keep;           /* objects kept at most */
	struct mir_pooled *free; /* objects kept */
	unsigned count;
};

/* An object, uninitialised, counted in *alive; NULL when out of memory. */
void *mir_pool_get(struct mir_pool *, uint64_t *alive);
void mir_pool_put(struct mir_pool *, void *p, uint64_t *alive);

/* The counter of packets alive. */
uint64_t *mir_mem_packets(void);

#endif
