/* memory.c: stacks from regions of many, each with a guard below.
 *
 * A guard page that is a mapping of its own splits the region, and the host limits how many
 * mappings a process has (Linux: 65530).  So guards are markers in the page table where the host
 * offers those (linux/guard.c), else mappings as long as there may be more of them, else a pattern
 * that is looked at when the stack is given back.
 */
#include <mir/fiber.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guard.h"
#include "unix.h"

enum { GUARD = 16384, REGION = 64 << 20, CANARY = 64, CANARY_BYTE = 0xa5 };

/* Stacks of one size, GUARD bytes before each. */
struct region {
	struct region *next;
	uint8_t *base;
	size_t slot; /* bytes of a guard and its stack */
	unsigned n, used, n_free;
	uint32_t *free_slots;
	uint8_t *guarded; /* a flag for each slot: it has a real guard */
};

static struct region *regions;

size_t mir_unix_guard(void)
{
	return GUARD;
}

static struct region *region_new(size_t size)
{
	size_t slot = size + GUARD, n = MIR_MAX(REGION / slot, (size_t)1);
	struct region *r = calloc(1, sizeof(*r) + n * (sizeof(uint32_t) + 1));

	if (!r)
		return NULL;
	r->free_slots = (uint32_t *)(void *)(r + 1);
	r->guarded = (uint8_t *)(r->free_slots + n);
	r->slot = slot;
	r->n = (unsigned)n;
	r->base = mmap(NULL, slot * n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->base == MAP_FAILED) {
		free(r);
		return NULL;
	}
	mir_unix_no_huge_pages(r->base, slot * n);
	r->next = regions;
	regions = r;
	return r;
}

/* The pattern's place: the end of what would be the guard. */
static uint8_t *canary(const struct region *r, unsigned i)
{
	return r->base + i * r->slot + GUARD - CANARY;
}

static void protect(struct region *r, unsigned i)
{
	uint8_t *guard = r->base + i * r->slot;

	r->guarded[i] =
	    mir_unix_guard_install(guard, GUARD) || mprotect(guard, GUARD, PROT_NONE) == 0;
	if (!r->guarded[i])
		memset(canary(r, i), CANARY_BYTE, CANARY);
}

static void check_canary(const struct region *r, unsigned i)
{
	const uint8_t *p = canary(r, i);

	for (unsigned k = 0; !r->guarded[i] && k < CANARY; k++) {
		if (p[k] != CANARY_BYTE)
			mir_panic("stack overflow of a fiber that has ended: it has %zu kB",
			    (r->slot - GUARD) / 1024);
	}
}

void *mir_target_stack_new(size_t size)
{
	struct region *r = regions;
	unsigned i;

	while (r && (r->slot != size + GUARD || (r->n_free == 0 && r->used == r->n)))
		r = r->next;
	if (!r && !(r = region_new(size)))
		return NULL;
	if (r->n_free > 0) {
		i = r->free_slots[--r->n_free];
	} else {
		i = r->used++;
		protect(r, i);
	}
	return r->base + i * r->slot + GUARD;
}

static struct region *region_of(const uint8_t *stack, unsigned *i)
{
	for (struct region *r = regions; r; r = r->next) {
		if (stack >= r->base && stack < r->base + r->n * r->slot) {
			*i = (unsigned)((size_t)(stack - r->base) / r->slot);
			return r;
		}
	}
	mir_panic("%p is not a stack", (const void *)stack);
}

void mir_target_stack_release(void *stack, size_t size)
{
	unsigned i;
	struct region *r = region_of(stack, &i);

	check_canary(r, i);
	madvise(stack, size, MADV_DONTNEED);
	r->free_slots[r->n_free++] = i;
}

void mir_target_stack_idle(void *stack, size_t size)
{
	unsigned i;
	const struct region *r = region_of(stack, &i);

	check_canary(r, i);
	madvise(stack, size, MADV_DONTNEED);
}
