/* cpu_aarch64.c: the upper levels of page tables, the page of hypercalls, EL1's variables. */
#include "hvt.h"
#include "tables.h"

#define SCTLR_WXN  (1ull << 19)
#define SCTLR_SPAN (1ull << 23) /* 0: PSTATE.PAN is set in EL1 */
#define MMFR1_PAN  (0xfull << 20)

static void map_calls(struct mir_hvt_tables *t)
{
	enum { GIB_BITS = 30 };

	t->second[MIR_HVT_MMIO >> GIB_BITS] = mir_hvt_address(t->more) | MAP_TABLE;
	t->more[0] = mir_hvt_address(&t->more[PER_TABLE]) | MAP_TABLE;
	t->more[PER_TABLE] = MIR_HVT_MMIO | MAP_CALLS;
}

void mir_hvt_build_cpu(
    struct mir_hvt_tables *t, uint64_t start, uint64_t end, struct mir_hvt_seal *seal)
{
	t->top[0] = mir_hvt_address(t->second) | MAP_TABLE;
	for (unsigned i = 0; i < DIRECTORIES; i++)
		t->second[i] = mir_hvt_address(&t->pd[i * PER_TABLE]) | MAP_TABLE;
	map_calls(t);
	mir_hvt_put64(RING0_PD, mir_hvt_address(t->pd));
	mir_hvt_put64(RING0_PT, mir_hvt_address(t->pt));
	mir_hvt_put64(RING0_HEAP, start / PAGE);
	mir_hvt_put64(RING0_HEAP + 8, (end - start) / PAGE);
	mir_hvt_put64(RING0_FLAGS, 0);
	mir_hvt_put64(RING0_FLAGS + 8, MAP_READ);
	mir_hvt_put64(RING0_FLAGS + 16, MAP_WRITE);
	seal->table = mir_hvt_address(t->top);
	seal->control = mir_hvt_control | SCTLR_WXN;
	if (mir_hvt_features & MMFR1_PAN)
		seal->control &= ~SCTLR_SPAN;
}
