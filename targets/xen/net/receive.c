/* receive.c: frames that come in.
 *
 * Each waits for no page of its own: a frame is one page or several, each of which the back end has
 * written. What is short is copied out, and the page goes back to the ring as it is; of all else
 * the grant ends first, so that nobody but us can change what is looked at.
 */
#include <mir/mem.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

enum {
	LINEAR = 192, /* bytes of a received frame in the packet's head */
	START = 126,  /* where they begin: network headers at a multiple of 4 */
	LEAST = 64,   /* pages in the ring at first: more than the longest frame takes */
	KEEP = 512,   /* free pages, of all networks */
	TURN = 256,   /* responses looked at in one turn */
};

static struct mir_xen_net_page *pool;
static unsigned pooled;

static void page_free(struct mir_mem *m)
{
	struct mir_xen_net_page *page = mir_container(m, struct mir_xen_net_page, mem);

	if (pooled < KEEP) {
		page->next = pool;
		pool = page;
		pooled++;
		return;
	}
	mir_xen_pages_free(page->p, 1);
	free(page);
}

static struct mir_xen_net_page *page_new(void)
{
	struct mir_xen_net_page *page = pool;

	if (page) {
		pool = page->next;
		pooled--;
	} else {
		page = calloc(1, sizeof(*page));
		if (page && !(page->p = mir_xen_pages_new(1))) {
			free(page);
			page = NULL;
		}
		if (!page)
			return NULL;
	}
	page->mem = (struct mir_mem){ .refs = 1, .size = MIR_XEN_PAGE, .free = page_free };
	page->ref = MIR_XEN_GRANT_NONE;
	return page;
}

/* A page that the back end may write; NULL: no memory, or no grant. */
static struct mir_xen_net_page *granted(struct mir_xen_net_queue *q)
{
	struct mir_xen_net_page *page = q->spare;
	int ref;

	if (page) {
		q->spare = page->next;
		return page;
	}
	page = page_new();
	if (!page)
		return NULL;
	ref = mir_xen_grant(q->net->device.domain, page->p, false);
	if (ref < 0) {
		mir_mem_unref(&page->mem);
		return NULL;
	}
	page->ref = (uint32_t)ref;
	return page;
}

static void spare(struct mir_xen_net_queue *q, struct mir_xen_net_page *page)
{
	page->next = q->spare;
	q->spare = page;
}

void mir_xen_net_rx_begin(struct mir_xen_net_queue *q)
{
	q->rx_want = MIR_MAX(q->rx_want, (unsigned)LEAST);
	q->in_frame = q->in_extra = false;
}

void mir_xen_net_rx_fill(struct mir_xen_net_queue *q)
{
	uint32_t before = q->rx.req_prod;
	uint32_t out = q->rx.req_prod - q->rx.rsp_cons;

	/* Nearly run dry: more next time. */
	if (out < q->rx_want / 4 && before != 0)
		q->rx_want = MIR_MIN(2 * q->rx_want, (unsigned)MIR_XEN_NET_RING);
	for (; out < q->rx_want; out++) {
		struct mir_xen_net_page *page = granted(q);
		uint16_t at = (uint16_t)(q->rx.req_prod % MIR_XEN_NET_RING);
		struct mir_xen_rx_request request = { .id = at };

		if (!page)
			break;
		request.ref = page->ref;
		q->rx_slot[at] = page;
		mir_xen_ring_request(&q->rx, &request, sizeof(request));
	}
	if (mir_xen_ring_push(&q->rx))
		mir_xen_event_notify(&q->event);
}

/* The page is ours alone, or it is lost to the frame. */
static bool revoke(struct mir_xen_net_queue *q, struct mir_xen_net_page *page)
{
	uint32_t ref = page->ref;

	page->ref = MIR_XEN_GRANT_NONE;
	if (mir_xen_grant_end(ref))
		return true;
	q->net->drops.busy++;
	mir_xen_grant_drop(ref, NULL, &page->mem);
	return false;
}

static bool append(struct mir_packet *p, struct mir_mem *m, const uint8_t *bytes, size_t len)
{
	struct mir_slice slice = { bytes, len, m };

	if (mir_packet_append(p, &slice))
		return true;
	mir_mem_unref(m);
	return false;
}

