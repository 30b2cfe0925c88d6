/* impair.h: what a bad link does to the frames of one direction.
 *
 * A pure engine: frames and the time in, frames and the next timeout out.  What
 * happens to the n-th frame of a direction is a function of (seed, direction, n)
 * and of nothing else, each kind of trouble from a draw of its own: adding
 * duplication does not change which frames are lost, and the same seed gives the
 * same decisions however the two directions interleave.  Only the bounded queue
 * of a rate limit and cuts by time depend on when a frame arrives.
 */
#ifndef MIR_TESTS_IMPAIR_H
#define MIR_TESTS_IMPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIR_IMPAIR_CERTAIN    (UINT64_C(1) << 32) /* the probability 1 */
#define MIR_IMPAIR_CUTS       16
#define MIR_IMPAIR_FRAMES_MAX 131072         /* in flight in one direction */
#define MIR_IMPAIR_BYTES_MAX  (256u << 20)   /* the same, in bytes */
#define MIR_IMPAIR_FRAME_LEN  (65535u + 18u) /* the largest frame */

/* Probabilities are in units of 2^-32; times are nanoseconds. */
struct mir_impair_config {
	uint64_t seed;
	uint64_t direction; /* part of the key of every draw */
	uint64_t loss;
	uint64_t burst_enter; /* Gilbert: good to bad, drawn for each frame */
	uint64_t burst_leave; /* bad to good */
	uint64_t burst_loss;  /* loss while bad */
	uint64_t dup;
	uint64_t corrupt; /* one bit of the frame's payload flips; never in ARP */
	uint64_t reorder; /* held back by reorder_ns, others overtake */
	int64_t reorder_ns;
	int64_t delay_ns;
	int64_t jitter_ns;    /* uniform in [-jitter, +jitter]; keeps the order */
	uint64_t rate_bps;    /* bits a second, 0 = no limit */
	uint64_t queue_bytes; /* in front of the rate limit, drop-tail */
	unsigned frames_max;  /* in flight, 0 = MIR_IMPAIR_FRAMES_MAX */
	unsigned cuts;
	struct {
		int64_t from, to;
	} cut[MIR_IMPAIR_CUTS]; /* partitions */
	bool cut_now;           /* and one by hand */
};

struct mir_impair_stats {
	uint64_t in, in_bytes, out, out_bytes;
	uint64_t lost, burst_lost, cut, duplicated, reordered, corrupted;
	uint64_t queue_drops; /* behind the rate limit */
	uint64_t limit_drops; /* frames_max or MIR_IMPAIR_BYTES_MAX */
	uint64_t peak;        /* most frames in flight */
	uint64_t decisions;   /* hash over every frame's fate */
};

/* The fate of one frame. */
struct mir_impair_fate {
	bool lost, burst_lost, dup, late, corrupt;
	uint32_t bit; /* which, modulo the bits there are */
	int64_t jitter_ns;
};

struct mir_impair_frame {
	int64_t due;
	uint64_t order; /* among frames that are due at once */
	uint32_t len;
	uint8_t data[];
};

struct mir_impair {
	struct mir_impair_config config;
	struct mir_impair_stats stats;
	struct mir_impair_frame **heap;
	unsigned count, cap;
	uint64_t bytes, order;
	int64_t link_free; /* when the rate limit has sent all it has */
	int64_t last_due;  /* of frames in order */
	bool bad;          /* Gilbert's state */
};

/* Set up an engine; the configuration is copied.  mir_impair_release() frees
 * what is still in flight. */
void mir_impair_init(struct mir_impair *, const struct mir_impair_config *);
void mir_impair_release(struct mir_impair *);

/* Decide about frame number n (from 0; call in order) of a direction.  `bad` is
 * Gilbert's state, kept by the caller, false at first. */
struct mir_impair_fate mir_impair_draw(const struct mir_impair_config *, uint64_t n, bool *bad);

/* A frame enters the link at `now`.  It is copied, or dropped and counted. */
void mir_impair_input(struct mir_impair *, const uint8_t *frame, size_t len, int64_t now);

/* When the next frame leaves; INT64_MAX: nothing is in flight. */
int64_t mir_impair_next(const struct mir_impair *);

/* The frame that leaves at or before `now`, or NULL.  It belongs to the engine
 * until mir_impair_pop(), which frees it. */
const struct mir_impair_frame *mir_impair_due(const struct mir_impair *, int64_t now);
void mir_impair_pop(struct mir_impair *);

#endif
