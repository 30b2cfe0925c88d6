/* ecn.c: explicit congestion notification (RFC 3168): a router marks (CE) where it would drop soon;
 * the receiver echoes the mark (ECE) until the sender says that it has slowed down (CWR). */
#include "tcb.h"

enum { ECN_BITS = MIR_TCP_ECE | MIR_TCP_CWR };

void mir_tcb_ecn_syn(struct mir_tcb *t, uint8_t flags)
{
	uint8_t want = MIR_TCP_SYN | MIR_TCP_ACK | MIR_TCP_ECE;

	t->use_ecn = t->use_ecn && (flags & (want | MIR_TCP_CWR)) == want;
}

void mir_tcb_ecn_text(struct mir_tcb *t, const struct mir_tcp_segment *s)
{
	if (!t->use_ecn)
		return;
	if (s->flags & MIR_TCP_CWR)
		t->ecn_echo = false;
	if (s->ce && s->len > 0) {
		t->env->stats.ecn_marks++;
		if (!t->ecn_echo)
			mir_tcb_ack_now(t);
		t->ecn_echo = true;
	}
}

void mir_tcb_ecn_ack(struct mir_tcb *t, const struct mir_tcp_segment *s, int64_t now)
{
	if (!t->use_ecn || (s->flags & (MIR_TCP_ECE | MIR_TCP_SYN)) != MIR_TCP_ECE ||
	    mir_seq_lt(t->una, t->ecn_end))
		return;
	if (t->recovery == MIR_TCP_OPEN) { /* else it has slowed down already */
		t->env->stats.ecn_reductions++;
		t->cc.ops->lost(&t->cc, t->cc.cwnd, now);
	}
	mir_tcb_ecn_reduced(t);
}

void mir_tcb_ecn_reduced(struct mir_tcb *t)
{
	t->ecn_end = t->nxt + 1; /* the ACK of what is out now still echoes the old mark */
	t->ecn_cwr = t->use_ecn;
}

uint8_t mir_tcb_ecn_flags(struct mir_tcb *t, uint8_t flags, bool fresh)
{
	uint8_t out = 0;

	if (!t->use_ecn)
		return 0;
	if ((flags & (MIR_TCP_SYN | MIR_TCP_ACK)) == MIR_TCP_SYN)
		return ECN_BITS;
	if (flags & MIR_TCP_SYN)
		return t->passive ? MIR_TCP_ECE : 0;
	if (t->ecn_echo && (flags & MIR_TCP_ACK))
		out |= MIR_TCP_ECE;
	if (fresh && t->ecn_cwr) {
		out |= MIR_TCP_CWR;
		t->ecn_cwr = false;
	}
	return out;
}
