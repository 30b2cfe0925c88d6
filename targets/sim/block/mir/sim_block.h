/* sim_block.h: BLOCK of a simulated machine.
 *
 * What is written lies in a cache until a barrier.  When the power goes (mir_sim_end) each sector
 * of the cache, and of writes under way, is on the disk or not, as the seed has it; sectors
 * themselves are whole.
 */
#ifndef MIR_SIM_BLOCK_H
#define MIR_SIM_BLOCK_H

#include <mir/block.h>

#include "../../sim.h"

enum { MIR_SIM_SECTOR = 512 };

struct mir_sim_block_config {
	const char *name;
	const char *file; /* alone: "" or NULL: memory */
	uint64_t size;    /* alone: bytes */
	const char *faults;
};

struct mir_sim_request;

struct mir_sim_block {
	struct mir_block block;
	struct mir_sim_store store;
	struct mir_sim_disk_faults faults;
	uint8_t *durable; /* what a power cut leaves */
	uint8_t **cache;  /* of each sector: written since, NULL: not */
	uint64_t *dirty;  /* sectors in the cache */
	uint64_t n_dirty;
	uint64_t requests, draws;
	struct mir_sim_request *writing; /* under way */
};

/* MIR_EINVAL (logged), MIR_EIO, MIR_ENOMEM. */
int mir_sim_block_start(struct mir_sim_block *, const struct mir_sim_block_config *);
void mir_sim_block_stop(struct mir_sim_block *);

#endif
