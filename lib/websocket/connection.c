/* connection.c: messages come in, and the close (RFC 6455 sections 5.5 and 7). */
#include "internal.h"

#include <mir/mem.h>
#include <stdlib.h>

enum {
	AT_ONCE = 65536, /* bytes of memory for what a peer has only announced */
	DEFAULT_MESSAGE = 1 << 20,
	DEFAULT_QUEUE = 256 << 10,
};

/* The peer has had its time: a fiber that reads hears the end of the stream. */
static void late(struct mir_timer *t)
{
	struct mir_ws *ws = mir_container(t, struct mir_ws, timer);

	mir_flow_shutdown(ws->flow, MIR_FLOW_READ);
	if (ws->flusher)
		mir_cancel(ws->flusher);
}

struct mir_ws *mir_ws_new(
    struct mir_flow *flow, bool client, const struct mir_ws_options *o, const char *protocol)
{
	static const struct mir_ws_options standard;
	struct mir_ws *ws = calloc(1, sizeof(*ws));

	if (!ws)
		return NULL;
	o = o ? o : &standard;
	ws->flow = ws->input.flow = flow;
	ws->protocol = protocol;
	ws->client = ws->frames.client = client;
	ws->pieces = o->pieces;
	ws->frames.limit = o->max_message ? o->max_message : DEFAULT_MESSAGE;
	if (o->pieces)
		ws->frames.limit = 0;
	ws->frames.code = MIR_WS_ABNORMAL;
	ws->max_queue = o->max_queue ? o->max_queue : DEFAULT_QUEUE;
	ws->ping_ns = o->ping_ns;
	ws->close_ns = o->close_ns ? o->close_ns : MIR_SECOND(5);
	ws->tail = &ws->head;
	mir_timer_init(&ws->timer, late);
	ws->heard = mir_now();
	return ws;
}

const char *mir_ws_protocol(const struct mir_ws *ws)
{
	return ws->protocol;
}

unsigned mir_ws_code(const struct mir_ws *ws)
{
	return ws->frames.closed ? ws->frames.code : MIR_WS_ABNORMAL;
}

struct mir_str mir_ws_reason(const struct mir_ws *ws)
{
	return (struct mir_str){ (const char *)ws->reason, ws->reason_len };
}

static void drop_message(struct mir_ws *ws)
{
	mir_mem_unref(ws->mem);
	ws->mem = NULL;
	ws->buf = NULL;
	ws->len = ws->cap = 0;
}

/* Room for `more` bytes that are announced: all of them if they are few; else, and for a message in
 * many frames, twice what there is. */
static int reserve(struct mir_ws *ws, uint64_t more)
{
	size_t step = (size_t)MIR_MIN(more, (uint64_t)MIR_MAX(ws->len, (size_t)AT_ONCE));
	size_t want = ws->len + MIR_MAX(step, ws->len);
	struct mir_mem *mem;
	uint8_t *p;

	if (!(mem = mir_mem_new(want, &p)))
		return MIR_ENOMEM;
	if (ws->len)
		memcpy(p, ws->buf, ws->len);
	mir_mem_unref(ws->mem);
	ws->mem = mem;
	ws->buf = p;
	ws->cap = want;
	return 0;
}

static void give(struct mir_ws *ws, struct mir_ws_message *out, bool last)
{
	*out = (struct mir_ws_message){ .type = ws->frames.type, .last = last };
	out->data = (struct mir_slice){ ws->buf, ws->len, ws->mem };
	ws->mem = NULL;
	drop_message(ws);
}

/* Acts on an event; 1: a message, or a piece, is whole; 0: on. */
static int act(struct mir_ws *ws, const struct mir_ws_event *e)
{
	switch (e->kind) {
	case MIR_WS_ROOM_EVENT:
		return reserve(
		    ws, ws->pieces ? MIR_MIN(e->len, (uint64_t)ws->input.s[0].len) : e->len);
	case MIR_WS_DATA_EVENT:
		ws->len += (size_t)e->len;
		return e->last || (ws->pieces && ws->len > 0);
	case MIR_WS_PING_EVENT:
		/* Of several the last is answered (section 5.5.3). */
		if (!ws->shut || ws->close.due) {
			ws->pong.due = true;
			ws->pong.len = (uint8_t)e->len;
			memcpy(ws->pong.bytes, e->p, (size_t)e->len);
		}
		mir_ws_kick(ws);
		return 0;
	case MIR_WS_CLOSE_EVENT:
		ws->reason_len = (uint8_t)e->len;
		memcpy(ws->reason, e->p, (size_t)e->len);
		mir_ws_drop_queue(ws);
		mir_ws_close_due(ws, ws->frames.code, mir_str(""));
		mir_ws_kick(ws);
		return 0;
	case MIR_WS_PONG_EVENT:
	case MIR_WS_NO_EVENT: break;
	}
	return 0;
}

/* Fails the connection (section 7.1.7). */
static int fail(struct mir_ws *ws, int error)
{
	ws->failed = error;
	drop_message(ws);
	if (error == MIR_EPROTO || error == MIR_EFBIG)
		mir_ws_close_due(ws, ws->frames.code, mir_str(""));
	else if (error == MIR_ENOMEM)
		mir_ws_close_due(ws, MIR_WS_ERROR, mir_str(""));
	mir_ws_drop_queue(ws);
	mir_ws_kick(ws);
	return error;
}

