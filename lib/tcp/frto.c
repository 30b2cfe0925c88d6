/* frto.c: was the timeout for nothing?  Without timestamps that echo which copy has arrived, the
 * sender finds out by what it sends after it (F-RTO, RFC 5682 section 3, with SACK): after the
 * first segment again two new ones, before anything else goes again. */
#include "tcb.h"

void mir_tcb_frto_begin(struct mir_tcb *t, bool possible)
{
	t->sent->frto =
	    possible && t->use_sack && !t->use_ts ? MIR_TCP_FRTO_AGAIN : MIR_TCP_FRTO_OFF;
}

bool mir_tcb_frto_holds(const struct mir_tcb *t)
{
	return t->sent && t->sent->frto == MIR_TCP_FRTO_NEW;
}

/* Step 3: what was sent once, and before the timeout, has arrived: that was late, not lost. */
bool mir_tcb_frto_spurious(struct mir_tcb *t, uint32_t acked, const struct mir_tcb_delivery *d)
{
	struct mir_tcp_sent *s = t->sent;

	if (s->frto != MIR_TCP_FRTO_NEW || t->recovery != MIR_TCP_LOSS)
		return false;
	if (d->original && (acked > 0 || d->bytes > 0)) {
		s->rack_at = 0; /* it was not the second copy of the first that arrived */
		return true;
	}
	if (d->bytes > 0) /* only what was sent after it: the rest is lost */
		s->frto = MIR_TCP_FRTO_OFF;
	return false;
}

/* Step 2: the segment that went again is acknowledged, and not all that was in flight. */
void mir_tcb_frto_acked(struct mir_tcb *t, uint32_t acked)
{
	struct mir_tcp_sent *s = t->sent;

	if (s->frto == MIR_TCP_FRTO_OFF || acked == 0)
		return;
	if (s->frto == MIR_TCP_FRTO_AGAIN && mir_seq_lt(t->una, t->recover) && !t->fin_sent) {
		s->frto = MIR_TCP_FRTO_NEW;
		s->frto_end = t->nxt;
		t->cc.cwnd = MIR_MAX(t->cc.cwnd, 2u * t->mss);
	} else {
		s->frto = MIR_TCP_FRTO_OFF;
	}
}

bool mir_tcb_frto_stuck(struct mir_tcb *t)
{
	if (!mir_tcb_frto_holds(t) || t->nxt != t->sent->frto_end)
		return false;
	t->sent->frto = MIR_TCP_FRTO_OFF;
	return true;
}
