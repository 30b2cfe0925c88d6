/* stubs.c: an answer for every system call that no other file has, each in a section of its own, so
 * that an image holds those that it can reach.  build.sh makes the list, for each processor. */
#include <mir/syscall_names.h>

#include "nosys.h"

#define X(name)                                                                                    \
	long mir_sys_##name(void) MIR_WEAK;                                                        \
	long mir_sys_##name(void)                                                                  \
	{                                                                                          \
		static const char text[] = #name;                                                  \
		static bool said;                                                                  \
                                                                                                   \
		return mir_libc_nosys(text, &said);                                                \
	}
MIR_SYSCALL_NAMES(X)
