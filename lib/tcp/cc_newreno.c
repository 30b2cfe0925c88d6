/* cc_newreno.c: slow start and congestion avoidance (RFC 5681), bytes counted (RFC 3465). */
#include "cc.h"

static bool newreno_init(struct mir_tcp_cc *cc)
{
	cc->u.reno.acked = 0;
	return true;
}

static void newreno_acked(struct mir_tcp_cc *cc, uint32_t bytes, int64_t srtt, int64_t now)
{
	(void)srtt;
	(void)now;
	if (cc->cwnd < cc->ssthresh) {
		cc->cwnd += MIR_MIN(bytes, cc->ssthresh - cc->cwnd);
		return;
	}
	cc->u.reno.acked += bytes;
	if (cc->u.reno.acked >= cc->cwnd) {
		cc->u.reno.acked -= cc->cwnd;
		cc->cwnd += cc->mss;
	}
}

static void newreno_lost(struct mir_tcp_cc *cc, uint32_t flight, int64_t now)
{
	(void)now;
	cc->ssthresh = MIR_MAX(flight / 2, 2 * cc->mss);
	cc->cwnd = cc->ssthresh;
	cc->u.reno.acked = 0;
}

static void newreno_timeout(struct mir_tcp_cc *cc, uint32_t flight, int64_t now)
{
	newreno_lost(cc, flight, now);
	cc->cwnd = cc->mss;
}

const struct mir_tcp_cc_ops mir_tcp_newreno = {
	.name = "newreno",
	.init = newreno_init,
	.acked = newreno_acked,
	.lost = newreno_lost,
	.timeout = newreno_timeout,
};
