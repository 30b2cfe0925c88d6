/* sent.h: what is in flight: a record of each segment that was sent and is not acknowledged.
 *
 * Records are in order of sequence in a growing ring, one follows the other, and those that wait
 * for an answer are also chained in order of the time when they were sent last (RFC 8985 section
 * 5.2).  The block exists only while something is in flight.
 */
#ifndef MIR_TCP_SENT_H
#define MIR_TCP_SENT_H

#include "cc.h"
#include "wire.h"

#include <mir/mem.h>

enum {
	MIR_TCP_SACKED = 1,      /* selectively acknowledged */
	MIR_TCP_LOST = 2,        /* and not sent again since */
	MIR_TCP_AGAIN = 4,       /* sent more than once */
	MIR_TCP_APP_LIMITED = 8, /* the user had no more to send then */
};

struct mir_tcp_record {
	int64_t sent_at; /* ns, the last time */
	uint32_t from;   /* up to the next record's */
	uint32_t next, prev;
	uint32_t delivered, delivered_us, first_us; /* when it was sent (rate.c) */
	uint8_t flags;
};

enum { MIR_TCP_RESENT = 8, MIR_TCP_SENT_MAX = 1 << 17 };

/* An episode of recovery, to be undone if it proves to be for nothing. */
struct mir_tcp_undo {
	struct mir_tcp_cc cc; /* as it was before */
	bool possible, any;
	bool counted;                               /* `again` has all that was sent again */
	uint8_t n;                                  /* ranges sent again, no report of them yet */
	struct mir_tcp_range again[MIR_TCP_RESENT]; /* (RFC 2883, RFC 3708) */
	uint32_t first_end, first_ts;               /* of the first of them (RFC 3522) */
};

/* HyStart++ (RFC 9406); all zero at the start. */
struct mir_tcp_hystart {
	int64_t last_min,
	    now_min;        /* the shortest round trip of the last round and of this; 0: none */
	int64_t baseline;   /* in conservative slow start: the one that began it; 0: not in it */
	uint32_t round_end; /* the round is over when this is acknowledged */
	uint8_t samples;    /* of this round */
	uint8_t rounds;     /* of conservative slow start */
	bool begun;
};

/* Finding out whether a timeout was for nothing (frto.c): what has been sent since. */
enum mir_tcp_frto { MIR_TCP_FRTO_OFF, MIR_TCP_FRTO_AGAIN, MIR_TCP_FRTO_NEW };

struct mir_tcp_sent {
	uint32_t head, n, cap; /* head, next, prev: counted since ever; cap: power of two */
	uint32_t oldest, newest, waiting; /* ends of the chain, and its length */
	uint32_t end;                     /* SND.NXT */
	uint32_t sacked, lost;            /* bytes */
	uint32_t lost_from;               /* no record below is lost */
	uint32_t fack;                    /* highest number selectively acknowledged, or SND.UNA */
	struct mir_tcp_range seen[MIR_TCP_SACKS]; /* blocks of the last ACK */

	/* RACK (RFC 8985): the segment sent last of those that arrived. */
	int64_t rack_at, rack_rtt, reorder_at;
	uint32_t rack_end;

	/* The probe of a tail. */
	uint32_t probe_end;
	bool probing, probe_again;

	uint8_t frto;      /* enum mir_tcp_frto */
	uint32_t frto_end; /* SND.NXT before anything new was sent */

	/* Proportional rate reduction (RFC 6937). */
	uint32_t prr_flight;
	uint64_t prr_delivered, prr_out;

	/* Pacing: when the next may leave; whether it waits for that. */
	int64_t pace_at;
	bool paced;

	struct mir_tcp_hystart hystart;
	struct mir_tcp_undo undo;
	struct mir_tcp_record ring[];
};

static inline struct mir_tcp_record *mir_tcp_sent_slot(struct mir_tcp_sent *s, uint32_t index)
{
	return &s->ring[index & (s->cap - 1)];
}

/* The i-th record, i < n. */
static inline struct mir_tcp_record *mir_tcp_sent_at(struct mir_tcp_sent *s, uint32_t i)
{
	return mir_tcp_sent_slot(s, s->head + i);
}

/* The number behind the i-th record. */
static inline uint32_t mir_tcp_sent_end(struct mir_tcp_sent *s, uint32_t i)
{
	return i + 1 < s->n ? mir_tcp_sent_at(s, i + 1)->from : s->end;
}

/* Makes room for n more records; the block, if there is none, begins at `una`.  MIR_ENOMEM. */
int mir_tcp_sent_reserve(
    struct mir_tcp_sent **, struct mir_budget *, uint32_t n, uint32_t una) MIR_MUST_USE;

/* Notes a segment s->end..to, for which there is room. */
void mir_tcp_sent_add(struct mir_tcp_sent *, uint32_t to, int64_t now);

/* Takes the first record away; for what is acknowledged only in part, cut() moves its beginning. */
void mir_tcp_sent_pop(struct mir_tcp_sent *);
void mir_tcp_sent_cut(struct mir_tcp_sent *, uint32_t una);

/* Index of the record that holds seq, first <= seq < end. */
uint32_t mir_tcp_sent_find(struct mir_tcp_sent *, uint32_t seq);

/* Changes what is known of the i-th record. */
void mir_tcp_sent_set_sacked(struct mir_tcp_sent *, uint32_t i);
void mir_tcp_sent_set_lost(struct mir_tcp_sent *, uint32_t i);
void mir_tcp_sent_set_again(struct mir_tcp_sent *, uint32_t i, int64_t now);

/* Makes two of the i-th record, which is lost, at number `at` within; there is room for one more.
 */
void mir_tcp_sent_split(struct mir_tcp_sent *, uint32_t i, uint32_t at);

/* All that is not selectively acknowledged is lost; `forget`: all. */
void mir_tcp_sent_lose_all(struct mir_tcp_sent *, bool forget);
/* What counts as lost and was not sent again is under way after all. */
void mir_tcp_sent_find_again(struct mir_tcp_sent *);

/* Index of the first lost record; false: none. */
bool mir_tcp_sent_first_lost(struct mir_tcp_sent *, uint32_t *i);

/* Bytes of the budget that the block takes. */
uint64_t mir_tcp_sent_charged(const struct mir_tcp_sent *);

/* Gives the block back. */
void mir_tcp_sent_free(struct mir_tcp_sent **, struct mir_budget *);

/* hystart.c: an ACK in the first slow start.  rtt: of a segment that it tells the arrival of; 0:
 * none.
 */
struct mir_tcp_round {
	uint32_t una, nxt;
	int64_t rtt;
};

/* How many of the `bytes` acknowledged count for growth; sets ssthresh when slow start is over. */
uint32_t mir_tcp_hystart(
    struct mir_tcp_hystart *, struct mir_tcp_cc *, uint32_t bytes, struct mir_tcp_round);

/* NULL, or what does not hold. */
const char *mir_tcp_sent_check(struct mir_tcp_sent *);

#endif
