/* cpu_x86_64.c: what the CPU offers, and ring 0's gates and ports, written in ring 3 before ring 3
 * loses sight of them.
 */
#include <string.h>

#include "machine.h"

#define CR4_ALWAYS   0x620u /* PAE OSFXSR OSXMMEXCPT */
#define CR4_UMIP     0x800u
#define CR4_FSGSBASE 0x10000u
#define CR4_OSXSAVE  0x40000u
#define CR4_SMEP     0x100000u
#define CR4_SMAP     0x200000u
#define XCR0_WANTED  0xe7u /* x87 SSE AVX AVX-512 */

struct mir_bare_regs mir_bare_cpuid(uint32_t leaf, uint32_t sub)
{
	struct mir_bare_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "a"(leaf), "c"(sub));
	return r;
}

static void put(unsigned at, uint64_t v)
{
	memcpy(mir_bare_ring0 + at, &v, sizeof(v));
}

/* `ist`: 1: on a fresh stack; 0: on that of ring 0, which it interrupts. */
static void put_gate(unsigned vector, const uint8_t *code, bool from_ring3, unsigned ist)
{
	enum { INTERRUPT_GATE = 0x8e, FROM_RING3 = 0x60 };
	uint64_t to = mir_bare_address(mir_bare_ring0_code) + (uint64_t)(code - mir_bare_stub);
	uint64_t type = INTERRUPT_GATE | (from_ring3 ? FROM_RING3 : 0);

	put(RING0_IDT + 16 * vector, (to & 0xffff) | KERNEL_CS << 16 | (uint64_t)ist << 32 |
					 type << 40 | (to >> 16 & 0xffff) << 48);
}

static void build_gates(void)
{
	enum { INT3 = 3 };

	put_gate(0, mir_bare_stub_call, false, 1);
	for (unsigned i = 1; i < TRAPS_N; i++)
		put_gate(i, mir_bare_stub_traps + GATE_LENGTH * i, i == INT3, 1);
	put_gate(VECTOR_EDGE, mir_bare_stub_edge, false, 0);
	put_gate(VECTOR_LEVEL, mir_bare_stub_level, false, 0);
	put_gate(VECTOR_POWER, mir_bare_stub_power, false, 0);
	put_gate(VECTOR_QUIET, mir_bare_stub_quiet, false, 0);
	put_gate(VECTOR_SPURIOUS, mir_bare_stub_quiet, false, 0);
}

static void build_tss(void)
{
	enum { IST = 36, IO_OFFSET = 102 };
	uint64_t stack = mir_bare_address(mir_bare_ring0 + RING0_END);
	uint16_t io = TSS_IO;

	memcpy(mir_bare_tss + IST, &stack, sizeof(stack));
	memcpy(mir_bare_tss + IO_OFFSET, &io, sizeof(io));
	memset(mir_bare_tss + TSS_IO, 0xff, TSS_LIMIT + 1 - TSS_IO);
}

static void look(void)
{
	struct mir_bare_cpu *cpu = &mir_bare_cpu;
	uint32_t leaves = mir_bare_cpuid(0, 0).a;

	cpu->leaf1_ecx = mir_bare_cpuid(1, 0).c;
	if (leaves >= 7) {
		struct mir_bare_regs r = mir_bare_cpuid(7, 0);

		cpu->leaf7_ebx = r.b;
		cpu->leaf7_ecx = r.c;
	}
	if (leaves >= 13 && cpu->leaf1_ecx & CPU1_XSAVE)
		cpu->xcr0 = mir_bare_cpuid(13, 0).a;
}

void mir_bare_cpu_begin(void)
{
	memcpy(mir_bare_ring0_code, mir_bare_stub, (size_t)(mir_bare_stub_end - mir_bare_stub));
	put(RING0_FLAGS, 0);
	put(RING0_FLAGS + 8, MAP_READ);
	put(RING0_FLAGS + 16, MAP_WRITE);
	put(RING0_WINDOW, mir_bare_address(mir_bare_window + 2 * PER_TABLE));
	build_gates();
	build_tss();
	look();
}

uint64_t mir_bare_control(void)
{
	const struct mir_bare_cpu *cpu = &mir_bare_cpu;
	uint64_t v = CR4_ALWAYS;

	v |= cpu->leaf7_ebx & CPU7_FSGSBASE ? CR4_FSGSBASE : 0;
	v |= cpu->leaf7_ebx & CPU7_SMEP ? CR4_SMEP : 0;
	v |= cpu->leaf7_ebx & CPU7_SMAP ? CR4_SMAP : 0;
	v |= cpu->leaf7_ecx & CPU7C_UMIP ? CR4_UMIP : 0;
	v |= cpu->leaf1_ecx & CPU1_XSAVE ? CR4_OSXSAVE : 0;
	return v;
}

uint64_t mir_bare_extended(void)
{
	return mir_bare_cpu.xcr0 & XCR0_WANTED;
}
