/* transmit.c: frames that go out.
 *
 * Headers, and frames that are short, are copied into pages that the back end may always read.
 * Slices of longer frames are granted, page by page, until the back end says that they are sent.
 */
#include <mir/checksum.h>
#include <string.h>

#include "driver.h"

enum { PAGE = MIR_XEN_PAGE };

static uint16_t domain_of(const struct mir_xen_net_queue *q)
{
	return q->net->device.domain;
}

void mir_xen_net_tx_begin(struct mir_xen_net_queue *q)
{
	q->tx_free = 0;
	for (unsigned i = 0; i < MIR_XEN_NET_RING; i++) {
		struct mir_xen_net_slot *s = &q->tx_slot[i];

		s->next = i + 1 < MIR_XEN_NET_RING ? (uint16_t)(i + 1) : (uint16_t)MIR_XEN_NET_NONE;
		s->out = false;
	}
}

static void release(struct mir_xen_net_slot *s, bool forget)
{
	if (s->ref != MIR_XEN_GRANT_NONE && !forget)
		mir_xen_grant_drop(s->ref, NULL, s->owner);
	else
		mir_mem_unref(s->owner);
	s->ref = MIR_XEN_GRANT_NONE;
	s->owner = NULL;
}

static void put_slot(struct mir_xen_net_queue *q, uint16_t id)
{
	struct mir_xen_net_slot *s = &q->tx_slot[id];

	release(s, false);
	s->out = false;
	s->next = q->tx_free;
	q->tx_free = id;
}

/* A slot, with its page where that is wanted; NULL: there is none. */
static struct mir_xen_net_slot *get_slot(struct mir_xen_net_queue *q, bool with_page, uint16_t *id)
{
	struct mir_xen_net_slot *s;
	int ref;

	*id = q->tx_free;
	if (*id == MIR_XEN_NET_NONE)
		return NULL;
	s = &q->tx_slot[*id];
	if (with_page && !s->page && !(s->page = mir_xen_pages_new(1)))
		return NULL;
	if (with_page && s->page_ref == MIR_XEN_GRANT_NONE) {
		ref = mir_xen_grant(domain_of(q), s->page, true);
		if (ref < 0)
			return NULL;
		s->page_ref = (uint32_t)ref;
	}
	q->tx_free = s->next;
	s->out = true;
	return s;
}

void mir_xen_net_tx_done(struct mir_xen_net_queue *q)
{
	int n;

	if (!q->tx.shared)
		return;
	do {
		n = mir_xen_ring_ready(&q->tx);
		for (int i = 0; i < n; i++) {
			struct mir_xen_tx_response r;

			mir_xen_ring_response(&q->tx, &r, sizeof(r));
			if (r.status == MIR_XEN_NET_NULL) /* of extra information: has no id */
				continue;
			if (r.id >= MIR_XEN_NET_RING || !q->tx_slot[r.id].out) {
				mir_xen_net_broken(q->net, "it has sent what it was not given");
				return;
			}
			if (r.status < 0)
				q->net->drops.error++;
			put_slot(q, r.id);
		}
		if (n < 0) {
			mir_xen_net_broken(q->net, "it has sent more than it was given");
			return;
		}
	} while (n > 0 && mir_xen_ring_ask(&q->tx, MIR_MAX(mir_xen_ring_out(&q->tx) / 2, 1u)));
}

/* What a frame is made of, page by page. */
struct pieces {
	unsigned n;
	uint16_t id[MIR_XEN_NET_SLOTS];
	struct mir_xen_tx_request request[MIR_XEN_NET_SLOTS];
};

static bool add(struct pieces *ps, uint16_t id, uint32_t ref, size_t offset, size_t size)
{
	if (ps->n == MIR_XEN_NET_SLOTS)
		return false;
	ps->id[ps->n] = id;
	ps->request[ps->n++] = (struct mir_xen_tx_request){
		.ref = ref, .offset = (uint16_t)offset, .id = id, .size = (uint16_t)size
	};
	return true;
}

static void give_up(struct mir_xen_net_queue *q, struct pieces *ps)
{
	while (ps->n > 0)
		put_slot(q, ps->id[--ps->n]);
}

/* Bytes off .. off + len of the packet, copied. */
static bool copy(struct mir_xen_net_queue *q, struct pieces *ps, const struct mir_packet *p,
    size_t off, size_t len)
{
	while (len > 0) {
		size_t part = MIR_MIN(len, (size_t)PAGE);
		struct mir_xen_net_slot *s;
		uint16_t id;

		if (ps->n == MIR_XEN_NET_SLOTS || !(s = get_slot(q, true, &id)))
			return false;
		mir_packet_copy(p, off, s->page, part);
		add(ps, id, s->page_ref, 0, part);
		off += part;
		len -= part;
	}
	return true;
}

