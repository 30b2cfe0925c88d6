/* cpu_debug_aarch64.c: KVM's registers in the shape of ptrace's.  Traps are not told by images, so
 * that what KVM has of a stop is all there is.
 */
#include "hvt.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include "debug.h"

enum { GENERAL = 31, VECTORS = 32 };

const uint32_t cpu_debug_features = 0;
const unsigned long cpu_debug_requests[] = { KVM_GET_ONE_REG, KVM_SET_ONE_REG, 0 };

#define CORE(size, field) (KVM_REG_ARM64 | (size) | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))
#define WORD(field)       CORE(KVM_REG_SIZE_U64, field)

static bool move(const struct vm *vm, unsigned long call, uint64_t id, void *value)
{
	struct kvm_one_reg r = { .id = id, .addr = (uintptr_t)value };

	return ioctl(vm->cpu, call, &r) == 0;
}

/* All of them, in either direction.  The program runs at EL0 with the stack pointer of that. */
static bool move_all(const struct vm *vm, unsigned long call, struct debug_regs *d)
{
	struct user_fpsimd_struct *fp = (void *)d->fp;
	bool good = true;

	for (unsigned i = 0; i < GENERAL; i++)
		good &= move(vm, call, WORD(regs.regs[0]) + 2 * i, &d->r.regs[i]);
	good &= move(vm, call, WORD(regs.sp), &d->r.sp);
	good &= move(vm, call, WORD(regs.pc), &d->r.pc);
	good &= move(vm, call, WORD(regs.pstate), &d->r.pstate);
	for (unsigned i = 0; i < VECTORS; i++)
		good &= move(
		    vm, call, CORE(KVM_REG_SIZE_U128, fp_regs.vregs[0]) + 4 * i, &fp->vregs[i]);
	good &= move(vm, call, CORE(KVM_REG_SIZE_U32, fp_regs.fpsr), &fp->fpsr);
	good &= move(vm, call, CORE(KVM_REG_SIZE_U32, fp_regs.fpcr), &fp->fpcr);
	return good;
}

bool cpu_get_debug(const struct vm *vm, struct debug_regs *d)
{
	memset(d, 0, sizeof(*d));
	return move_all(vm, KVM_GET_ONE_REG, d);
}

bool cpu_set_debug(const struct vm *vm, const struct debug_regs *d)
{
	struct debug_regs copy = *d;

	return move_all(vm, KVM_SET_ONE_REG, &copy);
}

void cpu_set_trap(struct debug_regs *d, const struct mir_hvt_trap *trap)
{
	d->r.pc = trap->rip;
	d->r.sp = trap->rsp;
	d->r.pstate = trap->rflags;
}

int cpu_set_stop(struct debug_regs *d, const struct mir_hvt_stop *stop)
{
	(void)d;
	(void)stop;
	return SIGTRAP;
}

bool cpu_tells_steps(const struct debug_regs *d)
{
	(void)d;
	return false;
}

void cpu_set_step(struct debug_regs *d, bool on)
{
	(void)d;
	(void)on;
}
