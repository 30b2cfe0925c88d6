/* link.c: the cable: an engine of lib/impair for each direction, and the loop's timers. */
#include <mir/frame.h>
#include <mir/link.h>
#include <stdlib.h>

enum { DEFAULT_MTU = 1500, DEFAULT_QUEUE = 256 * 1024 };

static uint64_t share(uint32_t ppm)
{
	return (uint64_t)ppm * MIR_IMPAIR_CERTAIN / MIR_PPM_ALWAYS;
}

/* What the cable is told may change at any time. */
static void configure(struct mir_link *l, struct mir_impair *im)
{
	const struct mir_link_config *c = &l->config;
	struct mir_impair_config *to = &im->config;

	to->loss = share(c->loss);
	to->dup = share(c->duplicate);
	to->corrupt = share(c->corrupt);
	to->reorder = share(c->reorder);
	to->reorder_ns = c->reorder_ns ? c->reorder_ns : MIR_MS(1);
	to->delay_ns = c->delay_ns + c->jitter_ns / 2;
	to->jitter_ns = c->jitter_ns / 2;
	to->rate_bps = c->rate;
	to->queue_bytes = c->queue ? c->queue : DEFAULT_QUEUE;
	to->cut_now = c->cut;
}

static struct mir_impair *way_from(struct mir_link_end *from)
{
	return &from->link->way[from == &from->link->end[1]];
}

/* Puts one frame on the wire. */
static void transmit(void *arg, const struct mir_frame *f)
{
	struct mir_link_end *from = arg;
	struct mir_link *l = from->link;
	struct mir_impair *im = way_from(from);

	if (l->config.trace)
		l->config.trace(l->config.trace_arg, mir_now(), f->bytes, f->len);
	configure(l, im);
	mir_impair_input(im, f->bytes, f->len, mir_now());
	mir_timer_set(&l->end[from == &l->end[0]].timer, mir_impair_next(im));
}

static int link_send(struct mir_net *net, struct mir_packet *const frames[], unsigned n)
{
	return mir_frames_send(
	    net, frames, n, transmit, mir_container(net, struct mir_link_end, net));
}

static void link_listen(struct mir_net *net, mir_net_input *input, void *arg)
{
	struct mir_link_end *e = mir_container(net, struct mir_link_end, net);

	e->input = input;
	e->arg = arg;
}

static void arrive(struct mir_timer *t)
{
	struct mir_link_end *e = mir_container(t, struct mir_link_end, timer);
	struct mir_impair *im = &e->link->way[e == &e->link->end[0]];
	const struct mir_impair_frame *due;
	struct mir_frame *first = NULL, **end = &first;

	while ((due = mir_impair_due(im, mir_now())) != NULL) {
		if ((*end = mir_frame_new(due->len)) != NULL) {
			memcpy((*end)->bytes, due->data, due->len);
			end = &(*end)->next;
		}
		mir_impair_pop(im);
	}
	mir_timer_set(&e->timer, mir_impair_next(im));
	e->link->delivered += mir_frames_deliver(&e->net, first, e->input, e->arg);
}

static const struct mir_net_ops ops = { "link", link_send, link_listen };

void mir_link_init(struct mir_link *l, const struct mir_link_config *c)
{
	static const char *const names[] = { "end0", "end1" };

	*l = (struct mir_link){ .config = *c };
	for (unsigned i = 0; i < 2; i++) {
		struct mir_link_end *e = &l->end[i];

		mir_impair_init(
		    &l->way[i], &(struct mir_impair_config){ .seed = c->seed, .direction = i });
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
		mir_timer_stop(&l->end[i].timer);
		mir_impair_release(&l->way[i]);
	}
}

struct mir_link_stats mir_link_stats(const struct mir_link *l)
{
	const struct mir_impair_stats *a = &l->way[0].stats, *b = &l->way[1].stats;

	return (struct mir_link_stats){
		.sent = a->in + b->in,
		.lost = a->lost + b->lost + a->cut + b->cut,
		.duplicated = a->duplicated + b->duplicated,
		.reordered = a->reordered + b->reordered,
		.corrupted = a->corrupted + b->corrupted,
		.queue_full = a->queue_drops + b->queue_drops,
		.delivered = l->delivered,
	};
}
