/* unix_console.h: CONSOLE on standard input and output. */
#ifndef MIR_UNIX_CONSOLE_H
#define MIR_UNIX_CONSOLE_H

#include <mir/console.h>
#include <mir/fiber.h>

#include "../watch.h"

struct mir_unix_console_config {
	const char *name;
};

struct mir_unix_console {
	struct mir_console console;
	struct mir_poll_fd input;
	struct mir_waitq readers;
	bool watched; /* false: a file, which never makes one wait */
};

int mir_unix_console_start(struct mir_unix_console *, const struct mir_unix_console_config *);
void mir_unix_console_stop(struct mir_unix_console *);

#endif
