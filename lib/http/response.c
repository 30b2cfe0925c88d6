/* response.c: answers (RFC 9112 sections 4, 6, 7): one piece of memory for the head, which leaves
 * together with the first of the body. */
#include "internal.h"

#include <mir/log.h>
#include <mir/mem.h>
#include <mir/panic.h>
#include <mir/format.h>

MIR_LOG_SOURCE(http);

const char *mir_http_date_now(struct mir_http_server *s)
{
	int64_t second = mir_wall() / MIR_SECOND(1);

	if (second != s->date_second || !s->date[0]) {
		s->date_second = second;
		mir_http_date_text(second, s->date);
	}
	return s->date;
}

static int send_piece(struct mir_http_exchange *x, struct mir_slice *data, unsigned n)
{
	int64_t before = mir_now(), deadline, outer;
	int rc;

	deadline = mir_time_add(
	    before, mir_http_patience(x->server, x->response.body_sent, x->send_waited));
	outer = mir_deadline_set(deadline);
	rc = mir_flow_write(x->conn->flow, data, n);
	mir_deadline_restore(outer);
	x->send_waited += mir_now() - before;
	if (rc == MIR_ETIMEDOUT && mir_now() >= deadline)
		x->server->stats.timeouts++;
	return rc;
}

int mir_http_send(struct mir_http_exchange *x, struct mir_slice *data, unsigned n)
{
	struct mir_slice piece[16];
	int rc = x->failed ? MIR_ECONNRESET : 0;

	while (n && rc >= 0) {
		unsigned k = 0;
		size_t len = 0, part;

		while (n && k < MIR_COUNT(piece) && len < MIR_HTTP_PIECE) {
			part = MIR_MIN(data->len, MIR_HTTP_PIECE - len);
			len += part;
			if (part == data->len) {
				piece[k++] = *data++;
				n--;
				continue;
			}
			piece[k++] = mir_slice_sub(data, 0, part);
			data->p += part;
			data->len -= part;
		}
		rc = send_piece(x, piece, k);
	}
	mir_slices_unref(data, n);
	x->failed |= rc < 0;
	return rc;
}

/* Room for n more bytes of head. */
static int reserve(struct mir_http_exchange *x, size_t n)
{
	struct mir_mem *mem;
	uint8_t *p;
	size_t cap = MIR_MEM_SMALL;

	if (x->mem && n <= x->text_cap - x->text_len)
		return 0;
	while (cap < x->text_len + n)
		cap *= 2;
	if (cap > MIR_HTTP_HEAD_MAX)
		return MIR_ELIMIT;
	mem = cap == MIR_MEM_SMALL ? mir_mem_pooled(cap, &p) : mir_mem_new(cap, &p);
	if (!mem)
		return MIR_ENOMEM;
	if (x->mem)
		memcpy(p, x->text, x->text_len);
	mir_mem_unref(x->mem);
	x->mem = mem;
	x->text = p;
	x->text_cap = (uint32_t)cap;
	return 0;
}

static int put(struct mir_http_exchange *x, const void *p, size_t n)
{
	int rc = reserve(x, n);

	if (rc < 0)
		return rc;
	memcpy(x->text + x->text_len, p, n);
	x->text_len += (uint32_t)n;
	return 0;
}

/* A header whose name and value are known to be good. */
static int put_header(struct mir_http_exchange *x, const char *name, const char *value, size_t len)
{
	size_t n = strlen(name);
	int rc = reserve(x, n + len + 4);
	uint8_t *p;

	if (rc < 0)
		return rc;
	p = x->text + x->text_len;
	memcpy(p, name, n);
	memcpy(p + n, ": ", 2);
	memcpy(p + n + 2, value, len);
	memcpy(p + n + 2 + len, "\r\n", 2);
	x->text_len += (uint32_t)(n + len + 4);
	return 0;
}

void mir_http_response_init(struct mir_http_exchange *x)
{
	x->response = (struct mir_http_response){
		.ops = &mir_http_response_ops,
		.request = &x->request,
		.status = 200,
	};
	x->text_len = MIR_HTTP_STATUS_ROOM;
	x->length = -1;
}

static void end_coding(struct mir_http_exchange *x)
{
	if (x->coding)
		x->coding->ops->release(x->coding);
	x->coding = NULL;
}

