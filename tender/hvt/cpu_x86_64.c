/* cpu_x86_64.c: what the guest's CPU finds at its entry (mir/hvt.h; Intel SDM volume 3, chapters 3
 * and 4), and what it sees of the host's.
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hvt.h"

enum {
	GDT = 0x1000, /* three entries */
	PML4 = 0x2000,
	PDPT = 0x3000, /* four entries */
	PD = 0x4000,   /* four tables */
	PT = 0x8000,   /* of the first 2 MiB */

	CODE_SELECTOR = 8,
	DATA_SELECTOR = 16,
	TYPE_CODE = 9, /* execute only, accessed */
	TYPE_DATA = 3, /* read and write, accessed */
	TYPE_TSS = 11, /* busy */
};

/* Bits of page tables, of control registers, of EFER. */
#define P  0x1ull
#define RW 0x2ull
#define PS 0x80ull

#define CR0_PE 0x1u
#define CR0_NE 0x20u
#define CR0_WP 0x10000u
#define CR0_PG 0x80000000u

#define CR4_PAE        0x20u
#define CR4_OSFXSR     0x200u
#define CR4_OSXMMEXCPT 0x400u

#define EFER_LME 0x100u
#define EFER_LMA 0x400u

static const struct kvm_segment code_segment = {
	.limit = 0xffffffff,
	.selector = CODE_SELECTOR,
	.type = TYPE_CODE,
	.present = 1,
	.s = 1,
	.l = 1,
	.g = 1,
};
static const struct kvm_segment data_segment = {
	.limit = 0xffffffff,
	.selector = DATA_SELECTOR,
	.type = TYPE_DATA,
	.present = 1,
	.s = 1,
	.db = 1,
	.g = 1,
};
static const struct kvm_segment task_segment = { .type = TYPE_TSS, .present = 1 };
static const struct kvm_segment no_segment = { .unusable = 1 };

/* ---- memory ---- */

static void put(struct guest *g, uint64_t at, unsigned index, uint64_t entry)
{
	memcpy(g->mem + at + index * sizeof(entry), &entry, sizeof(entry));
}

/* The descriptor of a flat segment as the GDT has it. */
static uint64_t descriptor(const struct kvm_segment *s)
{
	return 0xffffull | (uint64_t)s->type << 40 | (uint64_t)s->s << 44 |
	       (uint64_t)s->present << 47 | 0xfull << 48 | (uint64_t)s->l << 53 |
	       (uint64_t)s->db << 54 | (uint64_t)s->g << 55;
}

void cpu_write_tables(struct guest *g)
{
	put(g, GDT, CODE_SELECTOR / 8, descriptor(&code_segment));
	put(g, GDT, DATA_SELECTOR / 8, descriptor(&data_segment));
	put(g, PML4, 0, PDPT | P | RW);
	for (unsigned i = 0; i < 4; i++)
		put(g, PDPT, i, (PD + i * HVT_PAGE) | P | RW);
	put(g, PD, 0, PT | P | RW);
	for (uint64_t at = HVT_LARGE_PAGE; at < g->mapped; at += HVT_LARGE_PAGE)
		put(g, PD, (unsigned)(at / HVT_LARGE_PAGE), at | P | RW | PS);
	for (uint64_t at = MIR_HVT_BOOT; at < HVT_LARGE_PAGE; at += HVT_PAGE)
		put(g, PT, (unsigned)(at / HVT_PAGE), at | P | (at < MIR_IMAGE_BASE ? 0 : RW));
}

/* ---- what it sees of the CPU ---- */

#define CR4_UMIP     0x800u
#define CR4_FSGSBASE 0x10000u
#define CR4_SMEP     0x100000u
#define CR4_SMAP     0x200000u

/* Of each leaf, what a guest of one CPU without interrupts can use: instructions that any program
 * can, and protection.  No nested machines, no counters, no MSRs of one model. */
static const struct offer {
	uint32_t leaf, index, eax, ebx, ecx, edx;
} offers[] = {
	{ 0, 0, ~0u, ~0u, ~0u, ~0u },
	{ 1, 0, ~0u, 0x0000ff00, 0x76d83203, 0x0789a97d },
	{ 7, 0, 0, 0xf1bf03a9, 0x00005f46, 0x00000010 },
	{ 0xd, 0, 0x000000e7, ~0u, ~0u, 0 },
	{ 0xd, 1, 0x00000003, ~0u, 0, 0 },
	{ 0x80000000, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000001, 0, ~0u, ~0u, 0x000001e1, 0x20d00800 },
	{ 0x80000007, 0, 0, 0, 0, 0x00000100 },
	{ 0x80000008, 0, 0x0000ffff, 0, 0, 0 },
};

