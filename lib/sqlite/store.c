/* store.c: reads and writes of any bytes, over a store that moves whole units. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

static void enter(struct store *s)
{
	while (s->busy)
		mir_wait_out(&s->wait);
	s->busy = true;
}

static int leave(struct store *s, int rc)
{
	s->busy = false;
	mir_wake_one(&s->wait);
	return rc;
}

static uint32_t down(const struct store *s, uint64_t at)
{
	return (uint32_t)at & ~(s->unit - 1);
}

static uint32_t up(const struct store *s, uint64_t at)
{
	return down(s, at + s->unit - 1);
}

static int flush(struct store *s, enum sqlite_part part)
{
	struct window *w = &s->windows[part];
	int rc;

	if (w->dirty == w->dirty_end)
		return 0;
	rc = s->ops->save(s, part, w->piece * LAYOUT_PIECE + w->dirty, w->bytes + w->dirty,
	    w->dirty_end - w->dirty);
	if (rc == 0)
		w->dirty = w->dirty_end = 0;
	return rc;
}

/* What a window holds is old. */
static void forget(struct window *w)
{
	w->from = w->to = w->dirty = w->dirty_end = 0;
}

/* The window stands at that piece, with nothing in it unless it was there before. */
static int stand(struct store *s, enum sqlite_part part, uint64_t piece)
{
	struct window *w = &s->windows[part];
	int rc;

	if (!w->bytes && !(w->bytes = malloc(LAYOUT_PIECE)))
		return MIR_ENOMEM;
	if (w->piece == piece)
		return 0;
	if ((rc = flush(s, part)) < 0)
		return rc;
	forget(w);
	w->piece = piece;
	return 0;
}

/* Brings the unit at that offset of the piece into the window, next to what is there: from the
 * store where the part reaches, else zeroes. */
static int bring(struct store *s, enum sqlite_part part, uint32_t unit)
{
	struct window *w = &s->windows[part];
	uint64_t at = w->piece * LAYOUT_PIECE + unit;
	int rc = 0;

	if (unit >= w->from && unit < w->to)
		return 0;
	if (at < s->size[part])
		rc = s->ops->load(s, part, at, w->bytes + unit, s->unit);
	else
		memset(w->bytes + unit, 0, s->unit);
	return rc;
}

/* Writes within one piece. */
static int write_piece(
    struct store *s, enum sqlite_part part, uint64_t at, const uint8_t *from, size_t len)
{
	struct window *w = &s->windows[part];
	uint32_t begin = (uint32_t)(at % LAYOUT_PIECE), end = begin + (uint32_t)len;
	uint32_t first = down(s, begin), last = up(s, end);
	int rc = stand(s, part, at / LAYOUT_PIECE);

	if (rc == 0 && w->from != w->to && (first > w->to || last < w->from)) {
		rc = flush(s, part);
		if (rc == 0)
			forget(w);
	}
	if (rc == 0 && begin != first)
		rc = bring(s, part, first);
	if (rc == 0 && end != last && (last - s->unit != first || begin == first))
		rc = bring(s, part, last - s->unit);
	if (rc < 0)
		return rc;
	memcpy(w->bytes + begin, from, len);
	w->from = w->from == w->to ? first : MIR_MIN(w->from, first);
	w->to = MIR_MAX(w->to, last);
	w->dirty = w->dirty == w->dirty_end ? first : MIR_MIN(w->dirty, first);
	w->dirty_end = MIR_MAX(w->dirty_end, last);
	s->size[part] = MIR_MAX(s->size[part], at + len);
	return 0;
}

/* A part never has a hole: what is between its end and the first byte of a write is zero. */
static int fill(struct store *s, enum sqlite_part part, uint64_t to)
{
	static const uint8_t zeroes[4096];
	int rc = 0;

	while (rc == 0 && s->size[part] < to) {
		uint64_t at = s->size[part];
		size_t n = (size_t)MIR_MIN(to - at, sizeof(zeroes) - at % sizeof(zeroes));

		rc = write_piece(s, part, at, zeroes, n);
	}
	return rc;
}

