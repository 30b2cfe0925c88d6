/* output.c: what nghttp2 has to say, put together for one write: frame headers and small bodies
 * are copied into one piece of memory, larger bodies go as the slices that their writers gave. */
#include "internal.h"

#include <mir/mem.h>

enum { TEXT = MIR_MEM_PAGE };

/* Room for n bytes that are copied, in one piece; NULL: no memory. */
static uint8_t *reserve(struct mir_h2_out *o, size_t n)
{
	if (o->mem && n <= TEXT - o->used)
		return o->text + o->used;
	mir_mem_unref(o->mem);
	o->used = 0;
	o->mem = mir_mem_pooled(TEXT, &o->text);
	return o->mem ? o->text : NULL;
}

static bool is_full(const struct mir_h2_out *o)
{
	return o->n > MIR_H2_OUT - 4 || o->bytes >= MIR_H2_BATCH;
}

/* Copies at most TEXT bytes. */
static bool put_copy(struct mir_h2_out *o, const uint8_t *p, size_t n)
{
	uint8_t *to = reserve(o, n);
	struct mir_slice *last = o->n ? &o->s[o->n - 1] : NULL;

	if (!to)
		return false;
	memcpy(to, p, n);
	if (last && last->owner == o->mem && last->p + last->len == to)
		last->len += n;
	else
		o->s[o->n++] = (struct mir_slice){ to, n, mir_mem_ref(o->mem) };
	o->used += n;
	o->bytes += n;
	return true;
}

ssize_t mir_h2_send(
    nghttp2_session *ng, const uint8_t *data, size_t length, int flags, void *user_data)
{
	struct mir_h2 *h = user_data;
	struct mir_h2_out *o = h->out;
	size_t n = MIR_MIN(length, (size_t)TEXT);

	(void)ng;
	(void)flags;
	if (!o || is_full(o))
		return NGHTTP2_ERR_WOULDBLOCK;
	/* Fills the memory that there is before it takes more. */
	if (o->mem && o->used < TEXT)
		n = MIR_MIN(n, TEXT - o->used);
	return put_copy(o, data, n) ? (ssize_t)n : NGHTTP2_ERR_NOMEM;
}

static ssize_t read_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t length,
    uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
	struct mir_h2_stream *s = source->ptr;
	size_t len = mir_slices_len(s->data, s->n);

	(void)ng;
	(void)id;
	(void)buf;
	(void)user_data;
	if (!len && !s->out_last)
		return NGHTTP2_ERR_DEFERRED;
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (len <= length && s->out_last)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)MIR_MIN(len, length);
}

nghttp2_data_provider mir_h2_body(struct mir_h2_stream *s)
{
	return (nghttp2_data_provider){ .source.ptr = s, .read_callback = read_body };
}

/* Moves `length` bytes of the stream's data to out. */
static bool put_body(struct mir_h2_out *o, struct mir_h2_stream *s, size_t length)
{
	while (length) {
		size_t part = MIR_MIN(length, s->data->len);

		if (part && part <= MIR_H2_SMALL) {
			if (!put_copy(o, s->data->p, part))
				return false;
		} else if (part) {
			o->s[o->n++] = mir_slice_sub(s->data, 0, part);
			o->bytes += part;
		}
		length -= part;
		s->data->p += part;
		s->data->len -= part;
		if (!s->data->len) {
			mir_slice_unref(s->data++);
			s->n--;
		}
	}
	return true;
}

/* How many slices the next bytes may take. */
static unsigned pieces(const struct mir_h2_stream *s, size_t length)
{
	unsigned n = 0;

	for (; n < s->n && length; n++)
		length -= MIR_MIN(length, s->data[n].len);
	return n;
}

int mir_h2_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *framehd,
    size_t length, nghttp2_data_source *source, void *user_data)
{
	struct mir_h2_stream *s = source->ptr;
	struct mir_h2 *h = user_data;
	struct mir_h2_out *o = h->out;
	unsigned need = 1 + pieces(s, length);

	(void)ng;
	(void)frame;
	/* Its writer has given up. */
	if (mir_slices_len(s->data, s->n) < length)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (!o || is_full(o) || (o->n && need > MIR_H2_OUT - o->n))
		return NGHTTP2_ERR_WOULDBLOCK;
	if (!put_copy(o, framehd, 9) || !put_body(o, s, length))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	while (s->n && !s->data->len) {
		mir_slice_unref(s->data++);
		s->n--;
	}
	mir_h2_limits_sent(&h->limits);
	if (!s->n)
		mir_wake_all(&s->writers);
	return 0;
}

int mir_h2_gather(struct mir_h2 *h, struct mir_h2_out *o)
{
	int rc;

	memset(o, 0, sizeof(*o));
	h->out = o;
	rc = nghttp2_session_send(h->session);
	h->out = NULL;
	mir_mem_unref(o->mem);
	if (rc == 0)
		return (int)o->n;
	mir_slices_unref(o->s, o->n);
	return rc;
}
