/* link.c: the wire: what is sent, when it arrives and what is left of it. */
#include <mir/link.h>
#include <mir/mem.h>
#include <mir/panic.h>
#include <stdlib.h>

#include "frame.h"

/* START: network headers at a multiple of 4, and LINEAR bytes fit */
enum { LINEAR = 192, START = 126, DEFAULT_MTU = 1500, DEFAULT_QUEUE = 256 * 1024 };

struct mir_link_frame *mir_link_frame_new(size_t len)
{
	struct mir_link_frame *f = malloc(sizeof(*f) + len);

	mir_check(f);
	*f = (struct mir_link_frame){ .len = len };
	return f;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(struct mir_link *l)
{
	uint64_t z = l->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool chance(struct mir_link *l, uint32_t ppm)
{
	return ppm > 0 && draw(l) % MIR_PPM_ALWAYS < ppm;
}

static void enqueue(struct mir_link_end *to, struct mir_link_frame *f)
{
	struct mir_link_frame **p = &to->first;

	if (to->last && to->last->arrival <= f->arrival)
		p = &to->last->next;
	while (*p && (*p)->arrival <= f->arrival)
		p = &(*p)->next;
	f->next = *p;
	*p = f;
	if (!f->next)
		to->last = f;
	mir_timer_set(&to->timer, to->first->arrival);
}

static void flip_bit(struct mir_link *l, struct mir_link_frame *f)
{
	uint64_t bit = draw(l) % ((f->len - ETHER) * 8);

	mir_link_complete(f);
	f->bytes[ETHER + bit / 8] ^= (uint8_t)(1u << bit % 8);
	l->stats.corrupted++;
}

/* When a frame that is sent now arrives, not counting faults; < 0: no room in the queue. */
static int64_t schedule(struct mir_link_end *from, size_t len)
{
	struct mir_link *l = from->link;
	const struct mir_link_config *c = &l->config;
	int64_t now = mir_now(), start = MIR_MAX(now, from->busy_until);

	if (c->rate > 0) {
		uint64_t limit = c->queue ? c->queue : DEFAULT_QUEUE;

		if ((uint64_t)(start - now) > limit * 8 * 1000000000 / c->rate)
			return -1;
		start += (int64_t)((uint64_t)len * 8 * 1000000000 / c->rate);
		from->busy_until = start;
	}
	start += c->delay_ns;
	if (c->jitter_ns > 0)
		start += (int64_t)(draw(l) % (uint64_t)(c->jitter_ns + 1));
	from->last_arrival = MIR_MAX(start, from->last_arrival);
	return from->last_arrival;
}

/* Puts one frame on the wire. */
static void transmit(struct mir_link_end *from, struct mir_link_frame *f)
{
	struct mir_link *l = from->link;
	const struct mir_link_config *c = &l->config;
	struct mir_link_end *to = &l->end[from == &l->end[0]];

	l->stats.sent++;
	if (c->trace)
		c->trace(c->trace_arg, mir_now(), f->bytes, f->len);
	f->arrival = schedule(from, f->len);
	if (f->arrival < 0 || c->cut || chance(l, c->loss)) {
		*(f->arrival < 0 ? &l->stats.queue_full : &l->stats.lost) += 1;
		free(f);
		return;
	}
	if (chance(l, c->duplicate)) {
		struct mir_link_frame *twin = mir_link_frame_new(f->len);

		memcpy(twin, f, sizeof(*f) + f->len);
		enqueue(to, twin);
		l->stats.duplicated++;
	}
	if (chance(l, c->corrupt) && f->len > ETHER)
		flip_bit(l, f);
	if (chance(l, c->reorder)) {
		f->arrival += c->reorder_ns ? c->reorder_ns : MIR_MS(1);
		l->stats.reordered++;
	}
	enqueue(to, f);
}

/* The packet's bytes as a frame; the packet is borrowed. */
static struct mir_link_frame *flatten(const struct mir_packet *p)
{
	struct mir_link_frame *f = mir_link_frame_new(p->total);

	mir_packet_copy(p, 0, f->bytes, p->total);
	if (p->csum == MIR_CSUM_PARTIAL) {
		f->partial = true;
		f->csum_start = (uint16_t)(p->csum_start - mir_packet_headroom(p));
		f->csum_offset = p->csum_offset;
		mir_check(f->csum_start + f->csum_offset + 2u <= f->len);
	}
	if (p->gso == MIR_GSO_TCP4)
		f->gso_size = p->gso_size;
	return f;
}

static bool send_one(struct mir_link_end *e, const struct mir_packet *p)
{
	struct mir_link_frame *f;

	if (p->csum == MIR_CSUM_PARTIAL && !(e->net.offloads & (MIR_NET_TX_CSUM | MIR_NET_TX_TSO4)))
		mir_panic("link: MIR_CSUM_PARTIAL sent to an end without MIR_NET_TX_CSUM");
	if (p->gso != MIR_GSO_NONE && !(e->net.offloads & MIR_NET_TX_TSO4))
		mir_panic("link: a GSO packet sent to an end without MIR_NET_TX_TSO4");
	if (p->nslices > e->net.max_slices)
		mir_panic("link: %u slices sent, max_slices is %u", p->nslices, e->net.max_slices);
	if (p->total < ETHER || p->total > FRAME_MAX ||
	    (p->gso == MIR_GSO_NONE && p->total > e->net.mtu + (uint32_t)ETHER))
		return false;
	f = flatten(p);
	if (p->gso != MIR_GSO_NONE)
		f = mir_link_cut(f);
	while (f) {
		struct mir_link_frame *next = f->next;

		transmit(e, f);
		f = next;
	}
	e->net.stats.tx_packets++;
	e->net.stats.tx_bytes += p->total;
	return true;
}

static int link_send(struct mir_net *net, struct mir_packet *const frames[], unsigned n)
{
	struct mir_link_end *e = mir_container(net, struct mir_link_end, net);
	int sent = 0;

	mir_check(n <= MIR_NET_BURST);
	for (unsigned i = 0; i < n; i++) {
		if (send_one(e, frames[i]))
			sent++;
		else
			net->stats.tx_dropped++;
		mir_packet_unref(frames[i]);
	}
	return sent;
}

static void link_listen(struct mir_net *net, mir_net_input *input, void *arg)
{
	struct mir_link_end *e = mir_container(net, struct mir_link_end, net);

	e->input = input;
	e->arg = arg;
}

/* A packet as a driver makes it: the first bytes linear, the rest in a receive buffer. */
static struct mir_packet *to_packet(struct mir_link_end *e, struct mir_link_frame *f)
{
	struct mir_packet *p = mir_packet_new();
	size_t linear = MIR_MIN(f->len, (size_t)LINEAR), rest = f->len - linear;

	if (!p)
		return NULL;
	p->data = p->head + START;
	memcpy(mir_packet_put(p, linear), f->bytes, linear);
	while (rest > 0) {
		size_t part =
		    MIR_MIN(rest, (size_t)(rest > MIR_MEM_SMALL ? MIR_MEM_BIG : MIR_MEM_SMALL));
		uint8_t *buf;
		struct mir_mem *m = mir_mem_pooled(part, &buf);

		if (!m) {
			mir_packet_unref(p);
			return NULL;
		}
		memcpy(buf, f->bytes + f->len - rest, part);
		mir_packet_append(p, &(struct mir_slice){ buf, part, m });
		rest -= part;
	}
	if (f->gso_size > 0) {
		p->gso = MIR_GSO_TCP4;
		p->gso_size = f->gso_size;
	}
	if ((e->net.offloads & MIR_NET_RX_CSUM) && (f->partial || mir_link_verify(f)))
		p->csum = MIR_CSUM_VALID;
	return p;
}

/* The next frame that has arrived, with those merged into it that can be. */
static struct mir_link_frame *take_arrived(struct mir_link_end *e, int64_t now)
{
	struct mir_link_frame *f = e->first;

	if (!f || f->arrival > now)
		return NULL;
	e->first = f->next;
	while ((e->net.offloads & MIR_NET_RX_GRO4) && e->first && e->first->arrival <= now) {
		struct mir_link_frame *after = e->first->next;
		struct mir_link_frame *both = mir_link_merge(f, e->first);

		if (!both)
			break;
		f = both;
		e->first = after;
	}
	if (!e->first)
		e->last = NULL;
	return f;
}

static void arrive(struct mir_timer *t)
{
	struct mir_link_end *e = mir_container(t, struct mir_link_end, timer);
	struct mir_packet *burst[MIR_NET_BURST];
	struct mir_link_frame *f;
	unsigned n = 0;

	while (n < MIR_NET_BURST && (f = take_arrived(e, mir_now())) != NULL) {
		struct mir_packet *p = NULL;

		if (!(e->net.offloads & MIR_NET_RX_CSUM))
			mir_link_complete(f);
		if (e->input)
			p = to_packet(e, f);
		if (p) {
			burst[n++] = p;
			e->net.stats.rx_packets++;
			e->net.stats.rx_bytes += f->len;
		} else {
			e->net.stats.rx_dropped++;
		}
		free(f);
	}
	e->link->stats.delivered += n;
	if (e->first)
		mir_timer_set(&e->timer, e->first->arrival);
	if (n > 0)
		e->input(e->arg, burst, n);
}

static const struct mir_net_ops ops = { "link", link_send, link_listen };

void mir_link_init(struct mir_link *l, const struct mir_link_config *c)
{
	static const char *const names[] = { "end0", "end1" };

	*l = (struct mir_link){ .config = *c, .random = c->seed };
	for (unsigned i = 0; i < 2; i++) {
		struct mir_link_end *e = &l->end[i];

		e->link = l;
		e->net = (struct mir_net){
			.ops = &ops,
			.name = names[i],
			.mac = { { 2, 0, 0, 0, 0, (uint8_t)(i + 1) } },
			.mtu = c->mtu ? c->mtu : DEFAULT_MTU,
			.offloads = c->offloads[i],
			.max_slices = c->max_slices ? c->max_slices : MIR_PACKET_SLICES,
		};
		mir_timer_init(&e->timer, arrive);
	}
}

void mir_link_release(struct mir_link *l)
{
	for (unsigned i = 0; i < 2; i++) {
		struct mir_link_end *e = &l->end[i];
		struct mir_link_frame *f;

		mir_timer_stop(&e->timer);
		while ((f = e->first) != NULL) {
			e->first = f->next;
			free(f);
		}
		e->last = NULL;
	}
}
