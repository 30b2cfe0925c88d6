/* response.c: answers (RFC 9113 section 8.3.2): the lines that lib/http has gathered become fields,
 * the body goes out from where its writer has it. */
#include "server.h"

#include <mir/log.h>
#include <stdlib.h>

MIR_LOG_SOURCE(http);

enum { FEW = 32 /* fields that need no memory of their own */ };

static int begin(struct mir_http_response *r, int64_t length)
{
	struct mir_http_exchange *x = mir_http_exchange_of(r);

	if (r->begun || length < -1)
		return MIR_EINVAL;
	x->length = r->status == 205 ? 0 : length;
	x->bodyless = x->request.method == MIR_HTTP_HEAD || r->status == 204 || r->status == 304;
	r->begun = x->head_waits = true;
	return 0;
}

/* ---- the head ---- */

static nghttp2_nv field(const char *name, size_t name_len, const char *value, size_t len)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, name_len, len,
		NGHTTP2_NV_FLAG_NONE };
}

/* Fields of a connection are not for HTTP/2. */
static bool is_ours(struct mir_str name)
{
	static const char *const not_ours[] = { "connection", "keep-alive", "proxy-connection",
		"transfer-encoding", "upgrade" };

	for (unsigned i = 0; i < MIR_COUNT(not_ours); i++)
		if (mir_http_ieq(name, not_ours[i]))
			return false;
	return true;
}

/* "Name: value\r\n" as a field, its name in small letters; false: it is left out. */
static bool line_field(char *line, const char *end, nghttp2_nv *out)
{
	char *colon = memchr(line, ':', (size_t)(end - line));
	const char *value = colon + 2;

	if (!is_ours((struct mir_str){ line, (size_t)(colon - line) }))
		return false;
	for (char *p = line; p < colon; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	*out = field(line, (size_t)(colon - line), value, (size_t)(end - value));
	return true;
}

static unsigned count_lines(const struct mir_http_exchange *x)
{
	unsigned n = 0;

	for (uint32_t i = MIR_HTTP_STATUS_ROOM; i < x->text_len; i++)
		n += x->text[i] == '\n';
	return n;
}

static unsigned put_lines(struct mir_http_exchange *x, nghttp2_nv *out)
{
	unsigned n = 0;

	for (uint32_t at = MIR_HTTP_STATUS_ROOM; at < x->text_len;) {
		char *line = (char *)x->text + at, *stop = memchr(line, '\r', x->text_len - at);

		n += line_field(line, stop, &out[n]);
		at = (uint32_t)(stop + 2 - (char *)x->text);
	}
	return n;
}

static int submit(struct mir_http_exchange *x, nghttp2_nv *nv, bool end)
{
	struct mir_h2_stream *s = &mir_h2_exchange_of(x)->r->stream;
	const char *server = x->server->config.http_server;
	uint16_t status = x->response.status;
	char number[20], digits[20];
	nghttp2_data_provider body = mir_h2_body(s);
	unsigned n = 0;

	nv[n++] = field(":status", 7, digits, mir_http_decimal(status, digits));
	if (!x->has_date)
		nv[n++] = field("date", 4, mir_http_date_now(x->server), 29);
	if (!x->has_server && server && *server)
		nv[n++] = field("server", 6, server, strlen(server));
	if (x->length >= 0 && status != 204 && status != 304)
		nv[n++] = field(
		    "content-length", 14, number, mir_http_decimal((uint64_t)x->length, number));
	n += put_lines(x, nv + n);
	if (s->closed || s->h->dead)
		return mir_h2_stream_error(s);
	s->out_last = end;
	return nghttp2_submit_response(s->h->session, s->id, nv, n, end ? NULL : &body) ? MIR_ENOMEM
											: 0;
}

/* Sends the head if it waits; end: nothing follows. */
static int send_head(struct mir_http_exchange *x, bool end)
{
	nghttp2_nv few[FEW], *nv = few;
	unsigned n = count_lines(x) + 4;
	int rc = MIR_ENOMEM;

	if (!x->head_waits)
		return 0;
	x->head_waits = false;
	if (n > FEW)
		nv = malloc(n * sizeof(*nv));
	if (nv)
		rc = submit(x, nv, end);
	if (nv != few)
		free(nv);
	x->failed |= rc < 0;
	if (rc == 0)
		mir_h2_kick(mir_h2_exchange_of(x)->r->stream.h);
	return rc;
}

static int flush(struct mir_http_exchange *x)
{
	return send_head(x, x->bodyless || (!x->body_wire && x->length <= 0));
}

/* ---- the body ---- */

static int send_piece(struct mir_http_exchange *x, struct mir_slice *data, unsigned n, bool last)
{
	int64_t before = mir_now(), deadline, outer;
	int rc;

	deadline = mir_time_add(
	    before, mir_http_patience(x->server, x->response.body_sent, x->send_waited));
	outer = mir_deadline_set(deadline);
	rc = mir_h2_stream_write(&mir_h2_exchange_of(x)->r->stream, data, n, last);
	mir_deadline_restore(outer);
	x->send_waited += mir_now() - before;
	if (rc == MIR_ETIMEDOUT && mir_now() >= deadline)
		x->server->stats.timeouts++;
	return rc;
}

/* As much as moves under one deadline. */
static int send(struct mir_http_exchange *x, struct mir_slice *data, unsigned n)
{
	struct mir_slice piece[16];
	int rc = 0;

	while (n && rc == 0) {
		unsigned k = 0;
		size_t len = 0, part;

		while (n && k < MIR_COUNT(piece) && len < MIR_HTTP_PIECE) {
			part = MIR_MIN(data->len, MIR_HTTP_PIECE - len);
			piece[k++] = mir_slice_sub(data, 0, part);
			len += part;
			data->p += part;
			data->len -= part;
			if (!data->len) {
				mir_slice_unref(data++);
				n--;
			}
		}
		x->body_wire += len;
		x->response.body_sent += len;
		rc = send_piece(x, piece, k, x->length >= 0 && x->body_wire == (uint64_t)x->length);
	}
	mir_slices_unref(data, n);
	x->failed |= rc < 0;
	return rc;
}

static int write(struct mir_http_response *r, struct mir_slice *data, unsigned n)
{
	struct mir_http_exchange *x = mir_http_exchange_of(r);
	size_t len = mir_slices_len(data, n);
	int rc = x->failed ? MIR_ECONNRESET : 0;

	if (!rc && x->length >= 0 && len > (uint64_t)x->length - x->body_wire) {
		mir_warn("%.*s: the handler writes more than the %lld bytes that it announced",
		    (int)MIR_MIN(x->request.path.len, 200u), x->request.path.p,
		    (long long)x->length);
		x->cut = true;
		rc = MIR_EFBIG;
	}
	if (rc == 0 && x->bodyless)
		x->body_wire += len;
	else if (rc == 0)
		rc = send_head(x, false);
	if (rc == 0 && len && !x->bodyless)
		return send(x, data, n);
	mir_slices_unref(data, n);
	return rc;
}

/* All is written: says so, if the last piece did not. */
static int end(struct mir_http_exchange *x)
{
	struct mir_h2_stream *s = &mir_h2_exchange_of(x)->r->stream;

	if (!s->out_last && (x->bodyless || x->length < 0 || x->body_wire == (uint64_t)x->length))
		mir_h2_stream_end(s);
	return 0;
}

const struct mir_http_response_ops mir_h2_response_ops = { begin, write };
const struct mir_http_exchange_ops mir_h2_exchange_ops = { flush, end };