void mir_http_response_release(struct mir_http_exchange *x)
{
	end_coding(x);
	mir_mem_unref(x->mem);
	x->mem = NULL;
}

void mir_http_start_over(struct mir_http_exchange *x)
{
	end_coding(x);
	x->text_len = MIR_HTTP_STATUS_ROOM;
	x->has_date = x->has_server = x->has_type = x->head_waits = x->chunked = false;
	x->response.begun = false;
	x->response.body_sent = x->body_wire = 0;
	mir_http_insist_on_tls(x);
}

void mir_http_status(struct mir_http_response *r, unsigned status)
{
	struct mir_http_exchange *x = mir_http_exchange_of(r);

	if (r->begun)
		return;
	r->status = status >= 200 && status <= 599 ? (uint16_t)status : 500;
	x->status_set = true;
}

static bool value_ok(const char *v)
{
	for (; *v; v++)
		if (((uint8_t)*v < 0x20 && *v != '\t') || *v == 0x7f)
			return false;
	return true;
}

int mir_http_add(struct mir_http_response *r, const char *name, const char *value)
{
	struct mir_http_exchange *x = mir_http_exchange_of(r);
	struct mir_str n = mir_str(name);
	uint32_t before = x->text_len;
	int rc;

	if (r->begun || !mir_http_is_token(n) || !value_ok(value))
		return MIR_EINVAL;
	/* What frames the answer is ours to say. */
	if (mir_http_ieq(n, "content-length") || mir_http_ieq(n, "transfer-encoding"))
		return MIR_EINVAL;
	if (mir_http_ieq(n, "connection")) {
		if (mir_http_ieq(mir_str(value), "close")) {
			x->close = true;
			return 0;
		}
		/* What "Upgrade" goes with (RFC 9110 section 7.8). */
		if (!mir_http_ieq(mir_str(value), "upgrade"))
			return MIR_EINVAL;
	}
	x->has_date |= mir_http_ieq(n, "date");
	x->has_server |= mir_http_ieq(n, "server");
	x->has_type |= mir_http_ieq(n, "content-type");
	if ((rc = put_header(x, name, value, strlen(value))))
		x->text_len = before;
	return rc;
}

static int put_framing(struct mir_http_exchange *x)
{
	bool old = x->head.version == 10;
	uint16_t status = x->response.status;
	char number[20];

	x->bodyless = x->request.method == MIR_HTTP_HEAD || status == 204 || status == 304;
	if (x->length < 0 && !x->bodyless) {
		x->chunked = !old;
		x->close |= old;
	}
	x->close |= !x->head.keep_alive || x->server->draining;
	if (x->close ? put(x, "Connection: close\r\n", 19)
	    : old    ? put(x, "Connection: keep-alive\r\n", 24)
		     : 0)
		return MIR_ELIMIT;
	if (x->chunked)
		return put(x, "Transfer-Encoding: chunked\r\n", 28);
	if (x->length >= 0 && status != 204 && status != 304)
		return put_header(
		    x, "Content-Length", number, mir_http_decimal((uint64_t)x->length, number));
	return 0;
}

/* Writes the status line so that it ends before `end`; its length. */
static int put_status(uint8_t *end, unsigned status)
{
	const char *text = mir_http_status_text(status);
	size_t len = strlen(text), all = 13 + len + 2;
	uint8_t *p = end - all;

	mir_check(all <= MIR_HTTP_STATUS_ROOM);
	memcpy(p, "HTTP/1.1 ", 9);
	p[9] = (uint8_t)('0' + status / 100 % 10);
	p[10] = (uint8_t)('0' + status / 10 % 10);
	p[11] = (uint8_t)('0' + status % 10);
	p[12] = ' ';
	memcpy(p + 13, text, len);
	memcpy(p + 13 + len, "\r\n", 2);
	return (int)all;
}

