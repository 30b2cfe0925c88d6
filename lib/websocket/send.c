/* send.c: frames go out, one at a time, whoever sends: control frames first. */
#include "internal.h"

#include <mir/hash.h>
#include <mir/mem.h>
#include <stdlib.h>

/* A masked copy: slices are never changed, and a mask is new for each frame (section 5.3). */
static struct mir_slice masked(const struct mir_slice *s, const uint8_t key[4], uint64_t at)
{
	struct mir_slice out = { NULL, 0, NULL };
	uint8_t *p;

	out.owner = mir_mem_new(s->len, &p);
	if (out.owner) {
		mir_ws_mask(p, s->p, s->len, key, at);
		out.p = p;
		out.len = s->len;
	}
	return out;
}

static int mask_all(struct mir_slice *data, unsigned n, const uint8_t key[4])
{
	uint64_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		struct mir_slice s;

		if (data[i].len == 0)
			continue;
		s = masked(&data[i], key, at);
		if (!s.owner)
			return MIR_ENOMEM;
		at += s.len;
		mir_slice_unref(&data[i]);
		data[i] = s;
	}
	return 0;
}

/* A frame, by the fiber that may write.  Blocks. */
static int put(
    struct mir_ws *ws, unsigned opcode, bool fin, struct mir_slice *data /* take */, unsigned n)
{
	struct mir_slice out[MIR_WS_PARTS];
	uint8_t head[MIR_WS_HEAD], key[4];
	unsigned len, k = 1, i = 0;
	int rc = 0;

	if (ws->client) {
		mir_random(key, sizeof(key));
		rc = mask_all(data, n, key);
	}
	len = mir_ws_head(head, opcode, fin, mir_slices_len(data, n), ws->client ? key : NULL);
	out[0] = mir_slice_copy(head, len);
	if (rc < 0 || !out[0].owner) {
		mir_slice_unref(&out[0]);
		mir_slices_unref(data, n);
		return MIR_ENOMEM;
	}
	do {
		for (; i < n && k < MIR_WS_PARTS; i++)
			if (data[i].len)
				out[k++] = data[i];
			else
				mir_slice_unref(&data[i]);
		rc = mir_flow_write(ws->flow, out, k);
		k = 0;
	} while (rc == 0 && i < n);
	mir_slices_unref(data + i, n - i);
	if (rc < 0)
		ws->torn = rc;
	return rc;
}

static int put_due(struct mir_ws *ws, struct mir_ws_due *d, unsigned opcode)
{
	struct mir_slice s = mir_slice_copy(d->bytes, sizeof(d->bytes));

	if (!s.owner)
		return MIR_ENOMEM;
	s.len = d->len;
	d->due = false;
	return put(ws, opcode, true, &s, 1);
}

static int put_queued(struct mir_ws *ws)
{
	struct mir_ws_queued *q = ws->head;
	enum mir_ws_type type = q->type;
	struct mir_slice data = q->data;

	ws->head = q->next;
	if (!ws->head)
		ws->tail = &ws->head;
	ws->queued -= data.len + sizeof(*q);
	free(q);
	return put(ws, type, true, &data, 1);
}

static bool queue_ready(const struct mir_ws *ws)
{
	return ws->head && !ws->in_parts;
}

/* What is due, by the fiber that may write.  Close goes last: after it nothing does. */
static int put_all(struct mir_ws *ws, bool queue)
{
	int rc = ws->torn;

	if (ws->shut && !ws->close.due)
		return rc;
	while (rc == 0) {
		if (ws->pong.due)
			rc = put_due(ws, &ws->pong, MIR_WS_PONG);
		else if (ws->ping.due)
			rc = put_due(ws, &ws->ping, MIR_WS_PING);
		else if (queue && queue_ready(ws))
			rc = put_queued(ws);
		else
			break;
	}
	if (rc == 0 && ws->close.due) {
		rc = put_due(ws, &ws->close, MIR_WS_CLOSE);
		mir_ws_drop_queue(ws);
	}
	return rc;
}

static int lock(struct mir_ws *ws)
{
	int rc = 0;

	while (ws->writing && rc == 0)
		rc = mir_wait(&ws->writers);
	if (rc == 0)
		ws->writing = true;
	return rc;
}

static void unlock(struct mir_ws *ws)
{
	ws->writing = false;
	mir_wake_all(&ws->writers);
}

int mir_ws_flush(struct mir_ws *ws, bool queue)
{
	int rc = lock(ws);

	if (rc < 0)
		return rc;
	rc = put_all(ws, queue);
	unlock(ws);
	return rc;
}

