/* mem.h: memory that is counted: what there is, and who may have how much. */
#ifndef MIR_MEM_H
#define MIR_MEM_H

#include <mir/err.h>
#include <mir/packet.h>

struct mir_mem_stats {
	uint64_t packets; /* packets alive */
	uint64_t mems;    /* mir_mem_new and mir_mem_big alive */
	uint64_t bytes;   /* bytes in both */
	uint64_t failed;  /* requests that found no memory */
};
void mir_mem_stats(struct mir_mem_stats *out);

/* Receive buffers: memory of a fixed size from a pool, for drivers: 2 kB, 4 kB and 64
 * kB. */
enum { MIR_MEM_SMALL = 2048, MIR_MEM_PAGE = 4096, MIR_MEM_BIG = 65536 };
struct mir_mem *mir_mem_pooled(size_t size, uint8_t **p);

/* Tests: makes the n-th allocation from now (packet or mem) fail, once; 0: none. */
void mir_mem_fail_at(unsigned n);

/* Simulators: `allow` is asked before each allocation of so many bytes; false makes it fail.  NULL:
 * nobody is asked. */
void mir_mem_gate(bool (*allow)(size_t size));

/* An account: how many bytes of the image's budget somebody holds. */
struct mir_budget {
	uint64_t used, limit;
	uint64_t refused; /* times that the limit said no */
};

static inline bool mir_budget_take(struct mir_budget *b, uint64_t n)
{
	if (mir_unlikely(n > b->limit - MIR_MIN(b->used, b->limit))) {
		b->refused++;
		return false;
	}
	b->used += n;
	return true;
}

static inline void mir_budget_give(struct mir_budget *b, uint64_t n)
{
	b->used -= n;
}

#endif
