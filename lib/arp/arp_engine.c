/* arp_engine.c: the cache of ARP and its states (RFC 826, RFC 1122 section 2.3.2). */
#include "arp_internal.h"

enum { HTYPE_ETHERNET = 1, PTYPE_IPV4 = 0x0800, REPLY_BURST = 64 };

#define REPLY_EVERY_NS MIR_MS(1)

enum event { NEEDED, HEARD, LATE };

static const struct mir_mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

void mir_arp_at(struct mir_arp_engine *e, int64_t deadline)
{
	e->next = MIR_MIN(e->next, deadline);
}

void mir_arp_message(struct mir_arp_engine *e, const struct mir_mac *dst, uint16_t op,
    uint32_t sender, uint32_t target, const struct mir_mac *target_mac)
{
	uint8_t m[MIR_ARP_LEN] = { 0, HTYPE_ETHERNET, PTYPE_IPV4 >> 8, PTYPE_IPV4 & 0xff, 6, 4 };

	mir_put_be16(m + 6, op);
	memcpy(m + 8, e->mac.b, 6);
	mir_put_be32(m + 14, sender);
	if (target_mac)
		memcpy(m + 18, target_mac->b, 6);
	mir_put_be32(m + 24, target);
	e->effects->message(e->arg, dst ? dst : &broadcast, m);
}

static struct mir_arp_entry **bucket_of(struct mir_arp_engine *e, uint32_t addr)
{
	return &e->bucket[mir_siphash(&e->key, &addr, sizeof(addr)) % MIR_ARP_ENTRIES];
}

static struct mir_arp_entry *find(struct mir_arp_engine *e, uint32_t addr)
{
	struct mir_arp_entry *a = e->recent;

	if (a && a->addr == addr && a->state != MIR_ARP_FREE)
		return a;
	for (a = *bucket_of(e, addr); a && a->addr != addr; a = a->chain)
		;
	if (a)
		e->recent = a;
	return a;
}

static struct mir_packet *dequeue(struct mir_arp_engine *e, struct mir_arp_entry *a)
{
	struct mir_packet *p = a->first;

	if (!p)
		return NULL;
	a->first = p->next;
	if (!a->first)
		a->last = NULL;
	a->queued--;
	p->next = NULL;
	mir_budget_give(&e->budget, sizeof(*p) + p->total);
	return p;
}

static void enqueue(struct mir_arp_engine *e, struct mir_arp_entry *a, struct mir_packet *p)
{
	if (a->queued == MIR_ARP_QUEUE) {
		mir_packet_unref(dequeue(e, a));
		e->stats.queue_dropped++;
	}
	if (!mir_budget_take(&e->budget, sizeof(*p) + p->total)) {
		e->stats.queue_dropped++;
		mir_packet_unref(p);
		return;
	}
	p->next = NULL;
	if (a->last)
		a->last->next = p;
	else
		a->first = p;
	a->last = p;
	a->queued++;
}

static void become(
    struct mir_arp_engine *e, struct mir_arp_entry *a, enum mir_arp_state state, int64_t deadline)
{
	e->unresolved -= a->state == MIR_ARP_INCOMPLETE;
	e->unresolved += state == MIR_ARP_INCOMPLETE;
	a->state = (uint8_t)state;
	a->deadline = deadline;
	mir_arp_at(e, deadline);
}

static void forget(struct mir_arp_engine *e, struct mir_arp_entry *a)
{
	struct mir_arp_entry **at = bucket_of(e, a->addr);
	struct mir_packet *p;

	while ((p = dequeue(e, a)))
		mir_packet_unref(p);
	while (*at != a)
		at = &(*at)->chain;
	*at = a->chain;
	become(e, a, MIR_ARP_FREE, MIR_NEVER);
}

/* The source address of a request: the one of ours that has most leading bits in common with the
 * target, so that it is of the same network. */
static uint32_t own_address(const struct mir_arp_engine *e, uint32_t target)
{
	uint32_t best = 0;

	for (unsigned i = 0; i < MIR_ARP_OWN; i++) {
		uint32_t own = e->own[i].addr;

		if (own && (!best || (own ^ target) < (best ^ target)))
			best = own;
	}
	return best;
}

static void ask(struct mir_arp_engine *e, struct mir_arp_entry *a, const struct mir_mac *dst,
    enum mir_arp_state state, int64_t now)
{
	e->stats.requests++;
	a->tries++;
	mir_arp_message(e, dst, ARP_REQUEST, own_address(e, a->addr), a->addr, dst);
	become(e, a, state, now + MIR_ARP_RETRY_NS);
}