static void flush(void *arg)
{
	struct mir_ws *ws = arg;

	mir_ws_flush(ws, true);
	ws->flusher = NULL;
	mir_wake_all(&ws->idle);
}

void mir_ws_kick(struct mir_ws *ws)
{
	if (!ws->flusher && !ws->torn &&
	    (ws->pong.due || ws->ping.due || ws->close.due || queue_ready(ws)))
		ws->flusher = mir_spawn("websocket", flush, ws);
}

void mir_ws_drop_queue(struct mir_ws *ws)
{
	struct mir_ws_queued *q;

	while ((q = ws->head)) {
		ws->head = q->next;
		mir_slice_unref(&q->data);
		free(q);
	}
	ws->tail = &ws->head;
	ws->queued = 0;
}

void mir_ws_close_due(struct mir_ws *ws, unsigned code, struct mir_str reason)
{
	if (ws->shut)
		return;
	ws->shut = ws->close.due = true;
	ws->shut_until = mir_time_add(mir_now(), ws->close_ns);
	mir_timer_set(&ws->timer, ws->shut_until);
	if (code == MIR_WS_NO_CODE)
		return;
	mir_put_be16(ws->close.bytes, (uint16_t)code);
	memcpy(ws->close.bytes + 2, reason.p, reason.len);
	ws->close.len = (uint8_t)(2 + reason.len);
}

int mir_ws_shut(struct mir_ws *ws, unsigned code, const char *reason)
{
	struct mir_ws_utf8 u = { 0, 0, 0 };
	struct mir_str text = mir_str(reason);

	if (!mir_ws_code_ok(code) || text.len > MIR_WS_REASON ||
	    !mir_ws_utf8(&u, (const uint8_t *)text.p, text.len) || u.left)
		return MIR_EINVAL;
	mir_ws_close_due(ws, code, text);
	mir_ws_kick(ws);
	return 0;
}

static int send_locked(
    struct mir_ws *ws, unsigned opcode, bool fin, struct mir_slice *data, unsigned n)
{
	int rc = put_all(ws, true);

	if (rc == 0 && ws->shut)
		rc = MIR_EPIPE;
	if (rc == 0 && ws->in_parts != (opcode == MIR_WS_CONTINUATION))
		rc = MIR_EBUSY;
	if (rc < 0) {
		mir_slices_unref(data, n);
		return rc;
	}
	rc = put(ws, opcode, fin, data, n);
	if (rc == 0)
		ws->in_parts = !fin;
	return rc;
}

static int send_frame(
    struct mir_ws *ws, unsigned opcode, bool fin, struct mir_slice *data, unsigned n)
{
	int rc = ws->shut ? MIR_EPIPE : lock(ws);

	if (rc < 0) {
		mir_slices_unref(data, n);
		return rc;
	}
	rc = send_locked(ws, opcode, fin, data, n);
	unlock(ws);
	/* What came while this was going out. */
	mir_ws_kick(ws);
	return rc;
}

int mir_ws_send(struct mir_ws *ws, enum mir_ws_type type, struct mir_slice *data, unsigned n)
{
	return send_frame(ws, type, true, data, n);
}

int mir_ws_send_copy(struct mir_ws *ws, enum mir_ws_type type, const void *p, size_t len)
{
	struct mir_slice s = mir_slice_static("", 0);

	if (len)
		s = mir_slice_copy(p, len);
	return s.owner || !len ? mir_ws_send(ws, type, &s, 1) : MIR_ENOMEM;
}

int mir_ws_send_part(
    struct mir_ws *ws, enum mir_ws_type type, struct mir_slice *data, unsigned n, bool last)
{
	return send_frame(ws, ws->in_parts ? MIR_WS_CONTINUATION : (unsigned)type, last, data, n);
}

int mir_ws_post(struct mir_ws *ws, enum mir_ws_type type, struct mir_slice data)
{
	size_t room = ws->max_queue - ws->queued;
	struct mir_ws_queued *q = NULL;
	int rc = ws->shut || ws->torn ? MIR_EPIPE : 0;

	/* What it takes to remember a message counts. */
	if (rc == 0 && (room < sizeof(*q) || data.len > room - sizeof(*q)))
		rc = MIR_ELIMIT;
	if (rc == 0 && !(q = malloc(sizeof(*q))))
		rc = MIR_ENOMEM;
	if (rc < 0) {
		mir_slice_unref(&data);
		return rc;
	}
	*q = (struct mir_ws_queued){ NULL, type, data };
	*ws->tail = q;
	ws->tail = &q->next;
	ws->queued += data.len + sizeof(*q);
	mir_ws_kick(ws);
	return 0;
}
