/* cc.h: congestion control: how much may be in flight, and how fast it may leave (RFC 5681, RFC
 * 9438).
 *
 * An algorithm is a const table; its state lives in the connection.
 */
#ifndef MIR_TCP_CC_H
#define MIR_TCP_CC_H

#include <mir/time.h>

struct mir_tcp_cc;

/* What an ACK tells of the path (rate.c). */
struct mir_tcp_rate {
	uint64_t bytes_s;   /* delivery rate; 0: not known */
	int64_t rtt;        /* ns, of a segment sent once; 0: not known */
	uint32_t acked;     /* bytes that have newly arrived */
	uint32_t pipe;      /* bytes in flight after it */
	uint32_t delivered; /* bytes that have arrived since ever (modulo 2^32) */
	uint32_t prior;     /* the same, when the newest of those that arrived was sent */
	uint32_t prior_us, send_us;
	bool app_limited; /* there was not more to send */
};

struct mir_tcp_cc_ops {
	const char *name;

	/* The connection starts. cc->cwnd, ssthresh and mss are set.  False: no memory. */
	bool (*init)(struct mir_tcp_cc *);

	/* The connection ends; NULL: nothing to do. */
	void (*release)(struct mir_tcp_cc *);

	/* Each ACK of something new, in recovery too: sets cwnd and pacing.  NULL: the window
	 * follows losses, by the functions below and proportional rate reduction. */
	void (*model)(struct mir_tcp_cc *, const struct mir_tcp_rate *, int64_t now);

	/* `bytes` were acknowledged outside of fast recovery, while the window was in full use. */
	void (*acked)(struct mir_tcp_cc *, uint32_t bytes, int64_t srtt, int64_t now);

	/* A loss was seen with `flight` bytes in flight: sets ssthresh and cwnd. */
	void (*lost)(struct mir_tcp_cc *, uint32_t flight, int64_t now);

	/* The retransmission timer fired, the first time for these data. */
	void (*timeout)(struct mir_tcp_cc *, uint32_t flight, int64_t now);
};

struct mir_tcp_cc {
	const struct mir_tcp_cc_ops *ops;
	uint32_t cwnd, ssthresh, mss; /* bytes */
	uint32_t quantum;             /* bytes that leave at once when paced */
	uint64_t pacing;              /* bytes a second; 0: as fast as the window lets */
	union {
		struct {
			uint32_t acked;
		} reno;
		struct {
			int64_t epoch;  /* ns; 0: none */
			uint32_t w_max; /* bytes */
			uint32_t k_ms;
			uint32_t w_est; /* bytes: what Reno would have */
			uint32_t est_acked, acked;
			uint32_t prior; /* bytes: the window at the last loss */
		} cubic;
		struct mir_tcp_bbr *bbr;
	} u;
};

enum { MIR_TCP_SSTHRESH_NONE = INT32_MAX }; /* no loss so far: the first slow start */

extern const struct mir_tcp_cc_ops mir_tcp_newreno, mir_tcp_cubic, mir_tcp_bbr;

/* Ten segments (RFC 6928). */
static inline uint32_t mir_tcp_initial_window(uint32_t mss)
{
	return MIR_MIN(10 * mss, MIR_MAX(2 * mss, 14600u));
}

/* cc.c: begins with `ops`, or, where these have no memory, with New Reno. */
void mir_tcp_cc_start(struct mir_tcp_cc *, const struct mir_tcp_cc_ops *, uint32_t mss);
void mir_tcp_cc_release(struct mir_tcp_cc *);
/* Goes on with `ops`, and the window that there is. */
void mir_tcp_cc_change(struct mir_tcp_cc *, const struct mir_tcp_cc_ops *);
/* By name; cubic if there is none of this name, or name is NULL. */
const struct mir_tcp_cc_ops *mir_tcp_cc_find(const char *name);

#endif
