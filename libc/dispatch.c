/* dispatch.c: system calls by number, for syscall(), where the number is not known when the C
 * library is built. These few, because all that this names gets into an image that calls it. */
#include <sys/syscall.h>

#include "nosys.h"
#include "syscalls.h"

static void *pointer(long v)
{
	return (void *)v;
}

long mir_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	static bool said;

	switch (n) {
	case SYS_getrandom: return mir_sys_getrandom(pointer(a), (size_t)b, (unsigned)c);
	case SYS_clock_gettime: return mir_sys_clock_gettime((int)a, pointer(b));
	case SYS_gettid: return mir_sys_gettid();
	case SYS_getpid: return mir_sys_getpid();
	case SYS_write: return mir_sys_write((int)a, pointer(b), (size_t)c);
	case SYS_futex:
		return mir_sys_futex(
		    pointer(a), (int)b, (int)c, pointer(d), pointer(e), (unsigned)f);
	case SYS_sched_yield: return mir_sys_sched_yield();
	case SYS_exit_group: return mir_sys_exit_group((int)a);
	}
	return mir_libc_nosys("by its number", &said);
}
