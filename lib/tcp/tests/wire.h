/* wire.h: the neighbour of TCP's unit tests: two IP hosts on a wire in virtual time, that loses,
 * delays, reorders, duplicates and corrupts as it is told.  A host has TCP above it, or the test
 * itself, which then sends and sees bare segments. */
#ifndef MIR_TCP_TESTS_WIRE_H
#define MIR_TCP_TESTS_WIRE_H

#include "../core.h"

#include <mir/checksum.h>
#include <mir/net.h>
#include <mir/panic.h>
#include <mir/test.h>
#include <stdlib.h>

struct flight {
	struct flight *next;
	int64_t arrival;
	uint32_t len;
	uint8_t tos;
	uint8_t bytes[];
};

struct wire;

MIR_UNUSED static const char *ecn_key; /* what devices are told of tcp-ecn */
MIR_UNUSED static bool fast_key;       /* and of tcp-fast-open */

struct host {
	struct mir_ip ip; /* first */
	struct wire *wire;
	struct host *other;
	struct mir_ipaddr addr;
	const struct mir_ip_proto *proto;
	void *arg;
	struct mir_ip_watch *watch;
	struct flight *coming;
	struct mir_timer timer;
	unsigned mtu; /* of the path, as this host knows it */
	unsigned offloads;
	int64_t busy_until;              /* its end of the wire, with a rate */
	uint8_t tos;                     /* of the segment that goes onto the wire */
	struct mir_tcp_segment seen[64]; /* what came to a host without TCP, payload not kept */
	unsigned nseen;
	uint64_t sent;
};

struct wire {
	struct host host[2];
	unsigned loss, duplicate, reorder, corrupt; /* per mille */
	int64_t delay, jitter;
	uint32_t rate;   /* bytes a second; 0: no limit */
	int64_t queue;   /* what the sender's end holds, in ns */
	unsigned narrow; /* MTU of the router in the middle; 0: none */
	bool cut;
	bool congested;     /* the router marks what may be marked */
	bool silent_router; /* drops what is too big without a word */
	uint64_t packets, lost;
	/* Sees every segment on the wire, after cutting; true: drop it. */
	bool (*filter)(
	    struct wire *, struct host *from, const struct mir_tcp_segment *, uint32_t len);
	/* As filter; may put other segments on the wire. */
	bool (*meddle)(struct wire *, struct host *from, uint8_t *bytes, uint32_t len);
	void (*after)(struct wire *); /* each segment that was delivered */
};

static unsigned chance(void)
{
	return mir_random_below(1000);
}

static void wire_fire(struct mir_timer *timer);

static void wire_put(struct host *to, const uint8_t *p, uint32_t len, int64_t delay)
{
	struct flight *f = malloc(sizeof(*f) + len), **at = &to->coming;

	f->arrival = mir_now() + delay;
	f->len = len;
	f->tos = to->other->tos;
	if (to->wire->congested && f->tos)
		f->tos = MIR_IP_CE;
	memcpy(f->bytes, p, len);
	while (*at && (*at)->arrival <= f->arrival)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
	mir_timer_set(&to->timer, to->coming->arrival);
}

/* A packet as a driver delivers it: the front linear, the rest in a buffer. */
static struct mir_packet *wire_packet(const uint8_t *bytes, uint32_t len)
{
	struct mir_packet *p = mir_packet_new();
	uint32_t front = MIR_MIN(len, 100u);

	if (!p)
		return NULL;
	memcpy(mir_packet_put(p, front), bytes, front);
	if (len > front) {
		struct mir_slice s = { .len = len - front };
		uint8_t *mem;

		s.owner = mir_mem_pooled(MIR_MEM_SMALL, &mem);
		if (!s.owner) {
			mir_packet_unref(p);
			return NULL;
		}
		memcpy(mem, bytes + front, len - front);
		s.p = mem;
		mir_packet_append(p, &s);
	}
	return p;
}

static void host_receive(struct host *h, const uint8_t *bytes, uint32_t len, uint8_t tos)
{
	struct mir_ip_rx rx = { .src = h->other->addr,
		.dst = h->addr,
		.proto = MIR_IPPROTO_TCP,
		.ttl = 64,
		.tos = tos,
		.cast = MIR_UNICAST };

	if (h->proto) {
		struct mir_packet *p = wire_packet(bytes, len);

		if (p)
			h->proto->input(h->arg, p, &rx);
		if (h->wire->after)
			h->wire->after(h->wire);
	} else if (h->nseen < MIR_COUNT(h->seen)) {
		if (mir_tcp_parse(bytes, len, &h->seen[h->nseen]) == 0) {
			h->seen[h->nseen].len = len - h->seen[h->nseen].header;
			h->nseen++;
		}
	}
}

