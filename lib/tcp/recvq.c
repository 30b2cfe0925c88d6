/* recvq.c: received bytes in order and beyond holes (RFC 9293 section 3.10.7.4, seventh). */
#include "recvq.h"

#include <stdlib.h>

/* A part of a run of slices. */
struct run {
	const struct mir_slice *slices;
	unsigned n;
	uint32_t seq, end;
};

/* Appends bytes from..to of the run to the queue. */
static int add(struct mir_tcp_sliceq *q, struct mir_budget *b, const struct run *run, uint32_t from,
    uint32_t to, bool force)
{
	uint32_t at = run->seq;

	for (unsigned i = 0; i < run->n && mir_seq_lt(at, to); i++) {
		const struct mir_slice *s = &run->slices[i];
		uint32_t next = at + (uint32_t)s->len, lo = mir_seq_max(at, from);
		uint32_t hi = mir_seq_min(next, to);

		if (mir_seq_lt(lo, hi)) {
			struct mir_slice part = mir_slice_sub(s, lo - at, hi - lo);

			if (mir_tcp_sliceq_append(q, b, &part, force) < 0)
				return MIR_ENOMEM;
		}
		at = next;
	}
	return 0;
}

static int new_span(struct mir_tcp_recvq *rq, uint32_t at, struct mir_tcp_range range)
{
	struct mir_tcp_ooo *o = rq->ooo;
	uint32_t cap = o ? o->cap : 0, n = o ? o->n : 0;

	if (n == MIR_TCP_HOLES)
		return MIR_ELIMIT;
	if (n == cap) {
		cap = cap ? cap * 2 : 4;
		o = realloc(o, sizeof(*o) + cap * sizeof(o->span[0]));
		if (!o)
			return MIR_ENOMEM;
		if (n == 0)
			memset(o, 0, sizeof(*o));
		o->cap = cap;
		rq->ooo = o;
	}
	memmove(&o->span[at + 1], &o->span[at], (n - at) * sizeof(o->span[0]));
	o->span[at] = (struct mir_tcp_span){ .range = range };
	o->n++;
	return 0;
}

static void remove_span(struct mir_tcp_recvq *rq, uint32_t at)
{
	struct mir_tcp_ooo *o = rq->ooo;

	o->n--;
	memmove(&o->span[at], &o->span[at + 1], (o->n - at) * sizeof(o->span[0]));
	if (o->n == 0) {
		free(o);
		rq->ooo = NULL;
	}
}

/* Drops the span and its bytes: the peer sends them again. */
static void forget_span(struct mir_tcp_recvq *rq, struct mir_budget *b, uint32_t at)
{
	mir_tcp_sliceq_clear(&rq->ooo->span[at].q, b);
	remove_span(rq, at);
}

static void remember(struct mir_tcp_ooo *o, struct mir_tcp_range range)
{
	if (o->recent[0].from == range.from) {
		o->recent[0] = range;
		return;
	}
	o->recent[2] = o->recent[1];
	o->recent[1] = o->recent[0];
	o->recent[0] = range;
}

/* Joins span `at` with the one behind it if they touch. */
static void merge(struct mir_tcp_recvq *rq, struct mir_budget *b, uint32_t at)
{
	struct mir_tcp_span *s = &rq->ooo->span[at];

	if (at + 1 >= rq->ooo->n || s[0].range.to != s[1].range.from)
		return;
	if (mir_tcp_sliceq_move(&s[0].q, &s[1].q) < 0) {
		forget_span(rq, b, at + 1);
		return;
	}
	s[0].range.to = s[1].range.to;
	remove_span(rq, at + 1);
}

/* Puts bytes from..to, which nobody has and which touch no more than their neighbours, between
 * span at-1 and span at.  Returns the index of the span that holds them, or an error. */
static int fill_gap(struct mir_tcp_recvq *rq, struct mir_budget *b, const struct run *run,
    uint32_t at, uint32_t from, uint32_t to)
{
	struct mir_tcp_span *s;
	int rc;

	if (at == 0 || rq->ooo->span[at - 1].range.to != from) {
		rc = new_span(rq, at, (struct mir_tcp_range){ from, from });
		if (rc < 0)
			return rc;
		at++;
	}
	s = &rq->ooo->span[at - 1];
	rc = add(&s->q, b, run, from, to, false);
	s->range.to = s->range.from + s->q.bytes;
	if (s->q.bytes == 0) {
		forget_span(rq, b, at - 1);
		return rc < 0 ? rc : MIR_ENOMEM;
	}
	merge(rq, b, at - 1);
	remember(rq->ooo, rq->ooo->span[at - 1].range);
	return rc < 0 ? rc : (int)at - 1;
}

