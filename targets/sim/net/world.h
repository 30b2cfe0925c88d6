/* world.h: what an interface is attached to where no tool simulates a network. */
#ifndef MIR_SIM_WORLD_H
#define MIR_SIM_WORLD_H

#include <mir/impair.h>

#include "../sim.h"

enum mir_sim_other { MIR_SIM_NONE, MIR_SIM_LOOP, MIR_SIM_ECHO };

struct mir_sim_world {
	enum mir_sim_other other;
	struct mir_impair out, in;
	struct mir_sim_event event;
	struct mir_sim_port *port;
};

/* `spec`: "echo,delay=20ms,loss=1%".  MIR_EINVAL; *bad then begins with what is wrong. */
int mir_sim_world_start(
    struct mir_sim_world *, struct mir_sim_port *, const char *spec, const char **bad);
void mir_sim_world_stop(struct mir_sim_world *);
void mir_sim_world_send(struct mir_sim_world *, const uint8_t *frame, size_t len);

/* echo.c: the answer of a host that has every address but the sender's, echoes pings and UDP, and
 * refuses TCP connections.  Writes it over the frame (of at most `len` bytes, at least 60 of room);
 * returns its length, 0: none. */
size_t mir_sim_echo(uint8_t *frame, size_t len);

#endif
