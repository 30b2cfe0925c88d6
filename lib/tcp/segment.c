/* segment.c: segments of a connection: header, options, payload (RFC 9293 section 3.7.4). */
#include "segment.h"

/* Fills in what every segment of the connection has, and notes the ACK as sent. */
static void common(struct mir_tcp_sender *o, struct mir_tcp_segment *s)
{
	struct mir_tcb *t = o->t;

	if (t->use_ts) {
		s->has_ts = true;
		s->tsval = mir_tcb_ts(t, o->now);
		s->tsecr = t->ts_recent;
	}
	if (!(s->flags & MIR_TCP_ACK)) {
		s->window = MIR_MIN(t->rcv_buffer, 65535u);
		s->tsecr = 0;
		return;
	}
	s->ack = t->rcv_nxt;
	if (s->flags & MIR_TCP_SYN) {
		s->window = MIR_MIN(t->rcv_adv - t->rcv_nxt, 65535u);
	} else {
		s->window = mir_tcb_window(t, true);
		s->nsack = o->nsack;
		memcpy(s->sack, o->sack, sizeof(s->sack));
	}
	t->due &= (uint8_t)~MIR_TCB_DUE_ACK;
	t->ack_at = MIR_NEVER;
	t->rcv_unacked = 0;
	t->last_ack_sent = t->rcv_nxt;
	t->dsack_due = false;
}

static int put(
    struct mir_tcp_sender *o, struct mir_tcp_segment *s, struct mir_packet *p, bool fresh)
{
	if (!(s->flags & MIR_TCP_RST))
		s->flags |= mir_tcb_ecn_flags(o->t, s->flags, fresh);
	mir_tcp_build(s, o->t->tuple, p);
	o->t->env->stats.segments_out++;
	return o->emit(o->arg, p, fresh && o->t->use_ecn);
}

/* A segment without payload. */
static bool send_bare(struct mir_tcp_sender *o, struct mir_tcp_segment *s)
{
	struct mir_packet *p = mir_packet_new();

	if (!p)
		return false;
	put(o, s, p, false);
	return true;
}

bool mir_tcp_send_ack(struct mir_tcp_sender *o, uint32_t seq)
{
	struct mir_tcp_segment s = { .flags = MIR_TCP_ACK, .seq = seq };

	common(o, &s);
	return send_bare(o, &s);
}

static uint32_t attach(struct mir_tcp_sender *o, struct mir_packet *p, uint32_t off, uint32_t len);

/* RFC 7413: asks who is connected to for a cookie; or sends the one that it gave, and as much text
 * as goes along.  Only the first SYN: what swallows such ones is tried without. */
static void open_fast(struct mir_tcp_sender *o, struct mir_tcp_segment *s, struct mir_packet *p)
{
	struct mir_tcb *t = o->t;
	const struct mir_tcp_fast_server *server;
	unsigned room, most;

	if (!t->fast || t->nxt != t->iss || t->state != MIR_TCP_SYN_SENT)
		return;
	server = mir_tcp_fast_find(t->env->fast, &t->tuple->peer, o->now);
	s->cookie.present = true;
	if (!server)
		return;
	s->cookie = server->cookie;
	s->timeout = 0;
	room = mir_tcp_header_size(s) + 20u;
	most = t->mtu > room ? t->mtu - room : 0;
	room -= 40u; /* options: the MSS does not know of them */
	most = MIR_MIN(most, server->mss > room ? server->mss - room : 0u);
	if (t->sendq.bytes > 0 && most > 0)
		t->syn_text = (uint16_t)attach(o, p, 0, MIR_MIN(t->sendq.bytes, most));
}

/* The SYN again, without anything that may have been the reason why it was lost. */
static void give_up_fast(struct mir_tcb *t, int64_t now)
{
	if (t->state != MIR_TCP_SYN_SENT || t->nxt == t->iss || !t->fast)
		return;
	if (t->syn_text)
		mir_tcp_fast_ban(t->env->fast, &t->tuple->peer, now);
	t->fast = false;
}

