/* reassembly.c: see mir/reassembly.h. */
#include "wire.h"
#include <mir/reassembly.h>

enum { TCP_HEADER = 20, DATAGRAM_MAX = 65535, LINEAR = 64 };

struct fragment {
	uint32_t start, end; /* of the payload */
	bool more;
};

static struct fragment fragment_of(const struct mir_packet *p)
{
	uint16_t field = mir_be16(p->data + IPV4_FRAGMENT);
	uint32_t start = (uint32_t)(field & IPV4_OFFSET_MASK) * 8;

	return (struct fragment){
		.start = start,
		.end = start + p->total - mir_ipv4_header_len(p->data),
		.more = (field & IPV4_MORE) != 0,
	};
}

/* What a packet really costs: its buffers, not its bytes. */
static uint32_t cost(const struct mir_packet *p)
{
	uint32_t n = sizeof(*p);

	for (unsigned i = 0; i < p->nslices; i++)
		n += p->slice[i].owner ? p->slice[i].owner->size : 0;
	return n;
}

/* Small pieces of large receive buffers are copied out, so that a fragment costs what it holds. */
static bool compact(struct mir_packet *p)
{
	for (unsigned i = 0; i < p->nslices; i++) {
		struct mir_slice *s = &p->slice[i];
		struct mir_slice copy;

		if (!s->owner || s->owner->size <= 2 * s->len + 256)
			continue;
		copy = mir_slice_copy(s->p, s->len);
		if (!copy.owner)
			return false;
		mir_slice_unref(s);
		*s = copy;
	}
	return true;
}

static void drop_fragments(struct mir_reassembly *r, struct mir_reassembly_datagram *d)
{
	struct mir_packet *p;

	while ((p = d->first)) {
		d->first = p->next;
		p->next = NULL;
		mir_packet_unref(p);
	}
	d->last = NULL;
	mir_budget_give(&r->budget, d->memory);
	d->memory = 0;
}

static void release(struct mir_reassembly *r, struct mir_reassembly_datagram *d)
{
	drop_fragments(r, d);
	d->used = false;
	r->used--;
}

/* Nothing more will come of this datagram; its place stays taken until it expires, so that
 * late fragments do not start it anew. */
static void give_up(struct mir_reassembly *r, struct mir_reassembly_datagram *d, uint64_t *why)
{
	(*why)++;
	drop_fragments(r, d);
	d->dead = true;
}

static struct mir_reassembly_datagram *datagram_of(
    struct mir_reassembly *r, const uint8_t *h, int64_t now)
{
	uint32_t src = mir_be32(h + IPV4_SRC), dst = mir_be32(h + IPV4_DST);
	uint16_t id = mir_be16(h + IPV4_ID);
	struct mir_reassembly_datagram *place = NULL;

	for (unsigned i = 0; i < MIR_REASSEMBLY_DATAGRAMS; i++) {
		struct mir_reassembly_datagram *d = &r->datagram[i];

		if (!d->used) {
			if (!place || place->used)
				place = d;
			continue;
		}
		if (d->id == id && d->src == src && d->dst == dst && d->proto == h[IPV4_PROTO])
			return d;
		if (!place || (place->used && d->deadline < place->deadline))
			place = d;
	}
	if (place->used) {
		r->stats.evicted++;
		release(r, place);
	}
	*place = (struct mir_reassembly_datagram){
		.src = src,
		.dst = dst,
		.id = id,
		.proto = h[IPV4_PROTO],
		.used = true,
		.deadline = now + MIR_REASSEMBLY_NS,
	};
	r->used++;
	return place;
}

/* What is wrong with a fragment by itself; NULL: nothing. */
static uint64_t *refused(struct mir_reassembly *r, const struct mir_packet *p, struct fragment f)
{
	bool tcp = p->data[IPV4_PROTO] == MIR_IPPROTO_TCP;

	if (f.end == f.start || (f.more && (f.end - f.start) % 8 != 0))
		return &r->stats.malformed;
	if (tcp && ((f.start == 0 && f.end < TCP_HEADER) || (f.start > 0 && f.start < TCP_HEADER)))
		return &r->stats.tiny;
	return NULL;
}

enum insert { INSERTED, DUPLICATE, OVERLAP };

/* Puts p where it belongs; fragments mostly come in order, so the end is tried first. */
static enum insert insert(
    struct mir_reassembly_datagram *d, struct mir_packet *p, struct fragment f)
{
	struct mir_packet **at = &d->first;

	if (d->last && fragment_of(d->last).end <= f.start)
		at = &d->last->next;
	for (; *at; at = &(*at)->next) {
		struct fragment g = fragment_of(*at);

		if (g.start == f.start && g.end == f.end && g.more == f.more)
			return DUPLICATE;
		if (g.start >= f.end)
			break;
		if (g.end > f.start)
			return OVERLAP;
	}
	p->next = *at;
	*at = p;
	if (!p->next)
		d->last = p;
	d->have += f.end - f.start;
	d->count++;
	return INSERTED;
}

/* The end that this fragment tells must fit those that came before, and they must fit it. */
static bool end_fits(const struct mir_reassembly_datagram *d, struct fragment f)
{
	if (d->end)
		return f.more ? f.end <= d->end && f.end != d->end : f.end == d->end;
	return f.more || !d->last || fragment_of(d->last).end <= f.end;
}

/* RFC 3168 section 5.3: a mark on any fragment is a mark of the whole; false: one fragment may be
 * marked, another may not, and a router has dropped or changed what it should not. */
