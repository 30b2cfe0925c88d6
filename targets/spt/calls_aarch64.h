/* calls_aarch64.h: Linux on aarch64 (asm-generic/unistd.h, asm/sigcontext.h). */
#ifndef MIR_SPT_CALLS_AARCH64_H
#define MIR_SPT_CALLS_AARCH64_H

#include <mir/cc.h>

enum {
	CALL_EPOLL_CTL = 21,
	CALL_EPOLL_PWAIT = 22,
	CALL_FALLOCATE = 47,
	CALL_READ = 63,
	CALL_WRITE = 64,
	CALL_READV = 65,
	CALL_WRITEV = 66,
	CALL_PREAD64 = 67,
	CALL_PWRITE64 = 68,
	CALL_PREADV = 69,
	CALL_FDATASYNC = 83,
	CALL_TIMERFD_SETTIME = 86,
	CALL_EXIT_GROUP = 94,
	CALL_CLOCK_GETTIME = 113,
	CALL_MPROTECT = 226,
	CALL_MADVISE = 233,
	CALL_GETRANDOM = 278,
	CALL_EPOLL_PWAIT2 = 441,
};

/* struct epoll_event */
struct mir_spt_event {
	uint32_t events, reserved, data, data_high;
};

/* ucontext_t as words of 8 bytes: where its registers begin, how many of them are shown, and which
 * are these.  What kind of access failed stands in records behind them, which are not read. */
enum { UCONTEXT_REGS = 23, UCONTEXT_SHOWN = 34, REG_FP = 29, REG_SP = 31, REG_PC = 32 };
enum { REG_ERROR = 0, REG_TRAP = 0, TRAP_PAGE = -1, ERROR_WRITE = 0, ERROR_FETCH = 0 };
#define UCONTEXT_NAMES                                                                             \
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",    \
	    "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25",    \
	    "x26", "x27", "x28", "x29", "x30", "sp", "pc", "pstate"

#endif
