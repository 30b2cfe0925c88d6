/* machine.c: what unit tests of libc/posix/ have of the machine beneath libc/: nothing.  Tests that
 * want more have their own (libc/tests/target.h).
 */
#include <mir/err.h>
#include <mir/target.h>

#include "../../../libc.h"

MIR_WEAK int64_t mir_libc_began;

MIR_WEAK void mir_target_set_tls(void *base)
{
	(void)base;
}

MIR_WEAK struct mir_pages *mir_target_pages(void)
{
	return NULL;
}

MIR_WEAK int mir_target_protect(void *at, size_t len, enum mir_access access)
{
	(void)at;
	(void)len;
	(void)access;
	return MIR_ENOSYS;
}

MIR_WEAK bool mir_target_release(void *at, size_t len)
{
	(void)at;
	(void)len;
	return false;
}
