/* arch_aarch64.c: what the tenders need to know of their own CPU. */
#include <linux/audit.h>

#include "tender.h"

const uint32_t arch_audit = AUDIT_ARCH_AARCH64;
const char arch_vdso_clock[] = "__kernel_clock_gettime";

long arch_call(long number, long a, long b, long c)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

/* The thread's pointer is a register that the guest may write. */
void arch_allow(struct filter *f)
{
	(void)f;
}
