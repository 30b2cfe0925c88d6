/* client.c: the client's side of a connection: requests, their bodies and answers. */
#include "../http/internal.h"
#include "internal.h"

#include <stdlib.h>

enum {
	HEAD_MAX = 65536,
	STREAMS_MAX = 1000, /* whatever the server allows */
	PIECES = 8,
};

static const int64_t patience_ns = MIR_SECOND(30);

struct session {
	struct mir_h2 h;
	struct mir_http2_client client;
	uint64_t held;
	bool closed; /* by its owner */
};

/* A request and its answer, which live until the caller has closed the answer, the fiber that
 * sends the body has ended, and nghttp2 has closed the stream. */
struct call {
	struct mir_http2_answer answer;
	struct mir_h2_stream stream;
	struct mir_http_header *headers;
	struct mir_waitq heads;
	struct mir_fiber *sender;
	struct mir_waitq sent; /* sender is NULL */
	int (*body)(void *arg, struct mir_slice *out, unsigned max);
	void *body_arg;
	int64_t body_left; /* -1: not known */
	unsigned users;
	int error; /* of the body's source */
};

static struct session *session_of(struct mir_h2 *h)
{
	return mir_container(h, struct session, h);
}

static struct call *call_of(struct mir_h2_stream *s)
{
	return mir_container(s, struct call, stream);
}

/* ---- what comes ---- */

static struct mir_h2_stream *begin(struct mir_h2 *h, int32_t id)
{
	(void)h;
	(void)id;
	return NULL; /* servers begin no streams */
}

static void forget_fields(struct mir_h2_stream *s)
{
	for (unsigned i = 0; i < s->nfields; i++) {
		nghttp2_rcbuf_decref(s->fields[i].name);
		nghttp2_rcbuf_decref(s->fields[i].value);
	}
	s->nfields = 0;
	s->field_bytes = 0;
}

static int understand(struct call *c)
{
	const struct mir_h2_stream *s = &c->stream;
	struct mir_http2_answer *a = &c->answer;

	a->content_length = s->in_ended ? (int64_t)s->held : -1; /* all of it may be here */
	if (s->too_large)
		return MIR_ELIMIT;
	if (!(c->headers = calloc(s->nfields + 1u, sizeof(c->headers[0]))))
		return MIR_ENOMEM;
	a->headers = c->headers;
	for (unsigned i = 0; i < s->nfields; i++) {
		struct mir_str name = mir_h2_text(s->fields[i].name);
		struct mir_str value = mir_http_trim(mir_h2_text(s->fields[i].value));
		int64_t length;

		if (name.len && name.p[0] == ':')
			continue;
		if (mir_http_ieq(name, "content-length") && mir_http_number(value, &length) == 0)
			a->content_length = length;
		c->headers[a->nheaders++] = (struct mir_http_header){ name, value };
	}
	return 0;
}

static unsigned status_of(const struct mir_h2_stream *s)
{
	int64_t status = 0;

	for (unsigned i = 0; i < s->nfields; i++)
		if (mir_http_ieq(mir_h2_text(s->fields[i].name), ":status") &&
		    mir_http_number(mir_h2_text(s->fields[i].value), &status) < 0)
			return 0;
	return status >= 100 && status <= 999 ? (unsigned)status : 0;
}

static void head(struct mir_h2_stream *s)
{
	struct call *c = call_of(s);

	if (s->headed)
		return;
	c->answer.status = status_of(s);
	if (c->answer.status < 200 && !s->too_large) {
		forget_fields(s);
		return;
	}
	s->headed = true;
	mir_wake_all(&c->heads);
}

static void free_stream(struct mir_h2_stream *s)
{
	struct call *c = call_of(s);

	mir_h2_stream_release(s);
	free(c->headers);
	free(c);
}

static void frame(struct mir_h2 *h, const nghttp2_frame *f)
{
	struct mir_http2_client *c = &session_of(h)->client;

	if (f->hd.type == NGHTTP2_GOAWAY) {
		c->ended = true;
		c->clean = f->goaway.error_code == NGHTTP2_NO_ERROR;
	}
}

/* ---- the connection ---- */

static void settled(struct mir_h2 *h)
{
	struct session *v = session_of(h);
	struct mir_http2_client *c = &v->client, before = *c;
	int64_t t = h->lingering ? h->linger_deadline : MIR_NEVER;

	c->streams = h->users;
	c->ended |= h->dead || h->lingering || h->ending;
	if (!h->dead)
		c->max_streams = MIR_MIN(nghttp2_session_get_remote_settings(
					     h->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS),
		    (uint32_t)STREAMS_MAX);
	if (h->head_deadline)
		t = MIR_MIN(t, h->head_deadline);
	mir_timer_set(&h->timer, h->dead ? MIR_NEVER : t);
	/* Those who wait for heads learn of the end by their streams. */
	for (struct mir_h2_stream *s = h->streams; s; s = s->next)
		if (s->closed)
			mir_wake_all(&call_of(s)->heads);
	if (!v->closed && c->changed &&
	    (c->streams != before.streams || c->ended != before.ended ||
		c->max_streams != before.max_streams))
		c->changed(c->changed_arg);
}