void mir_tcp_send_syn(struct mir_tcp_sender *o)
{
	struct mir_tcb *t = o->t;
	struct mir_tcp_segment s = { .flags = MIR_TCP_SYN, .seq = t->iss };
	struct mir_packet *p = mir_packet_new();

	if (!p) {
		t->rtx_at = o->now + t->rto;
		return;
	}
	give_up_fast(t, o->now);
	if (t->nxt != t->iss) /* some routers drop SYNs that ask for it (RFC 3168 6.1.1.1) */
		t->use_ecn = false;
	if (t->state == MIR_TCP_SYN_RECEIVED)
		s.flags |= MIR_TCP_ACK;
	common(o, &s);
	s.mss = (uint16_t)MIR_MAX(t->mtu - 40, MIR_TCP_MIN_MSS);
	s.sack_permitted = t->use_sack;
	s.has_scale = t->use_scale;
	s.scale = t->receive_shift;
	s.timeout = t->tell_timeout ? mir_tcp_timeout_encode(MIR_MS(t->user_timeout_ms)) : 0;
	open_fast(o, &s, p);
	put(o, &s, p, false);
	t->due &= (uint8_t)~MIR_TCB_DUE_SYN;
	if (t->nxt == t->iss) {
		t->nxt = t->iss + 1;
		t->small_end = t->recover = t->iss;
		t->timed_at = o->now;
		t->timed_end = t->nxt;
	}
	mir_tcb_arm_rtx(t, o->now, false);
}

void mir_tcp_send_rst(struct mir_tcp_sender *o, uint32_t seq, bool ack)
{
	struct mir_tcp_segment s = { .flags = MIR_TCP_RST, .seq = seq };

	if (ack) {
		s.flags |= MIR_TCP_ACK;
		s.ack = o->t->rcv_nxt;
	}
	o->t->env->stats.resets_out++;
	send_bare(o, &s);
}

/* Attaches len bytes of the stream from off on; fewer if they lie in too many pieces, but then
 * whole segments.  Returns how many. */
static uint32_t attach(struct mir_tcp_sender *o, struct mir_packet *p, uint32_t off, uint32_t len)
{
	struct mir_slice view[MIR_PACKET_SLICES];
	uint32_t got;
	unsigned n = mir_tcp_sliceq_view(&o->t->sendq, off, len, view, o->t->max_slices, &got);

	for (unsigned i = 0; i < n; i++)
		mir_packet_append(p, &view[i]);
	if (got < len && got > o->mss) {
		got -= got % o->mss;
		mir_packet_trim(p, got);
	}
	return got;
}

uint32_t mir_tcp_send_range(struct mir_tcp_sender *o, uint32_t from, uint32_t span)
{
	struct mir_tcb *t = o->t;
	struct mir_tcp_segment s = { .flags = MIR_TCP_ACK, .seq = from };
	uint32_t end = mir_tcb_stream_end(t), len = MIR_MIN(span, end - from), got = 0;
	struct mir_packet *p = mir_packet_new();

	if (!p)
		return 0;
	if (t->fin_acked || mir_seq_lt(end, from))
		len = 0;
	if (len > 0)
		got = attach(o, p, from - t->una - mir_tcb_in_handshake(t), len);
	if (got == len && span > len && t->fin_queued)
		s.flags |= MIR_TCP_FIN;
	if (got > 0 && from + got == end)
		s.flags |= MIR_TCP_PSH;
	if (got > o->mss) {
		p->gso = MIR_GSO_TCP4;
		p->gso_size = (uint16_t)o->mss;
	}
	common(o, &s);
	s.len = got;
	if (got > 0 && o->timeout) {
		s.timeout = o->timeout;
		t->timeout_due = false;
	}
	if (mir_seq_lt(from, t->nxt))
		t->env->stats.retransmits += (got + o->mss - 1) / o->mss;
	t->env->stats.bytes_out += got;
	put(o, &s, p, got > 0 && from == t->nxt);
	t->sent_at = o->now;
	return got + !!(s.flags & MIR_TCP_FIN);
}
