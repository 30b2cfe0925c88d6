/* tables.c: where memory is seen: all of it at first, then what the image may.
 *
 * Tables for all memory up to its end lie in one piece: the entry of a page is found by its number.
 * Those that nobody fills in stay untouched; the rest of memory has pages of 2 MiB.
 */
#include <mir/target.h>
#include <string.h>

#include "../guest/host.h"
#include "machine.h"

enum {
	SPREAD = 32,      /* the heap ends within 1/SPREAD of its last range from its end */
	SPREAD_MAX = 128, /* and so many large pages */
	GIB_BITS = 30,
	PART = 2, /* tables take 1/PART of the range that they are in, at most */
};
#define BELOW_4G    (1ull << 32)
#define WINDOW_AT   MIR_BARE_MEMORY_END
#define WINDOW_SIZE ((uint64_t)WINDOW_TABLES * PER_TABLE)

/* What is left of memory for the heap. */
static struct mir_bare heap;
static struct mir_guest_hole holes[MIR_BARE_RANGES];

/* ---- at first ---- */

static void build_window(uint64_t *top)
{
	uint64_t *second = mir_bare_window, *third = second + PER_TABLE;

	top[WINDOW_AT / (1ull << 39)] = mir_bare_address(second) | PTE_TABLE;
	second[0] = mir_bare_address(third) | PTE_TABLE;
	for (unsigned i = 0; i < WINDOW_TABLES; i++)
		third[i] = mir_bare_address(third + (1 + i) * PER_TABLE) | PTE_TABLE;
}

void mir_bare_see_all(void)
{
	uint64_t *first = (uint64_t *)(void *)mir_bare_first;

	for (uint64_t i = 0; i < BELOW_4G / LARGE; i++)
		first[2 * PER_TABLE + i] = (i * LARGE) | PTE_TABLE | PTE_LARGE;
	for (uint64_t i = 1; i < BELOW_4G >> GIB_BITS; i++)
		first[PER_TABLE + i] = mir_bare_address(first + (2 + i) * PER_TABLE) | PTE_TABLE;
	build_window(first);
}

/* ---- to stay ---- */

static uint64_t end_of(const struct mir_bare_range *r)
{
	return r->at + r->len;
}

/* Pages that tables for memory below `top` take. */
static uint64_t table_pages(uint64_t top)
{
	return 2 + (top + (1ull << GIB_BITS) - 1) / (1ull << GIB_BITS) + (top + LARGE - 1) / LARGE;
}

/* The range below 4 GiB that has most room. */
static const struct mir_bare_range *roomy(void)
{
	const struct mir_bare_range *best = NULL;

	for (unsigned i = 0; i < heap.n_memory; i++) {
		const struct mir_bare_range *r = &heap.memory[i];

		if (end_of(r) <= BELOW_4G && (!best || r->len > best->len))
			best = r;
	}
	return best;
}

/* Where tables for memory below *top can be; memory that they would not fit into is given up.  0:
 * there is no room at all. */
static uint64_t place(uint64_t *top)
{
	const struct mir_bare_range *r = roomy();

	while (r && heap.n_memory > 0) {
		*top = end_of(&heap.memory[heap.n_memory - 1]);
		if (table_pages(*top) * PAGE <= r->len / PART)
			return r->at;
		if (&heap.memory[heap.n_memory - 1] == r)
			break;
		heap.n_memory--;
	}
	return 0;
}

static void map_image(struct mir_ring0_tables *t)
{
	const struct {
		const uint8_t *end;
		uint64_t flags;
	} parts[] = {
		{ mir_image_text_end, MAP_TEXT },
		{ mir_image_rodata_end, MAP_READ },
		{ mir_image_relro_start, MAP_WRITE },
		{ mir_image_relro_end, MAP_READ },
		{ mir_bare_ring0_code, MAP_WRITE },
		{ mir_bare_ring0, MAP_RING0_CODE },
		{ mir_bare_first, MAP_RING0 },
		{ mir_bare_stack, MAP_WRITE },
		{ mir_bare_stack + PAGE, 0 },
		{ mir_image_end, MAP_WRITE },
	};
	uint64_t from = mir_bare_address(mir_image_start);

	for (unsigned i = 0; i < MIR_COUNT(parts); i++) {
		mir_ring0_map_small(t, from, mir_bare_address(parts[i].end), parts[i].flags);
		from = mir_bare_address(parts[i].end);
	}
	mir_ring0_map_small(t, RING0_VIEW, RING0_VIEW + PAGE, MAP_READ);
	t->pt[RING0_VIEW / PAGE] = mir_bare_address(mir_bare_ring0) | MAP_READ;
}

