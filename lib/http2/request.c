/* request.c: the request that a block of header fields is (RFC 9113 section 8), and its body.
 *
 * nghttp2 has refused what section 8 forbids: fields of a connection, names with large letters,
 * pseudo fields that are missing, twice, unknown or late, lengths that the body does not have.
 * What it leaves open is decided here as for HTTP/1.1, for refusal.
 */
#include "server.h"

#include <mir/mem.h>

/* ---- the head ---- */

static bool same(struct mir_str a, struct mir_str b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static bool is(struct mir_str a, const char *text)
{
	return same(a, mir_str(text));
}

static void add(struct mir_http_head *h, struct mir_str name, struct mir_str value)
{
	h->headers[h->nheaders++] = (struct mir_http_header){ name, value };
}

/* The pseudo fields into the head; the rest as headers but for cookies, whose length is *cookies.
 */
static int sort_fields(
    struct mir_h2_exchange *e, struct mir_str *authority, struct mir_str *scheme, size_t *cookies)
{
	struct mir_http_head *h = &e->x.head;
	const struct mir_h2_stream *s = &e->r->stream;

	for (unsigned i = 0; i < s->nfields; i++) {
		struct mir_str name = mir_h2_text(s->fields[i].name);
		struct mir_str value = mir_h2_text(s->fields[i].value);

		if (is(name, ":method"))
			h->method_text = value;
		else if (is(name, ":path"))
			h->target = value;
		else if (is(name, ":authority"))
			*authority = value;
		else if (is(name, ":scheme"))
			*scheme = value;
		else if (name.len && name.p[0] == ':')
			return -400;
		else if (is(name, "cookie"))
			*cookies += value.len + 2;
		else if (h->nheaders < MIR_HTTP_HEADERS - 2)
			add(h, name, mir_http_trim(value));
		else
			return -431;
	}
	return 0;
}

/* RFC 9113 section 8.2.3: cookies may come in several fields, which are one. */
static int join_cookies(struct mir_h2_exchange *e, size_t size)
{
	const struct mir_h2_stream *s = &e->r->stream;
	uint8_t *p, *start;

	if (!size)
		return 0;
	if (!(e->cookies = mir_mem_new(size, &start)))
		return -503;
	p = start;
	for (unsigned i = 0; i < s->nfields; i++) {
		struct mir_str value = mir_h2_text(s->fields[i].value);

		if (!is(mir_h2_text(s->fields[i].name), "cookie"))
			continue;
		memcpy(p, value.p, value.len);
		memcpy(p + value.len, "; ", 2);
		p += value.len + 2;
	}
	add(&e->x.head, mir_str("cookie"), (struct mir_str){ (const char *)start, size - 2 });
	return 0;
}

/* The host comes as :authority, as Host, or as both, which then agree. */
static int set_host(struct mir_http_head *h, struct mir_str authority)
{
	unsigned hosts = 0;

	for (unsigned i = 0; i < h->nheaders; i++) {
		if (!is(h->headers[i].name, "host"))
			continue;
		if (hosts++ || (authority.p && !mir_http_same(authority, h->headers[i].value)))
			return -400;
		authority = h->headers[i].value;
	}
	if (!authority.p || !mir_http_host_ok(authority))
		return -400;
	if (!hosts)
		add(h, mir_str("host"), authority);
	return 0;
}

static int set_length(struct mir_http_head *h, bool ended)
{
	unsigned lengths = 0;

	for (unsigned i = 0; i < h->nheaders; i++) {
		const struct mir_http_header *f = &h->headers[i];

		if (is(f->name, "content-length")) {
			if (lengths++ || mir_http_number(f->value, &h->content_length))
				return -400;
		} else if (is(f->name, "transfer-encoding")) {
			return -400;
		} else if (is(f->name, "expect")) {
			h->expect = mir_http_ieq(f->value, "100-continue");
			if (!h->expect)
				return -417;
		}
	}
	if (ended && lengths && h->content_length)
		return -400;
	if (!lengths)
		h->content_length = ended ? 0 : -1;
	return 0;
}

static bool fields_ok(const struct mir_http_head *h)
{
	for (unsigned i = 0; i < h->nheaders; i++) {
		struct mir_str v = h->headers[i].value;

		if (!mir_http_is_token(h->headers[i].name))
			return false;
		for (size_t k = 0; k < v.len; k++)
			if (((uint8_t)v.p[k] < 0x20 && v.p[k] != '\t') || v.p[k] == 0x7f)
				return false;
	}
	return true;
}

static int read_fields(struct mir_h2_exchange *e)
{
	struct mir_str authority = { NULL, 0 }, scheme = { "", 0 };
	struct mir_http_head *h = &e->x.head;
	size_t cookies = 0;
	int rc;

	h->version = 20;
	h->keep_alive = true;
	h->content_length = -1;
	h->method_text = h->target = mir_str("");
	if ((rc = sort_fields(e, &authority, &scheme, &cookies)) || (rc = join_cookies(e, cookies)))
		return rc;
	h->method = mir_http_method_of(h->method_text);
	if (!mir_http_is_token(h->method_text) || !fields_ok(h))
		return -400;
	if (h->method == MIR_HTTP_CONNECT)
		return -501;
	if (!is(scheme, "https") && !is(scheme, "http"))
		return -400;
	if (!h->target.len || (h->target.p[0] != '/' && !is(h->target, "*")))
		return -400;
	if ((rc = set_host(h, authority)))
		return rc;
	return set_length(h, e->r->bodyless);
}

int mir_h2_understand(struct mir_h2_exchange *e)
{
	struct mir_http_exchange *x = &e->x;
	struct mir_http_request *r = &x->request;
	uint64_t limit = x->server->config.http_max_body;
	int rc;

	r->ops = &mir_h2_request_ops;
	x->response.ops = &mir_h2_response_ops;
	rc = e->r->stream.too_large ? -431 : 0;
	if (rc == 0)
		rc = read_fields(e);
	r->version = 20;
	r->method = x->head.method;
	r->method_text = x->head.method_text.p ? x->head.method_text : mir_str("");
	r->target = x->head.target.p ? x->head.target : mir_str("");
	if (rc)
		return rc;
	r->headers = x->head.headers;
	r->nheaders = x->head.nheaders;
	r->host = mir_http_header(r, "host");
	r->content_length = x->head.content_length;
	if ((rc = mir_http_set_target(x)))
		return rc;
	if (limit && r->content_length > 0 && (uint64_t)r->content_length > limit)
		return -413;
	x->expecting = x->head.expect && r->content_length;
	return 0;
}

/* ---- the body ---- */

static void send_continue(struct mir_http_exchange *x, struct mir_h2_stream *s)
{
	uint8_t name[] = ":status", value[] = "100";
	const nghttp2_nv nv = { name, value, 7, 3, NGHTTP2_NV_FLAG_NONE };

	if (!x->expecting)
		return;
	x->expecting = false;
	/* A client that sends already, or that has its answer, needs no permission. */
	if (s->first || s->in_ended || s->closed || (x->response.begun && !x->head_waits))
		return;
	nghttp2_submit_headers(s->h->session, NGHTTP2_FLAG_NONE, s->id, NULL, &nv, 1, NULL);
	mir_h2_kick(s->h);
}

static int read_some(struct mir_http_exchange *x, struct mir_slice *out, unsigned max)
{
	struct mir_h2_stream *s = &mir_h2_exchange_of(x)->r->stream;
	int64_t before = mir_now(), deadline, outer;
	int rc;

	send_continue(x, s);
	deadline =
	    mir_time_add(before, mir_http_patience(x->server, x->received, x->receive_waited));
	outer = mir_deadline_set(deadline);
	rc = mir_h2_stream_read(s, out, max);
	mir_deadline_restore(outer);
	x->receive_waited += mir_now() - before;
	if (rc == MIR_ETIMEDOUT && mir_now() >= deadline) {
		x->server->stats.timeouts++;
		x->body_error = rc;
	}
	return rc;
}

static int request_read(struct mir_http_request *r, struct mir_slice *out, unsigned max)
{
	return mir_http_read_within_limit(r, read_some, out, max);
}

const struct mir_http_request_ops mir_h2_request_ops = { request_read };
