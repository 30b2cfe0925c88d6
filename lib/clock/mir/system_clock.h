/* system_clock.h: CLOCK over the target's clock. */
#ifndef MIR_SYSTEM_CLOCK_H
#define MIR_SYSTEM_CLOCK_H

#include <mir/clock.h>

struct mir_system_clock_config {
	const char *name;
};

struct mir_system_clock {
	struct mir_clock clock;
};

int mir_system_clock_start(struct mir_system_clock *, const struct mir_system_clock_config *);
void mir_system_clock_stop(struct mir_system_clock *);

#endif
