/* cpu_x86_64.c: builds the page tables to stay, and ring 0's segments and gates: in ring 3, at full
 * speed.  Once they are sealed only ring 0 reaches them.
 *
 * Pages are 4 kB where protection differs; the heap has pages of 2 MiB until mir_host_protect asks
 * for less, but for the last, where stacks are taken from.
 */
#include <string.h>

#include "../guest/host.h"
#include "cpu_x86_64.h"
#include "hvt.h"

enum {
	PAGE = 4096,
	LARGE = 0x200000,
	PER_TABLE = 512,
	DIRECTORIES = 4,
	SPREAD = 32,      /* the heap ends within 1/SPREAD of memory from its end */
	SPREAD_MAX = 128, /* and so many large pages */
};

#define NX    (1ull << PTE_NX_BIT)
#define SEEN  (PTE_PRESENT | PTE_SEEN)
#define TABLE (SEEN | PTE_WRITE | PTE_USER)
#define TEXT  (SEEN | PTE_USER)
#define READ  (SEEN | PTE_USER | NX)
#define WRITE (SEEN | PTE_USER | PTE_WRITE | NX)
#define RING0 (SEEN | PTE_WRITE | NX)

#define CR4_ALWAYS   0x620u /* PAE OSFXSR OSXMMEXCPT */
#define CR4_UMIP     0x800u
#define CR4_FSGSBASE 0x10000u
#define CR4_OSXSAVE  0x40000u
#define CR4_SMEP     0x100000u
#define CR4_SMAP     0x200000u
#define XCR0_WANTED  0xe7u /* x87 SSE AVX AVX-512 */

/* Behind the image. */
struct tables {
	uint64_t pml4[PER_TABLE], pdpt[PER_TABLE];
	uint64_t pd[DIRECTORIES * PER_TABLE];
	uint64_t pt[]; /* a table for each 2 MiB of memory; not all are in use */
};

/* ---- page tables ---- */

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void map_small(struct tables *t, uint64_t from, uint64_t to, uint64_t flags)
{
	for (uint64_t page = from / PAGE; page < (to + PAGE - 1) / PAGE; page++) {
		uint64_t large = page / PER_TABLE;

		t->pd[large] = address(&t->pt[large * PER_TABLE]) | TABLE;
		t->pt[page] = page * PAGE | flags;
	}
}

/* Large pages where they fit. */
static void map(struct tables *t, uint64_t from, uint64_t to, uint64_t flags)
{
	uint64_t first = (from + LARGE - 1) & -(uint64_t)LARGE, last = to & -(uint64_t)LARGE;

	if (first >= last) {
		map_small(t, from, to, flags);
		return;
	}
	map_small(t, from, first, flags);
	for (; first < last; first += LARGE)
		t->pd[first / LARGE] = first | flags | PTE_LARGE;
	map_small(t, last, to, flags);
}

static void map_image(struct tables *t)
{
	uint64_t ring0 = address(mir_hvt_ring0);

	map(t, MIR_HVT_BOOT, MIR_HVT_BOOT + MIR_HVT_BOOT_ROOM, READ);
	map(t, address(mir_image_start), address(mir_image_text_end), TEXT);
	map(t, address(mir_image_text_end), address(mir_image_rodata_end), READ);
	map(t, address(mir_image_rodata_end), address(mir_image_end), WRITE);
	map(t, address(mir_image_relro_start), address(mir_image_relro_end), READ);
	map_small(t, address(mir_hvt_ring0_code), ring0, SEEN);
	map_small(t, ring0, ring0 + PAGE, RING0);
	t->pt[MIR_HVT_TRAP_VIEW / PAGE] = ring0 | READ;
}

static void map_all(struct tables *t, uint64_t start, uint64_t end)
{
	uint64_t fine = MIR_MAX(start, (end - 1) & -(uint64_t)LARGE);

	t->pml4[0] = address(t->pdpt) | TABLE;
	for (unsigned i = 0; i < DIRECTORIES; i++)
		t->pdpt[i] = address(&t->pd[i * PER_TABLE]) | TABLE;
	map_image(t);
	map(t, address(t), start, RING0);
	map(t, start, fine, WRITE);
	map_small(t, fine, end, WRITE);
	mir_guest.fine = end - fine;
}

/* ---- segments and gates ---- */

static void put(unsigned at, const void *p, size_t n)
{
	memcpy(mir_hvt_ring0 + at, p, n);
}

static void put64(unsigned at, uint64_t v)
{
	put(at, &v, sizeof(v));
}

static void put_gate(unsigned at, const uint8_t *code, bool from_ring3)
{
	enum { INTERRUPT_GATE = 0x8e, FROM_RING3 = 0x60, IST1 = 1 };
	uint64_t to = address(mir_hvt_ring0_code) + (uint64_t)(code - mir_hvt_stub);
	uint64_t type = INTERRUPT_GATE | (from_ring3 ? FROM_RING3 : 0);

	put64(at, (to & 0xffff) | KERNEL_CS << 16 | (uint64_t)IST1 << 32 | type << 40 |
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
	put64(RING0_TSS + IST, address(mir_hvt_ring0 + RING0_END));
	put(RING0_TSS + IO_OFFSET, &io, sizeof(io));
	memset(mir_hvt_ring0 + RING0_TSS + IO, 0xff, FIRST + N + 1);
	memset(mir_hvt_ring0 + RING0_TSS + IO + FIRST, 0, N);
}

static void build_variables(const struct tables *t, uint64_t start, uint64_t end)
{
	put64(RING0_PD, address(t->pd));
	put64(RING0_PT, address(t->pt));
	put64(RING0_HEAP, start / PAGE);
	put64(RING0_HEAP + 8, (end - start) / PAGE);
	put64(RING0_FLAGS, 0);
	put64(RING0_FLAGS + 8, READ);
	put64(RING0_FLAGS + 16, WRITE);
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

/* Tenders refuse what ends at `mem`. Some large pages are left out: small ones more are by
 * mir_guest_memory_begin. */
static uint64_t heap_end(uint64_t mem, uint64_t chance)
{
	uint64_t spread = MIR_MIN(mem / SPREAD / LARGE, (uint64_t)SPREAD_MAX) + 1;

	return ((mem - 1) & -(uint64_t)PAGE) - chance % spread * LARGE;
}

void mir_hvt_build(uint64_t mem, uint64_t chance, struct mir_hvt_seal *seal)
{
	struct tables *t = (struct tables *)(void *)mir_image_end;
	uint64_t n_tables = (mem + LARGE - 1) / LARGE;
	uint64_t start = address(&t->pt[n_tables * PER_TABLE]);
	uint64_t end = heap_end(mem, chance);

	map_all(t, start, end);
	memcpy(mir_hvt_ring0_code, mir_hvt_stub, (size_t)(mir_hvt_stub_end - mir_hvt_stub));
	build_gates();
	build_tss();
	build_variables(t, start, end);
	choose(seal);
	seal->table = address(t->pml4);
	mir_guest.mem_start = mir_image_end + (start - address(t));
	mir_guest.mem_end = mir_image_end + (end - address(t));
}
