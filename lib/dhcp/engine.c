/* engine.c: the states of a DHCP client (RFC 2131 section 4.4, figure 5). */
#include "message.h"

enum { REQUEST_TRIES = 4, BACKOFF_MIN_S = 4, BACKOFF_MAX_S = 64 };

#define RENEW_MIN_NS     MIR_SECOND(60) /* between requests while bound (section 4.4.5) */
#define AFTER_NAK_NS     MIR_SECOND(1)
#define AFTER_DECLINE_NS MIR_SECOND(10) /* section 3.1, step 5 */

/* SplitMix64 (G. Steele, D. Lea, C. Flood 2014). */
static uint64_t draw(struct mir_dhcp_engine *e)
{
	uint64_t z = e->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void become(struct mir_dhcp_engine *e, enum mir_dhcp_state state, int64_t next)
{
	e->state = state;
	e->next = next;
}

/* 4, 8, ... 64 s, each one second more or less (section 4.1). */
static int64_t backoff(struct mir_dhcp_engine *e)
{
	int64_t s = BACKOFF_MIN_S << MIR_MIN(e->tries, 4u);

	e->tries++;
	return MIR_SECOND(MIR_MIN(s, BACKOFF_MAX_S)) - MIR_SECOND(1) +
	       (int64_t)(draw(e) % (uint64_t)MIR_SECOND(2));
}

/* Half of what remains, but not within a minute, and not past the end (section 4.4.5). */
static int64_t again(int64_t now, int64_t end)
{
	int64_t wait = end == MIR_NEVER ? MIR_NEVER : (end - now) / 2;

	return MIR_MIN(end, mir_time_add(now, MIR_MAX(wait, RENEW_MIN_NS)));
}

static void new_exchange(struct mir_dhcp_engine *e, int64_t now)
{
	e->xid = (uint32_t)draw(e);
	e->tries = 0;
	e->began = now;
}

static void say(struct mir_dhcp_engine *e, struct dhcp_say *s, uint32_t to, int64_t now,
    struct mir_dhcp_out *out)
{
	s->secs = (uint16_t)MIR_MIN((now - e->began) / MIR_SECOND(1), 65535);
	e->stats.tx++;
	out->len = mir_dhcp_build(e, s, out->message);
	out->to = to;
	if (s->type == DHCP_REQUEST)
		e->sent = now;
}

static void discover(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	struct dhcp_say s = { .type = DHCP_DISCOVER, .broadcast = true };

	say(e, &s, 0, now, out);
	become(e, MIR_DHCP_SELECTING, now + backoff(e));
}

static void restart(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	new_exchange(e, now);
	discover(e, now, out);
}

static void request(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	struct dhcp_say s = {
		.type = DHCP_REQUEST,
		.broadcast = true,
		.requested = e->offer.addr,
		.server = e->offer.server,
	};

	say(e, &s, 0, now, out);
	become(e, MIR_DHCP_REQUESTING, now + backoff(e));
}

static void renew(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	struct dhcp_say s = { .type = DHCP_REQUEST, .ciaddr = e->lease.addr };

	if (e->state == MIR_DHCP_BOUND)
		new_exchange(e, now);
	say(e, &s, e->lease.server, now, out);
	become(e, MIR_DHCP_RENEWING, again(now, e->t2));
}

static void rebind(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	struct dhcp_say s = { .type = DHCP_REQUEST, .ciaddr = e->lease.addr };

	say(e, &s, 0, now, out);
	become(e, MIR_DHCP_REBINDING, again(now, e->expiry));
}

static void drop_lease(struct mir_dhcp_engine *e, struct mir_dhcp_out *out)
{
	out->drop = e->lease.addr != 0;
	e->lease = (struct mir_dhcp_lease){ 0 };
}

static void decline(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	struct dhcp_say s = {
		.type = DHCP_DECLINE,
		.requested = e->lease.addr,
		.server = e->lease.server,
	};

	e->stats.declines++;
	say(e, &s, 0, now, out);
	drop_lease(e, out);
	become(e, MIR_DHCP_INIT, now + AFTER_DECLINE_NS);
}

static void stop(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	struct dhcp_say s = {
		.type = DHCP_RELEASE,
		.ciaddr = e->lease.addr,
		.server = e->lease.server,
	};

	if (e->lease.addr) {
		new_exchange(e, now);
		say(e, &s, e->lease.server, now, out);
		out->release = true;
		drop_lease(e, out);
	}
	become(e, MIR_DHCP_IDLE, MIR_NEVER);
}

/* Can a host have this address in this network? */
static bool is_host(uint32_t addr, uint8_t len)
{
	uint32_t host = addr & ~mir_mask4(len);

	if (addr >> 24 == 0 || addr >> 24 == 127 || addr >> 28 >= 14)
		return false;
	return len >= 31 || (host != 0 && host != ~mir_mask4(len));
}

/* The old classes, for servers that name no mask. */
static uint8_t class_len(uint32_t addr)
{
	if (addr >> 31 == 0)
		return 8;
	return addr >> 30 == 2 ? 16 : 24;
}

/* Completes the lease of an offer or an acknowledgement; false: it makes no sense. */
static bool complete(struct dhcp_reply *m)
{
	struct mir_dhcp_lease *l = &m->lease;
	uint32_t duration = m->duration_s, t1 = m->t1_s, t2 = m->t2_s;

	if (!m->has_mask) {
		l->len = class_len(l->addr);
		l->len_guessed = true;
	}
	if (!m->has_duration || duration == 0 || l->server == 0 || l->server >> 28 >= 14 ||
	    !is_host(l->addr, l->len))
		return false;
	if (duration == UINT32_MAX) {
		l->duration_ns = l->t1_ns = l->t2_ns = MIR_NEVER;
		return true;
	}
	l->duration_ns = MIR_SECOND(duration);
	l->t1_ns = l->duration_ns / 2;
	l->t2_ns = l->duration_ns / 8 * 7;
	if (t1 > 0 && t1 < duration)
		l->t1_ns = MIR_SECOND(t1);
	if (t2 > 0 && t2 < duration)
		l->t2_ns = MIR_SECOND(t2);
	if (l->t1_ns >= l->t2_ns) {
		l->t1_ns = l->duration_ns / 2;
		l->t2_ns = l->duration_ns / 8 * 7;
	}
	return true;
}

static void bind_lease(struct mir_dhcp_engine *e, struct dhcp_reply *m, struct mir_dhcp_out *out)
{
	e->stats.acks++;
	e->lease = m->lease;
	e->t1 = mir_time_add(e->sent, m->lease.t1_ns);
	e->t2 = mir_time_add(e->sent, m->lease.t2_ns);
	e->expiry = mir_time_add(e->sent, m->lease.duration_ns);
	out->apply = true;
	become(e, MIR_DHCP_BOUND, e->t1);
}

static void nak(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	e->stats.naks++;
	drop_lease(e, out);
	become(e, MIR_DHCP_INIT, now + AFTER_NAK_NS);
}

static void received(
    struct mir_dhcp_engine *e, struct dhcp_reply *m, int64_t now, struct mir_dhcp_out *out)
{
	bool lease = m->type != DHCP_NAK && complete(m);
	uint32_t server = m->lease.server;

	switch (e->state) {
	case MIR_DHCP_SELECTING:
		if (m->type != DHCP_OFFER || !lease)
			break;
		e->stats.offers++;
		e->offer = m->lease;
		e->tries = 0;
		request(e, now, out);
		return;
	case MIR_DHCP_REQUESTING:
		if (server != e->offer.server)
			break;
		if (m->type == DHCP_NAK)
			nak(e, now, out);
		else if (m->type == DHCP_ACK && lease)
			bind_lease(e, m, out);
		else
			break;
		return;
	case MIR_DHCP_RENEWING:
		if (server != e->lease.server)
			break;
		/* fall through */
	case MIR_DHCP_REBINDING:
		if (m->type == DHCP_NAK && server != 0)
			nak(e, now, out);
		else if (m->type == DHCP_ACK && lease)
			bind_lease(e, m, out);
		else
			break;
		return;
	case MIR_DHCP_IDLE:
	case MIR_DHCP_INIT:
	case MIR_DHCP_BOUND: break;
	}
	e->stats.rx_refused++;
}

static void input(struct mir_dhcp_engine *e, const uint8_t *msg, size_t len, int64_t now,
    struct mir_dhcp_out *out)
{
	struct dhcp_reply m;

	e->stats.rx++;
	if (!mir_dhcp_parse(msg, len, &m))
		e->stats.rx_malformed++;
	else if (m.xid != e->xid || !mir_mac_eq(&m.mac, &e->mac))
		e->stats.rx_foreign++;
	else
		received(e, &m, now, out);
}

static void timeout(struct mir_dhcp_engine *e, int64_t now, struct mir_dhcp_out *out)
{
	if (now < e->next)
		return;
	switch (e->state) {
	case MIR_DHCP_IDLE: break;
	case MIR_DHCP_INIT: restart(e, now, out); break;
	case MIR_DHCP_SELECTING: discover(e, now, out); break;
	case MIR_DHCP_REQUESTING:
		if (e->tries < REQUEST_TRIES)
			request(e, now, out);
		else
			restart(e, now, out);
		break;
	case MIR_DHCP_BOUND: renew(e, now, out); break;
	case MIR_DHCP_RENEWING:
		if (now < e->t2)
			renew(e, now, out);
		else
			rebind(e, now, out);
		break;
	case MIR_DHCP_REBINDING:
		if (now < e->expiry) {
			rebind(e, now, out);
			break;
		}
		e->stats.expired++;
		drop_lease(e, out);
		restart(e, now, out);
		break;
	}
}

void mir_dhcp_engine_step(struct mir_dhcp_engine *e, enum mir_dhcp_event event, const uint8_t *msg,
    size_t len, int64_t now, struct mir_dhcp_out *out)
{
	out->release = out->drop = out->apply = false;
	out->len = 0;
	out->to = 0;
	switch (event) {
	case MIR_DHCP_START:
		if (e->state == MIR_DHCP_IDLE)
			restart(e, now, out);
		break;
	case MIR_DHCP_STOP: stop(e, now, out); break;
	case MIR_DHCP_TIMEOUT: timeout(e, now, out); break;
	case MIR_DHCP_RECEIVED: input(e, msg, len, now, out); break;
	case MIR_DHCP_TAKEN:
		if (e->lease.addr)
			decline(e, now, out);
		break;
	}
}

void mir_dhcp_engine_init(
    struct mir_dhcp_engine *e, const struct mir_mac *mac, const char *host_name, uint64_t seed)
{
	memset(e, 0, sizeof(*e));
	e->mac = *mac;
	e->host_name = host_name;
	e->random = seed;
	e->next = MIR_NEVER;
}
