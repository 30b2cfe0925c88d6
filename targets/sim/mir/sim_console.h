/* sim_console.h: CONSOLE of a simulated machine. */
#ifndef MIR_SIM_CONSOLE_H
#define MIR_SIM_CONSOLE_H

#include <mir/console.h>

struct mir_sim_console_config {
	const char *name;
};

struct mir_sim_console {
	struct mir_console console;
};

int mir_sim_console_start(struct mir_sim_console *, const struct mir_sim_console_config *);
void mir_sim_console_stop(struct mir_sim_console *);

#endif
