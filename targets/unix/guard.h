/* guard.h: what hosts offer for stacks beyond POSIX.  In HOST/guard.c. */
#ifndef MIR_UNIX_GUARD_H
#define MIR_UNIX_GUARD_H

#include <mir/cc.h>

/* Makes every access to these pages a fault, without a mapping of its own; false: not offered. */
bool mir_unix_guard_install(void *p, size_t len);

void mir_unix_no_huge_pages(void *p, size_t len);

#endif