static bool join_ecn(const struct mir_packet *first, uint8_t *ecn)
{
	bool plain = false;

	*ecn = first->data[IPV4_TOS] & MIR_IP_ECN;
	for (const struct mir_packet *p = first; p; p = p->next) {
		uint8_t e = p->data[IPV4_TOS] & MIR_IP_ECN;

		plain |= e == 0;
		if (e == MIR_IP_CE)
			*ecn = MIR_IP_CE;
	}
	return !(plain && *ecn == MIR_IP_CE);
}

static struct mir_packet *whole(struct mir_reassembly *r, struct mir_reassembly_datagram *d)
{
	struct mir_packet *first = d->first, *out = mir_packet_new();
	unsigned ihl = mir_ipv4_header_len(first->data);
	unsigned linear = MIR_MIN(d->end, (unsigned)LINEAR);
	uint8_t *bytes = NULL, *h, ecn;
	struct mir_slice rest = { NULL, d->end, NULL };

	if (!join_ecn(first, &ecn)) {
		mir_packet_unref(out);
		give_up(r, d, &r->stats.bad_ecn);
		return NULL;
	}
	rest.owner = mir_mem_new(d->end, &bytes);
	if (!out || !rest.owner)
		goto fail;
	out->cast = MIR_UNICAST;
	for (struct mir_packet *p = first; p; p = p->next) {
		struct fragment f = fragment_of(p);

		mir_packet_copy(p, mir_ipv4_header_len(p->data), bytes + f.start, f.end - f.start);
		out->cast = MIR_MAX(out->cast, p->cast);
	}
	h = mir_packet_put(out, ihl);
	memcpy(h, first->data, ihl);
	h[IPV4_TOS] = (uint8_t)((h[IPV4_TOS] & ~MIR_IP_ECN) | ecn);
	mir_put_be16(h + IPV4_LENGTH, (uint16_t)(ihl + d->end));
	mir_put_be16(h + IPV4_FRAGMENT, 0);
	memcpy(mir_packet_put(out, linear), bytes, linear);
	rest.p = bytes + linear;
	rest.len -= linear;
	if (rest.len)
		mir_packet_append(out, &rest);
	else
		mir_slice_unref(&rest);
	r->stats.done++;
	release(r, d);
	return out;
fail:
	mir_packet_unref(out);
	mir_mem_unref(rest.owner);
	give_up(r, d, &r->stats.refused);
	return NULL;
}

/* Keeps p in d, or tells why d is given up. */
static uint64_t *keep(struct mir_reassembly *r, struct mir_reassembly_datagram *d,
    struct mir_packet *p, struct fragment f)
{
	uint32_t memory;

	if (f.end + mir_ipv4_header_len(p->data) > DATAGRAM_MAX ||
	    (d->first && f.end + mir_ipv4_header_len(d->first->data) > DATAGRAM_MAX))
		return &r->stats.too_long;
	if (!end_fits(d, f))
		return &r->stats.overlaps;
	if (d->count == MIR_REASSEMBLY_FRAGMENTS)
		return &r->stats.too_many;
	if (!compact(p))
		return &r->stats.refused;
	memory = cost(p);
	if (!mir_budget_take(&r->budget, memory))
		return &r->stats.refused;
	switch (insert(d, p, f)) {
	case INSERTED: d->memory += memory; return NULL;
	case DUPLICATE:
		mir_budget_give(&r->budget, memory);
		r->stats.duplicates++;
		mir_packet_unref(p);
		return NULL;
	case OVERLAP: break;
	}
	mir_budget_give(&r->budget, memory);
	return &r->stats.overlaps;
}

struct mir_packet *mir_reassembly_input(struct mir_reassembly *r, struct mir_packet *p, int64_t now)
{
	struct fragment f = fragment_of(p);
	struct mir_reassembly_datagram *d;
	uint64_t *why = refused(r, p, f);

	r->stats.fragments++;
	if (why) {
		(*why)++;
		mir_packet_unref(p);
		return NULL;
	}
	d = datagram_of(r, p->data, now);
	if (d->dead) {
		mir_packet_unref(p);
		return NULL;
	}
	why = keep(r, d, p, f);
	if (why) {
		mir_packet_unref(p);
		give_up(r, d, why);
		return NULL;
	}
	if (!f.more)
		d->end = f.end;
	if (d->end == 0 || d->have != d->end)
		return NULL;
	if (d->end + mir_ipv4_header_len(d->first->data) > DATAGRAM_MAX) {
		give_up(r, d, &r->stats.too_long);
		return NULL;
	}
	return whole(r, d);
}

int64_t mir_reassembly_next(const struct mir_reassembly *r)
{
	int64_t next = MIR_NEVER;

	if (r->used == 0)
		return next;
	for (unsigned i = 0; i < MIR_REASSEMBLY_DATAGRAMS; i++)
		if (r->datagram[i].used)
			next = MIR_MIN(next, r->datagram[i].deadline);
	return next;
}

bool mir_reassembly_expire(struct mir_reassembly *r, int64_t now, struct mir_packet **first)
{
	for (unsigned i = 0; i < MIR_REASSEMBLY_DATAGRAMS; i++) {
		struct mir_reassembly_datagram *d = &r->datagram[i];

		if (!d->used || d->deadline > now)
			continue;
		*first = NULL;
		if (!d->dead) {
			r->stats.expired++;
			if (d->first && fragment_of(d->first).start == 0) {
				*first = d->first;
				d->first = d->first->next;
				(*first)->next = NULL;
			}
		}
		release(r, d);
		return true;
	}
	return false;
}

void mir_reassembly_init(struct mir_reassembly *r)
{
	memset(r, 0, sizeof(*r));
	r->budget.limit = MIR_REASSEMBLY_BYTES;
}

void mir_reassembly_clear(struct mir_reassembly *r)
{
	for (unsigned i = 0; i < MIR_REASSEMBLY_DATAGRAMS; i++)
		if (r->datagram[i].used)
			release(r, &r->datagram[i]);
}