static bool grant(struct mir_xen_net_queue *q, struct pieces *ps, const struct mir_slice *slice)
{
	const uint8_t *at = slice->p;
	size_t len = slice->len;

	while (len > 0) {
		size_t offset = (uintptr_t)at % PAGE, part = MIR_MIN(len, PAGE - offset);
		struct mir_xen_net_slot *s;
		uint16_t id;
		int ref;

		if (ps->n == MIR_XEN_NET_SLOTS || !(s = get_slot(q, false, &id)))
			return false;
		add(ps, id, MIR_XEN_GRANT_NONE, offset, part);
		ref = mir_xen_grant(domain_of(q), at, true);
		if (ref < 0)
			return false;
		ps->request[ps->n - 1].ref = s->ref = (uint32_t)ref;
		s->owner = mir_mem_ref(slice->owner);
		at += part;
		len -= part;
	}
	return true;
}

/* How many pages the slices touch. */
static unsigned pages_of(const struct mir_packet *p)
{
	size_t n = 0;

	for (unsigned i = 0; i < p->nslices; i++)
		n += ((uintptr_t)p->slice[i].p % PAGE + p->slice[i].len + PAGE - 1) / PAGE;
	return (unsigned)n;
}

static bool cut(struct mir_xen_net_queue *q, struct pieces *ps, const struct mir_packet *p)
{
	if (p->total <= q->net->copy || 1 + pages_of(p) > MIR_XEN_NET_SLOTS)
		return copy(q, ps, p, 0, p->total);
	if (!copy(q, ps, p, 0, p->len))
		return false;
	for (unsigned i = 0; i < p->nslices; i++) {
		if (!grant(q, ps, &p->slice[i]))
			return false;
	}
	return true;
}

static void place(struct mir_xen_net_queue *q, struct pieces *ps, const struct mir_packet *p)
{
	struct mir_xen_tx_request *first = &ps->request[0];

	first->size = (uint16_t)p->total;
	if (p->csum == MIR_CSUM_PARTIAL)
		first->flags |= MIR_XEN_TX_CSUM_BLANK | MIR_XEN_TX_VALIDATED;
	for (unsigned i = 0; i + 1 < ps->n; i++)
		ps->request[i].flags |= MIR_XEN_TX_MORE;
	if (p->gso == MIR_GSO_TCP4)
		first->flags |= MIR_XEN_TX_EXTRA;
	mir_xen_ring_request(&q->tx, first, sizeof(*first));
	if (p->gso == MIR_GSO_TCP4) {
		struct mir_xen_extra extra = {
			.type = MIR_XEN_EXTRA_GSO, .size = p->gso_size, .gso_type = MIR_XEN_GSO_TCP4
		};

		mir_xen_ring_request(&q->tx, &extra, sizeof(extra));
	}
	for (unsigned i = 1; i < ps->n; i++)
		mir_xen_ring_request(&q->tx, &ps->request[i], sizeof(ps->request[i]));
}

bool mir_xen_net_tx_frame(struct mir_xen_net_queue *q, struct mir_packet *p)
{
	struct pieces ps = { .n = 0 };
	bool went = false;

	if (mir_xen_ring_room(&q->tx) < MIR_XEN_NET_SLOTS + 1)
		mir_xen_net_tx_done(q);
	if (q->net->gone || mir_xen_ring_room(&q->tx) < MIR_XEN_NET_SLOTS + 1) {
		q->net->drops.full++;
	} else if (!cut(q, &ps, p)) {
		q->net->drops.memory++;
		give_up(q, &ps);
	} else {
		place(q, &ps, p);
		went = true;
	}
	mir_packet_unref(p);
	return went;
}

void mir_xen_net_tx_push(struct mir_xen_net_queue *q)
{
	if (mir_xen_ring_push(&q->tx))
		mir_xen_event_notify(&q->event);
	if (mir_xen_ring_ask(&q->tx, MIR_MAX(mir_xen_ring_out(&q->tx) / 2, 1u)))
		mir_xen_net_tx_done(q);
}

void mir_xen_net_tx_end(struct mir_xen_net_queue *q, bool forget)
{
	for (unsigned i = 0; i < MIR_XEN_NET_RING; i++) {
		struct mir_xen_net_slot *s = &q->tx_slot[i];

		release(s, forget);
		if (s->page && s->page_ref != MIR_XEN_GRANT_NONE && !forget) {
			mir_xen_grant_drop(s->page_ref, s->page, NULL);
			s->page = NULL;
		}
		s->page_ref = MIR_XEN_GRANT_NONE;
		s->out = false;
	}
}