static int response_begin(struct mir_http_response *r, int64_t length)
{
	struct mir_http_exchange *x = mir_http_exchange_of(r);
	const char *server = x->server->config.http_server;
	int n, rc;

	if (r->begun || length < -1)
		return MIR_EINVAL;
	x->length = r->status == 205 ? 0 : length;
	if ((rc = reserve(x, 0)))
		goto failed;
	if (!x->has_date && (rc = put_header(x, "Date", mir_http_date_now(x->server), 29)))
		goto failed;
	if (!x->has_server && server && *server &&
	    (rc = put_header(x, "Server", server, strlen(server))))
		goto failed;
	if ((rc = put_framing(x)) || (rc = put(x, "\r\n", 2)))
		goto failed;
	n = put_status(x->text + MIR_HTTP_STATUS_ROOM, r->status);
	x->text += MIR_HTTP_STATUS_ROOM - n;
	x->text_len -= (uint32_t)(MIR_HTTP_STATUS_ROOM - n);
	x->text_cap -= (uint32_t)(MIR_HTTP_STATUS_ROOM - n);
	r->begun = x->head_waits = true;
	return 0;
failed:
	x->failed |= rc == MIR_ENOMEM;
	return rc;
}

/* The head as a slice that owns it. */
static struct mir_slice take_head(struct mir_http_exchange *x)
{
	struct mir_slice s = { x->text, x->text_len, x->mem };

	x->mem = NULL;
	x->head_waits = false;
	return s;
}

static int flush_head(struct mir_http_exchange *x)
{
	struct mir_slice s;

	if (!x->head_waits)
		return 0;
	s = take_head(x);
	return mir_http_send(x, &s, 1);
}

int mir_http_switch(struct mir_http_exchange *x, const char *protocol)
{
	int rc = put(x, "Connection: Upgrade\r\n", 21), n;

	if (rc == 0)
		rc = put_header(x, "Upgrade", protocol, strlen(protocol));
	if (rc == 0)
		rc = put(x, "\r\n", 2);
	if (rc < 0)
		return rc;
	x->response.status = 101;
	n = put_status(x->text + MIR_HTTP_STATUS_ROOM, 101);
	x->text += MIR_HTTP_STATUS_ROOM - n;
	x->text_len -= (uint32_t)(MIR_HTTP_STATUS_ROOM - n);
	x->response.begun = x->head_waits = x->switched = true;
	return flush_head(x);
}

/* At most 14 slices that are sent as they are, or as one chunk. */
static int write_some(struct mir_http_exchange *x, struct mir_slice *data, unsigned n, size_t len)
{
	struct mir_slice out[18];
	unsigned k = 0;
	char line[20];
	int digits, rc = 0;

	digits = x->chunked ? mir_format(line, sizeof(line), "%zx\r\n", len) : 0;
	if (x->head_waits) {
		if (x->chunked)
			rc = put(x, line, (size_t)digits);
		out[k++] = take_head(x);
	} else if (x->chunked) {
		out[k] = mir_slice_copy(line, (size_t)digits);
		rc = out[k++].owner ? 0 : MIR_ENOMEM;
	}
	memcpy(out + k, data, n * sizeof(*data));
	k += n;
	if (x->chunked)
		out[k++] = mir_slice_static("\r\n", 2);
	if (rc < 0) {
		mir_slices_unref(out, k);
		x->failed = true;
		return rc;
	}
	x->body_wire += len;
	x->response.body_sent += len;
	return mir_http_send(x, out, k);
}

static int response_write(struct mir_http_response *r, struct mir_slice *data, unsigned n)
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
	if (rc < 0 || x->bodyless) {
		x->body_wire += rc < 0 ? 0 : len;
		mir_slices_unref(data, n);
		return rc;
	}
	if (!len) {
		mir_slices_unref(data, n);
		return flush_head(x);
	}
	while (n && rc >= 0) {
		unsigned k = MIR_MIN(n, 14u);

		rc = write_some(x, data, k, mir_slices_len(data, k));
		data += k;
		n -= k;
	}
	mir_slices_unref(data, n);
	return rc;
}

const struct mir_http_response_ops mir_http_response_ops = { response_begin, response_write };

int mir_http_begin(struct mir_http_response *r, int64_t length)
{
	struct mir_http_exchange *x = mir_http_exchange_of(r);
	struct mir_http_compress *c = x->server->config.compress;

	if (c && !r->begun && length >= -1) {
		end_coding(x);
		x->coding = c->ops->begin(c, r, &length);
	}
	return r->ops->begin(r, length);
}

int mir_http_write(struct mir_http_response *r, struct mir_slice *data, unsigned n)
{
	struct mir_http_coding *coding;
	int rc;

	if (!r->begun && (rc = mir_http_begin(r, -1)) < 0) {
		mir_slices_unref(data, n);
		return rc;
	}
	coding = mir_http_exchange_of(r)->coding;
	return coding ? coding->ops->write(coding, data, n) : r->ops->write(r, data, n);
}

