/* apic.c: Intel SDM volume 3, chapter 11; I/O APIC: Intel 82093AA.
 *
 * Ring 0 sets the timer and ends interrupts; all else is done here until sealed.
 */
#include <mir/err.h>
#include <mir/time.h>

#include "../guest/host.h"
#include "apic.h"
#include "clock.h"

enum {
	MSR_BASE = 0x1b,
	MSR_X2 = 0x800,
	MSR_DEADLINE = 0x6e0,
	BASE_ENABLED = 0x800,
	BASE_X2 = 0x400,
	LEAF1_APIC = 1 << 9, /* EDX */

	REG_ID = 0x20,
	REG_PRIORITY = 0x80,
	REG_EOI = 0xb0,
	REG_SPURIOUS = 0xf0,
	REG_TIMER = 0x320,
	REG_LINT0 = 0x350,
	REG_INITIAL = 0x380,
	REG_COUNT = 0x390,
	REG_DIVIDE = 0x3e0,
	SPURIOUS_ON = 0x100,
	MASKED = 0x10000,
	TIMER_DEADLINE = 0x40000,
	DIVIDE_16 = 3,

	IOAPICS = 8,
	IOAPIC_DATA = 4, /* in words */
	IOAPIC_VERSION = 1,
	IOAPIC_LINES = 0x10,
	LINE_LOW = 1 << 13,
	LINE_LEVEL = 1 << 15,
	ISA = 16,

	PIC_MASTER = 0x21,
	PIC_SLAVE = 0xa1,

	LEAST_COMPARE = 200000, /* ns */
	NEAR = 50000,           /* ns: so soon a wake-up is asked for as it is */
	FAR = 256,              /* else one part of so many sooner: the measurement may be off */
};
#define LONGEST   3600000000000ll /* ns */
#define BASE_MASK 0xffffffffff000ull
#define MSI_AT    0xfee00000ull
#define COUNT_MAX UINT32_MAX
#define SECOND    1000000000ull
#define FRACTION  32

static volatile uint32_t *lapic;
static bool x2, deadline_timer;
static uint32_t self;
static unsigned woken;

/* Of the counter, or of the timer's counts, in one ns; FRACTION bits are behind the point. */
static uint64_t per_ns;

static struct ioapic {
	volatile uint32_t *at;
	unsigned first, n;
} ioapics[IOAPICS];
static unsigned n_ioapics;

static struct {
	uint64_t at;
	unsigned first;
} found[IOAPICS] MIR_RELRO;
static unsigned n_found MIR_RELRO;

static struct isa {
	uint8_t gsi;
	bool other, low, level;
} isa[ISA] MIR_RELRO;

/* ---- the CPU's own ---- */

static uint32_t get(unsigned reg)
{
	return x2 ? (uint32_t)mir_bare_read_msr(MSR_X2 + reg / 16) : lapic[reg / 4];
}

static void set(unsigned reg, uint32_t v)
{
	if (x2)
		mir_bare_write_msr(MSR_X2 + reg / 16, v);
	else
		lapic[reg / 4] = v;
}

uint32_t mir_bare_apic_count(void)
{
	return deadline_timer ? 0 : get(REG_COUNT);
}

static void start_timer(void)
{
	set(REG_DIVIDE, DIVIDE_16);
	set(REG_TIMER, VECTOR_EDGE | (deadline_timer ? TIMER_DEADLINE : 0));
	mir_bare_poke(RING0_TIMER, deadline_timer ? MSR_DEADLINE
				   : x2           ? MSR_X2 + REG_INITIAL / 16
						  : 0);
	if (!deadline_timer)
		set(REG_INITIAL, COUNT_MAX);
}

static bool map_lapic(uint64_t at)
{
	void *ring0 = mir_bare_window_map(at, 1, MAP_RING0 | PTE_UNCACHED);

	lapic = mir_bare_window_map(at, 1, MAP_WRITE | PTE_UNCACHED);
	mir_bare_poke(RING0_LAPIC, mir_bare_address(ring0));
	return ring0 && lapic;
}

const char *mir_bare_apic_begin(void)
{
	uint64_t base;

	if (!(mir_bare_cpuid(1, 0).d & LEAF1_APIC))
		return "the CPU has no interrupt controller of its own (APIC)\n";
	mir_bare_ports(PIC_MASTER, 1);
	mir_bare_ports(PIC_SLAVE, 1);
	mir_bare_out8(PIC_MASTER, 0xff);
	mir_bare_out8(PIC_SLAVE, 0xff);
	base = mir_bare_read_msr(MSR_BASE);
	x2 = mir_bare_cpu.leaf1_ecx & CPU1_X2APIC;
	deadline_timer = mir_bare_cpu.leaf1_ecx & CPU1_TSC_DEADLINE;
	if (x2)
		mir_bare_write_msr(MSR_BASE, base | BASE_ENABLED | BASE_X2);
	else if (!(base & BASE_ENABLED))
		mir_bare_write_msr(MSR_BASE, base | BASE_ENABLED);
	if (!x2 && !map_lapic(base & BASE_MASK))
		return "no room to map the CPU's interrupt controller\n";
	mir_bare_poke(RING0_EOI, x2 ? MSR_X2 + REG_EOI / 16 : 0);
	self = x2 ? get(REG_ID) : get(REG_ID) >> 24;
	set(REG_SPURIOUS, SPURIOUS_ON | VECTOR_SPURIOUS);
	set(REG_PRIORITY, 0);
	set(REG_LINT0, MASKED);
	start_timer();
	return NULL;
}

