/* request.c: heads of requests (RFC 9112 sections 2, 3, 5, 6): pure, bytes in, a verdict out.
 *
 * A head is looked at twice.  The scan, as it arrives, lets only lines through that everybody
 * reads the same way; then llhttp parses the whole.  What the two leave open (which fields may be
 * there how often, what frames the body) is decided here, always for refusal: a request that a
 * proxy in front of us could read otherwise is answered 400 and the connection closed.
 */
#include "internal.h"

static bool line_ok(const uint8_t *p, size_t len, bool first)
{
	bool name = !first;

	if (first && !mir_http_is_token_char(p[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = p[i];

		if (name && c == ':' && i > 0)
			name = false;
		else if (name && !mir_http_is_token_char(c))
			return false;
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return !name;
}

/* What can be said of a line that has not ended yet. */
static int64_t unfinished(const struct mir_http_scan *s, const uint8_t *p, size_t len, size_t max)
{
	if (len >= max)
		return s->lines == 0 ? -414 : -431;
	if (s->lines == 0 && len > s->line && p[s->line] != '\r' &&
	    !mir_http_is_token_char(p[s->line]))
		return -400;
	return 0;
}

int64_t mir_http_scan(struct mir_http_scan *s, const uint8_t *p, size_t len, size_t max)
{
	size_t seen = MIR_MIN(len, max);
	const uint8_t *line, *end;

	for (;;) {
		line = p + s->line;
		end = seen > s->line ? memchr(line, '\n', seen - s->line) : NULL;
		if (!end)
			return unfinished(s, p, len, max);
		if (end == line || end[-1] != '\r')
			return -400;
		s->line = (uint32_t)(end + 1 - p);
		if (end - 1 == line) {
			if (s->lines > 0)
				return s->line;
			if (s->line > 8)
				return -400;
			continue;
		}
		if (!line_ok(line, (size_t)(end - 1 - line), s->lines == 0))
			return -400;
		if (s->lines++ > MIR_HTTP_HEADERS)
			return -431;
	}
}

static struct mir_http_head *head_of(llhttp_t *p)
{
	return p->data;
}

static int on_field(llhttp_t *p, const char *at, size_t len)
{
	struct mir_http_head *h = head_of(p);

	if (h->in_body)
		return 0;
	if (h->nheaders == MIR_HTTP_HEADERS)
		return -1;
	h->headers[h->nheaders].name = (struct mir_str){ at, len };
	h->headers[h->nheaders].value = (struct mir_str){ NULL, 0 };
	return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t len)
{
	struct mir_http_head *h = head_of(p);
	struct mir_str *v = &h->headers[h->nheaders].value;

	if (h->in_body)
		return 0;
	if (!v->p)
		v->p = at;
	v->len = (size_t)(at + len - v->p);
	return 0;
}

static int on_value_complete(llhttp_t *p)
{
	struct mir_http_head *h = head_of(p);
	struct mir_str *v;

	if (h->in_body)
		return 0;
	v = &h->headers[h->nheaders++].value;
	*v = v->p ? mir_http_trim(*v) : mir_str("");
	return 0;
}

static int on_status(llhttp_t *p, const char *at, size_t len)
{
	head_of(p)->status_text = (struct mir_str){ at, len };
	return 0;
}

static int on_headers(llhttp_t *p)
{
	head_of(p)->in_body = true;
	return HPE_PAUSED;
}

static int on_body(llhttp_t *p, const char *at, size_t len)
{
	struct mir_http_head *h = head_of(p);

	if (h->nout == h->max)
		return -1;
	h->out[h->nout++] = mir_slice_sub(h->in, (size_t)((const uint8_t *)at - h->in->p), len);
	h->body += len;
	return 0;
}

/* After the last chunk, whose size is 0, come trailers, which llhttp reads too kindly. */
static int on_chunk_size(llhttp_t *p)
{
	head_of(p)->trailing = p->content_length == 0;
	return p->content_length == 0 ? HPE_PAUSED : 0;
}

static int on_chunk(llhttp_t *p)
{
	struct mir_http_head *h = head_of(p);

	return h->nout == h->max ? HPE_PAUSED : 0;
}

static const llhttp_settings_t settings = {
	.on_status = on_status,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_header_value_complete = on_value_complete,
	.on_headers_complete = on_headers,
	.on_body = on_body,
	.on_chunk_header = on_chunk_size,
	.on_chunk_complete = on_chunk,
};

static void init(struct mir_http_head *h, llhttp_type_t type)
{
	memset(h, 0, offsetof(struct mir_http_head, headers));
	h->out = NULL;
	h->in = NULL;
	h->nout = h->max = 0;
	h->wire = h->body = 0;
	h->in_body = h->trailing = h->cr = h->colon = h->complete = false;
	h->column = 0;
	h->content_length = -1;
	llhttp_init(&h->parser, type, &settings);
	h->parser.data = h;
}

enum mir_http_method mir_http_method_of(struct mir_str m)
{
	static const char *const names[] = {
		[MIR_HTTP_GET] = "GET",
		[MIR_HTTP_HEAD] = "HEAD",
		[MIR_HTTP_POST] = "POST",
		[MIR_HTTP_PUT] = "PUT",
		[MIR_HTTP_DELETE] = "DELETE",
		[MIR_HTTP_CONNECT] = "CONNECT",
		[MIR_HTTP_OPTIONS] = "OPTIONS",
		[MIR_HTTP_TRACE] = "TRACE",
		[MIR_HTTP_PATCH] = "PATCH",
	};

	for (unsigned i = MIR_HTTP_GET; i < MIR_COUNT(names); i++)
		if (strlen(names[i]) == m.len && memcmp(names[i], m.p, m.len) == 0)
			return (enum mir_http_method)i;
	return MIR_HTTP_OTHER;
}

/* METHOD SP TARGET SP HTTP/1.x, with just these two blanks. */
static int request_line(struct mir_http_head *h, const char *p, size_t len)
{
	const char *end = memchr(p, '\r', len), *a, *b;
	struct mir_str version;

	a = memchr(p, ' ', (size_t)(end - p));
	b = a ? memchr(a + 1, ' ', (size_t)(end - a - 1)) : NULL;
	if (!b || b == a + 1)
		return -400;
	h->method_text = (struct mir_str){ p, (size_t)(a - p) };
	h->target = (struct mir_str){ a + 1, (size_t)(b - a - 1) };
	version = (struct mir_str){ b + 1, (size_t)(end - b - 1) };
	if (!mir_http_is_token(h->method_text) || version.len != 8 ||
	    memcmp(version.p, "HTTP/", 5) != 0 || version.p[6] != '.' || version.p[5] < '0' ||
	    version.p[5] > '9' || version.p[7] < '0' || version.p[7] > '9')
		return -400;
	if (version.p[5] != '1')
		return -505;
	h->version = version.p[7] == '0' ? 10 : 11;
	h->method = mir_http_method_of(h->method_text);
	return 0;
}

/* What frames the body, in requests and answers: minus a status. */
static int framing(struct mir_http_head *h)
{
	unsigned lengths = 0, codings = 0;

	for (unsigned i = 0; i < h->nheaders; i++) {
		const struct mir_http_header *f = &h->headers[i];

		if (mir_http_ieq(f->name, "content-length")) {
			lengths++;
			if (mir_http_number(f->value, &h->content_length))
				return -400;
		} else if (mir_http_ieq(f->name, "transfer-encoding")) {
			codings++;
			h->chunked = mir_http_ieq(f->value, "chunked");
		}
	}
	if (lengths > 1 || codings > 1 || (lengths && codings) || (codings && h->version == 10))
		return -400;
	return codings && !h->chunked ? -501 : 0;
}

static void connection(struct mir_http_head *h)
{
	bool close = false, keep = false;

	for (unsigned i = 0; i < h->nheaders; i++) {
		struct mir_str list = h->headers[i].value, e;

		if (!mir_http_ieq(h->headers[i].name, "connection"))
			continue;
		while (mir_http_next(&list, &e)) {
			close |= mir_http_ieq(e, "close");
			keep |= mir_http_ieq(e, "keep-alive");
		}
	}
	h->keep_alive = !close && (keep || h->version >= 11);
}

static int host_and_expect(struct mir_http_head *h)
{
	unsigned hosts = 0;
	int rc = 0;

	for (unsigned i = 0; i < h->nheaders; i++) {
		const struct mir_http_header *f = &h->headers[i];

		if (mir_http_ieq(f->name, "host")) {
			hosts++;
			if (!mir_http_host_ok(f->value))
				return -400;
		} else if (mir_http_ieq(f->name, "expect") && h->version >= 11) {
			h->expect = mir_http_ieq(f->value, "100-continue");
			rc = h->expect ? rc : -417;
		}
	}
	if (hosts > 1 || (hosts == 0 && h->version >= 11))
		return -400;
	return rc;
}

/* llhttp's word on a head that the scan let through; true if it agrees. */
static bool parse(struct mir_http_head *h, const char *p, size_t len)
{
	return llhttp_execute(&h->parser, p, len) == HPE_PAUSED && h->in_body &&
	       llhttp_get_error_pos(&h->parser) == p + len;
}

int mir_http_parse_request(struct mir_http_head *h, const uint8_t *bytes, size_t len)
{
	const char *p = (const char *)bytes;
	int rc;

	init(h, HTTP_REQUEST);
	while (len > 2 && p[0] == '\r')
		p += 2, len -= 2;
	if ((rc = request_line(h, p, len)))
		return rc;
	if (!parse(h, p, len)) {
		llhttp_errno_t e = llhttp_get_errno(&h->parser);

		if (h->nheaders == MIR_HTTP_HEADERS)
			return -431;
		return e == HPE_INVALID_METHOD ? -501 : e == HPE_INVALID_VERSION ? -505 : -400;
	}
	connection(h);
	if ((rc = framing(h)) || (rc = host_and_expect(h)))
		return rc;
	return 0;
}

int mir_http_parse_answer(struct mir_http_head *h, const uint8_t *bytes, size_t len, bool head)
{
	const char *p = (const char *)bytes;

	init(h, HTTP_RESPONSE);
	if (!parse(h, p, len))
		return MIR_EPROTO;
	h->version = (uint16_t)(h->parser.http_major * 10 + h->parser.http_minor);
	h->status = h->parser.status_code;
	if (h->version < 10 || h->version > 11 || h->status < 100 || h->status > 599)
		return MIR_EPROTO;
	connection(h);
	if (framing(h))
		return MIR_EPROTO;
	if (head || h->status < 200 || h->status == 204 || h->status == 304) {
		h->content_length = 0;
		h->chunked = false;
	}
	return 0;
}

/* Reads past trailers up to the blank line; how many bytes were used, or MIR_EPROTO. */
static int64_t trailers(struct mir_http_head *h, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = p[i];

		if (h->cr) {
			if (c != '\n')
				return MIR_EPROTO;
			h->complete = h->column == 0;
			h->column = 0;
			h->cr = h->colon = false;
			if (h->complete)
				return (int64_t)i + 1;
		} else if (c == '\r') {
			if (h->column && !h->colon)
				return MIR_EPROTO;
			h->cr = true;
		} else {
			if (!h->colon && c == ':' && h->column)
				h->colon = true;
			else if (!h->colon ? !mir_http_is_token_char(c)
					   : (c < 0x20 && c != '\t') || c == 0x7f)
				return MIR_EPROTO;
			h->column++;
		}
	}
	return (int64_t)len;
}

/* llhttp's part of it: all up to the last chunk. */
static int64_t chunks(struct mir_http_head *h, const char *p, size_t len)
{
	llhttp_errno_t e;

	if (llhttp_get_errno(&h->parser) == HPE_PAUSED)
		llhttp_resume(&h->parser);
	e = llhttp_execute(&h->parser, p, len);
	if (e == HPE_PAUSED)
		return llhttp_get_error_pos(&h->parser) - p;
	return e == HPE_OK ? (int64_t)len : MIR_EPROTO;
}

int mir_http_chunks(
    struct mir_http_head *h, struct mir_slice *in, struct mir_slice *out, unsigned max)
{
	int64_t used = 0, more = 0;

	h->in = in;
	h->out = out;
	h->nout = 0;
	h->max = max;
	if (!h->trailing)
		used = chunks(h, (const char *)in->p, in->len);
	if (used >= 0 && h->trailing)
		more = trailers(h, in->p + used, in->len - (size_t)used);
	if (used >= 0 && more >= 0) {
		used += more;
		h->wire += (uint64_t)used;
		in->p += used;
		in->len -= (size_t)used;
		/* Extensions and trailers are read past, within reason. */
		if (h->wire <= h->body + MIR_HTTP_HEAD_MAX + 16 * h->body)
			return (int)h->nout;
	}
	mir_slices_unref(out, h->nout);
	return MIR_EPROTO;
}
