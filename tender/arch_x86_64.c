/* arch_x86_64.c: what the tenders need to know of their own CPU. */
#include "arch.h"

#include <linux/audit.h>

const uint32_t arch_audit = AUDIT_ARCH_X86_64;
const char arch_vdso_clock[] = "__vdso_clock_gettime";

long arch_call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}