static void fail(struct mir_arp_engine *e, struct mir_arp_entry *a, int64_t now)
{
	struct mir_packet *p;

	e->stats.failed++;
	become(e, a, MIR_ARP_FAILED, now + MIR_ARP_FAILED_NS);
	while ((p = dequeue(e, a)))
		e->effects->failed(e->arg, p);
	e->effects->settled(e->arg);
}

static void confirm(struct mir_arp_engine *e, struct mir_arp_entry *a, int64_t now)
{
	bool waited = a->state == MIR_ARP_INCOMPLETE;
	struct mir_packet *p;

	a->tries = 0;
	a->wanted = waited;
	a->confirmed = now;
	become(e, a, MIR_ARP_FRESH, now + MIR_ARP_LIFE_NS);
	if (!waited)
		return;
	e->stats.resolved++;
	while ((p = dequeue(e, a)))
		e->effects->deliver(e->arg, &a->mac, p);
	e->effects->settled(e->arg);
}

/* The one place where the state of an entry changes. */
static void step(struct mir_arp_engine *e, struct mir_arp_entry *a, enum event event, int64_t now)
{
	if (event == HEARD) {
		confirm(e, a, now);
		return;
	}
	switch ((enum mir_arp_state)a->state) {
	case MIR_ARP_FREE:
		if (event == NEEDED)
			ask(e, a, NULL, MIR_ARP_INCOMPLETE, now);
		break;
	case MIR_ARP_INCOMPLETE:
		if (event == LATE && a->tries < MIR_ARP_TRIES)
			ask(e, a, NULL, MIR_ARP_INCOMPLETE, now);
		else if (event == LATE)
			fail(e, a, now);
		break;
	case MIR_ARP_FRESH:
		if (event == NEEDED)
			a->wanted = true;
		else if (a->wanted)
			ask(e, a, &a->mac, MIR_ARP_REFRESHING, now);
		else
			forget(e, a);
		break;
	case MIR_ARP_REFRESHING:
		if (event == LATE && a->tries < MIR_ARP_TRIES)
			ask(e, a, &a->mac, MIR_ARP_REFRESHING, now);
		else if (event == LATE)
			forget(e, a);
		break;
	case MIR_ARP_FAILED:
		if (event == LATE)
			forget(e, a);
		break;
	}
}

/* A free entry for addr, in its bucket; the least recently used one has to go if none is free. */
static struct mir_arp_entry *new_entry(struct mir_arp_engine *e, uint32_t addr, int64_t now)
{
	struct mir_arp_entry **at = bucket_of(e, addr);
	struct mir_arp_entry *a = NULL;

	for (unsigned i = 0; i < MIR_ARP_ENTRIES; i++) {
		struct mir_arp_entry *b = &e->entry[i];

		if (b->state == MIR_ARP_FREE) {
			a = b;
			break;
		}
		if (b->state != MIR_ARP_INCOMPLETE && (!a || b->used < a->used))
			a = b;
	}
	if (a->state != MIR_ARP_FREE) {
		e->stats.evicted++;
		forget(e, a);
	}
	*a = (struct mir_arp_entry){ .chain = *at, .addr = addr, .used = now };
	*at = a;
	e->recent = a;
	return a;
}

/* The entry of addr, asked for if it was not there.  NULL: too many are unresolved. */
static struct mir_arp_entry *need(struct mir_arp_engine *e, uint32_t addr, int64_t now)
{
	struct mir_arp_entry *a = find(e, addr);

	if (!a) {
		if (e->unresolved >= MIR_ARP_UNRESOLVED) {
			e->stats.refused++;
			return NULL;
		}
		a = new_entry(e, addr, now);
	}
	a->used = now;
	step(e, a, NEEDED, now);
	return a;
}

int mir_arp_engine_send(struct mir_arp_engine *e, uint32_t addr, struct mir_packet *p, int64_t now)
{
	struct mir_arp_entry *a = need(e, addr, now);

	if (!a || a->state == MIR_ARP_FAILED) {
		mir_packet_unref(p);
		return a ? MIR_EHOSTUNREACH : MIR_ELIMIT;
	}
	if (mir_likely(a->state != MIR_ARP_INCOMPLETE))
		return e->effects->deliver(e->arg, &a->mac, p);
	enqueue(e, a, p);
	return 0;
}