enum {
	OFFERS = sizeof(offers) / sizeof(offers[0]),
	LEAVES = 256,
	MAX_LEAF = 0xd,
	MAX_EXTENDED = 0x80000008,

	/* Bits that depend on the state that the host saves: AVX and AVX-512. */
	OSXSAVE = 1 << 27,
	HYPERVISOR = 1u << 31,
	C1_STATE = 1 << 12 | 1 << 26 | 1 << 28 | 1 << 29,
	B7_YMM = 1 << 5,
	C7_YMM = 1 << 9 | 1 << 10,
	XCR0_YMM = 6,
	XCR0_ZMM = 0xe6,
};
static const uint32_t b7_zmm = 0xd0230000, c7_zmm = 0x00005842;

static union {
	struct kvm_cpuid2 list;
	uint8_t room[sizeof(struct kvm_cpuid2) + LEAVES * sizeof(struct kvm_cpuid_entry2)];
} features;

/* The leaf as the guest sees it; false: not at all. */
static bool filter_leaf(struct kvm_cpuid_entry2 *e)
{
	for (const struct offer *o = offers; o < offers + OFFERS; o++) {
		if (o->leaf != e->function || o->index != e->index)
			continue;
		e->eax &= o->eax;
		e->ebx &= o->ebx;
		e->ecx &= o->ecx;
		e->edx &= o->edx;
		if (e->function == 0 && e->eax > MAX_LEAF)
			e->eax = MAX_LEAF;
		if (e->function == 0x80000000 && e->eax > MAX_EXTENDED)
			e->eax = MAX_EXTENDED;
		if (e->function == 1) {
			e->ebx |= 1 << 16; /* one CPU */
			e->ecx |= HYPERVISOR;
		}
		return true;
	}
	return false;
}

/* Takes away what needs registers that the host does not save. */
static void filter_state(struct kvm_cpuid_entry2 *e, uint64_t xcr0)
{
	bool ymm = (xcr0 & XCR0_YMM) == XCR0_YMM, zmm = (xcr0 & XCR0_ZMM) == XCR0_ZMM;

	if (e->function == 1 && !ymm)
		e->ecx &= ~(uint32_t)C1_STATE;
	if (e->function == 7 && !ymm) {
		e->ebx &= ~(uint32_t)B7_YMM;
		e->ecx &= ~(uint32_t)C7_YMM;
	}
	if (e->function == 7 && !zmm) {
		e->ebx &= ~b7_zmm;
		e->ecx &= ~c7_zmm;
	}
	if (e->function == 0xd && e->index == 0)
		e->eax &= (uint32_t)xcr0;
}

static uint64_t read_xcr0(void)
{
	uint32_t a, d;

	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (uint64_t)d << 32 | a;
}

/* From the CPU itself: right for images with extensions, which run in user mode, where instructions
 * are the CPU's own.  KVM looks at some seventy leaves, each of which may trap into a hypervisor
 * below: half of the time of a start. */
static void read_features(void)
{
	uint32_t limit = 0, extended = 0, n = 0;
	uint64_t xcr0 = 0;

	for (const struct offer *o = offers; o < offers + OFFERS; o++) {
		struct kvm_cpuid_entry2 e = { .function = o->leaf, .index = o->index };

		if (o->leaf > (o->leaf & 0x80000000 ? extended : limit) && o->leaf & 0x7fffffff)
			continue;
		__cpuid_count(o->leaf, o->index, e.eax, e.ebx, e.ecx, e.edx);
		if (o->leaf == 0)
			limit = e.eax;
		else if (o->leaf == 0x80000000)
			extended = e.eax;
		else if (o->leaf == 1 && e.ecx & OSXSAVE)
			xcr0 = read_xcr0();
		if (o->leaf == 7 || o->leaf == 0xd)
			e.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
		filter_leaf(&e);
		filter_state(&e, xcr0);
		features.list.entries[n++] = e;
	}
	features.list.nent = n;
}

/* From KVM: right for images that run in ring 0, where it may have to interpret instructions. */
static void ask_features(int kvm)
{
	unsigned n = 0;

	features.list.nent = LEAVES;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &features) < 0)
		die("KVM does not say what CPU it offers: %s", strerror(errno));
	for (unsigned i = 0; i < features.list.nent; i++)
		if (filter_leaf(&features.list.entries[i]))
			features.list.entries[n++] = features.list.entries[i];
	features.list.nent = n;
}

