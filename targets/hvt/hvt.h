/* hvt.h: what the files of this target know of each other. */
#ifndef MIR_HVT_TARGET_H
#define MIR_HVT_TARGET_H

#include <mir/cc.h>
#include <mir/hvt.h>

enum { MIR_HVT_BOOT_ROOM = 0x10000 }; /* what the tender writes at MIR_HVT_BOOT ends within */

/* call_CPU.S: a hypercall; the tender reads and writes the struct of that call. */
void mir_hvt_call(enum mir_hvt_call, const void *arg);

/* call_CPU.S: what counts boot.tsc_hz times a second. */
uint64_t mir_hvt_counter(void);

/* call_CPU.S: the pages first .. first + n - 1 of the heap; 0, or 1: they are not all. */
int mir_hvt_protect(uint64_t first, uint64_t n, unsigned kind);

/* call_CPU.S */
void mir_hvt_set_tls(uint64_t base, bool in_ring0);

/* What ring 0 (EL1) is asked to do last by the entry. */
struct mir_hvt_seal {
	uint64_t table, control, extended; /* x86_64: CR3, CR4, XCR0 or 0; aarch64: TTBR0, SCTLR */
};

/* tables.c: builds the page tables to stay of memory [0, mem), and says where the heap is, whose
 * end is a matter of `chance`. */
void mir_hvt_build(uint64_t mem, uint64_t chance, struct mir_hvt_seal *) MIR_COLD;

/* start.c: what the entry calls in ring 3 (EL0), before the page tables are sealed. */
const struct mir_hvt_seal *mir_hvt_begin(const struct mir_hvt_boot *, uint64_t chance) MIR_COLD;

/* start.c: where ring 3 goes on, on the first stack, when they are. */
MIR_NORETURN void mir_hvt_main(void);

/* start.c: does the tender want MIR_HVT_TRAP? */
extern uint32_t mir_hvt_tells_traps;

/* start_CPU.S: the counter at the entry. */
extern uint64_t mir_hvt_entered;

/* clock.c: false: that cannot be a frequency. */
bool mir_hvt_clock_begin(uint64_t hz);
int64_t mir_hvt_clock_at(uint64_t counter);

static inline uint64_t mir_hvt_address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

#endif
