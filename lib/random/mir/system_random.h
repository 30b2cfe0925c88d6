/* system_random.h: RANDOM over the runtime's generator. */
#ifndef MIR_SYSTEM_RANDOM_H
#define MIR_SYSTEM_RANDOM_H

#include <mir/random.h>

struct mir_system_random_config {
	const char *name;
};

struct mir_system_random {
	struct mir_random random;
};

int mir_system_random_start(struct mir_system_random *, const struct mir_system_random_config *);
void mir_system_random_stop(struct mir_system_random *);

#endif
