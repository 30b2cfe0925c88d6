/* fault.h: what is said when the processor refuses to go on: registers, what the address is, which
 * fiber, a backtrace.
 */
#ifndef MIR_GUEST_FAULT_H
#define MIR_GUEST_FAULT_H

#include <mir/cc.h>

enum mir_fault_kind {
	MIR_FAULT_READ, /* of memory: `address` holds */
	MIR_FAULT_WRITE,
	MIR_FAULT_EXECUTE,
	MIR_FAULT_MEMORY,     /* which of the three is not known; address holds */
	MIR_FAULT_ILLEGAL,    /* no such instruction: ud2 too */
	MIR_FAULT_PRIVILEGED, /* or an address that no pointer can have */
	MIR_FAULT_ARITHMETIC, /* division by zero, an unmasked floating-point exception */
	MIR_FAULT_BREAKPOINT,
	MIR_FAULT_FORBIDDEN, /* spt: a system call that the filter refuses */
	MIR_FAULT_OTHER,
};

struct mir_fault {
	enum mir_fault_kind kind;
	const char *name; /* as the CPU's manual or the host calls it: "#PF", "SIGSEGV" */
	uint64_t code;    /* error code, or 0 */
	uintptr_t address, pc, sp, fp;
	const char *const *reg_names; /* NULL-ended */
	const uint64_t *regs;
};

/* Prints all of it on the console, in one call of it.  Uses no memory but the stack, at most 4 kB
 * of it.  Called again while it runs (what it looks at is broken too): prints what it has and that.
 */
void mir_fault_report(const struct mir_fault *) MIR_COLD;

/* symbol.c: the function that `pc` is in and how far, from the table that `mirage build --symbols`
 * puts into the image; NULL: no table, or nothing there. */
const char *mir_guest_symbol(uintptr_t pc, size_t *offset) MIR_COLD;

#endif
