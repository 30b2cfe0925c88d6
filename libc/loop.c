/* loop.c: what the C library does by fibers and the log, in images that have an event loop. */
#include <mir/fiber.h>
#include <mir/log.h>

#include "libc.h"

MIR_LOG_SOURCE(libc);

static void missing(const char *name)
{
	mir_debug("the system call %s was made, which there is not", name);
}

const struct mir_libc_loop mir_libc_in_loop = { mir_yield, missing };