static void wire_fire(struct mir_timer *timer)
{
	struct host *h = mir_container(timer, struct host, timer);

	while (h->coming && h->coming->arrival <= mir_now()) {
		struct flight *f = h->coming;

		h->coming = f->next;
		host_receive(h, f->bytes, f->len, f->tos);
		free(f);
	}
	if (h->coming)
		mir_timer_set(&h->timer, h->coming->arrival);
}

static void too_big(struct host *from, const uint8_t *bytes)
{
	struct mir_ip_error e = { .kind = MIR_IP_TOO_BIG,
		.src = from->addr,
		.dst = from->other->addr,
		.mtu = (uint16_t)from->wire->narrow };

	from->mtu = from->wire->narrow;
	if (from->proto)
		from->proto->error(from->arg, &e, bytes, 8);
}

/* One segment goes onto the wire. */
static void wire_carry(struct host *from, uint8_t *bytes, uint32_t len)
{
	struct wire *w = from->wire;
	struct mir_tcp_segment s;
	int64_t delay = w->delay;

	w->packets++;
	from->sent++;
	if (w->filter && mir_tcp_parse(bytes, len, &s) == 0) {
		s.len = len - s.header;
		if (w->filter(w, from, &s, len))
			return;
	}
	if (w->meddle && w->meddle(w, from, bytes, len))
		return;
	if (w->narrow && len + 20 > w->narrow) {
		if (!w->silent_router)
			too_big(from, bytes);
		return;
	}
	if (w->cut || chance() < w->loss) {
		w->lost++;
		return;
	}
	if (w->rate) {
		int64_t start = MIR_MAX(from->busy_until, mir_now());

		if (start - mir_now() > w->queue) {
			w->lost++;
			return;
		}
		from->busy_until = start + (int64_t)len * 1000000000 / w->rate;
		delay += from->busy_until - mir_now();
	}
	if (chance() < w->duplicate)
		wire_put(from->other, bytes, len, delay);
	if (w->jitter)
		delay += mir_random_below((uint32_t)w->jitter);
	if (chance() < w->reorder)
		delay += MIR_MS(1 + mir_random_below(10));
	if (chance() < w->corrupt)
		bytes[mir_random_below(len)] ^= (uint8_t)(1u << mir_random_below(8));
	wire_put(from->other, bytes, len, delay);
}

static void complete(uint8_t *seg, uint32_t len, const struct host *from)
{
	uint64_t sum = mir_sum_pseudo(&from->addr, &from->other->addr, MIR_IPPROTO_TCP, len);

	mir_put_be16(seg + 16, 0);
	mir_put_be16(seg + 16, mir_sum_finish(mir_sum(seg, len, sum)));
}

/* What a device with TSO does. */
static void cut_super(struct host *from, const uint8_t *flat, uint32_t len, uint32_t size)
{
	uint32_t header = (uint32_t)(flat[12] >> 4) * 4, seq = mir_be32(flat + 4);
	uint8_t seg[2048];

	for (uint32_t off = 0; off < len - header; off += size) {
		uint32_t part = MIR_MIN(size, len - header - off);

		memcpy(seg, flat, header);
		memcpy(seg + header, flat + header + off, part);
		mir_put_be32(seg + 4, seq + off);
		if (off + part < len - header)
			seg[13] &= (uint8_t) ~(MIR_TCP_FIN | MIR_TCP_PSH);
		complete(seg, header + part, from);
		wire_carry(from, seg, header + part);
	}
}

static int host_send(struct mir_ip *ip, const struct mir_ip_tx *tx, struct mir_packet *p)
{
	struct host *h = mir_container(ip, struct host, ip);
	static uint8_t flat[MIR_PACKET_MAX];
	uint32_t len = p->total;
	uint16_t size = p->gso ? p->gso_size : 0;
	bool partial = p->csum == MIR_CSUM_PARTIAL;

	h->tos = tx->tos;
	if (p->nslices > ip->max_slices || len > sizeof(flat))
		abort();
	mir_packet_copy(p, 0, flat, len);
	mir_packet_unref(p);
	if (size == 0 && len + 20 > h->mtu)
		return MIR_EMSGSIZE;
	if (size) {
		cut_super(h, flat, len, size);
	} else {
		if (partial) /* what IP does: the field has the sum of the pseudo-header */
			mir_put_be16(flat + 16, mir_sum_finish(mir_sum(flat, len, 0)));
		wire_carry(h, flat, len);
	}
	return 0;
}

static int host_listen(
    struct mir_ip *ip, uint8_t proto, const struct mir_ip_proto *handler, void *arg)
{
	struct host *h = mir_container(ip, struct host, ip);

	(void)proto;
	h->proto = handler;
	h->arg = arg;
	return 0;
}

static int host_source(struct mir_ip *ip, struct mir_ipaddr dst, struct mir_ipaddr *src)
{
	(void)dst;
	*src = mir_container(ip, struct host, ip)->addr;
	return 0;
}