int mir_http_write_copy(struct mir_http_response *r, const void *p, size_t len)
{
	struct mir_slice s = mir_slice_copy(p, len);

	if (len && !s.owner)
		return MIR_ENOMEM;
	return mir_http_write(r, &s, 1);
}

int mir_http_reply(
    struct mir_http_response *r, unsigned status, const char *type, const void *body, size_t len)
{
	struct mir_http_exchange *x = mir_http_exchange_of(r);
	int rc;

	mir_http_status(r, status);
	if (type && !x->has_type && (rc = mir_http_add(r, "Content-Type", type)) < 0)
		return rc;
	if ((rc = mir_http_begin(r, (int64_t)len)) < 0)
		return rc;
	if (x->bodyless || x->ops || x->coding || len > x->text_cap - x->text_len)
		return mir_http_write_copy(r, body, len);
	memcpy(x->text + x->text_len, body, len);
	x->text_len += (uint32_t)len;
	x->body_wire += len;
	r->body_sent += len;
	return flush_head(x);
}

int mir_http_error(struct mir_http_response *r, unsigned status)
{
	char body[128];
	int n;

	mir_http_status(r, status);
	n = mir_format(body, sizeof(body), "%u %s\n", r->status, mir_http_status_text(r->status));
	return mir_http_reply(r, status, "text/plain; charset=utf-8", body, (size_t)n);
}

/* The handler failed: another answer if none has left yet. */
static void handler_failed(struct mir_http_exchange *x, int rc)
{
	struct mir_http_response *r = &x->response;
	unsigned status = 500;

	if (x->failed)
		mir_debug("the client is gone: %s", mir_strerror(rc));
	else if (rc != x->body_error)
		mir_error("%.*s %.*s: the handler failed: %s (%d)", (int)x->request.method_text.len,
		    x->request.method_text.p, (int)MIR_MIN(x->request.target.len, 200u),
		    x->request.target.p, mir_strerror(rc), rc);
	else if (rc == MIR_ETIMEDOUT)
		status = 408;
	else if (rc == MIR_EFBIG)
		status = 413;
	else if (rc == MIR_EPROTO)
		status = 400;
	else
		x->failed = true;
	x->close |= rc == x->body_error;
	if (x->failed || (r->begun && !x->head_waits)) {
		x->cut = true;
		return;
	}
	mir_http_start_over(x);
	mir_http_error(r, status);
}

void mir_http_response_finish(struct mir_http_exchange *x, int rc)
{
	struct mir_http_response *r = &x->response;
	struct mir_slice end;

	if (x->switched) {
		mir_http_upgrade_end(x);
		return;
	}
	if (rc < 0)
		handler_failed(x, rc);
	if (x->failed || x->cut)
		return;
	if (!r->begun) {
		if (!x->status_set)
			r->status = 204;
		if (mir_http_begin(r, 0) < 0) {
			x->failed = true;
			return;
		}
	}
	if (x->coding && x->coding->ops->end(x->coding) < 0)
		x->cut = true;
	end_coding(x);
	if (x->cut) {
		return;
	} else if (x->ops) {
		if (x->ops->flush(x) >= 0)
			x->failed |= x->ops->end(x) < 0;
	} else if (x->chunked && x->head_waits && put(x, "0\r\n\r\n", 5) == 0) {
		flush_head(x);
	} else if (x->chunked) {
		end = mir_slice_static("0\r\n\r\n", 5);
		if (flush_head(x) >= 0)
			mir_http_send(x, &end, 1);
	} else {
		flush_head(x);
	}
	if (!x->bodyless && x->length >= 0 && x->body_wire < (uint64_t)x->length) {
		mir_warn("%.*s: the handler wrote %llu of the %lld bytes that it announced",
		    (int)MIR_MIN(x->request.path.len, 200u), x->request.path.p,
		    (unsigned long long)x->body_wire, (long long)x->length);
		x->cut = true;
	}
}

void mir_http_refuse(struct mir_http_exchange *x, unsigned status)
{
	x->server->stats.refused++;
	x->close = true;
	mir_http_error(&x->response, status);
}
