/* rack.c: what is lost is told by time: a segment that was sent enough before one that has
 * arrived (RACK); and a probe brings out the loss of a tail (TLP).  RFC 8985. */
#include "tcb.h"

#define ACK_DELAY MIR_MS(50) /* of a peer that has one segment to acknowledge */
#define GRAIN     MIR_MS(1)

enum {
	DUP_THRESHOLD = 3,
	KEEP_WIDE = 16, /* recoveries for which the reordering window stays wide */
};

static bool sent_after(int64_t at, uint32_t end, int64_t than, uint32_t than_end)
{
	return at > than || (at == than && mir_seq_lt(than_end, end));
}

/* Section 6.2, steps 1 to 3. */
void mir_tcb_delivered(struct mir_tcb *t, uint32_t i, struct mir_tcb_delivery *d)
{
	struct mir_tcp_sent *s = t->sent;
	const struct mir_tcp_record *r = mir_tcp_sent_at(s, i);
	uint32_t end = mir_tcp_sent_end(s, i);
	int64_t rtt = d->now - r->sent_at;

	d->bytes += end - r->from;
	mir_tcb_rate_delivered(t, r, end - r->from, d);
	if (r->flags & MIR_TCP_AGAIN) {
		/* Which of the copies has arrived? */
		if ((d->tsecr && mir_seq_lt(d->tsecr, mir_tcb_ts(t, r->sent_at))) ||
		    rtt < t->min_rtt)
			return;
	} else {
		d->original |= mir_seq_le(end, t->recover);
		if (mir_seq_lt(end, d->fack))
			t->reordered = true;
		rtt = MIR_MAX(rtt, 1);
		d->rtt = d->rtt == 0 ? rtt : MIR_MIN(d->rtt, rtt);
		if (t->min_rtt == 0 || rtt < t->min_rtt)
			t->min_rtt = rtt;
	}
	if (s->rack_at == 0 || sent_after(r->sent_at, end, s->rack_at, s->rack_end)) {
		s->rack_at = r->sent_at;
		s->rack_end = end;
		s->rack_rtt = rtt;
	}
}

/* How much later than those sent after it a segment may come: step 4. */
static int64_t reordering_window(const struct mir_tcb *t)
{
	if (!t->reordered &&
	    (t->recovery != MIR_TCP_OPEN || t->sent->sacked >= DUP_THRESHOLD * t->mss))
		return 0;
	return MIR_MIN(t->min_rtt / 4 * t->reorder_steps, t->srtt);
}

/* Step 5. */
void mir_tcb_rack_detect(struct mir_tcb *t, int64_t now)
{
	struct mir_tcp_sent *s = t->sent;
	int64_t wait;

	s->reorder_at = MIR_NEVER;
	if (!t->use_sack || s->rack_at == 0)
		return;
	wait = s->rack_rtt + reordering_window(t);
	while (s->waiting > 0) {
		uint32_t i = s->oldest - s->head;
		const struct mir_tcp_record *r = mir_tcp_sent_at(s, i);

		if (!sent_after(s->rack_at, s->rack_end, r->sent_at, mir_tcp_sent_end(s, i)))
			return;
		if (r->sent_at + wait > now) {
			s->reorder_at = MIR_MAX(r->sent_at + wait, now + GRAIN);
			return;
		}
		mir_tcp_sent_set_lost(s, i);
	}
}

/* A segment was sent again in vain: this path reorders more than was thought.  Once a round trip.
 */
void mir_tcb_rack_widen(struct mir_tcb *t)
{
	if (mir_seq_lt(t->una, t->widened_end))
		return;
	t->widened_end = t->nxt;
	t->reordered = true;
	t->reorder_steps = (uint8_t)MIR_MIN(t->reorder_steps + 1u, (unsigned)UINT8_MAX);
	t->reorder_keep = KEEP_WIDE;
}

void mir_tcb_rack_recovered(struct mir_tcb *t)
{
	if (t->reorder_keep > 0 && --t->reorder_keep == 0)
		t->reorder_steps = 1;
}

/* Section 7.2. */
int64_t mir_tcb_probe_time(const struct mir_tcb *t, int64_t now)
{
	const struct mir_tcp_sent *s = t->sent;

	if (!t->use_sack || !s || s->n == 0 || t->srtt == 0 || t->recovery != MIR_TCP_OPEN ||
	    s->sacked > 0 || s->lost > 0 || s->probing)
		return MIR_NEVER;
	return now + 2 * t->srtt + (s->n == 1 ? ACK_DELAY : 2 * GRAIN);
}

/* Section 7.4.2: an ACK of the probe: was it the first copy that arrived? */
void mir_tcb_probe_acked(struct mir_tcb *t, uint32_t acked, bool sack, int64_t now)
{
	struct mir_tcp_sent *s = t->sent;

	if (!s->probing || mir_seq_lt(t->una, s->probe_end))
		return;
	if (s->probe_again && t->una == s->probe_end && (acked > 0 || sack))
		return; /* not yet known */
	s->probing = false;
	if (s->probe_again && t->una != s->probe_end && t->recovery == MIR_TCP_OPEN)
		t->cc.ops->lost(&t->cc, mir_tcb_loss_window(t), now);
}