static bool insert_beyond(struct mir_tcp_recvq *rq, struct mir_budget *b, const struct run *run)
{
	uint32_t from = run->seq, at = 0;
	bool kept = false;

	while (mir_seq_lt(from, run->end)) {
		uint32_t to = run->end;

		while (rq->ooo && at < rq->ooo->n && mir_seq_le(rq->ooo->span[at].range.to, from))
			at++;
		if (rq->ooo && at < rq->ooo->n) {
			struct mir_tcp_range next = rq->ooo->span[at].range;

			if (mir_seq_le(next.from, from)) {
				from = next.to;
				remember(rq->ooo, next);
				continue;
			}
			to = mir_seq_min(to, next.from);
		}
		if (fill_gap(rq, b, run, at, from, to) < 0)
			return kept;
		kept = true;
		from = to;
		at = 0;
	}
	return kept;
}

/* Moves spans that are now in order behind the ready bytes. */
static void close_holes(struct mir_tcp_recvq *rq, struct mir_budget *b, uint32_t *next)
{
	while (rq->ooo && mir_seq_le(rq->ooo->span[0].range.from, *next)) {
		struct mir_tcp_span *s = &rq->ooo->span[0];

		if (mir_seq_le(s->range.to, *next)) {
			forget_span(rq, b, 0);
			continue;
		}
		mir_tcp_sliceq_drop(&s->q, b, *next - s->range.from);
		s->range.from = *next;
		/* Without memory it is given up: beyond a hole of nothing it must not stay. */
		if (mir_tcp_sliceq_move(&rq->ready, &s->q) < 0) {
			forget_span(rq, b, 0);
			return;
		}
		*next = s->range.to;
		remove_span(rq, 0);
	}
}

bool mir_tcp_recvq_insert(struct mir_tcp_recvq *rq, struct mir_budget *b, uint32_t *next,
    uint32_t seq, struct mir_slice *slices, unsigned n, bool force)
{
	struct run run = { slices, n, seq, seq + (uint32_t)mir_slices_len(slices, n) };
	bool kept = false;

	if (mir_seq_le(seq, *next)) {
		uint32_t before = rq->ready.bytes;

		if (mir_seq_lt(*next, run.end)) {
			add(&rq->ready, b, &run, *next, run.end, force);
			*next += rq->ready.bytes - before;
			kept = rq->ready.bytes != before;
		}
		close_holes(rq, b, next);
	} else {
		kept = insert_beyond(rq, b, &run);
	}
	mir_slices_unref(slices, n);
	return kept;
}

/* Adds the span that holds `seq`, unless it is there already. */
static unsigned add_sack(
    const struct mir_tcp_ooo *o, uint32_t seq, struct mir_tcp_range *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (mir_seq_le(out[i].from, seq) && mir_seq_lt(seq, out[i].to))
			return n;
	}
	for (uint32_t i = 0; i < o->n; i++) {
		const struct mir_tcp_range *r = &o->span[i].range;

		if (mir_seq_le(r->from, seq) && mir_seq_lt(seq, r->to)) {
			out[n] = *r;
			return n + 1;
		}
	}
	return n;
}

unsigned mir_tcp_recvq_sacks(
    const struct mir_tcp_recvq *rq, struct mir_tcp_range *out, unsigned max)
{
	const struct mir_tcp_ooo *o = rq->ooo;
	unsigned n = 0;

	if (!o)
		return 0;
	for (unsigned i = 0; i < MIR_COUNT(o->recent) && n < max; i++)
		n = add_sack(o, o->recent[i].from, out, n);
	for (uint32_t i = 0; i < o->n && n < max; i++)
		n = add_sack(o, o->span[i].range.from, out, n);
	return n;
}

bool mir_tcp_recvq_overlap(
    const struct mir_tcp_recvq *rq, struct mir_tcp_range range, struct mir_tcp_range *out)
{
	for (uint32_t i = 0; rq->ooo && i < rq->ooo->n; i++) {
		struct mir_tcp_range r = rq->ooo->span[i].range;

		out->from = mir_seq_max(r.from, range.from);
		out->to = mir_seq_min(r.to, range.to);
		if (mir_seq_lt(out->from, out->to))
			return true;
	}
	return false;
}

uint32_t mir_tcp_recvq_beyond(const struct mir_tcp_recvq *rq)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; rq->ooo && i < rq->ooo->n; i++)
		bytes += rq->ooo->span[i].q.bytes;
	return bytes;
}

void mir_tcp_recvq_drop_ooo(struct mir_tcp_recvq *rq, struct mir_budget *b)
{
	while (rq->ooo)
		forget_span(rq, b, rq->ooo->n - 1);
}

void mir_tcp_recvq_clear(struct mir_tcp_recvq *rq, struct mir_budget *b)
{
	mir_tcp_recvq_drop_ooo(rq, b);
	mir_tcp_sliceq_clear(&rq->ready, b);
}
