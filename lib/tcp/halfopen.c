/* halfopen.c: connections in handshake (RFC 9293 section 3.10.7.2; RFC 4987): a small entry each.
 *
 * As long as there is room for many more, our initial sequence number is that of the clock (RFC
 * 6528), so that a late SYN and a late ACK of an earlier connection do not make a new one.  When
 * half of the room is taken it is a cookie: entries may then be pushed out, and their peers still
 * get in. */
#include "core.h"

#include <stdlib.h>

#define FIRST_DELAY_MS 1000u
#define COOKIE_TIME    MIR_SECOND(128)

/* The timestamp of a SYN, ACK has these in its low bits. */
enum { TS_SCALE = 15, TS_SACK = 16, TS_ECN = 32, TS_BITS = 63 };

/* In a SYN: the peer can do ECN (RFC 3168 section 6.1.1). */
enum { ECN_ASKED = MIR_TCP_ECE | MIR_TCP_CWR };

static uint32_t now_ms(int64_t now)
{
	return (uint32_t)(now / 1000000);
}

static uint8_t own_scale(const struct mir_tcp_port *p)
{
	uint64_t limit =
	    p->options.receive_buffer ? p->options.receive_buffer : p->core->config.tcp_receive;
	uint8_t shift = 0;

	while (shift < MIR_TCP_MAX_SHIFT && (65535ull << shift) < limit)
		shift++;
	return shift;
}

static struct mir_tcp_half_list *list_of(const struct mir_tcp_half *h)
{
	return &h->port->tries[h->cookie][h->tries];
}

static void append(struct mir_tcp_half_list *list, struct mir_tcp_half *h)
{
	h->next = NULL;
	h->prev = list->tail;
	if (list->tail)
		list->tail->next = h;
	else
		list->head = h;
	list->tail = h;
}

static void unlink_half(struct mir_tcp_half_list *list, struct mir_tcp_half *h)
{
	if (h->prev)
		h->prev->next = h->next;
	else
		list->head = h->next;
	if (h->next)
		h->next->prev = h->prev;
	else
		list->tail = h->prev;
}

void mir_tcp_half_remove(struct mir_tcp_half *h)
{
	struct mir_tcp_core *c = h->port->core;

	mir_tcp_table_remove(&c->table, &h->node);
	unlink_half(list_of(h), h);
	h->port->half_open--;
	c->env.stats.half_open--;
	mir_budget_give(&c->env.budget, sizeof(*h));
	free(h);
}

/* A timestamp not after now, with the options in its low bits. */
static uint32_t coded_ts(struct mir_tcp_core *c, const struct mir_tcp_half *h, int64_t now)
{
	uint32_t ts = mir_tcp_ts_offset(c, &h->node.tuple) + now_ms(now);
	uint32_t bits = h->use_scale ? h->scale : TS_SCALE;

	if (h->use_sack)
		bits |= TS_SACK;
	if (h->use_ecn)
		bits |= TS_ECN;
	if ((ts & TS_BITS) < bits)
		ts -= TS_BITS + 1;
	return (ts & ~(uint32_t)TS_BITS) | bits;
}

static void send_syn_ack(const struct mir_tcp_half *h, int64_t now)
{
	struct mir_tcp_core *c = h->port->core;
	unsigned mtu = c->ip->ops->mtu(c->ip, h->node.tuple.peer);
	struct mir_tcp_segment s = {
		.flags = MIR_TCP_SYN | MIR_TCP_ACK,
		.seq = h->iss,
		.ack = h->irs + 1,
		.window = 65535,
		.mss = (uint16_t)MIR_MIN(MIR_MAX(mtu, 40u + MIR_TCP_MIN_MSS) - 40, 65495u),
		.sack_permitted = h->use_sack,
		.has_scale = h->use_scale,
		.scale = own_scale(h->port),
		.has_ts = h->use_ts,
	};

	if (h->use_ecn)
		s.flags |= MIR_TCP_ECE;
	if (h->fast) {
		s.cookie = mir_tcp_fast_cookie(c->env.fast, &h->node.tuple, now);
		c->env.stats.fast_cookies++;
	}
	if (h->use_ts) {
		s.tsval = coded_ts(c, h, now);
		s.tsecr = h->ts_recent;
	}
	mir_tcp_send_bare(c, &h->node.tuple, &s);
}

static void arm(struct mir_tcp_core *c, int64_t now, uint32_t due_ms)
{
	int64_t at = now + MIR_MS(MIR_MAX((int32_t)(due_ms - now_ms(now)), 0) + 1);

	if (!mir_timer_is_set(&c->half_timer) || at < c->half_timer.deadline)
		mir_timer_set(&c->half_timer, at);
}

