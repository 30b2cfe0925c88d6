/* receive.c: the text of segments, when it is acknowledged, and the window that we offer (RFC 9293
 * sections 3.8.6.2.2, 3.8.6.3 and 3.10.7.4, seventh). */
#include "tcb.h"

#define ACK_DELAY MIR_MS(40)

enum { CHALLENGE_INTERVAL_MS = 100 };

void mir_tcb_ack_now(struct mir_tcb *t)
{
	t->due |= MIR_TCB_DUE_ACK;
	t->events |= MIR_TCB_OUTPUT;
}

void mir_tcb_challenge_ack(struct mir_tcb *t, int64_t now)
{
	uint32_t ms = (uint32_t)(now / 1000000) | 1;

	if (t->challenge_ms && ms - t->challenge_ms < CHALLENGE_INTERVAL_MS)
		return;
	t->challenge_ms = ms;
	t->env->stats.challenge_acks++;
	mir_tcb_ack_now(t);
}

/* Bytes that we could take in now. */
static uint32_t free_space(const struct mir_tcb *t)
{
	uint32_t most = MIR_MIN(t->rcv_buffer, mir_tcb_share(t));

	return most > t->recvq.ready.bytes ? most - t->recvq.ready.bytes : 0;
}

uint32_t mir_tcb_window(struct mir_tcb *t, bool commit)
{
	uint32_t unit = 1u << t->receive_shift, offered = t->rcv_adv - t->rcv_nxt, window;
	uint32_t space = free_space(t);

	/* The right edge never moves left, and moves right in steps that are worth it. */
	window = offered;
	if (space >= offered + MIR_MIN(t->rcv_buffer / 2, (uint32_t)t->rcv_mss))
		window = space;
	window = MIR_MIN((window + unit - 1) >> t->receive_shift, 65535u);
	if (commit && mir_seq_lt(t->rcv_adv, t->rcv_nxt + (window << t->receive_shift)))
		t->rcv_adv = t->rcv_nxt + (window << t->receive_shift);
	return window;
}

/* RFC 5681 section 4.2, RFC 9293 section 3.8.6.3: every second full segment at once, others within
 * 40 ms; at once at the start, so that the peer's window opens. */
static void schedule_ack(struct mir_tcb *t, int64_t now)
{
	if (t->quick_acks > 0) {
		t->quick_acks--;
		mir_tcb_ack_now(t);
	} else if (t->rcv_unacked >= 2u * t->rcv_mss) {
		mir_tcb_ack_now(t);
	} else if (t->ack_at == MIR_NEVER) {
		t->ack_at = now + ACK_DELAY;
	}
}

static void learn_mss(struct mir_tcb *t, const struct mir_tcp_segment *s)
{
	uint32_t size = s->gso_size ? s->gso_size : s->len;

	if (size > t->rcv_mss && size <= 65535u)
		t->rcv_mss = (uint16_t)size;
}

/* After a shutdown for reading: counted, acknowledged, thrown away. */
static void discard(struct mir_tcb *t, const struct mir_tcp_segment *s)
{
	if (s->seq == t->rcv_nxt) {
		t->rcv_nxt += s->len;
		t->rcv_adv = mir_seq_max(t->rcv_adv, t->rcv_nxt);
	}
	mir_tcb_ack_now(t);
}

void mir_tcb_dsack(struct mir_tcb *t, struct mir_tcp_range twice)
{
	t->env->stats.duplicates++;
	t->dsack_due = t->use_sack;
	t->dsack = twice;
}

/* Memory runs short, and the window that was offered before is larger than what there is now. */
static bool over_share(const struct mir_tcb *t)
{
	return t->env->pressed && mir_tcb_held_received(t) >= mir_tcb_share(t);
}

void mir_tcb_text(struct mir_tcb *t, struct mir_tcp_segment *s, int64_t now)
{
	struct mir_slice slices[MIR_PACKET_SLICES + 1];
	struct mir_tcp_range whole = { s->seq, s->seq + s->len }, twice;
	bool holes = t->recvq.ooo != NULL, least = t->recvq.ready.bytes <= t->rcv_mss;
	uint32_t before = t->rcv_nxt;
	unsigned n;

	learn_mss(t, s);
	if (t->read_shut) {
		discard(t, s);
		return;
	}
	t->env->stats.bytes_in += s->len;
	if (mir_tcp_recvq_overlap(&t->recvq, whole, &twice))
		mir_tcb_dsack(t, twice);
	if (over_share(t) && !(least && mir_seq_le(s->seq, t->rcv_nxt))) {
		t->env->stats.receive_dropped++;
		mir_tcb_ack_now(t);
		return;
	}
	n = mir_packet_into_slices(s->packet, slices);
	s->packet = NULL;
	if (!mir_tcp_recvq_insert(
		&t->recvq, &t->env->budget, &t->rcv_nxt, s->seq, slices, n, least))
		t->env->stats.receive_dropped++;
	if (t->rcv_nxt == before) {
		t->env->stats.out_of_order++;
		if (t->acks_owed < UINT8_MAX)
			t->acks_owed++;
		mir_tcb_ack_now(t);
		return;
	}
	t->rcv_unacked += t->rcv_nxt - before;
	mir_tcb_space_text(t, s, now);
	t->events |= MIR_TCB_READABLE;
	if (holes)
		mir_tcb_ack_now(t);
	else
		schedule_ack(t, now);
}
