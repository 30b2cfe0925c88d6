/* fault.c: what a signal of the host tells of a fault of the image. */
#include "../guest/fault.h"
#include "spt.h"

enum { STATUS = 255, ILLEGAL = 4, TRAP = 5, BUS = 7, ARITHMETIC = 8, SEGMENT = 11 };

enum { SIGINFO_CODE = 8, SIGINFO_ADDRESS = 16, CODE_KERNEL = 0x80 }; /* bytes */

static const char *name_of(int number)
{
	switch (number) {
	case ILLEGAL: return "SIGILL";
	case TRAP: return "SIGTRAP";
	case BUS: return "SIGBUS";
	case ARITHMETIC: return "SIGFPE";
	case SEGMENT: return "SIGSEGV";
	default: return "signal";
	}
}

static enum mir_fault_kind kind_of(int number, int code, const uint64_t *regs)
{
	switch (number) {
	case ILLEGAL: return MIR_FAULT_ILLEGAL;
	case TRAP: return MIR_FAULT_BREAKPOINT;
	case ARITHMETIC: return MIR_FAULT_ARITHMETIC;
	case SEGMENT:
	case BUS: break;
	default: return MIR_FAULT_OTHER;
	}
	if (code == CODE_KERNEL)
		return MIR_FAULT_PRIVILEGED;
	if (TRAP_PAGE < 0 || regs[REG_TRAP] != (uint64_t)TRAP_PAGE)
		return MIR_FAULT_MEMORY;
	if (regs[REG_ERROR] & ERROR_FETCH)
		return MIR_FAULT_EXECUTE;
	return regs[REG_ERROR] & ERROR_WRITE ? MIR_FAULT_WRITE : MIR_FAULT_READ;
}

void mir_spt_fault(int number, const void *siginfo, const void *ucontext)
{
	static const char *const names[] = { UCONTEXT_NAMES, NULL };
	const uint64_t *regs = (const uint64_t *)ucontext + UCONTEXT_REGS;
	const uint8_t *info = siginfo;
	struct mir_fault f = { .name = name_of(number),
		.pc = regs[REG_PC],
		.sp = regs[REG_SP],
		.fp = regs[REG_FP],
		.reg_names = names,
		.regs = regs };

	f.kind = kind_of(number, *(const int *)(const void *)(info + SIGINFO_CODE), regs);
	f.address = *(const uintptr_t *)(const void *)(info + SIGINFO_ADDRESS);
	mir_fault_report(&f);
	mir_host_exit(STATUS, NULL);
}
