/* nosys.h: for stubs.c. */
#ifndef MIR_LIBC_NOSYS_H
#define MIR_LIBC_NOSYS_H

#include <mir/cc.h>

/* nosys.c: -ENOSYS, for a call that there is not; says so in the log, once. *said: it has. */
long mir_libc_nosys(const char *name, bool *said);

#endif
