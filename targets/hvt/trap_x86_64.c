/* trap.c: what a fault was, told by ring 3; the end with status 255 and what core files need.
 *
 * Ring 0 has left the registers in its page, which ring 3 may read here.  A fault of this file
 * itself comes back to it, on the same stack.
 */
#include "../guest/fault.h"
#include "../guest/host.h"
#include "hvt.h"
#include "tables.h"

enum { STATUS = 255, COOKIE = 512, PAGE_FAULT = 14, PROTECTION = 13, INT3 = 3 };

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
	case 12: return MIR_FAULT_PRIVILEGED;
	case 6: return MIR_FAULT_ILLEGAL;
	case INT3: return MIR_FAULT_BREAKPOINT;
	case 0:
	case 16:
	case 19: return MIR_FAULT_ARITHMETIC;
	default: return MIR_FAULT_OTHER;
	}
}

static unsigned vector_of(const struct mir_hvt_frame *frame)
{
	enum { CALL = 5 };
	uint64_t gates =
	    mir_hvt_address(mir_hvt_ring0_code) + (uint64_t)(mir_hvt_stub_gates - mir_hvt_stub);

	return (unsigned)(frame->gate - gates) / CALL - 1;
}

void mir_hvt_trap(const struct mir_hvt_frame *frame)
{
	static const char *const reg_names[] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "flags", NULL };
	static union {
		struct mir_hvt_trap trap;
		uint8_t room[COOKIE];
	} cookie;
	unsigned vector = vector_of(frame);
	bool with_code = vector < VECTORS && WITH_CODE >> vector & 1;
	const uint64_t *rest = frame->rest + with_code;
	uint64_t regs[16];
	struct mir_fault fault = {
		.name = vector < MIR_COUNT(names) ? names[vector] : "trap",
		.code = with_code ? frame->rest[0] : 0,
		.address = frame->cr2,
		.pc = rest[0],
		.sp = rest[3],
		.fp = frame->regs[6],
		.reg_names = reg_names,
		.regs = regs,
	};

	if (cookie.trap.ss == 0) /* else the first one counts */
		cookie.trap = (struct mir_hvt_trap){ frame->cr2, fault.code, rest[0], rest[1],
			rest[2], rest[3], rest[4] };
	for (unsigned i = 0; i < MIR_COUNT(frame->regs); i++)
		regs[i] = frame->regs[i];
	regs[15] = rest[2];
	fault.kind = kind_of(vector, fault.code);
	mir_fault_report(&fault);
	mir_host_exit(STATUS, &cookie);
}
