/* cc.h: congestion control: how much may be in flight (RFC 5681, RFC 9438).
 *
 * An algorithm is a const table; its state lives in the connection.
 */
#ifndef MIR_TCP_CC_H
#define MIR_TCP_CC_H

#include <mir/time.h>

struct mir_tcp_cc;

struct mir_tcp_cc_ops {
	const char *name;

	/* The connection starts. cc->cwnd, ssthresh and mss are set. */
	void (*init)(struct mir_tcp_cc *);

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
	} u;
};

enum { MIR_TCP_SSTHRESH_NONE = INT32_MAX }; /* no loss so far: the first slow start */

extern const struct mir_tcp_cc_ops mir_tcp_newreno, mir_tcp_cubic;

/* Ten segments (RFC 6928). */
static inline uint32_t mir_tcp_initial_window(uint32_t mss)
{
	return MIR_MIN(10 * mss, MIR_MAX(2 * mss, 14600u));
}

void mir_tcp_cc_start(struct mir_tcp_cc *, const struct mir_tcp_cc_ops *, uint32_t mss);

#endif