int mir_arp_engine_query(struct mir_arp_engine *e, uint32_t addr, struct mir_mac *mac, int64_t now)
{
	struct mir_arp_entry *a = need(e, addr, now);

	if (!a)
		return MIR_ELIMIT;
	if (a->state == MIR_ARP_FAILED)
		return MIR_EHOSTUNREACH;
	if (a->state == MIR_ARP_INCOMPLETE)
		return 0;
	*mac = a->mac;
	return 1;
}

/* RFC 826: an entry that exists is updated by whatever its host says; a new one is made only of
 * what is addressed to us. */
static void learn(
    struct mir_arp_engine *e, uint32_t addr, const struct mir_mac *mac, bool to_us, int64_t now)
{
	struct mir_arp_entry *a = find(e, addr);

	if (!a) {
		if (!to_us)
			return;
		a = new_entry(e, addr, now);
	} else if ((a->state == MIR_ARP_FRESH || a->state == MIR_ARP_REFRESHING) &&
		   !mir_mac_eq(&a->mac, mac) && now - a->confirmed < MIR_ARP_LOCK_NS) {
		e->stats.locked++;
		return;
	}
	a->mac = *mac;
	step(e, a, HEARD, now);
}

static bool parse(const uint8_t *msg, size_t len, struct arp_message *m)
{
	struct mir_reader r = mir_reader(msg, len);
	uint16_t htype = mir_read_be16(&r), ptype = mir_read_be16(&r), sizes = mir_read_be16(&r);
	const uint8_t *mac;

	m->op = mir_read_be16(&r);
	mac = mir_read_bytes(&r, 6);
	if (mac)
		memcpy(m->sender_mac.b, mac, 6);
	m->sender = mir_read_be32(&r);
	mir_read_bytes(&r, 6);
	m->target = mir_read_be32(&r);
	return !r.bad && htype == HTYPE_ETHERNET && ptype == PTYPE_IPV4 && sizes == 0x0604 &&
	       (m->op == ARP_REQUEST || m->op == ARP_REPLY);
}

/* Could a host on the link have this address? */
static bool host_address(uint32_t addr)
{
	return addr != 0 && addr >> 24 != 127 && addr >> 28 < 14;
}

void mir_arp_engine_input(struct mir_arp_engine *e, const uint8_t *msg, size_t len, int64_t now)
{
	static const struct mir_mac none;
	struct arp_message m;
	bool to_us;

	e->stats.rx++;
	if (!parse(msg, len, &m) || (m.sender_mac.b[0] & 1) || mir_mac_eq(&m.sender_mac, &none) ||
	    (m.sender && !host_address(m.sender))) {
		e->stats.rx_malformed++;
		return;
	}
	if (mir_mac_eq(&m.sender_mac, &e->mac)) {
		e->stats.rx_ignored++;
		return;
	}
	if (mir_arp_claim(e, &m, now))
		return;
	to_us = m.target && mir_arp_own(e, m.target);
	if (m.sender)
		learn(e, m.sender, &m.sender_mac, to_us && m.op == ARP_REQUEST, now);
	if (!to_us || m.op != ARP_REQUEST)
		return;
	if (!mir_bucket_take(&e->reply_rate, now, REPLY_EVERY_NS, REPLY_BURST)) {
		e->stats.replies_limited++;
		return;
	}
	e->stats.replies++;
	mir_arp_message(e, &m.sender_mac, ARP_REPLY, m.target, m.sender, &m.sender_mac);
}

void mir_arp_engine_init(struct mir_arp_engine *e, const struct mir_mac *mac,
    const struct mir_hash_key *key, const struct mir_arp_effects *effects, void *arg)
{
	memset(e, 0, sizeof(*e));
	e->mac = *mac;
	e->key = *key;
	e->effects = effects;
	e->arg = arg;
	e->next = MIR_NEVER;
	e->budget.limit = MIR_ARP_QUEUE_BYTES;
}

void mir_arp_engine_clear(struct mir_arp_engine *e)
{
	for (unsigned i = 0; i < MIR_ARP_ENTRIES; i++)
		if (e->entry[i].state != MIR_ARP_FREE)
			forget(e, &e->entry[i]);
	e->next = MIR_NEVER;
}

void mir_arp_engine_timeout(struct mir_arp_engine *e, int64_t now)
{
	if (now < e->next)
		return;
	e->next = MIR_NEVER;
	for (unsigned i = 0; i < MIR_ARP_ENTRIES; i++) {
		struct mir_arp_entry *a = &e->entry[i];

		if (a->state == MIR_ARP_FREE)
			continue;
		if (a->deadline <= now)
			step(e, a, LATE, now);
		else
			mir_arp_at(e, a->deadline);
	}
	mir_arp_own_timeout(e, now);
}
