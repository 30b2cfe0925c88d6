/* libc.h: what the files of this folder know of each other. */
#ifndef MIR_LIBC_H
#define MIR_LIBC_H

#include <mir/target.h>

#include "syscalls.h"

/* loop.c's, or NULL in images without an event loop. */
extern const struct mir_libc_loop *mir_libc_loop;

/* start.c: the monotonic clock when the C library began. */
extern int64_t mir_libc_began;

/* clock.c: waits, in a fiber or without a loop; 0, or less: something has interrupted it. */
int mir_libc_sleep(int64_t deadline);

/* memory.c: for tests: the target's pages are others now. */
void mir_libc_memory_reset(void);

#endif
