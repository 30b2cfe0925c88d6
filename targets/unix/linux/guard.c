/* guard.c: guard markers in the page table (Linux 6.13). */
#define _GNU_SOURCE
#include "../guard.h"

#include <sys/mman.h>

enum { GUARD_INSTALL = 102 }; /* MADV_GUARD_INSTALL, which older headers lack */

bool mir_unix_guard_install(void *p, size_t len)
{
	return madvise(p, len, GUARD_INSTALL) == 0;
}

void mir_unix_no_huge_pages(void *p, size_t len)
{
	madvise(p, len, MADV_NOHUGEPAGE);
}
