/* cc_cubic.c: CUBIC (RFC 9438), in integers: C = 0.4, beta = 0.7. */
#include "cc.h"

enum { DT_MAX_MS = 100000 }; /* a cube of it, times an MSS, fits in 64 bits */

static uint32_t cube_root(uint64_t v)
{
	uint64_t low = 0, high = 2000000;

	while (low < high) {
		uint64_t mid = (low + high + 1) / 2;

		if (mid * mid * mid <= v)
			low = mid;
		else
			high = mid - 1;
	}
	return (uint32_t)low;
}

static bool cubic_init(struct mir_tcp_cc *cc)
{
	cc->u.cubic.epoch = 0;
	cc->u.cubic.w_max = cc->u.cubic.prior = 0;
	cc->u.cubic.acked = 0;
	return true;
}

/* Section 4.2: the time at which the window reaches w_max again. */
static void begin_epoch(struct mir_tcp_cc *cc, int64_t now)
{
	uint32_t w_max = cc->u.cubic.w_max;

	cc->u.cubic.epoch = now;
	cc->u.cubic.k_ms = 0;
	if (cc->cwnd < w_max) /* K = cbrt((w_max - cwnd) / C) seconds, windows in segments */
		cc->u.cubic.k_ms = cube_root((uint64_t)(w_max - cc->cwnd) * 2500000000u / cc->mss);
	else
		cc->u.cubic.w_max = cc->cwnd;
	cc->u.cubic.w_est = cc->cwnd;
	cc->u.cubic.est_acked = cc->u.cubic.acked = 0;
}

static uint32_t target(const struct mir_tcp_cc *cc, int64_t at)
{
	int64_t dt = (at - cc->u.cubic.epoch) / 1000000 - (int64_t)cc->u.cubic.k_ms, w;

	dt = MIR_MAX(MIR_MIN(dt, DT_MAX_MS), -DT_MAX_MS);
	w = dt * dt * dt / 1000000 * (int64_t)cc->mss / 2500 + (int64_t)cc->u.cubic.w_max;
	return (uint32_t)MIR_MAX((int64_t)cc->cwnd, MIR_MIN(w, (int64_t)cc->cwnd * 3 / 2));
}

/* Section 4.3: what Reno with this beta would have; alpha = 3 (1 - beta) / (1 + beta) = 9 / 17, and
 * 1 once the window is as large as it was. */
static void follow_reno(struct mir_tcp_cc *cc, uint32_t bytes)
{
	uint32_t w = cc->u.cubic.w_est, need = w < cc->u.cubic.prior ? w / 9 * 17 : w;

	cc->u.cubic.est_acked += bytes;
	if (cc->u.cubic.est_acked >= need) {
		cc->u.cubic.est_acked -= need;
		cc->u.cubic.w_est += cc->mss;
	}
}

static void cubic_acked(struct mir_tcp_cc *cc, uint32_t bytes, int64_t srtt, int64_t now)
{
	uint32_t want, need;

	if (cc->cwnd < cc->ssthresh) {
		cc->cwnd += MIR_MIN(bytes, cc->ssthresh - cc->cwnd);
		return;
	}
	if (cc->u.cubic.epoch == 0)
		begin_epoch(cc, now);
	follow_reno(cc, bytes);
	want = target(cc, now + srtt);
	if (want < cc->u.cubic.w_est) {
		cc->cwnd = MIR_MAX(cc->cwnd, cc->u.cubic.w_est);
		return;
	}
	if (want == cc->cwnd)
		return;
	/* A segment more for each `need` bytes, so that a round trip ends at the target. */
	need = (uint32_t)((uint64_t)cc->cwnd * cc->mss / (want - cc->cwnd));
	cc->u.cubic.acked += bytes;
	if (cc->u.cubic.acked >= need) {
		uint32_t steps = cc->u.cubic.acked / MIR_MAX(need, 1u);

		cc->cwnd = MIR_MIN(want, cc->cwnd + steps * cc->mss);
		cc->u.cubic.acked = 0;
	}
}

/* Sections 4.6 and 4.7: multiplicative decrease, fast convergence. */
static void cubic_lost(struct mir_tcp_cc *cc, uint32_t flight, int64_t now)
{
	(void)now;
	cc->u.cubic.prior = cc->cwnd;
	if (cc->cwnd < cc->u.cubic.w_max)
		cc->u.cubic.w_max = (uint32_t)((uint64_t)cc->cwnd * 17 / 20);
	else
		cc->u.cubic.w_max = cc->cwnd;
	cc->ssthresh = MIR_MAX((uint32_t)((uint64_t)flight * 7 / 10), 2 * cc->mss);
	cc->cwnd = cc->ssthresh;
	cc->u.cubic.epoch = 0;
}

static void cubic_timeout(struct mir_tcp_cc *cc, uint32_t flight, int64_t now)
{
	cubic_lost(cc, flight, now);
	cc->cwnd = cc->mss;
}

const struct mir_tcp_cc_ops mir_tcp_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.acked = cubic_acked,
	.lost = cubic_lost,
	.timeout = cubic_timeout,
};
