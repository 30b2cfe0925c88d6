/* cpu_aarch64.c: what the guest's CPU finds at its entry (mir/hvt.h; Arm ARM, chapters D5 and D13).
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hvt.h"

enum {
	PGD = 0x1000,
	PUD = 0x2000,
	PMD = 0x3000, /* four tables */
	PTE = 0x7000, /* of the first 2 MiB */

	BLOCK = 1 << 0,  /* at PUD and PMD */
	TABLE = 3 << 0,  /* and a page at PTE */
	DEVICE = 1 << 2, /* the second attribute of MAIR */
	READ_ONLY = 1 << 7,
	INNER = 3 << 8, /* shareable */
	ACCESSED = 1 << 10,
};
#define NEVER_EXECUTE (3ull << 53)
#define GIB           0x40000000ull

/* Normal memory, write-back; device, nGnRnE. */
#define MAIR 0x00ffull
/* 48 bits of address below, 4 kB pages, walks cached, none above; 40 bits physical. */
#define TCR 0x0000000200803510ull
/* M, C, I, SA, and what is always 1. */
#define SCTLR 0x0000000030d0180dull
/* Floating point is not trapped. */
#define CPACR 0x0000000000300000ull
/* EL1 with its own stack, all interrupts masked. */
#define PSTATE 0x3c5ull

#define CORE(field)                                                                                \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))
#define SYSTEM(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)

static void put(struct guest *g, uint64_t at, unsigned index, uint64_t entry)
{
	memcpy(g->mem + at + index * sizeof(entry), &entry, sizeof(entry));
}

void cpu_write_tables(struct guest *g)
{
	const uint64_t normal = ACCESSED | INNER;

	put(g, PGD, 0, PUD | TABLE);
	for (unsigned i = 0; i < 4; i++)
		put(g, PUD, i, (PMD + i * HVT_PAGE) | TABLE);
	put(g, PUD, 4, MIR_HVT_MMIO | BLOCK | DEVICE | ACCESSED | NEVER_EXECUTE);
	put(g, PMD, 0, PTE | TABLE);
	for (uint64_t at = HVT_LARGE_PAGE; at < g->mapped; at += HVT_LARGE_PAGE)
		put(g, PMD, (unsigned)(at / HVT_LARGE_PAGE), at | BLOCK | normal);
	for (uint64_t at = MIR_HVT_BOOT; at < HVT_LARGE_PAGE; at += HVT_PAGE)
		put(g, PTE, (unsigned)(at / HVT_PAGE),
		    at | TABLE | normal | (at < MIR_IMAGE_BASE ? READ_ONLY | NEVER_EXECUTE : 0));
}

/* ---- registers ---- */

static void set(const struct vm *vm, uint64_t id, uint64_t value)
{
	struct kvm_one_reg r = { .id = id, .addr = (uintptr_t)&value };

	if (ioctl(vm->cpu, KVM_SET_ONE_REG, &r) < 0)
		die("the virtual machine's CPU takes no register 0x%llx: %s",
		    (unsigned long long)id, strerror(errno));
}

uint64_t cpu_setup(struct vm *vm)
{
	struct kvm_vcpu_init init;
	uint64_t hz;

	if (ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init) < 0 ||
	    ioctl(vm->cpu, KVM_ARM_VCPU_INIT, &init) < 0)
		die("the virtual machine's CPU does not start: %s", strerror(errno));
	set(vm, SYSTEM(3, 0, 10, 2, 0), MAIR);
	set(vm, SYSTEM(3, 0, 2, 0, 2), TCR);
	set(vm, SYSTEM(3, 0, 2, 0, 0), PGD); /* TTBR0 */
	set(vm, SYSTEM(3, 0, 1, 0, 2), CPACR);
	set(vm, SYSTEM(3, 0, 1, 0, 0), SCTLR);
	set(vm, CORE(regs.pstate), PSTATE);
	set(vm, CORE(regs.pc), vm->guest.image->entry);
	set(vm, CORE(sp_el1), vm->guest.size - 16);
	set(vm, CORE(regs.regs[0]), MIR_HVT_BOOT);
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz;
}

uint64_t cpu_pc(const struct vm *vm)
{
	uint64_t pc = 0;
	struct kvm_one_reg r = { .id = CORE(regs.pc), .addr = (uintptr_t)&pc };

	return ioctl(vm->cpu, KVM_GET_ONE_REG, &r) < 0 ? 0 : pc;
}

/* ---- hypercalls ---- */

enum { KICK = 0x100 };

struct cpu_call cpu_decode(const struct kvm_run *run)
{
	struct cpu_call c = { .is_call = false };
	uint64_t offset = run->mmio.phys_addr - MIR_HVT_MMIO;

	if (run->exit_reason != KVM_EXIT_MMIO || !run->mmio.is_write ||
	    run->mmio.phys_addr < MIR_HVT_MMIO)
		return c;
	if (offset == KICK) {
		c.is_kick = true;
	} else if (run->mmio.len == sizeof(c.at) && offset % sizeof(c.at) == 0 && offset < KICK) {
		memcpy(&c.at, run->mmio.data, sizeof(c.at));
		c.is_call = true;
		c.call = offset / sizeof(c.at);
	}
	return c;
}

void cpu_set_kick(const struct vm *vm, int event)
{
	struct kvm_ioeventfd kick = { .addr = MIR_HVT_MMIO + KICK, .len = 0, .fd = event };

	if (ioctl(vm->fd, KVM_IOEVENTFD, &kick) < 0)
		die("the ring of networks cannot be kicked: %s", strerror(errno));
}
