/* sliceq.c: a queue of slices in a growing ring. */
#include "sliceq.h"

#include <stdlib.h>

enum {
	RING_MIN = 4,
	CHUNK = 4096,    /* bytes of a chunk for joined small appends */
	JOIN = 512,      /* longest slice that is joined to a chunk */
	COPY_MAX = 2048, /* longest slice that is copied because its owner holds much more */
};

static int reserve(struct mir_tcp_sliceq *q, uint32_t n)
{
	uint32_t cap = q->cap ? q->cap : RING_MIN;
	struct mir_tcp_piece *ring;

	while (cap < n)
		cap *= 2;
	if (cap == q->cap)
		return 0;
	ring = malloc(cap * sizeof(*ring));
	if (!ring)
		return MIR_ENOMEM;
	for (uint32_t i = 0; i < q->n; i++)
		ring[i] = *mir_tcp_sliceq_at(q, i);
	free(q->ring);
	q->ring = ring;
	q->cap = cap;
	q->head = 0;
	return 0;
}

static void release_ring(struct mir_tcp_sliceq *q)
{
	free(q->ring);
	*q = (struct mir_tcp_sliceq){ 0 };
}

/* Of the last sixteenth one half is for those that hold nothing else, and one for new connections.
 */
static bool charge(struct mir_budget *b, uint32_t n, bool force)
{
	if (b->used + n > b->limit / 32 * (force ? 31 : 30)) {
		b->refused++;
		return false;
	}
	b->used += n;
	return true;
}

/* Copies a small slice behind the last piece, if that is a chunk with room. */
static bool join(struct mir_tcp_sliceq *q, const struct mir_slice *s)
{
	struct mir_tcp_piece *last;
	uint8_t *end;

	if (s->len > q->room || q->n == 0)
		return false;
	last = mir_tcp_sliceq_at(q, q->n - 1);
	/* The chunk is the queue's own, handed out as const; bytes behind its end nobody has seen.
	 */
	end = (uint8_t *)(uintptr_t)(last->p + last->len);
	memcpy(end, s->p, s->len);
	last->len += (uint32_t)s->len;
	q->bytes += (uint32_t)s->len;
	q->room -= (uint32_t)s->len;
	return true;
}

/* Whether the slice should be copied rather than held: a small one behind another small one, or one
 * that keeps alive more than twice its size; where memory runs short, a long one too. */
static bool wasteful(
    const struct mir_tcp_sliceq *q, const struct mir_budget *b, const struct mir_slice *s)
{
	bool pressed = b->used > b->limit / 4 * 3;

	if (s->len <= JOIN && q->n > 0 && mir_tcp_sliceq_at(q, q->n - 1)->len <= JOIN)
		return true;
	return s->owner && (s->len <= COPY_MAX || pressed) && s->owner->size / 2 > s->len;
}

/* Replaces *s by a copy at the front of fresh memory, of which *room bytes stay free. */
static bool copy_out(const struct mir_tcp_sliceq *q, struct mir_slice *s, uint32_t *room)
{
	size_t size = s->len;
	struct mir_slice copy = { .len = s->len };
	uint8_t *p;

	if (s->len <= JOIN && q->n > 0)
		size = q->n == 1 ? CHUNK / 4 : CHUNK;
	copy.owner = mir_mem_new(size, &p);
	if (!copy.owner)
		return false;
	memcpy(p, s->p, s->len);
	copy.p = p;
	*room = (uint32_t)(size - s->len);
	mir_slice_unref(s);
	*s = copy;
	return true;
}

int mir_tcp_sliceq_append(
    struct mir_tcp_sliceq *q, struct mir_budget *b, const struct mir_slice *take, bool force)
{
	struct mir_slice s = *take;
	uint32_t room = 0, cost;

