/* guard.c: guard markers in the page table (Linux 6.13). */
#define _GNU_SOURCE
#include "../guard.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>

enum { GUARD_INSTALL = 102 }; /* MADV_GUARD_INSTALL, which older headers lack */

/* Emulators of the kernel take madvise(2) for a hint and agree to everything: asks once whether the
 * page can really not be written. */
static bool works(void *p)
{
	return getrandom(p, 1, GRND_NONBLOCK) < 0 && errno == EFAULT;
}

bool mir_unix_guard_install(void *p, size_t len)
{
	static enum { UNKNOWN, WORKS, MISSING } markers;

	if (markers == MISSING || madvise(p, len, GUARD_INSTALL) < 0)
		return false;
	if (markers == UNKNOWN)
		markers = works(p) ? WORKS : MISSING;
	return markers == WORKS;
}

void mir_unix_no_huge_pages(void *p, size_t len)
{
	madvise(p, len, MADV_NOHUGEPAGE);
}
