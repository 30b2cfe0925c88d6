/* nosys.c: calls that there are not. */
#include <errno.h>

#include "libc.h"
#include "nosys.h"

long mir_libc_nosys(const char *name, bool *said)
{
	if (!*said && mir_libc_loop) {
		*said = true;
		mir_libc_loop->missing(name);
	}
	return -ENOSYS;
}
