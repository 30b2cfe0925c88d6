/* check.c: what must hold of a connection at any time. */
#include "tcb.h"

static const char *check_sliceq(const struct mir_tcp_sliceq *q)
{
	uint32_t bytes = 0, charged = 0;

	for (uint32_t i = 0; i < q->n; i++) {
		const struct mir_tcp_piece *piece = mir_tcp_sliceq_at(q, i);

		if (i > 0 && piece->start != mir_tcp_sliceq_at(q, i - 1)->start +
						 mir_tcp_sliceq_at(q, i - 1)->len)
			return "pieces of a queue do not follow each other";
		if (piece->len == 0)
			return "an empty piece in a queue";
		bytes += piece->len;
		charged += piece->charge;
	}
	if (bytes != q->bytes || charged != q->charged)
		return "a queue's sums are wrong";
	return NULL;
}

static const char *check_sending(const struct mir_tcb *t)
{
	const char *bad;

	if (!mir_seq_le(t->una, t->nxt))
		return "SND.UNA is past SND.NXT";
	if (mir_seq_lt(mir_tcb_stream_end(t) + (t->fin_sent && !t->fin_acked), t->nxt))
		return "SND.NXT is past the end of the stream";
	if (!mir_tcb_in_handshake(t) && mir_tcb_flight(t) > 0 &&
	    (!t->sent || t->sent->n == 0 || mir_tcp_sent_at(t->sent, 0)->from != t->una ||
		t->sent->end != t->nxt))
		return "the records are not of what is in flight";
	if (mir_tcb_flight(t) == 0 && t->sent &&
	    (t->sent->n > 0 || !(t->sent->probing || t->sendq.bytes > 0)))
		return "records are kept of nothing";
	bad = t->sent ? mir_tcp_sent_check(t->sent) : NULL;
	if (bad)
		return bad;
	if (!mir_tcb_in_handshake(t) && mir_seq_lt(t->edge + t->fin_sent, t->nxt))
		return "data were sent beyond the window";
	if (mir_tcb_pipe(t) > mir_tcb_flight(t))
		return "the pipe holds more than was sent";
	if (t->cc.cwnd < t->mss)
		return "the congestion window is below a segment";
	if (mir_tcb_flight(t) > 0 && t->rtx_at == MIR_NEVER)
		return "data are in flight and no timer runs";
	return NULL;
}

static const char *check_receiving(const struct mir_tcb *t)
{
	uint32_t before = t->rcv_nxt;

	if (mir_seq_lt(t->rcv_adv, t->rcv_nxt))
		return "RCV.NXT is past the window's right edge";
	if (t->rcv_buffer > t->rcv_limit)
		return "the receive buffer is over its limit";
	for (uint32_t i = 0; t->recvq.ooo && i < t->recvq.ooo->n; i++) {
		const struct mir_tcp_span *s = &t->recvq.ooo->span[i];
		const char *bad = check_sliceq(&s->q);

		if (bad)
			return bad;
		if (!mir_seq_lt(before, s->range.from) ||
		    s->range.from + s->q.bytes != s->range.to ||
		    mir_seq_lt(t->rcv_adv, s->range.to))
			return "ranges beyond a hole are not in order";
		before = s->range.to;
	}
	return NULL;
}

const char *mir_tcb_check(const struct mir_tcb *t)
{
	const char *bad = check_sliceq(&t->sendq);

	if (!bad)
		bad = check_sliceq(&t->recvq.ready);
	if (!bad && t->state != MIR_TCP_CLOSED && t->state != MIR_TCP_TIME_WAIT)
		bad = check_sending(t);
	if (!bad && t->state >= MIR_TCP_ESTABLISHED)
		bad = check_receiving(t);
	return bad;
}