/* Works through what has come; 1: a message; 0: more is needed, or Close came. */
static int work(struct mir_ws *ws)
{
	while (ws->input.n && !ws->frames.closed) {
		struct mir_slice *s = &ws->input.s[0];
		struct mir_reader in = mir_reader(s->p, s->len);
		struct mir_ws_event e;
		uint8_t *out = ws->buf ? ws->buf + ws->len : NULL;
		int rc = mir_ws_frames_next(&ws->frames, &in, out, ws->cap - ws->len, &e);

		if (rc == 0)
			rc = act(ws, &e);
		mir_http_input_drop(&ws->input, s->len - mir_read_left(&in));
		if (rc < 0)
			return fail(ws, rc);
		if (rc)
			return 1;
	}
	return 0;
}

/* When silence has lasted too long. */
static int64_t patience(const struct mir_ws *ws)
{
	return ws->ping_ns && !ws->shut ? mir_time_add(ws->heard, ws->ping_ns) : MIR_NEVER;
}

/* Reads; 0: go on.  Blocks. */
static int fill(struct mir_ws *ws)
{
	int64_t own = patience(ws), outer = mir_deadline_set(own);
	int rc;

	mir_deadline_restore(outer);
	rc = mir_http_fill(&ws->input, own);
	if (rc > 0) {
		ws->heard = mir_now();
		ws->pinged = false;
		return 0;
	}
	if (rc == 0)
		return fail(ws,
		    ws->shut && mir_now() >= ws->shut_until ? MIR_ECONNABORTED : MIR_ECONNRESET);
	if (rc == MIR_ECANCELED || (rc == MIR_ETIMEDOUT && (outer <= own || mir_now() < own)))
		return rc;
	if (rc != MIR_ETIMEDOUT)
		return fail(ws, rc);
	if (ws->shut)
		return 0;
	if (ws->pinged)
		return fail(ws, MIR_ECONNABORTED);
	ws->pinged = ws->ping.due = true;
	ws->heard = mir_now();
	mir_ws_kick(ws);
	return 0;
}

int mir_ws_receive(struct mir_ws *ws, struct mir_ws_message *out)
{
	int rc;

	/* While nobody was here nothing can have been heard. */
	if (!ws->pinged)
		ws->heard = mir_now();
	for (;;) {
		if (ws->failed)
			return ws->failed;
		if ((rc = work(ws)) < 0)
			return rc;
		if (rc > 0) {
			give(ws, out, ws->frames.message == 0);
			return 1;
		}
		if (ws->frames.closed)
			return 0;
		if ((rc = fill(ws)) < 0)
			return rc;
	}
}

/* Waits for the peer's Close; what comes before it is not wanted any more. */
static int await_close(struct mir_ws *ws)
{
	struct mir_ws_message m;
	int rc;

	ws->pieces = true;
	ws->frames.limit = 0;
	while ((rc = mir_ws_receive(ws, &m)) > 0)
		mir_slice_unref(&m.data);
	return rc;
}

/* Reads until the peer has ended the stream: unread bytes would make its end a reset, which may
 * overtake what was sent (section 7.1.1). */
static void linger(struct mir_ws *ws)
{
	int rc;

	mir_flow_shutdown(ws->flow, MIR_FLOW_WRITE);
	do {
		mir_slices_unref(ws->input.s, ws->input.n);
		ws->input.n = 0;
		rc = mir_http_fill(&ws->input, ws->shut_until);
	} while (rc > 0);
}

static bool over(const struct mir_ws *ws)
{
	return ws->torn || (ws->failed && ws->failed != MIR_EPROTO && ws->failed != MIR_EFBIG &&
			       ws->failed != MIR_ENOMEM);
}

/* The fiber that sends must not outlive the connection. */
static void end_flusher(struct mir_ws *ws)
{
	if (ws->flusher)
		mir_cancel(ws->flusher);
	while (ws->flusher)
		mir_wait_out(&ws->idle);
}

/* A fiber that is cancelled cannot wait for the peer; that of its own can still send Close. */
static int close_cancelled(struct mir_ws *ws)
{
	if (!over(ws)) {
		mir_timer_set(&ws->timer, MIR_MIN(ws->shut_until, mir_now() + MIR_SECOND(1)));
		mir_ws_kick(ws);
	}
	while (ws->flusher && !over(ws))
		mir_wait_out(&ws->idle);
	return MIR_ECANCELED;
}

/* The two halves of the close; what came in between. */
static int agree(struct mir_ws *ws)
{
	int64_t outer = mir_deadline_set(ws->shut_until);
	int rc = 0;

	if (!over(ws))
		rc = mir_ws_flush(ws, !ws->failed && !ws->frames.closed);
	if (rc == 0 && !over(ws) && !ws->failed)
		rc = await_close(ws);
	else if (rc == 0)
		rc = ws->failed ? ws->failed : ws->torn;
	if (!over(ws) && (ws->failed || ws->client))
		linger(ws);
	mir_deadline_restore(outer);
	return rc;
}

int mir_ws_close(struct mir_ws *ws, unsigned code, const char *reason)
{
	int rc;

	if (!ws->shut && mir_ws_shut(ws, code, reason) < 0)
		mir_ws_close_due(ws, MIR_WS_ERROR, mir_str(""));
	rc = mir_cancelled() ? close_cancelled(ws) : agree(ws);
	mir_timer_stop(&ws->timer);
	end_flusher(ws);
	drop_message(ws);
	mir_ws_drop_queue(ws);
	mir_slices_unref(ws->input.s, ws->input.n);
	if (ws->torn || (rc < 0 && over(ws)))
		mir_flow_abort(ws->flow);
	else
		mir_flow_close(ws->flow);
	free(ws);
	return rc;
}
