/* machine.h: what the files of this folder, and targets/virtio and targets/xen, know of each other.
 *
 * At first all that lies below 4 GiB is where it is, readable and writable: what the loader and the
 * firmware say is looked at, and copied.  Then the page tables to stay are taken, in which ring 3
 * has its memory only, and what mir_bare_map gives it.
 */
#ifndef MIR_BARE_MACHINE_H
#define MIR_BARE_MACHINE_H

#include "../ring0/map.h"
#include "bare.h"
#include "ring0_x86_64.h"

/* ---- entry_x86_64.S ---- */

struct mir_bare_cpu {
	uint32_t leaf1_ecx, leaf7_ebx, leaf7_ecx, xcr0;
	uint32_t hypervisor; /* the first CPUID leaf of what is known of it, or 0 */
	uint32_t features;   /* KVM's */
};
extern struct mir_bare_cpu mir_bare_cpu;
extern int64_t mir_bare_entered;

extern uint8_t mir_bare_ring0_code[PAGE], mir_bare_hypercalls[PAGE], mir_bare_ring0[PAGE];
extern uint8_t mir_bare_tss[TSS_PAGES * PAGE];
enum { WINDOW_TABLES = 4 };
extern uint64_t mir_bare_window[(2 + WINDOW_TABLES) * PER_TABLE];
extern uint8_t mir_bare_first[6 * PAGE]; /* page tables of the entry, then the stack of traps */
extern uint8_t mir_bare_stack[3 * PAGE]; /* of which the first page is no part */

/* ---- stub_x86_64.S, call_x86_64.S ---- */

extern const uint8_t mir_bare_stub[], mir_bare_stub_end[], mir_bare_stub_traps[];
extern const uint8_t mir_bare_stub_call[], mir_bare_stub_quiet[], mir_bare_stub_edge[],
    mir_bare_stub_level[], mir_bare_stub_power[];
extern const uint8_t mir_bare_ring0_call_at[];

/* A hypercall of those in RING0_HYPERCALL, whose page is mir_bare_hypercalls. */
int64_t mir_bare_hypercall(
    unsigned number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

/* One of CALL_*. */
uint64_t mir_bare_ring0_call(uint64_t, uint64_t, uint64_t, unsigned what);

static inline void mir_bare_poke(unsigned at, uint64_t v)
{
	mir_bare_ring0_call(at, v, 0, CALL_POKE);
}

static inline uint64_t mir_bare_read_msr(uint32_t msr)
{
	return mir_bare_ring0_call(msr, 0, 0, CALL_READ_MSR);
}

static inline void mir_bare_write_msr(uint32_t msr, uint64_t v)
{
	mir_bare_ring0_call(msr, v, 0, CALL_WRITE_MSR);
}

/* ---- cpu_x86_64.c ---- */

struct mir_bare_regs {
	uint32_t a, b, c, d;
};
struct mir_bare_regs mir_bare_cpuid(uint32_t leaf, uint32_t sub);

static inline int64_t mir_bare_counter(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (int64_t)((uint64_t)high << 32 | low);
}

/* Looks at the CPU; makes gates and TSS, so that ring 0 can be asked. */
void mir_bare_cpu_begin(void) MIR_COLD;

/* What CR4 and XCR0 are to be. */
uint64_t mir_bare_control(void);
uint64_t mir_bare_extended(void);

/* ---- info.c: what loaders say.  Pure: memory is seen through `see` ---- */

/* [at, at + len) of physical memory, or NULL: it cannot be. */
typedef const uint8_t *mir_bare_see(void *of, uint64_t at, size_t len);

enum { MIR_BARE_MULTIBOOT_MAGIC = 0x2badb002 };

/* info: EBX at the entry; magic: EAX, which Multiboot sets.  cmdline: room for
 * MIR_BARE_CMDLINE_MAX bytes.  0, or MIR_EINVAL: it is neither loader's. */
int mir_bare_info(struct mir_bare *out, char *cmdline, uint64_t info, uint32_t magic,
    mir_bare_see *see, void *of) MIR_COLD;

/* Usable memory: [at, at + len), joined with what is there; whole pages of it above 1 MiB and below
 * MIR_BARE_MEMORY_END. Ranges of which there are too many are left out. */
#define MIR_BARE_MEMORY_END (512ull << 30)
void mir_bare_memory_add(struct mir_bare *, uint64_t at, uint64_t len) MIR_COLD;

/* That is not usable: pages that it touches are left out. */
void mir_bare_memory_remove(struct mir_bare *, uint64_t at, uint64_t len) MIR_COLD;

/* start.c: a mir_bare_see of what lies below 4 GiB, until the page tables to stay. */
const uint8_t *mir_bare_see_low(void *of, uint64_t at, size_t len);

/* ---- tables.c ---- */

/* Memory below 4 GiB becomes visible, until mir_bare_tables. */
void mir_bare_see_all(void) MIR_COLD;

/* Builds the tables to stay, takes them, sets mir_guest's memory.  NULL, or what is wrong. */
const char *mir_bare_tables(uint64_t chance) MIR_COLD;

/* Of the window, the next `n` pages; NULL: there is no room left. `flags`: of the pages. */
void *mir_bare_window_map(uint64_t at, size_t n, uint64_t flags);

/* A page of it goes away. */
void mir_bare_window_unmap(const void *at);

/* ---- apic.c ---- */

/* NULL, or what is wrong. */
const char *mir_bare_apic_begin(void) MIR_COLD;

/* What the timer is set to so that it wakes at `deadline`; 0: not at all. */
uint64_t mir_bare_timer(int64_t deadline);

/* ---- seal.c ---- */

/* mir_bare_seal calls it first: the last chance. */
extern void (*mir_bare_before_seal)(void);

/* ---- by targets/virtio and targets/xen ---- */

/* Before the page tables to stay: what the machine has, what its memory is.  NULL, or what is
 * wrong: of which mir_host_console can tell already. */
const char *mir_bare_machine_begin(void) MIR_COLD;

#endif
