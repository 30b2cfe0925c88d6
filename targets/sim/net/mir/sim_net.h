/* sim_net.h: NETWORK of a simulated machine. */
#ifndef MIR_SIM_NET_H
#define MIR_SIM_NET_H

#include <mir/net.h>

#include "../../sim.h"
#include "../world.h"

struct mir_frame;

struct mir_sim_net_config {
	const char *name;
	const char *attached;     /* alone: "none", "loop", "echo"; ",delay=20ms..."; NULL: none */
	const char *net_mac;      /* "" or NULL: from the seed */
	int64_t net_mtu;          /* 0: 1500 */
	const char *net_offloads; /* none, csum, all; NULL: none */
};

struct mir_sim_net {
	struct mir_net net;
	struct mir_sim_port port;
	mir_net_input *input;
	void *arg;
	struct mir_frame *first, **end; /* arrived, not delivered yet */
	struct mir_sim_world world;     /* where the machine is alone */
};

/* MIR_EINVAL: a value that is none; it was logged. */
int mir_sim_net_start(struct mir_sim_net *, const struct mir_sim_net_config *);
void mir_sim_net_stop(struct mir_sim_net *);

#endif
