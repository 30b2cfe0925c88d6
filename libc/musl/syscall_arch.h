/* In place of musl's arch/CPU/syscall_arch.h: a system call is a call of a C function, mir_sys_read
 * and so on (libc/syscalls.h), and so only those are linked that something calls.
 *
 * mir_calls.h, made by libc/build.sh, declares them and has a row for each number. */
#include "mir_calls.h"

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

#define IPC_64 0

static void (*const mir_calls[])(void) = { MIR_CALLS };

/* libc/dispatch.c: where only the running program knows the number, as in syscall(). */
long mir_syscall(long n, long a, long b, long c, long d, long e, long f);

#define MIR_CALL(types, values, ...)                                                               \
	do {                                                                                       \
		if (__builtin_constant_p(n))                                                       \
			return ((long(*) types)mir_calls[n])values;                                \
		return mir_syscall(__VA_ARGS__);                                                   \
	} while (0)

#define MIR_ALWAYS static __inline __attribute__((__always_inline__, __unused__))

MIR_ALWAYS long __syscall0(long n)
{
	MIR_CALL((void), (), n, 0, 0, 0, 0, 0, 0);
}

MIR_ALWAYS long __syscall1(long n, long a)
{
	MIR_CALL((long), (a), n, a, 0, 0, 0, 0, 0);
}

MIR_ALWAYS long __syscall2(long n, long a, long b)
{
	MIR_CALL((long, long), (a, b), n, a, b, 0, 0, 0, 0);
}

MIR_ALWAYS long __syscall3(long n, long a, long b, long c)
{
	MIR_CALL((long, long, long), (a, b, c), n, a, b, c, 0, 0, 0);
}

MIR_ALWAYS long __syscall4(long n, long a, long b, long c, long d)
{
	MIR_CALL((long, long, long, long), (a, b, c, d), n, a, b, c, d, 0, 0);
}

MIR_ALWAYS long __syscall5(long n, long a, long b, long c, long d, long e)
{
	MIR_CALL((long, long, long, long, long), (a, b, c, d, e), n, a, b, c, d, e, 0);
}

MIR_ALWAYS long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	MIR_CALL((long, long, long, long, long, long), (a, b, c, d, e, f), n, a, b, c, d, e, f);
}
