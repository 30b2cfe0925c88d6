/* trap_aarch64.c: what a fault was, told by EL0; the end with status 255 and what core files need.
 *
 * EL1 has left the registers in its page, which EL0 may read here.  A fault of this file itself
 * comes back to it, on the same stack.
 */
#include "../guest/fault.h"
#include "../guest/host.h"
#include "cpu_aarch64.h"
#include "hvt.h"

enum { STATUS = 255, COOKIE = 512, CLASS_SHIFT = 26, REGS = 31 };

/* Of the syndrome (Arm ARM, ESR_EL1.EC). */
enum {
	EC_UNKNOWN = 0x00,
	EC_ILLEGAL_STATE = 0x0e,
	EC_SYSTEM = 0x18,
	EC_FETCH = 0x20,
	EC_FETCH_EL1 = 0x21,
	EC_PC_ALIGNMENT = 0x22,
	EC_DATA = 0x24,
	EC_DATA_EL1 = 0x25,
	EC_SP_ALIGNMENT = 0x26,
	EC_FLOAT = 0x2c,
	EC_BRK = 0x3c,
};

static enum mir_fault_kind kind_of(unsigned class, uint64_t syndrome)
{
	enum { WRITE = 1 << 6 };

	switch (class) {
	case EC_FETCH:
	case EC_FETCH_EL1:
	case EC_PC_ALIGNMENT: return MIR_FAULT_EXECUTE;
	case EC_DATA:
	case EC_DATA_EL1: return syndrome & WRITE ? MIR_FAULT_WRITE : MIR_FAULT_READ;
	case EC_UNKNOWN:
	case EC_ILLEGAL_STATE: return MIR_FAULT_ILLEGAL;
	case EC_SYSTEM: return MIR_FAULT_PRIVILEGED;
	case EC_FLOAT: return MIR_FAULT_ARITHMETIC;
	case EC_BRK: return MIR_FAULT_BREAKPOINT;
	default: return MIR_FAULT_OTHER;
	}
}

static const char *name_of(unsigned class)
{
	switch (class) {
	case EC_FETCH:
	case EC_FETCH_EL1: return "instruction abort";
	case EC_DATA:
	case EC_DATA_EL1: return "data abort";
	case EC_PC_ALIGNMENT:
	case EC_SP_ALIGNMENT: return "alignment";
	default: return "exception";
	}
}

void mir_hvt_trap(const struct mir_hvt_frame *frame)
{
	static const char *const reg_names[] = { "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7",
		"x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19",
		"x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", NULL };
	static union {
		struct mir_hvt_trap trap;
		uint8_t room[COOKIE];
	} cookie;
	unsigned class = (unsigned)(frame->syndrome >> CLASS_SHIFT & 0x3f);
	struct mir_fault fault = {
		.kind = kind_of(class, frame->syndrome),
		.name = name_of(class),
		.code = frame->syndrome,
		.address = frame->address,
		.pc = frame->pc,
		.sp = frame->sp,
		.fp = frame->regs[29],
		.reg_names = reg_names,
		.regs = frame->regs,
	};

	if (cookie.trap.rip == 0) /* else the first one counts */
		cookie.trap = (struct mir_hvt_trap){ .cr2 = frame->address,
			.error = frame->syndrome,
			.rip = frame->pc,
			.rflags = frame->flags,
			.rsp = frame->sp };
	mir_fault_report(&fault);
	mir_host_exit(STATUS, &cookie);
}
