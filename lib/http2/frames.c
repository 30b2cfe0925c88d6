/* frames.c: what nghttp2 calls as frames come and go. */
#include "internal.h"

#include <mir/mem.h>

static struct mir_h2_stream *stream_of(nghttp2_session *ng, int32_t id)
{
	return nghttp2_session_get_stream_user_data(ng, id);
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *user_data)
{
	struct mir_h2 *h = user_data;

	(void)ng;
	/* nghttp2 does not look at those. */
	if (hd->type == NGHTTP2_PRIORITY && !hd->stream_id)
		mir_h2_end(h, NGHTTP2_PROTOCOL_ERROR);
	if (!mir_h2_limits_frame(&h->limits, hd, h->max_header, mir_now()))
		mir_h2_end(h, NGHTTP2_ENHANCE_YOUR_CALM);
	return 0;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
	struct mir_h2 *h = user_data;
	struct mir_h2_stream *s = stream_of(ng, frame->hd.stream_id);

	if (frame->hd.type != NGHTTP2_HEADERS)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* a push */
	if (!s && (s = h->role->begin(h, frame->hd.stream_id)))
		nghttp2_session_set_stream_user_data(ng, frame->hd.stream_id, s);
	if (s && !s->headed)
		h->head_deadline = mir_time_add(mir_now(), h->read_patience);
	return s ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, nghttp2_rcbuf *name,
    nghttp2_rcbuf *value, uint8_t flags, void *user_data)
{
	struct mir_h2_stream *s = stream_of(ng, frame->hd.stream_id);

	(void)flags;
	(void)user_data;
	if (frame->hd.type != NGHTTP2_HEADERS || !s || s->headed || !s->used)
		return 0;
	if (mir_h2_stream_field(s, name, value) < 0)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	return 0;
}

/* What nghttp2 would leave out: a message with it is not what its sender means. */
static int on_invalid_header(nghttp2_session *ng, const nghttp2_frame *frame, nghttp2_rcbuf *name,
    nghttp2_rcbuf *value, uint8_t flags, void *user_data)
{
	(void)name;
	(void)value;
	(void)flags;
	(void)user_data;
	nghttp2_submit_rst_stream(
	    ng, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static void ended(struct mir_h2_stream *s)
{
	s->in_ended = true;
	mir_wake_all(&s->readers);
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
	struct mir_h2 *h = user_data;
	struct mir_h2_stream *s = NULL;
	bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

	if (frame->hd.stream_id)
		s = stream_of(ng, frame->hd.stream_id);
	if (frame->hd.type == NGHTTP2_HEADERS) {
		h->head_deadline = 0;
		if (s && end)
			ended(s);
		if (s && s->used)
			h->role->head(s);
	} else if (frame->hd.type == NGHTTP2_DATA && s && end) {
		ended(s);
	}
	if (h->role->frame)
		h->role->frame(h, frame);
	return 0;
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
    void *user_data)
{
	struct mir_h2_stream *s = stream_of(ng, id);
	struct mir_h2 *h = user_data;

	(void)flags;
	h->limits.body += len;
	if (!s || !s->used) {
		nghttp2_session_consume(ng, id, len);
		return 0;
	}
	return mir_h2_stream_put(s, data, len) < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t error, void *user_data)
{
	struct mir_h2_stream *s = stream_of(ng, id);

	(void)user_data;
	if (s)
		mir_h2_stream_close(s, error);
	return 0;
}

static int on_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
	struct mir_h2 *h = user_data;
	struct mir_h2_stream *s;

	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code) {
		h->last_error = frame->goaway.error_code;
		h->role->failed(h, h->last_error);
	} else if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code) {
		if (!mir_h2_limits_reset(&h->limits, mir_now()))
			mir_h2_end(h, NGHTTP2_ENHANCE_YOUR_CALM);
	} else if (frame->hd.type <= NGHTTP2_HEADERS &&
		   (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
		   (s = stream_of(ng, frame->hd.stream_id))) {
		s->out_ended = true;
		mir_wake_all(&s->writers);
		if (s->reset_at_end)
			nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR);
	}
	return 0;
}

static nghttp2_session_callbacks *callbacks_new(void)
{
	nghttp2_session_callbacks *c;

	if (nghttp2_session_callbacks_new(&c))
		return NULL;
	nghttp2_session_callbacks_set_send_callback(c, mir_h2_send);
	nghttp2_session_callbacks_set_send_data_callback(c, mir_h2_send_data);
	nghttp2_session_callbacks_set_on_begin_frame_callback(c, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback2(c, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback2(c, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(c, on_sent);
	return c;
}

static nghttp2_option *options_new(void)
{
	nghttp2_option *o;

	if (nghttp2_option_new(&o))
		return NULL;
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_no_closed_streams(o, 1);
	nghttp2_option_set_max_settings(o, MIR_H2_SETTINGS);
	return o;
}

static int greet(struct mir_h2 *h, bool server, unsigned max_streams)
{
	nghttp2_settings_entry entries[] = {
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, MIR_H2_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)h->max_header },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
		{ server ? NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS : NGHTTP2_SETTINGS_ENABLE_PUSH,
		    server ? max_streams : 0 },
	};
	int rc =
	    nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, entries, MIR_COUNT(entries));

	return rc ? rc
		  : nghttp2_session_set_local_window_size(
			h->session, NGHTTP2_FLAG_NONE, 0, MIR_H2_WINDOWS);
}

int mir_h2_session_new(struct mir_h2 *h, bool server, unsigned max_streams)
{
	nghttp2_session_callbacks *c = callbacks_new();
	nghttp2_option *o = c ? options_new() : NULL;
	int rc = NGHTTP2_ERR_NOMEM;

	if (o)
		rc = server ? nghttp2_session_server_new2(&h->session, c, h, o)
			    : nghttp2_session_client_new2(&h->session, c, h, o);
	if (rc == 0 && (rc = greet(h, server, max_streams)))
		nghttp2_session_del(h->session);
	nghttp2_option_del(o);
	nghttp2_session_callbacks_del(c);
	return rc ? MIR_ENOMEM : 0;
}
