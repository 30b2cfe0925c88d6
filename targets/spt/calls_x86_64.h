/* calls_x86_64.h: Linux on x86_64 (asm/unistd_64.h, System V ABI's ucontext). */
#ifndef MIR_SPT_CALLS_X86_64_H
#define MIR_SPT_CALLS_X86_64_H

#include <mir/cc.h>

enum {
	CALL_READ = 0,
	CALL_WRITE = 1,
	CALL_MPROTECT = 10,
	CALL_PREAD64 = 17,
	CALL_PWRITE64 = 18,
	CALL_READV = 19,
	CALL_WRITEV = 20,
	CALL_MADVISE = 28,
	CALL_FDATASYNC = 75,
	CALL_CLOCK_GETTIME = 228,
	CALL_EXIT_GROUP = 231,
	CALL_EPOLL_CTL = 233,
	CALL_EPOLL_PWAIT = 281,
	CALL_FALLOCATE = 285,
	CALL_TIMERFD_SETTIME = 286,
	CALL_PREADV = 295,
	CALL_GETRANDOM = 318,
	CALL_EPOLL_PWAIT2 = 441,
};

/* struct epoll_event, which is packed here */
struct mir_spt_event {
	uint32_t events, data, data_high;
};

/* ucontext_t as words of 8 bytes: where its registers begin, how many of them are shown, and which
 * are these. */
enum { UCONTEXT_REGS = 5, UCONTEXT_SHOWN = 18, REG_FP = 10, REG_SP = 15, REG_PC = 16 };
enum { REG_ERROR = 19, REG_TRAP = 20, TRAP_PAGE = 14, ERROR_WRITE = 2, ERROR_FETCH = 16 };
#define UCONTEXT_NAMES                                                                             \
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx",   \
	    "rax", "rcx", "rsp", "rip", "rflags"

#endif