int mir_sqlite_write(
    struct store *s, enum sqlite_part part, uint64_t at, const void *from, size_t len)
{
	const uint8_t *p = from;
	int rc = 0;

	if (at > INT64_MAX - len)
		return MIR_EFBIG;
	enter(s);
	if (at + len > s->size[part])
		rc = s->ops->room(s, part, at + len);
	if (rc == 0)
		rc = fill(s, part, at);
	while (rc == 0 && len) {
		size_t n = MIR_MIN(len, (size_t)(LAYOUT_PIECE - at % LAYOUT_PIECE));

		rc = write_piece(s, part, at, p, n);
		at += n;
		p += n;
		len -= n;
	}
	return leave(s, rc);
}

/* Reads within one piece, and within the part. */
static int read_piece(struct store *s, enum sqlite_part part, uint64_t at, uint8_t *to, size_t len)
{
	struct window *w = &s->windows[part];
	uint64_t piece = at / LAYOUT_PIECE, left = s->size[part] - piece * LAYOUT_PIECE;
	uint32_t begin = (uint32_t)(at % LAYOUT_PIECE), end = begin + (uint32_t)len, all;
	int rc;

	if (w->bytes && w->piece == piece && begin >= w->from && end <= w->to) {
		memcpy(to, w->bytes + begin, len);
		return 0;
	}
	if (w->bytes && w->piece == piece && (rc = flush(s, part)) < 0)
		return rc;
	if (begin % s->unit == 0 && len % s->unit == 0 && len >= 512)
		return s->ops->load(s, part, at, to, len);
	/* Small ones come one after the other: all that follows in the piece, too. */
	if ((rc = stand(s, part, piece)) < 0)
		return rc;
	all = up(s, MIR_MIN(left, (uint64_t)LAYOUT_PIECE));
	forget(w);
	begin = down(s, begin);
	rc = s->ops->load(s, part, piece * LAYOUT_PIECE + begin, w->bytes + begin, all - begin);
	if (rc < 0)
		return rc;
	w->from = begin;
	w->to = all;
	memcpy(to, w->bytes + at % LAYOUT_PIECE, len);
	return 0;
}

int mir_sqlite_read(struct store *s, enum sqlite_part part, uint64_t at, void *to, size_t len)
{
	uint8_t *p = to;
	uint64_t there;
	size_t inside;
	int rc = 0;

	enter(s);
	there = at < s->size[part] ? s->size[part] - at : 0;
	inside = (size_t)MIR_MIN(there, (uint64_t)len);
	memset(p + inside, 0, len - inside);
	for (size_t done = 0, n; rc == 0 && done < inside; done += n) {
		n = MIR_MIN(inside - done, (size_t)(LAYOUT_PIECE - (at + done) % LAYOUT_PIECE));
		rc = read_piece(s, part, at + done, p + done, n);
	}
	return leave(s, rc < 0 ? rc : inside < len);
}

int mir_sqlite_cut(struct store *s, enum sqlite_part part, uint64_t size)
{
	int rc;

	enter(s);
	if (size >= s->size[part])
		return leave(s, 0);
	/* A shorter part ends within its window, or before it. */
	if ((rc = size ? flush(s, part) : 0) == 0) {
		forget(&s->windows[part]);
		rc = s->ops->cut(s, part, size);
	}
	return leave(s, rc);
}

int mir_sqlite_sync(struct store *s, enum sqlite_part part)
{
	int rc;

	enter(s);
	rc = flush(s, part);
	if (rc == 0)
		rc = s->ops->commit(s);
	return leave(s, rc);
}

void mir_sqlite_store_free(struct store *s)
{
	for (int i = 0; i < SQLITE_PARTS; i++)
		free(s->windows[i].bytes);
	s->ops->free(s);
}
