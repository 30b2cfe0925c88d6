/* rate.c: how fast the path delivers (draft-cheng-iccrg-delivery-rate-estimation): what arrived
 * between two ACKs, over the longer of the times in which it was sent and in which it arrived. */
#include "tcb.h"

static uint32_t us(int64_t ns)
{
	return (uint32_t)(ns / 1000);
}

void mir_tcb_rate_sent(struct mir_tcb *t, struct mir_tcp_record *r, bool first, int64_t now)
{
	if (first) /* nothing was in flight: time begins anew */
		t->rate_first_us = t->rate_us = us(now);
	r->delivered = t->delivered;
	r->delivered_us = t->rate_us;
	r->first_us = t->rate_first_us;
	if (t->app_limited)
		r->flags |= MIR_TCP_APP_LIMITED;
	else
		r->flags &= (uint8_t)~MIR_TCP_APP_LIMITED;
}

void mir_tcb_rate_delivered(
    struct mir_tcb *t, const struct mir_tcp_record *r, uint32_t len, struct mir_tcb_delivery *d)
{
	bool newest = d->rate.prior_us == 0 || mir_seq_le(d->rate.prior, r->delivered);

	t->delivered += len;
	t->rate_us = us(d->now);
	if (t->app_limited && mir_seq_lt(t->app_limited_end, t->delivered))
		t->app_limited = false;
	if (!newest)
		return;
	d->rate.prior = r->delivered;
	d->rate.prior_us = r->delivered_us | 1;
	d->rate.send_us = us(r->sent_at) - r->first_us;
	d->rate.app_limited = r->flags & MIR_TCP_APP_LIMITED;
	t->rate_first_us = us(r->sent_at);
}

void mir_tcb_rate_idle(struct mir_tcb *t)
{
	t->app_limited = true;
	t->app_limited_end = t->delivered + mir_tcb_pipe(t);
}

void mir_tcb_rate_acked(struct mir_tcb *t, struct mir_tcb_delivery *d)
{
	uint32_t took = MIR_MAX(us(d->now) - (d->rate.prior_us & ~1u), d->rate.send_us);

	if (!t->cc.ops->model || d->bytes == 0)
		return;
	d->rate.delivered = t->delivered;
	d->rate.acked = d->bytes;
	d->rate.pipe = mir_tcb_pipe(t);
	d->rate.rtt = d->rtt;
	/* Shorter than any round trip: ACKs were held up on the way, and came at once. */
	if (took > 0 && (int64_t)took * 1000 >= t->min_rtt)
		d->rate.bytes_s = (uint64_t)(t->delivered - d->rate.prior) * 1000000 / took;
	t->cc.ops->model(&t->cc, &d->rate, d->now);
}
