/* mem.c: counted memory and the pools of receive buffers. */
#include <stdlib.h>

#include "internal.h"
#include "asan.h"
#include "pool.h"

/* The bytes follow the header. */
struct block {
	struct mir_mem mem;
	struct block *next;
};

static struct mir_mem_stats stats;
static unsigned fail_at;
static bool (*gate)(size_t size);

static struct mir_pool small = { .size = sizeof(struct block) + MIR_MEM_SMALL, .keep = 1024 };
static struct mir_pool page = { .size = sizeof(struct block) + MIR_MEM_PAGE, .keep = 512 };
static struct mir_pool big = { .size = sizeof(struct block) + MIR_MEM_BIG, .keep = 64 };

void mir_mem_stats(struct mir_mem_stats *out)
{
	*out = stats;
}

static bool fail_once(size_t size)
{
	(void)size;
	return fail_at == 0 || --fail_at != 0;
}

void mir_mem_fail_at(unsigned n)
{
	fail_at = n;
	gate = n ? fail_once : NULL;
}

void mir_mem_gate(bool (*allow)(size_t size))
{
	gate = allow;
}

static bool refused(size_t size)
{
	if (mir_likely(!gate) || gate(size))
		return false;
	stats.failed++;
	return true;
}

void *mir_pool_get(struct mir_pool *pool, uint64_t *alive)
{
	struct mir_pooled *free_one = pool->free;
	void *p = free_one;

	if (refused(pool->size))
		return NULL;
	if (free_one) {
		pool->free = free_one->next;
		pool->count--;
	} else if ((p = malloc(pool->size)) == NULL) {
		stats.failed++;
		return NULL;
	}
	(*alive)++;
	stats.bytes += pool->size;
	return p;
}

void mir_pool_put(struct mir_pool *pool, void *p, uint64_t *alive)
{
	struct mir_pooled *free_one = p;

	(*alive)--;
	stats.bytes -= pool->size;
	if (MIR_ASAN || pool->count >= pool->keep) {
		free(p);
		return;
	}
	free_one->next = pool->free;
	pool->free = free_one;
	pool->count++;
}

uint64_t *mir_mem_packets(void)
{
	return &stats.packets;
}

static struct mir_mem *block_init(
    struct block *b, size_t size, void (*free_fn)(struct mir_mem *), uint8_t **p)
{
	if (!b)
		return NULL;
	b->mem = (struct mir_mem){ .refs = 1, .size = (uint32_t)size, .free = free_fn };
	*p = (uint8_t *)(b + 1);
	return &b->mem;
}

static void small_free(struct mir_mem *m)
{
	mir_pool_put(&small, m, &stats.mems);
}

static void page_free(struct mir_mem *m)
{
	mir_pool_put(&page, m, &stats.mems);
}

static void big_free(struct mir_mem *m)
{
	mir_pool_put(&big, m, &stats.mems);
}

static void single_free(struct mir_mem *m)
{
	stats.mems--;
	stats.bytes -= m->size;
	free(m);
}

struct mir_mem *mir_mem_new(size_t len, uint8_t **p)
{
	struct block *b = NULL;

	if (refused(len))
		return NULL;
	if (len < UINT32_MAX - sizeof(*b))
		b = malloc(sizeof(*b) + len);
	if (!b) {
		stats.failed++;
		return NULL;
	}
	stats.mems++;
	stats.bytes += sizeof(*b) + len;
	return block_init(b, sizeof(*b) + len, single_free, p);
}

struct mir_mem *mir_mem_pooled(size_t size, uint8_t **p)
{
	if (size <= MIR_MEM_SMALL)
		return block_init(mir_pool_get(&small, &stats.mems), small.size, small_free, p);
	if (size <= MIR_MEM_PAGE)
		return block_init(mir_pool_get(&page, &stats.mems), page.size, page_free, p);
	if (size <= MIR_MEM_BIG)
		return block_init(mir_pool_get(&big, &stats.mems), big.size, big_free, p);
	return mir_mem_new(size, p);
}

struct mir_slice mir_slice_copy(const void *p, size_t len)
{
	uint8_t *copy;
	struct mir_mem *m = mir_mem_new(len, &copy);

	if (!m)
		return (struct mir_slice){ NULL, 0, NULL };
	if (len > 0)
		memcpy(copy, p, len);
	return (struct mir_slice){ copy, len, m };
}
