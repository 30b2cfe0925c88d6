/* trap.c */
#include "trap.h"

enum { PAGE_FAULT = 14, PROTECTION = 13, STACK = 12, INT3 = 3, VECTORS = 32 };

static const char *const names[] = { "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF",
	"9", "#TS", "#NP", "#SS", "#GP", "#PF", "15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP" };

/* The vectors with an error code (Intel SDM volume 3, table 6-1). */
#define WITH_CODE                                                                                  \
	(1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17 | 1u << 21)

static enum mir_fault_kind kind_of(unsigned vector, uint64_t code)
{
	enum { WRITE = 2, FETCH = 16 };

	switch (vector) {
	case PAGE_FAULT:
		if (code & FETCH)
			return MIR_FAULT_EXECUTE;
		return code & WRITE ? MIR_FAULT_WRITE : MIR_FAULT_READ;
	case PROTECTION:
	case STACK: return MIR_FAULT_PRIVILEGED;
	case 6: return MIR_FAULT_ILLEGAL;
	case INT3: return MIR_FAULT_BREAKPOINT;
	case 0:
	case 16:
	case 19: return MIR_FAULT_ARITHMETIC;
	default: return MIR_FAULT_OTHER;
	}
}

const uint64_t *mir_ring0_fault(const struct mir_ring0_frame *frame, uint64_t gates,
    struct mir_fault *fault, uint64_t regs[MIR_RING0_REGISTERS])
{
	static const char *const reg_names[] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "flags", NULL };
	enum { RIP = 0, FLAGS = 2, RSP = 3, RBP = 6 };
	unsigned vector = (unsigned)(frame->gate - gates) / GATE_LENGTH - 1;
	bool with_code = vector < VECTORS && WITH_CODE >> vector & 1;
	const uint64_t *rest = frame->rest + with_code;

	*fault = (struct mir_fault){
		.name = vector < MIR_COUNT(names) ? names[vector] : "trap",
		.code = with_code ? frame->rest[0] : 0,
		.address = frame->cr2,
		.pc = rest[RIP],
		.sp = rest[RSP],
		.fp = frame->regs[RBP],
		.reg_names = reg_names,
		.regs = regs,
	};
	for (unsigned i = 0; i < MIR_COUNT(frame->regs); i++)
		regs[i] = frame->regs[i];
	regs[MIR_RING0_REGISTERS - 1] = rest[FLAGS];
	fault->kind = kind_of(vector, fault->code);
	return rest;
}