/* The one that has waited longest makes room, of those that a cookie brings back if there are. */
static void evict(struct mir_tcp_port *p, int64_t now)
{
	unsigned i = 2 * MIR_TCP_TRIES - 1;

	while (!p->tries[i / MIR_TCP_TRIES][i % MIR_TCP_TRIES].head)
		i--;
	mir_tcp_half_remove(p->tries[i / MIR_TCP_TRIES][i % MIR_TCP_TRIES].head);
	p->core->env.stats.half_open_evicted++;
	p->cookies_until = now + COOKIE_TIME;
}

static struct mir_tcb_peer peer_of(const struct mir_tcp_half *h)
{
	return (struct mir_tcb_peer){
		.irs = h->irs,
		.mss = h->mss,
		.use_ts = h->use_ts,
		.use_sack = h->use_sack,
		.use_scale = h->use_scale,
		.use_ecn = h->use_ecn,
		.scale = h->scale,
		.ts_recent = h->ts_recent,
		.again = h->tries,
	};
}

static struct mir_tcp_half describe(
    struct mir_tcp_port *p, const struct mir_tcp_tuple *tuple, const struct mir_tcp_segment *s)
{
	return (struct mir_tcp_half){
		.node.tuple = *tuple,
		.node.kind = MIR_TCP_NODE_HALF,
		.port = p,
		.irs = s->seq,
		.ts_recent = s->tsval,
		.mss = s->mss ? s->mss : MIR_TCP_DEFAULT_MSS,
		.use_scale = s->has_scale,
		.scale = s->scale & 15,
		.use_sack = s->sack_permitted,
		.use_ts = s->has_ts,
		.use_ecn = p->core->ecn_agree && (s->flags & ECN_ASKED) == ECN_ASKED,
		.fast = p->core->env.fast && s->cookie.present,
	};
}

static void set_cookie(struct mir_tcp_half *h, int64_t now)
{
	h->cookie = 1;
	h->iss =
	    mir_tcp_cookie_make(&h->port->core->cookie_key, &h->node.tuple, h->irs, h->mss, now);
}

/* RFC 7413 section 4.2.2: the SYN has text and a good cookie: the connection begins at once.
 * False: it does not, the handshake comes first. */
static bool begin_fast(const struct mir_tcp_half *brief, struct mir_tcp_segment *s, int64_t now)
{
	struct mir_tcp_port *p = brief->port;
	struct mir_tcp_core *c = p->core;
	struct mir_tcp_fast *f = c->env.fast;
	struct mir_tcb_peer peer = peer_of(brief);
	struct mir_tcb_start start;
	struct mir_tcp_conn *conn;

	if (!brief->fast || s->len == 0 || s->cookie.len == 0)
		return false;
	conn = f->pending < MIR_TCP_FAST_PENDING &&
		       mir_tcp_fast_is_good(f, &brief->node.tuple, &s->cookie, now)
		   ? mir_tcp_conn_new(c, &brief->node.tuple)
		   : NULL;
	if (!conn) {
		c->env.stats.fast_refused++;
		return false;
	}
	c->env.stats.fast_opens++;
	f->pending++;
	conn->fast_pending = true;
	mir_tcp_conn_start(conn, &p->options, mir_tcp_isn(c, &brief->node.tuple, now), &start);
	mir_tcb_accept_fast(&conn->tcb, &start, &peer, s, now);
	conn->accept = p->accept;
	conn->accept_arg = p->arg;
	mir_tcp_conn_update(conn);
	return true;
}

void mir_tcp_half_syn(struct mir_tcp_port *p, const struct mir_tcp_tuple *tuple,
    struct mir_tcp_segment *s, uint32_t iss, int64_t now)
{
	struct mir_tcp_core *c = p->core;
	struct mir_tcp_half *h, brief = describe(p, tuple, s);

	if (p->paused || mir_tcp_is_full(c)) {
		c->env.stats.syn_dropped++;
		return;
	}
	if (begin_fast(&brief, s, now))
		return;
	if (p->half_open >= p->backlog)
		evict(p, now);
	h = mir_budget_take(&c->env.budget, sizeof(*h)) ? malloc(sizeof(*h)) : NULL;
	if (!h) { /* the cookie alone must do */
		set_cookie(&brief, now);
		p->cookies_until = now + COOKIE_TIME;
		c->env.stats.cookies_sent++;
		send_syn_ack(&brief, now);
		return;
	}
	*h = brief;
	if (iss)
		h->iss = iss;
	else if (p->half_open < p->backlog / 2)
		h->iss = mir_tcp_isn(c, tuple, now);
	else
		set_cookie(h, now);
	h->due_ms = now_ms(now) + FIRST_DELAY_MS;
	append(list_of(h), h);
	p->half_open++;
	c->env.stats.half_open++;
	mir_tcp_table_add(&c->table, &h->node);
	arm(c, now, h->due_ms);
	send_syn_ack(h, now);
}

