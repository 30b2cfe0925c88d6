/* random.c: random bytes, of the runtime's generator. */
#include <mir/hash.h>

#include "libc.h"

long mir_sys_getrandom(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	mir_random(buf, len);
	return (long)len;
}
