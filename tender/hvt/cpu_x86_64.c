/* cpu_x86_64.c: what the guest's CPU finds at its entry (mir/hvt.h; Intel SDM volume 3, chapters 3
 * and 4), and what it sees of the host's.
 */
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

enum { LEAVES = 256 };

static union {
	struct kvm_cpuid2 list;
	uint8_t room[sizeof(struct kvm_cpuid2) + LEAVES * sizeof(struct kvm_cpuid_entry2)];
} features;

/* Bits that a guest of one CPU without interrupts and nested machines has no use for. */
enum {
	C1_MONITOR = 1 << 3,
	C1_VMX = 1 << 5,
	C1_SMX = 1 << 6,
	C1_X2APIC = 1 << 21,
	C1_DEADLINE = 1 << 24,
	B7_SGX = 1 << 2,
	B7_PT = 1 << 25,
	C81_SVM = 1 << 2,
	C81_SKINIT = 1 << 12,
};

/* False: the leaf goes. */
static bool filter_leaf(struct kvm_cpuid_entry2 *e)
{
	switch (e->function) {
	case 1:
		e->ecx &= ~(uint32_t)(C1_MONITOR | C1_VMX | C1_SMX | C1_X2APIC | C1_DEADLINE);
		break;
	case 7:
		if (e->index == 0)
			e->ebx &= ~(uint32_t)(B7_SGX | B7_PT);
		break;
	case 0x80000001: e->ecx &= ~(uint32_t)(C81_SVM | C81_SKINIT); break;
	case 5:    /* MONITOR */
	case 6:    /* power */
	case 0xa:  /* performance counters */
	case 0x12: /* SGX */
	case 0x14: /* processor trace */
	case 0x8000000a: /* SVM */ return false;
	default: return e->function < 0x40000000 || e->function >= 0x80000000;
	}
	return true;
}

void cpu_read_features(int kvm)
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

/* ---- registers ---- */

static void set_system_registers(struct vm *vm)
{
	struct kvm_sregs s;

	if (ioctl(vm->cpu, KVM_GET_SREGS, &s) < 0)
		die("the virtual machine's CPU: %s", strerror(errno));
	s.cr0 = CR0_PE | CR0_NE | CR0_WP | CR0_PG;
	s.cr3 = PML4;
	s.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	s.efer = EFER_LME | EFER_LMA;
	s.cs = code_segment;
	s.ds = s.es = s.fs = s.gs = s.ss = data_segment;
	s.tr = task_segment;
	s.ldt = no_segment;
	s.gdt = (struct kvm_dtable){ .base = GDT, .limit = 3 * 8 - 1 };
	s.idt = (struct kvm_dtable){ .base = 0, .limit = 0 };
	if (ioctl(vm->cpu, KVM_SET_SREGS, &s) < 0)
		die("the virtual machine's CPU takes no long mode: %s", strerror(errno));
}

uint64_t cpu_setup(struct vm *vm)
{
	struct kvm_regs r = {
		.rip = vm->guest.image->entry,
		.rsp = vm->guest.size - 8,
		.rdi = MIR_HVT_BOOT,
		.rflags = 2, /* the bit that is always set */
	};
	int khz;

	if (ioctl(vm->cpu, KVM_SET_CPUID2, &features) < 0)
		die("the virtual machine's CPU takes no features: %s", strerror(errno));
	set_system_registers(vm);
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
