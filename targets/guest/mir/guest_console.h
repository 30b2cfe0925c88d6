/* guest_console.h: CONSOLE of an image under a tender: output only. */
#ifndef MIR_GUEST_CONSOLE_H
#define MIR_GUEST_CONSOLE_H

#include <mir/console.h>

struct mir_guest_console {
	struct mir_console console; /* the signature object */
};

struct mir_guest_console_config {
	const char *name;
};

/* Reading says MIR_ENOSYS: tenders have no input. */
int mir_guest_console_start(struct mir_guest_console *, const struct mir_guest_console_config *);
void mir_guest_console_stop(struct mir_guest_console *);

#endif