/* A short frame, or the first page of a long one. */
static bool copy_frame(struct mir_packet *p, const uint8_t *at, size_t len)
{
	size_t head = MIR_MIN(len, (size_t)LINEAR);
	struct mir_mem *m;
	uint8_t *to;

	memcpy(mir_packet_put(p, head), at, head);
	if (len == head)
		return true;
	m = mir_mem_pooled(MIR_MEM_SMALL, &to);
	if (!m)
		return false;
	memcpy(to, at + head, len - head);
	return append(p, m, to, len - head);
}

/* Adds what the page holds to the frame.  False: it is lost.  Takes the page. */
static bool add(struct mir_xen_net_queue *q, struct mir_xen_net_page *page, size_t offset,
    size_t len, bool alone)
{
	struct mir_packet *p = q->frame;
	size_t head = 0;

	if (alone && len <= MIR_MIN(q->net->copy, (uint32_t)MIR_MEM_SMALL)) {
		bool ok = copy_frame(p, page->p + offset, len);

		spare(q, page);
		return ok;
	}
	if (!revoke(q, page))
		return false;
	if (p->total == 0) {
		head = MIR_MIN(len, (size_t)LINEAR);
		memcpy(mir_packet_put(p, head), page->p + offset, head);
	}
	if (len == head) {
		mir_mem_unref(&page->mem);
		return true;
	}
	return append(p, &page->mem, page->p + offset + head, len - head);
}

static void drop(struct mir_xen_net_queue *q)
{
	mir_packet_unref(q->frame);
	q->frame = NULL;
	q->in_frame = q->bad_frame = false;
	q->net->net.stats.rx_dropped++;
}

/* The frame as the stack may see it, or NULL: dropped and counted. */
static struct mir_packet *finish(struct mir_xen_net_queue *q)
{
	struct mir_xen_net *x = q->net;
	struct mir_packet *p = q->frame;
	uint32_t limit = (uint32_t)x->net.mtu + MIR_XEN_ETHER + MIR_XEN_VLAN;

	if (q->bad_frame) {
		drop(q);
		return NULL;
	}
	if (q->gso_size)
		limit = MIR_XEN_FRAME_MAX;
	if (p->total < MIR_XEN_ETHER || p->total > limit) {
		x->drops.oversize++;
		drop(q);
		return NULL;
	}
	p->csum = q->partial_csum || q->checked ? MIR_CSUM_VALID : MIR_CSUM_NONE;
	if (q->gso_size) {
		p->gso = MIR_GSO_TCP4;
		p->gso_size = q->gso_size;
	}
	q->frame = NULL;
	q->in_frame = false;
	x->net.stats.rx_packets++;
	x->net.stats.rx_bytes += p->total;
	return p;
}

static void begin(struct mir_xen_net_queue *q, uint16_t flags)
{
	q->in_frame = true;
	q->in_extra = (flags & MIR_XEN_RX_EXTRA) != 0;
	q->partial_csum = (flags & MIR_XEN_RX_CSUM_BLANK) != 0;
	q->checked = (flags & MIR_XEN_RX_VALIDATED) != 0;
	q->gso_size = 0;
	q->bad_frame = false;
	q->frame = mir_packet_new();
	if (!q->frame) {
		q->net->drops.memory++;
		q->bad_frame = true;
		return;
	}
	q->frame->data = q->frame->head + START;
}

/* Extra information stands between the first response and the others, in a place of its own. */
static void take_extra(struct mir_xen_net_queue *q, const struct mir_xen_extra *e)
{
	q->in_extra = (e->flags & MIR_XEN_EXTRA_MORE) != 0;
	if (e->type != MIR_XEN_EXTRA_GSO || e->gso_type != MIR_XEN_GSO_TCP4 || e->size == 0 ||
	    !(q->net->net.offloads & MIR_NET_RX_GRO4)) {
		q->net->drops.header++;
		q->bad_frame = true;
		return;
	}
	q->gso_size = e->size;
}

