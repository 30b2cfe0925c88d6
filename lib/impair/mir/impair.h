/* impair.h: what a bad link does to the frames of one direction.
 *
 * A pure engine: frames and the time in, frames and the next timeout out.  What
 * happens to the n-th frame of a direction is a function of (seed, direction, n)
 * and of nothing else, each kind of trouble from a draw of its own: adding
 * duplication does not change which frames are lost, and the same seed gives the
 * same decisions however the two directions interleave.  Only the bounded queue
 * of a rate limit and cuts by time depend on when a frame arrives.
 */
#ifndef MIR_IMPAIR_H
#define MIR_IMPAIR_H

#include <mir/cc.h>

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
	unsigned burst;       /* not 0: `loss` comes in bursts of so many frames on average */
	uint64_t dup;
	uint64_t corrupt; /* one bit of the frame's payload flips; never in ARP */
	uint64_t reorder; /* held back by reorder_ns, others overtake */
	int64_t reorder_ns;
	int64_t delay_ns;
	int64_t jitter_ns;    /* uniform in [-jitter, +jitter]; keeps the order */
	uint64_t rate_bps;    /* bits a second, 0 = no limit */
	uint64_t queue_bytes; /* in front of the rate limit, drop-tail */
	unsigned gap;         /* bytes that the rate counts besides each frame's */
	bool codel;           /* the queue is kept short (RFC 8289) */
	bool ecn;             /* CoDel marks IPv4 packets that can be (RFC 3168) */
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
	uint64_t codel_drops, codel_marks;
	uint64_t peak;      /* most frames in flight */
	uint64_t decisions; /* hash over every frame's fate */
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

/* CoDel's (RFC 8289 section 5). */
struct mir_codel {
	int64_t first_above; /* 0: not above the target */
	int64_t drop_next;
	uint32_t count, last_count;
	bool dropping;
};

struct mir_impair {
	struct mir_impair_config config; /* rates, times and probabilities may be changed */
	struct mir_impair_stats stats;
	struct mir_impair_frame **heap;
	unsigned count, cap;
	uint64_t bytes, order;
	int64_t link_free; /* when the rate limit has sent all it has */
	int64_t last_due;  /* of frames in order */
	bool bad;          /* Gilbert's state */
	struct mir_codel codel;
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

/* codel.c: whether a frame that waited for `sojourn` and would be sent at `now` is to be dropped
 * (or marked). Called for each frame in order.  `target`: how long they may wait. */
bool mir_codel_drop(struct mir_codel *, int64_t now, int64_t sojourn, int64_t target);

/* options.c: sets one property by its name, as scenarios and boot arguments write it: delay=20ms
 * jitter= loss=1% burst=4 duplicate= corrupt= reorder= reorder-delay= rate=10Mbit queue=50 (frames;
 * or bytes with k or M) limit= codel ecn.  value NULL: a plain word.  A range, "1ms..20ms", gives a
 * value in it by `draw`.  0; MIR_ENOENT: no such property; MIR_EINVAL: *expected says what one
 * looks like. */
int mir_impair_option(struct mir_impair_config *, const char *key, const char *value, uint64_t draw,
    const char **expected);
/* The names, NULL at the end. */
extern const char *const mir_impair_options[];

#endif
