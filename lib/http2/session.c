/* session.c: the life of a connection: its two fibers, and its end. */
#include "internal.h"

enum {
	PIECES = 8,
	FEED = 16384,        /* bytes that may come after the frame that was one too many */
	LINGER = 256 * 1024, /* that are read past after our last word */
};

static const int64_t linger_ns = MIR_SECOND(2);

int mir_h2_start(struct mir_h2 *h, bool server, unsigned max_streams)
{
	mir_h2_limits_init(&h->limits, mir_now());
	return mir_h2_session_new(h, server, max_streams);
}

void mir_h2_die(struct mir_h2 *h, bool abort)
{
	struct mir_h2_stream *s, *next;

	if (h->dead)
		return;
	h->dead = true;
	h->aborted = abort;
	if (h->waiting)
		mir_flow_when_readable(h->flow, NULL, NULL);
	h->waiting = false;
	mir_timer_stop(&h->timer);
	if (h->reader && h->reader != mir_self())
		mir_cancel(h->reader);
	if (h->writer && h->writer != mir_self())
		mir_cancel(h->writer);
	for (s = h->streams; s; s = next) {
		next = s->next;
		if (!s->closed)
			mir_h2_stream_close(s, NGHTTP2_CANCEL);
	}
	/* The peer need not wait for handlers that do something else. */
	if (h->users)
		mir_flow_shutdown(h->flow, MIR_FLOW_BOTH);
}

void mir_h2_end(struct mir_h2 *h, uint32_t error)
{
	if (h->dead || h->ending)
		return;
	h->ending = error != NGHTTP2_NO_ERROR;
	nghttp2_session_terminate_session(h->session, error);
}

/* ---- writing ---- */

static void write_all(void *arg)
{
	struct mir_h2 *h = arg;
	struct mir_h2_out out;
	int64_t outer;
	int n = 0, rc = 0;

	while (!h->dead && rc >= 0 && (n = mir_h2_gather(h, &out)) > 0) {
		outer = mir_deadline_set(mir_time_add(mir_now(), h->write_patience));
		rc = mir_flow_write(h->flow, out.s, (unsigned)n);
		mir_deadline_restore(outer);
	}
	h->writer = NULL;
	if (n < 0 || rc < 0)
		mir_h2_die(h, true);
	mir_h2_settle(h);
}

void mir_h2_kick(struct mir_h2 *h)
{
	if (h->dead || h->writer || h->lingering || !nghttp2_session_want_write(h->session))
		return;
	if (!(h->writer = mir_spawn("http2 write", write_all, h)))
		mir_h2_die(h, true);
}

/* ---- reading ---- */

void mir_h2_feed(struct mir_h2 *h, const struct mir_slice *s)
{
	size_t at = 0, part;

	if (h->lingering) {
		h->lingered += s->len;
		if (h->lingered > LINGER)
			mir_h2_die(h, true);
	}
	h->feeding = s;
	for (; at < s->len; at += part) {
		if (h->dead || h->ending || h->lingering || !nghttp2_session_want_read(h->session))
			break;
		part = MIR_MIN(s->len - at, FEED);
		if (nghttp2_session_mem_recv(h->session, s->p + at, part) < 0) {
			h->role->failed(h, NGHTTP2_PROTOCOL_ERROR);
			mir_h2_die(h, true);
		} else if (!mir_h2_limits_fed(&h->limits, part)) {
			mir_h2_end(h, NGHTTP2_ENHANCE_YOUR_CALM);
		}
	}
	h->feeding = NULL;
}

static void read_some(void *arg)
{
	struct mir_h2 *h = arg;
	struct mir_slice s[PIECES];
	int64_t outer = mir_deadline_set(mir_time_add(mir_now(), h->read_patience));
	int n = mir_flow_read(h->flow, s, PIECES);

	mir_deadline_restore(outer);
	for (int i = 0; i < n; i++) {
		mir_h2_feed(h, &s[i]);
		mir_slice_unref(&s[i]);
	}
	h->reader = NULL;
	if (n <= 0 && n != MIR_ETIMEDOUT)
		mir_h2_die(h, n < 0 || h->users);
	mir_h2_settle(h);
}

static void readable(void *arg)
{
	struct mir_h2 *h = arg;

	h->waiting = false;
	if (!(h->reader = mir_spawn("http2", read_some, h))) {
		mir_h2_die(h, true);
		mir_h2_settle(h);
	}
}

/* A peer that does not take what it causes is not listened to. */
static bool is_stuck(const struct mir_h2 *h)
{
	return h->writer && nghttp2_session_get_outbound_queue_size(h->session) > MIR_H2_QUEUED;
}

/* ---- between them ---- */

/* Nothing is left to be said: what the peer still sends is read for a while after an error, since
 * closing at once could take the last words from it. */
static void finish(struct mir_h2 *h)
{
	struct mir_h2_stream *s, *next;

	for (s = h->streams; s; s = next) {
		next = s->next;
		if (!s->closed)
			mir_h2_stream_close(s, NGHTTP2_CANCEL);
	}
	if (!h->last_error) {
		mir_h2_die(h, false);
		return;
	}
	h->lingering = true;
	h->linger_deadline = mir_time_add(mir_now(), linger_ns);
	mir_flow_shutdown(h->flow, MIR_FLOW_WRITE);
}

static void settle(struct mir_h2 *h)
{
	mir_h2_kick(h);
	if (!h->dead && !h->lingering && !h->writer && !nghttp2_session_want_read(h->session))
		finish(h);
	if (!h->dead && !h->reader && !h->waiting && !is_stuck(h)) {
		h->waiting = true;
		mir_flow_when_readable(h->flow, readable, h);
	}
}

void mir_h2_settle(struct mir_h2 *h)
{
	if (h->settling)
		return;
	h->settling = true;
	settle(h);
	h->role->settled(h);
	h->settling = false;
	if (h->dead && !h->reader && !h->writer && !h->users)
		h->role->free(h);
}
