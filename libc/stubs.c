/* stubs.c: an answer for every system call that no other file has, each in a section of its own, so
 * that an image holds those that it can reach.  build.sh makes the list, for each processor.  By
 * the names mir_stub_... mirage-cc finds what an image lacks. */
#include <mir/syscall_names.h>

#include "nosys.h"

#define X(name)                                                                                    \
	long mir_sys_##name(void) __attribute__((weak, alias("mir_stub_" #name)));                 \
	static long mir_stub_##name(void)                                                          \
	{                                                                                          \
		static const char text[] = #name;                                                  \
		static bool said;                                                                  \
                                                                                                   \
		return mir_libc_nosys(text, &said);                                                \
	}
MIR_SYSCALL_NAMES(X)
