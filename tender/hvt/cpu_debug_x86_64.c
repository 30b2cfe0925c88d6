/* cpu_debug_x86_64.c: KVM's registers in the shape of ptrace's. */
#include "hvt.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include "debug.h"

const unsigned long cpu_debug_requests[] = { KVM_GET_REGS, KVM_SET_REGS, KVM_GET_SREGS, KVM_GET_FPU,
	KVM_SET_FPU, 0 };

static void get_fp(struct user_fpregs_struct *to, const struct kvm_fpu *f)
{
	to->cwd = f->fcw;
	to->swd = f->fsw;
	to->ftw = f->ftwx;
	to->fop = f->last_opcode;
	to->rip = f->last_ip;
	to->rdp = f->last_dp;
	to->mxcsr = f->mxcsr;
	memcpy(to->st_space, f->fpr, sizeof(to->st_space));
	memcpy(to->xmm_space, f->xmm, sizeof(to->xmm_space));
}

bool cpu_get_debug(const struct vm *vm, struct debug_regs *d)
{
	struct kvm_regs r;
	struct kvm_sregs s;
	struct kvm_fpu f;

	memset(d, 0, sizeof(*d));
	if (ioctl(vm->cpu, KVM_GET_REGS, &r) < 0 || ioctl(vm->cpu, KVM_GET_SREGS, &s) < 0)
		return false;
	if (ioctl(vm->cpu, KVM_GET_FPU, &f) == 0)
		get_fp((struct user_fpregs_struct *)(void *)d->fp, &f);
	d->r = (struct user_regs_struct){ .rax = r.rax,
		.rbx = r.rbx,
		.rcx = r.rcx,
		.rdx = r.rdx,
		.rsi = r.rsi,
		.rdi = r.rdi,
		.rbp = r.rbp,
		.rsp = r.rsp,
		.r8 = r.r8,
		.r9 = r.r9,
		.r10 = r.r10,
		.r11 = r.r11,
		.r12 = r.r12,
		.r13 = r.r13,
		.r14 = r.r14,
		.r15 = r.r15,
		.rip = r.rip,
		.eflags = r.rflags,
		.cs = s.cs.selector,
		.ss = s.ss.selector,
		.ds = s.ds.selector,
		.es = s.es.selector,
		.fs = s.fs.selector,
		.gs = s.gs.selector,
		.fs_base = s.fs.base,
		.gs_base = s.gs.base };
	return true;
}

/* Segments stay: they are the guest's kernel's. */
bool cpu_set_debug(const struct vm *vm, const struct debug_regs *d)
{
	const struct user_fpregs_struct *fp = (const void *)d->fp;
	const struct user_regs_struct *u = &d->r;
	struct kvm_regs r = { .rax = u->rax,
		.rbx = u->rbx,
		.rcx = u->rcx,
		.rdx = u->rdx,
		.rsi = u->rsi,
		.rdi = u->rdi,
		.rbp = u->rbp,
		.rsp = u->rsp,
		.r8 = u->r8,
		.r9 = u->r9,
		.r10 = u->r10,
		.r11 = u->r11,
		.r12 = u->r12,
		.r13 = u->r13,
		.r14 = u->r14,
		.r15 = u->r15,
		.rip = u->rip,
		.rflags = u->eflags };
	struct kvm_fpu f;

	if (ioctl(vm->cpu, KVM_SET_REGS, &r) < 0 || ioctl(vm->cpu, KVM_GET_FPU, &f) < 0)
		return false;
	memcpy(f.fpr, fp->st_space, sizeof(f.fpr));
	memcpy(f.xmm, fp->xmm_space, sizeof(f.xmm));
	f.mxcsr = fp->mxcsr;
	return ioctl(vm->cpu, KVM_SET_FPU, &f) == 0;
}

void cpu_set_trap(struct debug_regs *d, const struct mir_hvt_trap *trap)
{
	d->r.rip = trap->rip;
	d->r.rsp = trap->rsp;
	d->r.eflags = trap->rflags;
	d->r.cs = trap->cs;
	d->r.ss = trap->ss;
}

/* ---- traps that the image tells ---- */

const uint32_t cpu_debug_features = MIR_EXT_TRAP;

enum { TRAP_FLAG = 1 << 8, USER = 3 };

/* The vectors with an error code, and the signals that Linux has for them (Intel SDM volume 3,
 * table 6-1). */
#define WITH_CODE                                                                                  \
	(1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17 | 1u << 21)

static int signal_of(uint64_t vector)
{
	switch (vector) {
	case 1:
	case 3: return SIGTRAP;
	case 0:
	case 16:
	case 19: return SIGFPE;
	case 6: return SIGILL;
	case 17: return SIGBUS;
	default: return SIGSEGV;
	}
}

int cpu_set_stop(struct debug_regs *d, const struct mir_hvt_stop *stop)
{
	const uint64_t *r = stop->regs;
	const uint64_t *rest = stop->rest + (stop->vector < 32 && (WITH_CODE >> stop->vector & 1));
	struct user_regs_struct *u = &d->r;

	u->rax = r[0];
	u->rbx = r[1];
	u->rcx = r[2];
	u->rdx = r[3];
	u->rsi = r[4];
	u->rdi = r[5];
	u->rbp = r[6];
	u->r8 = r[7];
	u->r9 = r[8];
	u->r10 = r[9];
	u->r11 = r[10];
	u->r12 = r[11];
	u->r13 = r[12];
	u->r14 = r[13];
	u->r15 = r[14];
	u->rip = rest[0];
	u->cs = rest[1];
	u->eflags = rest[2];
	u->rsp = rest[3];
	u->ss = rest[4];
	return signal_of(stop->vector);
}

bool cpu_tells_steps(const struct debug_regs *d)
{
	return (d->r.cs & USER) == USER;
}

void cpu_set_step(struct debug_regs *d, bool on)
{
	d->r.eflags = on ? d->r.eflags | TRAP_FLAG : d->r.eflags & ~(unsigned long long)TRAP_FLAG;
}
