/* guest_block.h: BLOCK that the tender has attached.
 *
 * A request is one submission, of several operations where it is long; while the host's disk works,
 * the image waits.
 */
#ifndef MIR_GUEST_BLOCK_H
#define MIR_GUEST_BLOCK_H

#include <mir/block.h>

#include "../../guest.h"

struct mir_guest_block {
	struct mir_block block; /* the signature object */
	uint32_t handle, features;
};

struct mir_guest_block_config {
	const char *name;
};

/* MIR_ENODEV: the tender has no disk of that name; MIR_EPROTO: what it says of it cannot be. */
int mir_guest_block_start(struct mir_guest_block *, const struct mir_guest_block_config *);
void mir_guest_block_stop(struct mir_guest_block *);

#endif
