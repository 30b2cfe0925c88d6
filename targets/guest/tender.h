/* tender.h: what targets/hvt and targets/spt give to what they share, each in its own calls of the
 * tender.  Bound at link time.
 *
 * Shared code knows nothing of hypercalls and system calls: network, disk, sleep and entropy are
 * arrays of struct mir_op, whatever the tender is.
 */
#ifndef MIR_GUEST_TENDER_H
#define MIR_GUEST_TENDER_H

#include "host.h"

/* submit.c: does the operations in order; true if nothing came in between.  Under tenders without
 * extensions, in calls of the base ABI (one frame, one block range each; what cannot be done gets
 * -ENOSYS). Never fails as a whole. */
void mir_host_submit(struct mir_op ops[], unsigned n);

/* submit.c, net.c, block.c: drivers say so when they start: images that have no network or no disk
 * do not hold what moves their bytes. */
void mir_host_use_net(void);
void mir_host_use_block(void);

#endif
