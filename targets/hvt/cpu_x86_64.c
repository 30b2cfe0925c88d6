/* cpu_x86_64.c: ring 0's gates, ports and variables, written in ring 3 and at full speed, before
 * they are sealed.
 */
#include <string.h>

#include "hvt.h"
#include "tables.h"

#define CR4_ALWAYS   0x620u /* PAE OSFXSR OSXMMEXCPT */
#define CR4_UMIP     0x800u
#define CR4_FSGSBASE 0x10000u
#define CR4_OSXSAVE  0x40000u
#define CR4_SMEP     0x100000u
#define CR4_SMAP     0x200000u
#define XCR0_WANTED  0xe7u /* x87 SSE AVX AVX-512 */

static void put_gate(unsigned at, const uint8_t *code, bool from_ring3)
{
	enum { INTERRUPT_GATE = 0x8e, FROM_RING3 = 0x60, IST1 = 1 };
	uint64_t to = mir_hvt_address(mir_hvt_ring0_code) + (uint64_t)(code - mir_hvt_stub);
	uint64_t type = INTERRUPT_GATE | (from_ring3 ? FROM_RING3 : 0);

	mir_hvt_put64(at, (to & 0xffff) | KERNEL_CS << 16 | (uint64_t)IST1 << 32 | type << 40 |
			      (to >> 16 & 0xffff) << 48);
}

static void build_gates(void)
{
	enum { CALL = 5, INT3 = 3 };

	put_gate(RING0_IDT, mir_hvt_stub, false);
	put_gate(RING0_GATE0, mir_hvt_stub_call, false);
	for (unsigned i = 1; i < VECTORS; i++)
		put_gate(RING0_IDT + 16 * i, mir_hvt_stub_gates + CALL * i, i == INT3);
}

/* Ring 3 may use the ports of hypercalls, and no others. */
static void build_tss(void)
{
	enum { IST = 36, IO_OFFSET = 102, IO = 104, FIRST = MIR_HVT_PORT / 8, N = 0x20 / 8 };
	uint16_t io = IO;

	_Static_assert(TSS_LIMIT == IO + FIRST + N, "a byte of ones ends it");
	mir_hvt_put64(RING0_TSS + IST, mir_hvt_address(mir_hvt_ring0 + RING0_END));
	mir_hvt_put(RING0_TSS + IO_OFFSET, &io, sizeof(io));
	memset(mir_hvt_ring0 + RING0_TSS + IO, 0xff, FIRST + N + 1);
	memset(mir_hvt_ring0 + RING0_TSS + IO + FIRST, 0, N);
}

static void build_variables(const struct mir_hvt_tables *t, uint64_t start, uint64_t end)
{
	mir_hvt_put64(RING0_PD, mir_hvt_address(t->pd));
	mir_hvt_put64(RING0_PT, mir_hvt_address(t->pt));
	mir_hvt_put64(RING0_RANGES, start / PAGE);
	mir_hvt_put64(RING0_RANGES + 8, (end - start) / PAGE);
	mir_hvt_put64(RING0_FLAGS, 0);
	mir_hvt_put64(RING0_FLAGS + 8, MAP_READ);
	mir_hvt_put64(RING0_FLAGS + 16, MAP_WRITE);
}

/* ---- what the CPU offers ---- */

static void choose(struct mir_hvt_seal *seal)
{
	const struct mir_hvt_cpu *cpu = &mir_hvt_cpu;

	seal->control = CR4_ALWAYS;
	if (cpu->leaf7_ebx & CPU7_FSGSBASE)
		seal->control |= CR4_FSGSBASE;
	if (cpu->leaf7_ebx & CPU7_SMEP)
		seal->control |= CR4_SMEP;
	if (cpu->leaf7_ebx & CPU7_SMAP)
		seal->control |= CR4_SMAP;
	if (cpu->leaf7_ecx & CPU7C_UMIP)
		seal->control |= CR4_UMIP;
	if (cpu->leaf1_ecx & CPU1_XSAVE) {
		seal->control |= CR4_OSXSAVE;
		seal->extended = cpu->xcr0 & XCR0_WANTED;
	}
}

void mir_hvt_build_cpu(
    struct mir_hvt_tables *t, uint64_t start, uint64_t end, struct mir_hvt_seal *seal)
{
	t->top[0] = mir_hvt_address(t->second) | PTE_TABLE;
	for (unsigned i = 0; i < DIRECTORIES; i++)
		t->second[i] = mir_hvt_address(&t->pd[i * PER_TABLE]) | PTE_TABLE;
	build_gates();
	build_tss();
	build_variables(t, start, end);
	choose(seal);
	seal->table = mir_hvt_address(t->top);
}
