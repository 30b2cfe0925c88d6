/* flow.c: reading, writing and the end of a session over a flow.
 *
 * One fiber may read and another write: OpenSSL is never entered by one while the other is in it,
 * because nothing in it blocks.  What a session has for the peer is sent by one fiber at a time.
 */
#include "flow.h"

#include <stdlib.h>

enum {
	FIRST = 1300,            /* plain bytes in a record that fits one packet */
	FIRST_BYTES = 64 * 1024, /* so many in small records, then large ones */
	FLUSH_BYTES = 64 * 1024,
};

static const int64_t pause_ns = MIR_SECOND(1); /* after it records are small again */
static const int64_t close_ns = MIR_SECOND(5); /* for the last words */

static struct mir_tls_conn *flow_of(struct mir_flow *f)
{
	return mir_container(f, struct mir_tls_conn, tls.flow);
}

/* ---- bytes to and from below ---- */

/* Sends what the session has; another fiber that is at it takes ours along. Blocks. */
static int flush(struct mir_tls_conn *t)
{
	struct mir_tls_session *s = &t->session;
	int rc = 0;

	while (s->n_out && !t->flushing && !t->dead) {
		struct mir_slice pieces[MIR_TLS_OUT];
		unsigned n = s->n_out;

		memcpy(pieces, s->out, n * sizeof(pieces[0]));
		s->n_out = 0;
		s->out_bytes = 0;
		t->flushing = true;
		rc = mir_flow_write(t->below, pieces, n);
		t->flushing = false;
		if (rc < 0) /* records may have been cut: no way on */
			t->dead =
			    rc == MIR_ETIMEDOUT || rc == MIR_ECANCELED ? MIR_ECONNABORTED : rc;
		mir_wake_all(&t->flushed);
	}
	return rc < 0 ? rc : t->dead;
}

/* As flush, and waits for the fiber that is at it. */
int mir_tls_flow_flush(struct mir_tls_conn *t)
{
	int rc = flush(t);

	while (rc == 0 && t->flushing) {
		rc = mir_wait(&t->flushed);
		if (rc == 0)
			rc = flush(t);
	}
	return rc;
}

/* Waits for bytes from below. */
int mir_tls_flow_fill(struct mir_tls_conn *t)
{
	struct mir_slice pieces[MIR_TLS_IN];
	int n = mir_flow_read(t->below, pieces, MIR_TLS_IN - t->session.n_in);

	for (int i = 0; i < n; i++)
		mir_tls_session_put(&t->session, pieces[i]);
	t->session.in_ended |= n == 0;
	return n;
}

/* ---- reading ---- */

/* Memory for a record: the one that was not used up last time, if there is one. */
static struct mir_mem *record_memory(struct mir_tls_device *d, uint8_t **p)
{
	struct mir_mem *m = d->spare;

	*p = d->spare_bytes;
	d->spare = NULL;
	return m ? m : mir_mem_new(MIR_TLS_RECORD, p);
}

static void record_memory_back(struct mir_tls_device *d, struct mir_mem *m, uint8_t *p)
{
	if (d->spare) {
		mir_mem_unref(m);
		return;
	}
	d->spare = m;
	d->spare_bytes = p;
}

/* One piece of plain bytes into *out; as mir_tls_session_read. */
static int64_t read_piece(struct mir_tls_conn *t, struct mir_slice *out)
{
	uint8_t *p;
	struct mir_mem *m = record_memory(t->device, &p);
	int64_t len;

	if (!m)
		return MIR_ENOMEM;
	len = mir_tls_session_read(&t->session, p, MIR_TLS_RECORD);
	if (len > MIR_TLS_RECORD / 4) {
		*out = (struct mir_slice){ p, (size_t)len, m };
		return len;
	}
	if (len > 0) {
		*out = mir_slice_copy(p, (size_t)len);
		if (!out->owner)
			len = MIR_ENOMEM;
	}
	record_memory_back(t->device, m, p);
	return len;
}

static int tls_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	struct mir_tls_conn *t = flow_of(f);
	int64_t len = 0;
	unsigned n = 0;
	int rc;

	for (;;) {
		while (n < max && (len = read_piece(t, &out[n])) > 0)
			n++;
		/* A peer's change of keys or its mistake is answered. */
		if (t->session.n_out && !t->shut && (rc = flush(t)) < 0 && !n)
			return rc;
		if (n)
			return (int)n;
		if (len != MIR_EAGAIN)
			return (int)len;
		if ((rc = mir_tls_flow_fill(t)) < 0)
			return rc;
	}
}

/* ---- writing ---- */

static size_t record_size(const struct mir_tls_conn *t)
{
	return t->sent < FIRST_BYTES ? FIRST : MIR_TLS_RECORD;
}

/* At most `size` bytes from the front of data[0..n), gathered in `room` where they are in pieces.
 */
static size_t gather(const struct mir_slice *data, unsigned n, size_t at, size_t size,
    uint8_t *room, const uint8_t **p)
{
	size_t len = MIR_MIN(data[0].len - at, size);

	*p = data[0].p + at;
	if (len == size || n == 1)
		return len;
	memcpy(room, *p, len);
	*p = room;
	for (unsigned i = 1; i < n && len < size; i++) {
		size_t part = MIR_MIN(data[i].len, size - len);

		memcpy(room + len, data[i].p, part);
		len += part;
	}
	return len;
}

