/* path.h: one direction of a link with a path MTU: an engine of impair.h behind a hop that does
 * with large packets what a router does. */
#ifndef MIR_PATH_H
#define MIR_PATH_H

#include <mir/impair.h>
#include <mir/toobig.h>

struct mir_path {
	struct mir_impair impair;
	unsigned mtu;   /* bytes of an IP packet; 0: any */
	bool silent;    /* what is too large just vanishes: a black hole */
	uint64_t large; /* packets that were too large to go as they were */
};

/* A frame enters at `now`.  One that is too large is cut up where IPv4 allows it, or dropped; then
 * the answer to its sender, if there is one, is written to reply, for the caller to send back.
 * Returns the answer's length, 0: none. */
size_t mir_path_input(struct mir_path *, const uint8_t *frame, size_t len, int64_t now,
    uint8_t reply[static MIR_TOOBIG_REPLY_LEN]);

#endif
