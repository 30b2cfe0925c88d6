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
	uint32_t before = t->una;

	if (!mir_seq_le(t->una, t->nxt))
		return "SND.UNA is past SND.NXT";
	if (mir_seq_lt(mir_tcb_stream_end(t) + (t->fin_sent && !t->fin_acked), t->nxt))
		return "SND.NXT is past the end of the stream";
	if (!mir_seq_le(t->una, t->high_rxt) || !mir_seq_le(t->high_rxt, t->nxt))
		return "high_rxt is out of the flight";
	if (!mir_seq_le(t->una, t->lost_edge) || !mir_seq_le(t->lost_edge, t->nxt))
		return "lost_edge is out of the flight";
	for (unsigned i = 0; i < t->sacked.n; i++) {
		const struct mir_tcp_range *r = &t->sacked.range[i];

		if (!mir_seq_lt(r->from, r->to) || mir_seq_lt(r->from, before) ||
		    mir_seq_lt(t->nxt, r->to))
			return "the scoreboard is not in order";
		before = r->to;
	}
	if (mir_tcb_pipe(t) > 2 * mir_tcb_flight(t))
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