static void take_page(struct mir_xen_net_queue *q, struct mir_xen_net_page *page,
    const struct mir_xen_rx_response *r, bool first)
{
	bool more = (r->flags & MIR_XEN_RX_MORE) != 0;

	if (!q->bad_frame && r->status < 0) {
		q->net->drops.error++;
		q->bad_frame = true;
	} else if (!q->bad_frame &&
		   (r->offset > MIR_XEN_PAGE ||
		       (uint32_t)r->status > (uint32_t)MIR_XEN_PAGE - r->offset ||
		       (uint32_t)r->status > MIR_XEN_FRAME_MAX - q->frame->total)) {
		q->net->drops.header++;
		q->bad_frame = true;
	}
	if (q->bad_frame) {
		spare(q, page);
		return;
	}
	if (!add(q, page, r->offset, (size_t)r->status, first && !more && !q->in_extra)) {
		q->net->drops.memory++;
		q->bad_frame = true;
	}
}

static void deliver(struct mir_xen_net *x, struct mir_packet *const burst[], unsigned n)
{
	if (n == 0)
		return;
	if (x->input) {
		x->input(x->arg, burst, n);
		return;
	}
	x->drops.unheard += n;
	x->net.stats.rx_dropped += n;
	for (unsigned i = 0; i < n; i++)
		mir_packet_unref(burst[i]);
}

/* One response: a page of a frame, or extra information.  The frame that is whole with it. */
static struct mir_packet *take_one(struct mir_xen_net_queue *q)
{
	uint16_t at = (uint16_t)(q->rx.rsp_cons % MIR_XEN_NET_RING);
	struct mir_xen_net_page *page = q->rx_slot[at];
	struct mir_xen_rx_response r;
	struct mir_xen_extra extra;
	bool first = !q->in_frame;

	mir_xen_ring_response(&q->rx, &r, sizeof(r));
	q->rx_slot[at] = NULL;
	if (q->in_frame && q->in_extra) {
		memcpy(&extra, &r, sizeof(extra));
		spare(q, page);
		take_extra(q, &extra);
		return q->in_extra || q->first & MIR_XEN_RX_MORE ? NULL : finish(q);
	}
	if (r.id != at) {
		spare(q, page);
		mir_xen_net_broken(q->net, "it has filled a page that was not its turn");
		return NULL;
	}
	if (first)
		begin(q, r.flags);
	q->first = (uint8_t)(r.flags & MIR_XEN_RX_MORE);
	take_page(q, page, &r, first);
	return q->in_extra || q->first ? NULL : finish(q);
}

bool mir_xen_net_rx_take(struct mir_xen_net_queue *q)
{
	struct mir_packet *burst[MIR_NET_BURST];
	unsigned count = 0, seen = 0;
	int n = 0;

	while (seen < TURN && !q->net->gone && (n = mir_xen_ring_ready(&q->rx)) > 0) {
		for (; n > 0 && seen < TURN && !q->net->gone; n--, seen++) {
			struct mir_packet *p = take_one(q);

			if (p)
				burst[count++] = p;
			if (count == MIR_NET_BURST) {
				deliver(q->net, burst, count);
				count = 0;
			}
		}
	}
	if (n < 0)
		mir_xen_net_broken(q->net, "it has filled more pages than it was given");
	deliver(q->net, burst, count);
	if (q->net->gone)
		return false;
	mir_xen_net_rx_fill(q);
	return mir_xen_ring_ask(&q->rx, 1);
}

static void discard(struct mir_xen_net_page *page, bool forget)
{
	uint32_t ref = page->ref;

	page->ref = MIR_XEN_GRANT_NONE;
	if (forget || ref == MIR_XEN_GRANT_NONE)
		mir_mem_unref(&page->mem);
	else
		mir_xen_grant_drop(ref, NULL, &page->mem);
}

void mir_xen_net_rx_end(struct mir_xen_net_queue *q, bool forget)
{
	for (unsigned i = 0; i < MIR_XEN_NET_RING; i++) {
		if (q->rx_slot[i])
			discard(q->rx_slot[i], forget);
		q->rx_slot[i] = NULL;
	}
	while (q->spare) {
		struct mir_xen_net_page *page = q->spare;

		q->spare = page->next;
		discard(page, forget);
	}
	mir_packet_unref(q->frame);
	q->frame = NULL;
	q->in_frame = false;
}
