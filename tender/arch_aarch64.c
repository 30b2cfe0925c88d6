/* arch_aarch64.c: what the tenders need to know of their own CPU. */
#include <linux/audit.h>

#include "tender.h"

const uint32_t arch_audit = AUDIT_ARCH_AARCH64;
const char arch_vdso_clock[] = "__kernel_clock_gettime";

/* The thread's pointer is a register that the guest may write. */
void arch_allow(struct filter *f)
{
	(void)f;
}