static int write_all(struct mir_tls_conn *t, const struct mir_slice *data, unsigned n)
{
	size_t at = 0; /* in data[0] */
	int rc = 0;

	if (mir_now() - t->sent_at > pause_ns)
		t->sent = 0;
	while (n && rc == 0) {
		size_t size = record_size(t), len;
		const uint8_t *p;

		len = gather(data, n, at, size, t->device->room, &p);
		if (len)
			rc = mir_tls_session_write(&t->session, p, len, size);
		t->sent += len;
		for (at += len; n && at >= data[0].len; n--)
			at -= data++->len;
		if (rc == 0 &&
		    (t->session.n_out > MIR_TLS_OUT - 4 || t->session.out_bytes >= FLUSH_BYTES))
			rc = mir_tls_flow_flush(t);
	}
	if (rc == 0)
		rc = mir_tls_flow_flush(t);
	t->sent_at = mir_now(); /* what was waited for is no pause */
	return rc;
}

static int tls_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	struct mir_tls_conn *t = flow_of(f);
	int rc = t->dead ? t->dead : t->shut ? MIR_EPIPE : write_all(t, data, n);

	mir_slices_unref(data, n);
	return rc;
}

static int tls_drain(struct mir_flow *f)
{
	struct mir_tls_conn *t = flow_of(f);
	int rc = mir_tls_flow_flush(t);

	return rc < 0 ? rc : mir_flow_drain(t->below);
}

/* ---- the end ---- */

void mir_tls_flow_destroy(struct mir_tls_conn *t, bool abort)
{
	if (abort)
		mir_flow_abort(t->below);
	else
		mir_flow_close(t->below);
	mir_unpost(&t->task);
	mir_tls_session_release(&t->session);
	free(t);
}

/* Sends the last words, as long as the peer takes them; then the flow may be gone. */
static void farewell(void *arg)
{
	struct mir_tls_conn *t = arg;
	int64_t outer = mir_deadline_set(mir_time_add(mir_now(), close_ns));
	int rc = mir_tls_flow_flush(t);

	mir_deadline_restore(outer);
	t->ending = NULL;
	if (t->closed)
		mir_tls_flow_destroy(t, rc < 0 || t->aborted);
	else if (rc == 0)
		mir_flow_shutdown(t->below, MIR_FLOW_WRITE);
}

static void end_writing(struct mir_tls_conn *t)
{
	if (!t->shut)
		mir_tls_session_close(&t->session);
	t->shut = true;
	if (!t->ending && !t->dead)
		t->ending = mir_spawn("tls close", farewell, t);
}

static int tls_shutdown(struct mir_flow *f, enum mir_flow_half half)
{
	struct mir_tls_conn *t = flow_of(f);

	if (half & MIR_FLOW_READ)
		mir_flow_shutdown(t->below, MIR_FLOW_READ);
	if (half & MIR_FLOW_WRITE && !t->shut)
		end_writing(t);
	return 0;
}

static void no_more_events(struct mir_tls_conn *t)
{
	t->ready = NULL;
	t->closed = true;
	mir_flow_when_readable(t->below, NULL, NULL);
}

static void tls_close(struct mir_flow *f)
{
	struct mir_tls_conn *t = flow_of(f);

	no_more_events(t);
	end_writing(t);
	if (!t->ending)
		mir_tls_flow_destroy(t, true);
}

static void tls_abort(struct mir_flow *f)
{
	struct mir_tls_conn *t = flow_of(f);

	no_more_events(t);
	t->aborted = true;
	if (t->ending)
		mir_cancel(t->ending);
	else
		mir_tls_flow_destroy(t, true);
}

/* ---- waiting without a fiber ---- */

static void wait_below(struct mir_tls_conn *t);

static void call_ready(struct mir_tls_conn *t)
{
	mir_flow_ready *ready = t->ready;

	t->ready = NULL;
	if (ready)
		ready(t->ready_arg);
}

void mir_tls_flow_run(struct mir_task *task)
{
	call_ready(mir_container(task, struct mir_tls_conn, task));
}

/* Below has something, so that reading does not block; is it something for the reader? */
static void below_readable(void *arg)
{
	struct mir_tls_conn *t = arg;

	if (t->session.n_in == MIR_TLS_IN || mir_tls_flow_fill(t) < 0 ||
	    mir_tls_session_readable(&t->session))
		call_ready(t);
	else
		wait_below(t);
}

static void wait_below(struct mir_tls_conn *t)
{
	mir_flow_when_readable(t->below, below_readable, t);
}

static void tls_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	struct mir_tls_conn *t = flow_of(f);

	t->ready = ready;
	t->ready_arg = arg;
	if (!ready) {
		mir_unpost(&t->task);
		mir_flow_when_readable(t->below, NULL, NULL);
	} else if (mir_tls_session_readable(&t->session)) {
		mir_post(&t->task);
	} else {
		wait_below(t);
	}
}

const struct mir_flow_ops mir_tls_flow_ops = {
	.name = "tls",
	.read = tls_read,
	.write = tls_write,
	.drain = tls_drain,
	.shutdown = tls_shutdown,
	.close = tls_close,
	.abort = tls_abort,
	.when_readable = tls_when_readable,
};