static void set_features(const struct vm *vm)
{
	if (ioctl(vm->cpu, KVM_SET_CPUID2, &features) < 0)
		die("the virtual machine's CPU takes no features: %s", strerror(errno));
}

/* The bits of CR4 that belong to what is offered: what KVM has to support for it. */
static uint32_t protection(void)
{
	uint32_t cr4 = 0;

	for (unsigned i = 0; i < features.list.nent; i++) {
		const struct kvm_cpuid_entry2 *e = &features.list.entries[i];

		if (e->function != 7 || e->index != 0)
			continue;
		cr4 |= e->ebx & 1 << 0 ? CR4_FSGSBASE : 0;
		cr4 |= e->ebx & 1 << 7 ? CR4_SMEP : 0;
		cr4 |= e->ebx & 1 << 20 ? CR4_SMAP : 0;
		cr4 |= e->ecx & 1 << 2 ? CR4_UMIP : 0;
	}
	return cr4;
}

/* ---- registers ---- */

/* Sets them, with more bits in CR4; false: KVM has not got those. */
static bool set_system_registers(const struct vm *vm, struct kvm_sregs *s, uint32_t more)
{
	s->cr0 = CR0_PE | CR0_NE | CR0_WP | CR0_PG;
	s->cr3 = PML4;
	s->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | more;
	s->efer = EFER_LME | EFER_LMA;
	s->cs = code_segment;
	s->ds = s->es = s->fs = s->gs = s->ss = data_segment;
	s->tr = task_segment;
	s->ldt = no_segment;
	s->gdt = (struct kvm_dtable){ .base = GDT, .limit = 3 * 8 - 1 };
	s->idt = (struct kvm_dtable){ .base = 0, .limit = 0 };
	return ioctl(vm->cpu, KVM_SET_SREGS, s) == 0;
}

uint64_t cpu_setup(struct vm *vm)
{
	struct kvm_regs r = {
		.rip = vm->guest.image->entry,
		.rsp = vm->guest.size - 8,
		.rdi = MIR_HVT_BOOT,
		.rflags = 2, /* the bit that is always set */
	};
	struct kvm_sregs s;
	int khz;

	if (vm->guest.features)
		read_features();
	else
		ask_features(vm->kvm);
	set_features(vm);
	if (ioctl(vm->cpu, KVM_GET_SREGS, &s) < 0)
		die("the virtual machine's CPU: %s", strerror(errno));
	if (!set_system_registers(vm, &s, protection())) {
		ask_features(vm->kvm);
		set_features(vm);
	}
	if (!set_system_registers(vm, &s, 0))
		die("the virtual machine's CPU takes no long mode: %s", strerror(errno));
	if (ioctl(vm->cpu, KVM_SET_REGS, &r) < 0)
		die("the virtual machine's CPU takes no registers: %s", strerror(errno));
	khz = ioctl(vm->cpu, KVM_GET_TSC_KHZ, 0);
	if (khz <= 0)
		die("KVM does not say how fast the CPU's clock is");
	return (uint64_t)khz * 1000;
}

uint64_t cpu_pc(const struct vm *vm)
{
	struct kvm_regs r;

	return ioctl(vm->cpu, KVM_GET_REGS, &r) < 0 ? 0 : r.rip;
}

/* ---- hypercalls ---- */

struct cpu_call cpu_decode(const struct kvm_run *run)
{
	struct cpu_call c = { .is_call = false };
	uint32_t value;

	if (run->exit_reason != KVM_EXIT_IO || run->io.direction != KVM_EXIT_IO_OUT ||
	    run->io.size != sizeof(value) || run->io.count != 1)
		return c;
	if (run->io.port == MIR_HVT_PORT_KICK) {
		c.is_kick = true;
	} else if (run->io.port > MIR_HVT_PORT && run->io.port < MIR_HVT_PORT_KICK) {
		memcpy(&value, (const uint8_t *)run + run->io.data_offset, sizeof(value));
		c.is_call = true;
		c.call = run->io.port - MIR_HVT_PORT;
		c.at = value;
	}
	return c;
}

void cpu_set_kick(const struct vm *vm, int event)
{
	struct kvm_ioeventfd kick = {
		.addr = MIR_HVT_PORT_KICK,
		.len = sizeof(uint32_t),
		.fd = event,
		.flags = KVM_IOEVENTFD_FLAG_PIO,
	};

	if (ioctl(vm->fd, KVM_IOEVENTFD, &kick) < 0)
		die("the ring of networks cannot be kicked: %s", strerror(errno));
}
