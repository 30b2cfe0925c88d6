/* In place of musl's __syscall_cp, a system call at which a thread may be cancelled: the same
 * without a number that only the running program knows.  mir_point (cancel.c) is not there, that is
 * NULL, in programs that cancel no thread. */
extern weak hidden long mir_point(
    void (*call)(void), long a, long b, long c, long d, long e, long f);

#undef __syscall_cp0
#undef __syscall_cp1
#undef __syscall_cp2
#undef __syscall_cp3
#undef __syscall_cp4
#undef __syscall_cp5
#undef __syscall_cp6

#define MIR_POINT(n, call, a, b, c, d, e, f)                                                       \
	(mir_point ? mir_point(                                                                    \
			 mir_calls[n], __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), __scc(f)) \
		   : call)

#define __syscall_cp0(n)                MIR_POINT(n, __syscall0(n), 0, 0, 0, 0, 0, 0)
#define __syscall_cp1(n, a)             MIR_POINT(n, __syscall1(n, a), a, 0, 0, 0, 0, 0)
#define __syscall_cp2(n, a, b)          MIR_POINT(n, __syscall2(n, a, b), a, b, 0, 0, 0, 0)
#define __syscall_cp3(n, a, b, c)       MIR_POINT(n, __syscall3(n, a, b, c), a, b, c, 0, 0, 0)
#define __syscall_cp4(n, a, b, c, d)    MIR_POINT(n, __syscall4(n, a, b, c, d), a, b, c, d, 0, 0)
#define __syscall_cp5(n, a, b, c, d, e) MIR_POINT(n, __syscall5(n, a, b, c, d, e), a, b, c, d, e, 0)
#define __syscall_cp6(n, a, b, c, d, e, f)                                                         \
	MIR_POINT(n, __syscall6(n, a, b, c, d, e, f), a, b, c, d, e, f)
