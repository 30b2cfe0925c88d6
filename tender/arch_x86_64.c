/* arch_x86_64.c: what the tenders need to know of their own CPU. */
#include <linux/audit.h>
#include <asm/prctl.h>
#include <sys/syscall.h>

#include "tender.h"

const uint32_t arch_audit = AUDIT_ARCH_X86_64;
const char arch_vdso_clock[] = "__vdso_clock_gettime";

void arch_allow(struct filter *f)
{
	filter_test(filter_rule(f, SYS_arch_prctl), 0, RULE_INT_EQ, ARCH_SET_FS, 0);
}
