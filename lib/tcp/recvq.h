/* recvq.h: what a connection has received: bytes in order, and ranges beyond a hole. */
#ifndef MIR_TCP_RECVQ_H
#define MIR_TCP_RECVQ_H

#include "sliceq.h"
#include "wire.h"

enum { MIR_TCP_HOLES = 128 }; /* ranges beyond a hole at most; more are dropped */

struct mir_tcp_span {
	struct mir_tcp_range range;
	struct mir_tcp_sliceq q;
};

/* Ranges in order of sequence, neither touching nor overlapping. */
struct mir_tcp_ooo {
	uint32_t n, cap;
	struct mir_tcp_range recent[3]; /* the last ranges that grew: SACK blocks after the first */
	struct mir_tcp_span span[];
};

struct mir_tcp_recvq {
	struct mir_tcp_sliceq ready;
	struct mir_tcp_ooo *ooo; /* NULL: no holes */
};

/* Takes in bytes seq.. seq+len, which lie within the window, as n slices.  *next is RCV.NXT and
 * moves on over all that is now in order.  force: in-order bytes are kept even over the budget's
 * limit.  True if at least one byte was new and kept. */
bool mir_tcp_recvq_insert(struct mir_tcp_recvq *, struct mir_budget *, uint32_t *next, uint32_t seq,
    struct mir_slice *slices /* take */, unsigned n, bool force);

/* SACK blocks (RFC 2018 section 4), the range that grew last first.  Returns how many. */
unsigned mir_tcp_recvq_sacks(const struct mir_tcp_recvq *, struct mir_tcp_range *out, unsigned max);

/* The first of the bytes from..to that are there already, beyond a hole. */
bool mir_tcp_recvq_overlap(
    const struct mir_tcp_recvq *, struct mir_tcp_range range, struct mir_tcp_range *out);

/* Bytes beyond holes. */
uint32_t mir_tcp_recvq_beyond(const struct mir_tcp_recvq *);

void mir_tcp_recvq_drop_ooo(struct mir_tcp_recvq *, struct mir_budget *);
void mir_tcp_recvq_clear(struct mir_tcp_recvq *, struct mir_budget *);

#endif
