/* driver.h: what the parts of the disk driver share. */
#ifndef MIR_XEN_BLOCK_DRIVER_H
#define MIR_XEN_BLOCK_DRIVER_H

#include <mir/xen_block.h>

#include "../grant.h"

/* request.c */

/* Moves the units, at most max_pages * PAGE bytes, of iov from byte `skip` of it on.  Blocks. */
int mir_xen_block_move(struct mir_xen_block *, enum mir_xen_block_op, uint64_t sector,
    const struct mir_iov *iov, unsigned n);

/* An operation without data.  Blocks. */
int mir_xen_block_order(
    struct mir_xen_block *, enum mir_xen_block_op, uint64_t sector, uint64_t units);

/* What the back end has done. */
void mir_xen_block_done(struct mir_xen_block *);

/* Sends again what was under way. */
void mir_xen_block_again(struct mir_xen_block *);

/* Ends what is under way with MIR_EDISCONN, and gives the pages back.  forget: the grants have gone
 * with a suspension, and requests are kept. */
void mir_xen_block_fail_all(struct mir_xen_block *);
void mir_xen_block_pages_end(struct mir_xen_block *, bool forget);

/* block.c: the back end cannot be understood: says so, once. */
void mir_xen_block_broken(struct mir_xen_block *, const char *why);

#endif
