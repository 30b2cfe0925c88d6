/* tap.h: what `mirage run` asks of the host: its networks, and tap devices. The files are in a
 * folder per kind of host, cli/linux.
 */
#ifndef CLI_TAP_H
#define CLI_TAP_H

#include <stdint.h>

#include "text.h"

/* An IPv4 network in use by the host. Addresses are in host order: 0x0a000001 is 10.0.0.1. */
struct host_net {
	uint32_t address; /* of an interface, or of a route's network */
	unsigned len;     /* of the prefix, 0..32 */
	bool route;       /* a route, else an interface's own address */
	char device[16];  /* "eth0", "" if not known */
};

struct host_nets {
	struct host_net *v;
	size_t n, cap;
};

/* Every address of an interface and every route that is not a default route. 0 or -errno. */
int host_nets_read(struct host_nets *);

/* Make a tap device that lives as long as the descriptor returned, which is close-on-exec. `name`
 * is what it shall be called, or NULL: mir0, mir1, ... the first that is free; it comes back in
 * `made`. -errno; *what then tells which step failed. */
int tap_create(const char *name, char made[16], const char **what);

/* Let the device of a descriptor outlive it, and close that; tap_remove() ends it. The name comes
 * back in `name`. 0 or -errno. */
int tap_keep(int fd, char name[16]);
void tap_remove(const char *name);

/* Give the device an address and bring it up. `len` 0: bring it up only. 0 or -errno. */
int tap_configure(const char *name, uint32_t address, unsigned len);

/* Hold off other instances while a free network is chosen and taken. Returns a descriptor to close
 * when done, or -1: not to be had, go on without. Blocks, at most some seconds. */
int host_nets_lock(void);

#endif
