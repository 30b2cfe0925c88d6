/* tables.c: builds the page tables to stay.  Once they are sealed only ring 0 (EL1) reaches them.
 *
 * Pages are 4 kB where protection differs; the heap has pages of 2 MiB until mir_host_protect asks
 * for less, but for the last, where stacks are taken from.
 */
#include "tables.h"

#include <string.h>

#include "../guest/host.h"

enum {
	SPREAD = 32,      /* the heap ends within 1/SPREAD of memory from its end */
	SPREAD_MAX = 128, /* and so many large pages */
};

void mir_hvt_put(unsigned at, const void *p, size_t n)
{
	memcpy(mir_hvt_ring0 + at, p, n);
}

void mir_hvt_put64(unsigned at, uint64_t v)
{
	mir_hvt_put(at, &v, sizeof(v));
}

static void map_small(struct mir_hvt_tables *t, uint64_t from, uint64_t to, uint64_t flags)
{
	struct mir_ring0_tables tables = { t->pd, t->pt };

	mir_ring0_map_small(&tables, from, to, flags);
}

static void map(struct mir_hvt_tables *t, uint64_t from, uint64_t to, uint64_t flags)
{
	struct mir_ring0_tables tables = { t->pd, t->pt };

	mir_ring0_map(&tables, from, to, flags);
}

/* One after the other: what is mapped by a large page is not mapped again. */
static void map_image(struct mir_hvt_tables *t)
{
	const struct {
		const uint8_t *end;
		uint64_t flags;
	} parts[] = {
		{ mir_image_text_end, MAP_TEXT },
		{ mir_image_rodata_end, MAP_READ },
		{ mir_image_relro_start, MAP_WRITE },
		{ mir_image_relro_end, MAP_READ },
		{ mir_hvt_ring0, MAP_RING0_CODE },
		{ mir_image_end, MAP_RING0 },
	};
	uint64_t from = mir_hvt_address(mir_image_start);

	map(t, MIR_HVT_BOOT, MIR_HVT_BOOT + MIR_HVT_BOOT_ROOM, MAP_READ);
	for (unsigned i = 0; i < MIR_COUNT(parts); i++) {
		map(t, from, mir_hvt_address(parts[i].end), parts[i].flags);
		from = mir_hvt_address(parts[i].end);
	}
	t->pt[MIR_HVT_TRAP_VIEW / PAGE] = mir_hvt_address(mir_hvt_ring0) | MAP_READ;
}

/* Tenders refuse what ends at `mem`.  Chance leaves out some large pages at the end;
 * mir_guest_memory_begin leaves out small ones. */
static uint64_t heap_end(uint64_t mem, uint64_t chance)
{
	uint64_t spread = MIR_MIN(mem / SPREAD / LARGE, (uint64_t)SPREAD_MAX) + 1;

	return ((mem - 1) & -(uint64_t)PAGE) - chance % spread * LARGE;
}

void mir_hvt_build(uint64_t mem, uint64_t chance, struct mir_hvt_seal *seal)
{
	struct mir_hvt_tables *t = (struct mir_hvt_tables *)(void *)mir_image_end;
	uint64_t n_tables = (mem + LARGE - 1) / LARGE, at = mir_hvt_address(t);
	uint64_t start = mir_hvt_address(&t->pt[n_tables * PER_TABLE]);
	uint64_t end = heap_end(mem, chance);
	uint64_t fine = MIR_MAX(start, (end - 1) & -(uint64_t)LARGE);

	map_image(t);
	map(t, at, start, MAP_RING0);
	map(t, start, fine, MAP_WRITE);
	map_small(t, fine, end, MAP_WRITE);
	memcpy(mir_hvt_ring0_code, mir_hvt_stub, (size_t)(mir_hvt_stub_end - mir_hvt_stub));
	mir_hvt_build_cpu(t, start, end, seal);
	mir_guest.mem_start = mir_image_end + (start - at);
	mir_guest.mem_end = mir_image_end + (end - at);
	mir_guest.fine = end - fine;
}