static void timeout(struct mir_timer *t)
{
	struct mir_h2 *h = mir_container(t, struct mir_h2, timer);

	mir_h2_die(h, !h->lingering);
	mir_h2_settle(h);
}

static void failed(struct mir_h2 *h, uint32_t error)
{
	(void)error;
	session_of(h)->client.clean = false;
}

/* No fiber is in it; its owner may still look at it. */
static void free_session(struct mir_h2 *h)
{
	struct session *v = session_of(h);

	if (h->session) {
		nghttp2_session_del(h->session);
		h->session = NULL;
		if (h->aborted)
			mir_flow_abort(h->flow);
		else
			mir_flow_close(h->flow);
	}
	if (v->closed)
		free(v);
}

static const struct mir_h2_role role = {
	.begin = begin,
	.head = head,
	.free_stream = free_stream,
	.frame = frame,
	.settled = settled,
	.failed = failed,
	.free = free_session,
};

static void close_session(struct mir_http2_client *client)
{
	struct session *v = mir_container(client, struct session, client);

	v->closed = true;
	mir_h2_end(&v->h, NGHTTP2_NO_ERROR);
	mir_h2_settle(&v->h);
}

/* ---- a request ---- */

static bool value_ok(struct mir_str v)
{
	for (size_t i = 0; i < v.len; i++)
		if (((uint8_t)v.p[i] < 0x20 && v.p[i] != '\t') || v.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_sent(struct mir_str name)
{
	static const char *const not_sent[] = { "host", "connection", "keep-alive",
		"proxy-connection", "transfer-encoding", "upgrade", "content-length", "te" };

	for (unsigned i = 0; i < MIR_COUNT(not_sent); i++)
		if (mir_http_ieq(name, not_sent[i]))
			return false;
	return true;
}

static nghttp2_nv field(struct mir_str name, struct mir_str value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.len,
		value.len, NGHTTP2_NV_FLAG_NONE };
}

static int check(const struct mir_http2_fetch *f, size_t *names)
{
	*names = 0;
	if (!mir_http_is_token(f->method) || mir_http_ieq(f->method, "connect") || !f->path.len ||
	    !f->authority.len || !value_ok(f->path) || !value_ok(f->authority))
		return MIR_EINVAL;
	for (unsigned i = 0; i < f->nheaders; i++) {
		if (!mir_http_is_token(f->headers[i].name) || !value_ok(f->headers[i].value))
			return MIR_EINVAL;
		*names += f->headers[i].name.len;
	}
	return 0;
}

static unsigned put_headers(const struct mir_http2_fetch *f, nghttp2_nv *nv, char *names)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->nheaders; i++) {
		struct mir_str name = f->headers[i].name;

		if (!is_sent(name))
			continue;
		for (size_t k = 0; k < name.len; k++)
			names[k] = (char)(name.p[k] >= 'A' && name.p[k] <= 'Z' ? name.p[k] + 32
									       : name.p[k]);
		nv[n++] = field((struct mir_str){ names, name.len }, f->headers[i].value);
		names += name.len;
	}
	return n;
}

static int submit(struct call *c, const struct mir_http2_fetch *f)
{
	nghttp2_data_provider body = mir_h2_body(&c->stream);
	size_t names, room;
	nghttp2_nv *nv;
	unsigned n = 0;
	char digits[20];
	int rc;

	if ((rc = check(f, &names)) < 0)
		return rc;
	room = (f->nheaders + 5u) * sizeof(*nv);
	if (!(nv = malloc(room + names)))
		return MIR_ENOMEM;
	nv[n++] = field(mir_str(":method"), f->method);
	nv[n++] = field(mir_str(":scheme"), f->scheme);
	nv[n++] = field(mir_str(":authority"), f->authority);
	nv[n++] = field(mir_str(":path"), f->path);
	if (f->body && f->body_length >= 0)
		nv[n++] = field(mir_str("content-length"),
		    (struct mir_str){ digits, mir_http_decimal((uint64_t)f->body_length, digits) });
	n += put_headers(f, nv + n, (char *)nv + room);
	rc = nghttp2_submit_request(
	    c->stream.h->session, NULL, nv, n, f->body ? &body : NULL, &c->stream);
	free(nv);
	if (rc > 0)
		c->stream.id = rc;
	c->stream.out_last = !f->body;
	return rc > 0 ? 0 : rc == NGHTTP2_ERR_NOMEM ? MIR_ENOMEM : MIR_EAGAIN;
}

static void unuse(struct call *c)
{
	struct mir_h2 *h = c->stream.h;

	if (--c->users == 0) {
		mir_h2_stream_unuse(&c->stream);
		mir_h2_settle(h);
	}
}