	if (s.len == 0 || join(q, &s)) {
		mir_slice_unref(&s);
		return 0;
	}
	if (wasteful(q, b, &s) && !copy_out(q, &s, &room))
		room = 0;
	cost = s.owner ? s.owner->size : 0;
	if (reserve(q, q->n + 1) < 0 || !charge(b, cost, force)) {
		mir_slice_unref(&s);
		return MIR_ENOMEM;
	}
	q->n++;
	*mir_tcp_sliceq_at(q, q->n - 1) = (struct mir_tcp_piece){ s.p, s.owner, (uint32_t)s.len,
		q->n > 1
		    ? mir_tcp_sliceq_at(q, q->n - 2)->start + mir_tcp_sliceq_at(q, q->n - 2)->len
		    : 0,
		cost };
	q->bytes += (uint32_t)s.len;
	q->charged += cost;
	q->room = room;
	return 0;
}

/* Takes the first piece off the queue; the caller has its reference. */
static struct mir_tcp_piece pop(struct mir_tcp_sliceq *q, struct mir_budget *b)
{
	struct mir_tcp_piece first = *mir_tcp_sliceq_at(q, 0);

	mir_budget_give(b, first.charge);
	q->charged -= first.charge;
	q->bytes -= first.len;
	q->head = (q->head + 1) & (q->cap - 1);
	if (--q->n == 0)
		release_ring(q);
	return first;
}

void mir_tcp_sliceq_drop(struct mir_tcp_sliceq *q, struct mir_budget *b, uint32_t n)
{
	while (n > 0) {
		struct mir_tcp_piece *first = mir_tcp_sliceq_at(q, 0);

		if (n < first->len) {
			first->p += n;
			first->start += n;
			first->len -= n;
			q->bytes -= n;
			return;
		}
		n -= first->len;
		mir_mem_unref(pop(q, b).owner);
	}
}

struct mir_slice mir_tcp_sliceq_take(struct mir_tcp_sliceq *q, struct mir_budget *b)
{
	struct mir_tcp_piece first = pop(q, b);

	return (struct mir_slice){ first.p, first.len, first.owner };
}

int mir_tcp_sliceq_move(struct mir_tcp_sliceq *to, struct mir_tcp_sliceq *from)
{
	uint32_t start = 0;

	if (from->n == 0)
		return 0;
	if (to->n == 0) {
		release_ring(to);
		*to = *from;
		*from = (struct mir_tcp_sliceq){ 0 };
		return 0;
	}
	if (reserve(to, to->n + from->n) < 0)
		return MIR_ENOMEM;
	start = mir_tcp_sliceq_at(to, to->n - 1)->start + mir_tcp_sliceq_at(to, to->n - 1)->len;
	for (uint32_t i = 0; i < from->n; i++) {
		struct mir_tcp_piece piece = *mir_tcp_sliceq_at(from, i);

		piece.start = start;
		start += piece.len;
		to->n++;
		*mir_tcp_sliceq_at(to, to->n - 1) = piece;
	}
	to->bytes += from->bytes;
	to->charged += from->charged;
	to->room = from->room;
	release_ring(from);
	return 0;
}

/* The index of the piece that holds byte off < bytes. */
static uint32_t find(const struct mir_tcp_sliceq *q, uint32_t off)
{
	uint32_t base = mir_tcp_sliceq_at(q, 0)->start, low = 0, high = q->n - 1;

	while (low < high) {
		uint32_t mid = (low + high + 1) / 2;

		if (mir_tcp_sliceq_at(q, mid)->start - base <= off)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

unsigned mir_tcp_sliceq_view(const struct mir_tcp_sliceq *q, uint32_t off, uint32_t len,
    struct mir_slice *out, unsigned max, uint32_t *got)
{
	unsigned n = 0;
	uint32_t i, base;

	*got = 0;
	if (len == 0 || off >= q->bytes)
		return 0;
	i = find(q, off);
	base = mir_tcp_sliceq_at(q, 0)->start;
	for (; i < q->n && n < max && len > 0; i++) {
		const struct mir_tcp_piece *piece = mir_tcp_sliceq_at(q, i);
		uint32_t skip = off - (piece->start - base);
		uint32_t part = MIR_MIN(piece->len - skip, len);

		out[n++] = (struct mir_slice){ piece->p + skip, part, mir_mem_ref(piece->owner) };
		off += part;
		len -= part;
		*got += part;
	}
	return n;
}

void mir_tcp_sliceq_clear(struct mir_tcp_sliceq *q, struct mir_budget *b)
{
	while (q->n > 0)
		mir_mem_unref(pop(q, b).owner);
	release_ring(q);
}