static void put(unsigned at, uint64_t v)
{
	memcpy(mir_bare_ring0 + at, &v, sizeof(v));
}

/* The heap's ranges, for ring 0 and for targets/guest.  The end of the last has small pages,
 * because stacks are taken from there and filling a table is fast only now. */
static void map_heap(struct mir_ring0_tables *t, uint64_t chance)
{
	struct mir_bare_range *last = &heap.memory[heap.n_memory - 1];
	uint64_t spread = MIR_MIN(last->len / SPREAD / LARGE, (uint64_t)SPREAD_MAX) + 1, fine;

	last->len -= chance % spread * LARGE;
	fine = MIR_MAX(last->at, (end_of(last) - 1) & -(uint64_t)LARGE);
	for (unsigned i = 0; i < heap.n_memory; i++) {
		const struct mir_bare_range *r = &heap.memory[i];

		mir_ring0_map(t, r->at, r == last ? fine : end_of(r), MAP_WRITE);
		put(RING0_RANGES + 16 * i, r->at / PAGE);
		put(RING0_RANGES + 16 * i + 8, r->len / PAGE);
		if (i > 0)
			holes[i - 1] = (struct mir_guest_hole){ (uint8_t *)(uintptr_t)end_of(r - 1),
				(uint8_t *)(uintptr_t)r->at };
	}
	mir_ring0_map_small(t, fine, end_of(last), MAP_WRITE);
	mir_guest.mem_start = (uint8_t *)(uintptr_t)heap.memory[0].at;
	mir_guest.mem_end = (uint8_t *)(uintptr_t)end_of(last);
	mir_guest.fine = end_of(last) - fine;
	mir_guest.soiled = true;
	mir_guest.pages = mir_target_pages;
	mir_guest.holes = holes;
	mir_guest.n_holes = heap.n_memory - 1;
}

const char *mir_bare_tables(uint64_t chance)
{
	uint64_t image = mir_bare_address(mir_image_start), end = 0, at;
	struct mir_ring0_tables t;
	uint64_t *top;

	heap = mir_bare;
	mir_bare_memory_remove(&heap, image, mir_bare_address(mir_image_end) - image);
	at = place(&end);
	if (!at)
		return "not enough memory: give the machine more\n";
	mir_bare_memory_remove(&heap, at, table_pages(end) * PAGE);
	top = (uint64_t *)(uintptr_t)at;
	t.pd = top + 2 * PER_TABLE;
	t.pt = t.pd + ((end + (1ull << GIB_BITS) - 1) >> GIB_BITS) * PER_TABLE;
	memset(top, 0, (size_t)((uint8_t *)t.pt - (uint8_t *)top));
	top[0] = mir_bare_address(top + PER_TABLE) | PTE_TABLE;
	for (uint64_t i = 0; i << GIB_BITS < end; i++)
		top[PER_TABLE + i] = mir_bare_address(t.pd + i * PER_TABLE) | PTE_TABLE;
	map_image(&t);
	mir_ring0_map(&t, at, at + table_pages(end) * PAGE, MAP_RING0);
	map_heap(&t, chance);
	build_window(top);
	put(RING0_PD, mir_bare_address(t.pd));
	put(RING0_PT, mir_bare_address(t.pt));
	mir_bare_ring0_call(at, mir_bare_control(), mir_bare_extended(), CALL_TABLES);
	return NULL;
}

/* ---- what is no memory ---- */

void *mir_bare_window_map(uint64_t at, size_t n, uint64_t flags)
{
	static size_t used;
	size_t first = used;

	if (n > WINDOW_SIZE - used)
		return NULL;
	for (; used < first + n; used++)
		mir_bare_ring0_call(
		    used, ((at & -(uint64_t)PAGE) + (used - first) * PAGE) | flags, 0, CALL_MAP);
	return (void *)(uintptr_t)(WINDOW_AT + first * PAGE + at % PAGE);
}

void mir_bare_window_unmap(const void *at)
{
	mir_bare_ring0_call((mir_bare_address(at) - WINDOW_AT) / PAGE, 0, 0, CALL_MAP);
}