static int send_body(struct call *c)
{
	struct mir_slice s[PIECES];
	int n;

	while ((n = c->body(c->body_arg, s, PIECES)) > 0) {
		int64_t len = (int64_t)mir_slices_len(s, (unsigned)n);
		bool last = c->body_left == len;

		if (c->body_left >= 0 && len > c->body_left) {
			mir_slices_unref(s, (unsigned)n);
			return MIR_EFBIG;
		}
		if (c->body_left >= 0)
			c->body_left -= len;
		if ((n = mir_h2_stream_write(&c->stream, s, (unsigned)n, last)) < 0)
			return n;
	}
	if (n == 0 && c->body_left > 0)
		return MIR_EINVAL;
	if (n == 0 && !c->stream.out_last)
		mir_h2_stream_end(&c->stream);
	return n;
}

static void send(void *arg)
{
	struct call *c = arg;
	int rc = send_body(c);

	c->sender = NULL;
	mir_wake_all(&c->sent);
	/* An answer that has come needs no more of the request. */
	if (rc < 0 && !c->stream.closed) {
		c->error = rc;
		mir_h2_stream_reset(&c->stream, NGHTTP2_CANCEL);
		mir_wake_all(&c->heads);
	}
	unuse(c);
}

static int wait_for_head(struct call *c)
{
	struct mir_h2_stream *s = &c->stream;
	int rc;

	while (!s->headed) {
		if (c->error)
			return c->error;
		if (s->closed)
			return s->error == NGHTTP2_NO_ERROR ? MIR_EPROTO : mir_h2_stream_error(s);
		if ((rc = mir_wait(&c->heads)) < 0)
			return rc;
	}
	return understand(c);
}

static void close_answer(struct mir_http2_answer *a)
{
	struct call *c = mir_container(a, struct call, answer);

	if (c->sender)
		mir_cancel(c->sender);
	/* It may be in the body's source, which is its owner's again after this. */
	while (c->sender)
		mir_wait_out(&c->sent);
	if (!c->stream.closed && !(c->stream.in_ended && c->stream.out_ended))
		mir_h2_stream_reset(&c->stream, NGHTTP2_CANCEL);
	unuse(c);
}

static int start(struct session *v, struct call *c, const struct mir_http2_fetch *f)
{
	int rc;

	mir_h2_stream_init(&c->stream, &v->h, 0);
	if ((rc = submit(c, f)) < 0) {
		mir_h2_stream_release(&c->stream);
		free(c);
		return rc;
	}
	c->stream.used = true;
	v->h.users++;
	c->users = 1;
	if (f->body && (c->sender = mir_spawn("http2 body", send, c)))
		c->users++;
	else if (f->body)
		c->error = MIR_ENOMEM;
	mir_h2_settle(&v->h);
	return 0;
}

static int fetch(
    struct mir_http2_client *client, const struct mir_http2_fetch *f, struct mir_http2_answer **out)
{
	struct session *v = mir_container(client, struct session, client);
	struct call *c;
	int rc;

	if (client->ended)
		return MIR_EAGAIN;
	if (v->h.users >= client->max_streams)
		return MIR_ELIMIT;
	if (!(c = calloc(1, sizeof(*c))))
		return MIR_ENOMEM;
	c->body = f->body;
	c->body_arg = f->body_arg;
	c->body_left = f->body ? f->body_length : 0;
	if ((rc = start(v, c, f)) < 0)
		return rc;
	rc = wait_for_head(c);
	if (rc < 0)
		close_answer(&c->answer);
	else
		*out = &c->answer;
	return rc;
}

static int answer_read(struct mir_http2_answer *a, struct mir_slice *out, unsigned max)
{
	struct call *c = mir_container(a, struct call, answer);

	if (c->error && !c->stream.first)
		return c->error;
	return max ? mir_h2_stream_read(&c->stream, out, max) : MIR_EINVAL;
}

static const struct mir_http2_client_ops client_ops = {
	.fetch = fetch,
	.read = answer_read,
	.close_answer = close_answer,
	.close = close_session,
};

int mir_h2_client(struct mir_http2 *device, struct mir_flow *flow, uint32_t max_header,
    struct mir_http2_client **out)
{
	struct session *v = calloc(1, sizeof(*v));

	(void)device;
	if (v) {
		v->client.ops = &client_ops;
		v->client.max_streams = 100;
		v->h.role = &role;
		v->h.flow = flow;
		v->h.max_header = max_header ? max_header : HEAD_MAX;
		v->h.read_patience = v->h.write_patience = patience_ns;
		v->h.held = &v->held;
		mir_timer_init(&v->h.timer, timeout);
	}
	if (!v || mir_h2_start(&v->h, false, 0) < 0) {
		free(v);
		mir_flow_abort(flow);
		return MIR_ENOMEM;
	}
	mir_h2_settle(&v->h);
	*out = &v->client;
	return 0;
}
