/* cpu_debug_x86_64.c: KVM's registers in the shape of ptrace's. */
#include "hvt.h"

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