/* ---- its timer ---- */

void mir_bare_apic_measured(uint32_t counts, uint64_t ns)
{
	if (deadline_timer)
		per_ns = (mir_bare_clock_hz() << FRACTION) / SECOND;
	else
		per_ns = ((uint64_t)counts << FRACTION) / ns;
}

void mir_bare_apic_compare(void)
{
	int64_t from = mir_host_monotonic(), now;
	uint32_t first;

	if (deadline_timer) {
		mir_bare_apic_measured(0, 1);
		return;
	}
	first = mir_bare_apic_count();
	do
		now = mir_host_monotonic();
	while (now - from < LEAST_COMPARE);
	mir_bare_apic_measured(first - mir_bare_apic_count(), (uint64_t)(now - from));
}

uint64_t mir_bare_timer(int64_t deadline)
{
	int64_t left;
	uint64_t counts;

	if (deadline == MIR_NEVER)
		return 0;
	left = MIR_MIN(deadline - mir_host_monotonic(), LONGEST);
	if (left <= 0)
		left = 1;
	if (left > NEAR && !deadline_timer)
		left -= left / FAR;
	counts = (uint64_t)((unsigned __int128)(uint64_t)left * per_ns >> FRACTION) + 1;
	return deadline_timer ? (uint64_t)mir_bare_counter() + counts
			      : MIR_MIN(counts, (uint64_t)COUNT_MAX);
}

void mir_bare_wait(int64_t deadline)
{
	if (deadline != MIR_NEVER && deadline <= mir_host_monotonic())
		return;
	mir_bare_clock_refine();
	woken = (unsigned)mir_bare_ring0_call(mir_bare_timer(deadline), 0, 0, CALL_WAIT);
}

unsigned mir_bare_woken(void)
{
	return woken;
}

/* ---- messages and lines ---- */

int mir_bare_msi(struct mir_bare_msi *out)
{
	if (self > 0xff)
		return MIR_ENODEV;
	*out = (struct mir_bare_msi){ MSI_AT | (uint64_t)self << 12, VECTOR_EDGE };
	return 0;
}

void mir_bare_ioapic_add(uint64_t at, unsigned first)
{
	if (n_found == IOAPICS)
		return;
	found[n_found].at = at;
	found[n_found++].first = first;
}

void mir_bare_isa_line(unsigned irq, unsigned gsi, bool low, bool level)
{
	if (irq < ISA && gsi <= UINT8_MAX)
		isa[irq] = (struct isa){ (uint8_t)gsi, true, low, level };
}

static uint32_t ioapic_get(const struct ioapic *a, uint32_t reg)
{
	a->at[0] = reg;
	return a->at[IOAPIC_DATA];
}

static void ioapic_set(const struct ioapic *a, uint32_t reg, uint32_t v)
{
	a->at[0] = reg;
	a->at[IOAPIC_DATA] = v;
}

/* Only images with devices that have lines come here. */
static void map_ioapics(void)
{
	for (unsigned i = 0; i < n_found && n_ioapics == i; i++) {
		struct ioapic *a = &ioapics[i];
		uint32_t version;

		a->at = mir_bare_map(found[i].at, PAGE, MIR_BARE_UNCACHED);
		if (!a->at)
			return;
		version = ioapic_get(a, IOAPIC_VERSION);
		a->first = found[i].first;
		a->n = version == UINT32_MAX ? 0 : (version >> 16 & 0xff) + 1;
		n_ioapics++;
	}
}

static int route(unsigned gsi, bool level, bool low, unsigned vector)
{
	if (n_ioapics == 0)
		map_ioapics();
	for (unsigned i = 0; i < n_ioapics; i++) {
		const struct ioapic *a = &ioapics[i];
		unsigned line = gsi - a->first;

		if (gsi < a->first || line >= a->n)
			continue;
		ioapic_set(a, IOAPIC_LINES + 2 * line + 1, self << 24);
		ioapic_set(a, IOAPIC_LINES + 2 * line,
		    vector | (level ? (uint32_t)LINE_LEVEL : 0) | (low ? (uint32_t)LINE_LOW : 0));
		return 0;
	}
	return MIR_ENODEV;
}

/* What the firmware says of a line counts for more. */
int mir_bare_line(unsigned gsi, bool level)
{
	const struct isa *other = NULL;

	for (unsigned i = 0; i < ISA; i++)
		if (isa[i].other && isa[i].gsi == gsi)
			other = &isa[i];
	level = other ? other->level : level;
	return route(gsi, level, other && other->low, level ? VECTOR_LEVEL : VECTOR_EDGE);
}

int mir_bare_power_line(unsigned gsi, bool low, bool level)
{
	return route(gsi, level, low, VECTOR_POWER);
}

void mir_bare_isa_of(unsigned irq, unsigned *gsi, bool *low, bool *level)
{
	bool other = irq < ISA && isa[irq].other;

	*gsi = other ? isa[irq].gsi : irq;
	*low = !other || isa[irq].low;
	*level = !other || isa[irq].level;
}

void mir_bare_apic_seal(void)
{
	for (unsigned i = 0; i < n_ioapics; i++)
		mir_bare_window_unmap((const void *)(uintptr_t)ioapics[i].at);
	if (lapic)
		mir_bare_window_unmap((const void *)(uintptr_t)lapic);
}