static void again(struct mir_tcp_half *h, int64_t now)
{
	struct mir_tcp_port *p = h->port;

	if (h->tries + 1 == MIR_TCP_TRIES) {
		p->core->env.stats.timeouts++;
		mir_tcp_half_remove(h);
		return;
	}
	unlink_half(list_of(h), h);
	h->tries++;
	h->due_ms = now_ms(now) + (FIRST_DELAY_MS << h->tries);
	append(list_of(h), h);
	p->core->env.stats.retransmits++;
	send_syn_ack(h, now);
}

/* Sends SYN, ACKs again that are due, and finds out when the next one is. */
static void serve(struct mir_tcp_port *p, int64_t now)
{
	for (unsigned i = 2 * MIR_TCP_TRIES; i > 0; i--) {
		struct mir_tcp_half_list *list = &p->tries[(i - 1) & 1][(i - 1) / 2];

		while (list->head && mir_seq_le(list->head->due_ms, now_ms(now)))
			again(list->head, now);
	}
	for (unsigned i = 0; i < 2 * MIR_TCP_TRIES; i++) {
		const struct mir_tcp_half *head = p->tries[i & 1][i / 2].head;

		if (head)
			arm(p->core, now, head->due_ms);
	}
}

void mir_tcp_half_fire(struct mir_timer *timer)
{
	struct mir_tcp_core *c = mir_container(timer, struct mir_tcp_core, half_timer);

	for (unsigned i = 0; i < MIR_TCP_PORT_BUCKETS; i++) {
		for (struct mir_tcp_port *p = c->ports[i]; p; p = p->next)
			serve(p, mir_now());
	}
}

/* The handshake is complete: a connection is made, and the segment is its first. */
static void promote(const struct mir_tcp_half *h, struct mir_tcp_segment *s, int64_t now)
{
	struct mir_tcp_port *p = h->port;
	struct mir_tcp_conn *conn;
	struct mir_tcb_start start;
	struct mir_tcb_peer peer = peer_of(h);

	conn = mir_tcp_is_full(p->core) ? NULL : mir_tcp_conn_new(p->core, &h->node.tuple);
	if (!conn) {
		p->core->env.stats.connections_shed++;
		return;
	}
	if (h->due_ms && h->tries == 0)
		peer.syn_ack_sent_at =
		    now - MIR_MS((int32_t)(now_ms(now) + FIRST_DELAY_MS - h->due_ms));
	mir_tcp_conn_start(conn, &p->options, h->iss, &start);
	mir_tcb_accept(&conn->tcb, &start, &peer, now);
	conn->accept = p->accept;
	conn->accept_arg = p->arg;
	mir_tcp_conn_input(conn, s, now);
}

void mir_tcp_half_input(
    struct mir_tcp_core *c, struct mir_tcp_half *h, struct mir_tcp_segment *s, int64_t now)
{
	struct mir_tcp_half copy = *h;

	if (s->flags & MIR_TCP_RST) {
		c->env.stats.resets_in++;
		if (s->seq == h->irs + 1)
			mir_tcp_half_remove(h);
		return;
	}
	if (s->flags & MIR_TCP_SYN) { /* it had not heard us */
		send_syn_ack(h, now);
		return;
	}
	if (!(s->flags & MIR_TCP_ACK) || (h->use_ts && !s->has_ts))
		return;
	if (s->ack != h->iss + 1) {
		mir_tcp_reply_reset(c, &h->node.tuple, s);
		return;
	}
	if (s->seq - (h->irs + 1) > 65535)
		return;
	if (mir_tcp_is_full(c)) { /* stays half-open, and is asked again */
		c->env.stats.connections_shed++;
		return;
	}
	mir_tcp_half_remove(h);
	promote(&copy, s, now);
}

bool mir_tcp_half_cookie(struct mir_tcp_port *p, const struct mir_tcp_tuple *tuple,
    struct mir_tcp_segment *s, int64_t now)
{
	struct mir_tcp_core *c = p->core;
	struct mir_tcp_half h = { .node.tuple = *tuple, .port = p };
	uint32_t bits;

	if ((s->flags & (MIR_TCP_SYN | MIR_TCP_RST | MIR_TCP_ACK)) != MIR_TCP_ACK ||
	    now > p->cookies_until)
		return false;
	h.irs = s->seq - 1;
	h.iss = s->ack - 1;
	h.mss = mir_tcp_cookie_check(&c->cookie_key, tuple, h.irs, h.iss, now);
	if (h.mss == 0) {
		c->env.stats.cookies_bad++;
		return false;
	}
	if (s->has_ts) {
		bits = s->tsecr & TS_BITS;
		h.use_ts = true;
		h.ts_recent = s->tsval;
		h.use_sack = !!(bits & TS_SACK);
		h.use_ecn = !!(bits & TS_ECN);
		h.use_scale = (bits & TS_SCALE) != TS_SCALE;
		h.scale = h.use_scale ? bits & TS_SCALE : 0;
	}
	c->env.stats.cookies_accepted++;
	promote(&h, s, now);
	return true;
}