static unsigned host_mtu(struct mir_ip *ip, struct mir_ipaddr dst)
{
	(void)dst;
	return mir_container(ip, struct host, ip)->mtu;
}

static unsigned host_offloads(struct mir_ip *ip, struct mir_ipaddr dst)
{
	(void)dst;
	return mir_container(ip, struct host, ip)->offloads;
}

static bool host_is_local(struct mir_ip *ip, struct mir_ipaddr addr)
{
	return mir_ipaddr_eq(&mir_container(ip, struct host, ip)->addr, &addr);
}

static void host_watch(struct mir_ip *ip, struct mir_ip_watch *watch)
{
	mir_container(ip, struct host, ip)->watch = watch;
}

static const struct mir_ip_ops host_ops = {
	.name = "test",
	.send = host_send,
	.listen = host_listen,
	.source = host_source,
	.mtu = host_mtu,
	.offloads = host_offloads,
	.is_local = host_is_local,
	.watch = host_watch,
};

static void wire_init(struct wire *w)
{
	*w = (struct wire){ .delay = MIR_MS(1) };
	for (unsigned i = 0; i < 2; i++) {
		struct host *h = &w->host[i];

		h->ip = (struct mir_ip){ &host_ops, MIR_PACKET_SLICES };
		h->wire = w;
		h->other = &w->host[1 - i];
		h->addr = mir_ip4(0x0a000001 + i);
		h->mtu = 1500;
		mir_timer_init(&h->timer, wire_fire);
	}
}

static void wire_release(struct wire *w)
{
	for (unsigned i = 0; i < 2; i++) {
		mir_timer_stop(&w->host[i].timer);
		while (w->host[i].coming) {
			struct flight *f = w->host[i].coming;

			w->host[i].coming = f->next;
			free(f);
		}
	}
}

/* Sends a bare segment with payload from a host without TCP; it arrives at once. */
MIR_UNUSED static void wire_inject(struct host *from, const struct mir_tcp_segment *s,
    uint16_t port, uint16_t peer_port, const void *payload, uint32_t len)
{
	struct mir_tcp_tuple tuple = { from->addr, from->other->addr, port, peer_port };
	struct mir_packet *p = mir_packet_new();
	uint8_t flat[4096];
	uint32_t total;

	memcpy(mir_packet_put(p, 0), payload, 0);
	mir_tcp_build(s, &tuple, p);
	mir_packet_copy(p, 0, flat, p->total);
	total = p->total + len;
	memcpy(flat + p->total, payload, len);
	mir_packet_unref(p);
	complete(flat, total, from);
	host_receive(from->other, flat, total, s->ce ? MIR_IP_CE : 0);
}

/* Two TCP devices on a wire. */
struct pair {
	struct wire wire;
	struct mir_tcp_device tcp[2];
};

MIR_UNUSED static void check_node(void *arg, struct mir_tcp_node *n)
{
	const char **bad = arg;

	if (!*bad && n->kind == MIR_TCP_NODE_FLOW)
		*bad = mir_tcb_check(&mir_container(n, struct mir_tcp_conn, node)->tcb);
}

/* Every connection's invariants. */
MIR_UNUSED static const char *pair_check(struct pair *p)
{
	const char *bad = NULL;

	for (unsigned i = 0; i < 2; i++)
		mir_tcp_table_each(&p->tcp[i].core->table, check_node, &bad);
	return bad;
}

/* A broken invariant ends the test at once. */
static void pair_after(struct wire *w)
{
	const char *bad = pair_check(mir_container(w, struct pair, wire));

	if (bad)
		mir_panic("%s", bad);
}

MIR_UNUSED static void pair_start(struct pair *p, unsigned offloads)
{
	wire_init(&p->wire);
	p->wire.after = pair_after;
	for (unsigned i = 0; i < 2; i++) {
		struct mir_tcp_device_config config = {
			.ip = &p->wire.host[i].ip,
			.tcp_ecn = ecn_key,
			.tcp_fast_open = fast_key,
			.name = "test",
		};

		p->wire.host[i].offloads = offloads;
		mir_tcp_device_start(&p->tcp[i], &config);
	}
}

MIR_UNUSED static void pair_stop(struct pair *p)
{
	struct mir_tcp_stats s;

	mir_sleep(MIR_SECOND(2)); /* what lingers ends */
	for (unsigned i = 0; i < 2; i++) {
		mir_tcp_device_stats(&p->tcp[i], &s);
		if (s.memory_used != sizeof(struct mir_tcp_wait) * p->tcp[i].core->wait_n +
					 sizeof(struct mir_tcp_half) * s.half_open &&
		    s.connections == 0)
			ok(false, "the memory budget is balanced: %lld left",
			    (long long)s.memory_used);
	}
	for (unsigned i = 0; i < 2; i++)
		mir_tcp_device_stop(&p->tcp[i]);
	wire_release(&p->wire);
}

#endif
