/* reassembly.h: datagrams from fragments, without a clock (RFC 791 section 3.2, RFC 815).
 *
 * Everything is bounded, and a datagram whose fragments overlap is lost as a whole (RFC 5722's rule
 * for IPv6, kept here too): no order of arrival can make two hosts see different bytes.
 */
#ifndef MIR_REASSEMBLY_H
#define MIR_REASSEMBLY_H

#include <mir/mem.h>
#include <mir/time.h>

enum {
	MIR_REASSEMBLY_DATAGRAMS = 64,  /* being put together at once; the oldest makes room */
	MIR_REASSEMBLY_FRAGMENTS = 128, /* of one datagram: 64 kB over a path MTU of 552 */
	MIR_REASSEMBLY_BYTES = 2 * 1024 * 1024
};

#define MIR_REASSEMBLY_NS MIR_SECOND(30) /* from the first fragment that came */

struct mir_reassembly_stats {
	uint64_t fragments, done;
	uint64_t duplicates; /* exact ones, ignored */
	uint64_t overlaps;   /* datagrams given up */
	uint64_t tiny;       /* fragments too small to be honest (RFC 1858, 3128) */
	uint64_t malformed;  /* length not a multiple of 8, no data */
	uint64_t bad_ecn;    /* datagrams of which one part was marked and another must not be */
	uint64_t too_long;   /* datagrams that would end past 65535 bytes */
	uint64_t too_many;   /* datagrams of too many fragments */
	uint64_t evicted;    /* datagrams that made room for others */
	uint64_t refused;    /* datagrams for whose fragments there was no memory */
	uint64_t expired;    /* datagrams whose time was over */
};

struct mir_reassembly_datagram {
	uint32_t src, dst;
	uint16_t id;
	uint8_t proto;
	bool used;
	bool dead;       /* given up: its fragments are dropped until it expires */
	uint16_t count;  /* fragments */
	uint32_t have;   /* payload bytes */
	uint32_t end;    /* payload length, once the last fragment is here; else 0 */
	uint32_t memory; /* taken from the budget */
	int64_t deadline;
	struct mir_packet *first, *last; /* by offset */
};

/* All zero but for mir_reassembly_init. */
struct mir_reassembly {
	struct mir_reassembly_datagram datagram[MIR_REASSEMBLY_DATAGRAMS];
	struct mir_budget budget;
	unsigned used;
	struct mir_reassembly_stats stats;
};

void mir_reassembly_init(struct mir_reassembly *);
/* Drops everything. */
void mir_reassembly_clear(struct mir_reassembly *);

/* One fragment, its header checked by the caller, linear, and at p->data; p->total is the length
 * in the header.  Returns the whole datagram when this was what it lacked (header at p->data and
 * rewritten to be that of an unfragmented one; cast: the worst of the fragments'), or NULL. */
struct mir_packet *mir_reassembly_input(
    struct mir_reassembly *, struct mir_packet *p /* take */, int64_t now);

/* When the first datagram expires; MIR_NEVER. */
int64_t mir_reassembly_next(const struct mir_reassembly *);

/* Gives up what has expired, one datagram at a call: true, and *first is its first fragment, the
 * caller's (for ICMP time exceeded), or NULL if that never came.  False: no more. */
bool mir_reassembly_expire(struct mir_reassembly *, int64_t now, struct mir_packet **first);

#endif
