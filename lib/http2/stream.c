/* stream.c: the two bodies of a stream: what has come and is not read, what waits to be sent. */
#include "internal.h"

#include <stdlib.h>

enum { SHARED = 4096 /* bytes of memory that small pieces share */ };

void mir_h2_stream_init(struct mir_h2_stream *s, struct mir_h2 *h, int32_t id)
{
	s->h = h;
	s->id = id;
	s->next = h->streams;
	s->prev = &h->streams;
	if (s->next)
		s->next->prev = &s->next;
	h->streams = s;
}

static void free_piece(struct mir_h2_stream *s)
{
	struct mir_h2_piece *p = s->first;

	s->first = p->next;
	if (!s->first)
		s->last = NULL;
	free(p);
}

/* The connection's window is for the other streams too. */
static void give_back(struct mir_h2_stream *s, size_t n)
{
	s->held -= n;
	*s->h->held -= n;
	if (n && !s->h->dead)
		nghttp2_session_consume(s->h->session, s->id, n);
}

static void drop_body(struct mir_h2_stream *s)
{
	while (s->first) {
		mir_slice_unref(&s->first->bytes);
		free_piece(s);
	}
	give_back(s, s->held);
}

void mir_h2_stream_release(struct mir_h2_stream *s)
{
	*s->prev = s->next;
	if (s->next)
		s->next->prev = s->prev;
	drop_body(s);
	for (unsigned i = 0; i < s->nfields; i++) {
		nghttp2_rcbuf_decref(s->fields[i].name);
		nghttp2_rcbuf_decref(s->fields[i].value);
	}
	free(s->fields);
}

void mir_h2_stream_unuse(struct mir_h2_stream *s)
{
	s->used = false;
	s->h->users--;
	if (s->closed)
		s->h->role->free_stream(s);
	else
		drop_body(s);
}

void mir_h2_stream_close(struct mir_h2_stream *s, uint32_t error)
{
	s->closed = true;
	s->error = error;
	if (!s->headed)
		s->h->head_deadline = 0;
	if (!s->headed && s->used && s->h->role->orphan) {
		s->h->role->orphan(s);
		return;
	}
	if (!s->used) {
		s->h->role->free_stream(s);
		return;
	}
	mir_wake_all(&s->readers);
	mir_wake_all(&s->writers);
}

int mir_h2_stream_field(struct mir_h2_stream *s, nghttp2_rcbuf *name, nghttp2_rcbuf *value)
{
	s->field_bytes += mir_h2_text(name).len + mir_h2_text(value).len + 32;
	if (s->nfields == MIR_H2_FIELDS || s->field_bytes > s->h->max_header) {
		s->too_large = true;
		return 0;
	}
	if (s->nfields == s->cap_fields) {
		unsigned cap = MIR_MIN(s->cap_fields ? 2 * s->cap_fields : 16u, MIR_H2_FIELDS);
		void *more = realloc(s->fields, cap * sizeof(s->fields[0]));

		if (!more)
			return MIR_ENOMEM;
		s->fields = more;
		s->cap_fields = cap;
	}
	nghttp2_rcbuf_incref(name);
	nghttp2_rcbuf_incref(value);
	s->fields[s->nfields++] = (struct mir_h2_field){ name, value };
	return 0;
}

/* ---- what comes ---- */

static int append(struct mir_h2_stream *s, struct mir_slice bytes /* take */, size_t room)
{
	struct mir_h2_piece *p = malloc(sizeof(*p));

	if (!p || !bytes.owner) {
		free(p);
		mir_slice_unref(&bytes);
		return MIR_ENOMEM;
	}
	*p = (struct mir_h2_piece){ NULL, bytes, room };
	if (s->last)
		s->last->next = p;
	else
		s->first = p;
	s->last = p;
	return 0;
}

/* Few bytes, copied behind the last piece or to memory of their own. */
static int put_small(struct mir_h2_stream *s, const uint8_t *p, size_t len)
{
	struct mir_h2_piece *last = s->last;
	size_t fits = last ? MIR_MIN(last->room, len) : 0;
	struct mir_slice bytes = { NULL, 0, NULL };
	uint8_t *to;

	if (fits) {
		/* Nobody else has seen the memory behind the bytes. */
		to = (uint8_t *)(uintptr_t)last->bytes.p + last->bytes.len;
		memcpy(to, p, fits);
		last->bytes.len += fits;
		last->room -= fits;
	}
	if (fits == len)
		return 0;
	if ((bytes.owner = mir_mem_new(MIR_MAX(SHARED, len - fits), &to))) {
		memcpy(to, p + fits, len - fits);
		bytes.p = to;
		bytes.len = len - fits;
	}
	return append(s, bytes, MIR_MAX(SHARED, bytes.len) - bytes.len);
}

int mir_h2_stream_put(struct mir_h2_stream *s, const uint8_t *p, size_t len)
{
	const struct mir_slice *in = s->h->feeding;
	int rc;

	/* A few bytes must not hold on to a large buffer. */
	if (in && in->owner && p >= in->p && p + len <= in->p + in->len &&
	    in->owner->size <= 2 * len + 64)
		rc = append(s, mir_slice_sub(in, (size_t)(p - in->p), len), 0);
	else
		rc = put_small(s, p, len);
	if (rc == 0) {
		s->held += len;
		*s->h->held += len;
	}
	mir_wake_all(&s->readers);
	return rc;
}

int mir_h2_stream_error(const struct mir_h2_stream *s)
{
	switch (s->error) {
	case NGHTTP2_PROTOCOL_ERROR: return MIR_EPROTO;
	case NGHTTP2_REFUSED_STREAM: return MIR_EAGAIN;
	default: return MIR_ECONNRESET;
	}
}

int mir_h2_stream_read(struct mir_h2_stream *s, struct mir_slice *out, unsigned max)
{
	unsigned n = 0;
	int rc;

	while (!s->first) {
		if (s->in_ended)
			return 0;
		if (s->closed)
			return mir_h2_stream_error(s);
		if ((rc = mir_wait(&s->readers)) < 0)
			return rc;
	}
	while (n < max && s->first) {
		out[n++] = s->first->bytes;
		free_piece(s);
	}
	give_back(s, mir_slices_len(out, n));
	mir_h2_kick(s->h);
	return (int)n;
}

/* ---- what goes ---- */

static void resume(struct mir_h2_stream *s)
{
	if (s->closed || s->h->dead)
		return;
	nghttp2_session_resume_data(s->h->session, s->id);
	mir_h2_kick(s->h);
}

int mir_h2_stream_write(struct mir_h2_stream *s, struct mir_slice *data, unsigned n, bool last)
{
	int rc = 0;

	if (!s->closed) {
		s->data = data;
		s->n = n;
		s->out_last = last;
		resume(s);
	}
	while (s->n && !s->closed && rc == 0)
		rc = mir_wait(&s->writers);
	if (rc == 0 && s->closed && !s->out_ended)
		rc = mir_h2_stream_error(s);
	if (!s->data) {
		mir_slices_unref(data, n);
		return rc;
	}
	mir_slices_unref(s->data, s->n);
	s->data = NULL;
	s->n = 0;
	return rc;
}

void mir_h2_stream_end(struct mir_h2_stream *s)
{
	s->out_last = true;
	resume(s);
}

void mir_h2_stream_reset(struct mir_h2_stream *s, uint32_t error)
{
	if (s->closed || s->h->dead)
		return;
	nghttp2_submit_rst_stream(s->h->session, NGHTTP2_FLAG_NONE, s->id, error);
	mir_h2_kick(s->h);
}
