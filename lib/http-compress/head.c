/* head.c: whether an answer is compressed, and what its head says then (RFC 9110
 * sections 8.4, 8.8.3, 12.5.3, 12.5.5). */
#include "internal.h"

#include <mir/mime.h>

enum { ETAG = 250 /* bytes of a tag that is made weak; with a longer one nothing is compressed */ };

/* What a head has of interest; strings point into it. */
struct head {
	struct mir_str type, etag;
	bool coded;   /* or something else that says not to touch the body */
	bool varies;  /* Vary has it already */
	bool weakens; /* the tag is a strong one */
};

/* ---- the lines of a head, each "Name: value\r\n" ---- */

/* The line at *at, which moves to the next; false: there is none. */
static bool next_line(const struct mir_http_exchange *x, uint32_t *at, struct mir_http_header *out)
{
	const char *line, *colon, *end;

	if (*at >= x->text_len)
		return false;
	line = (const char *)x->text + *at;
	end = memchr(line, '\r', x->text_len - *at);
	colon = memchr(line, ':', (size_t)(end - line));
	out->name = (struct mir_str){ line, (size_t)(colon - line) };
	out->value = mir_http_trim((struct mir_str){ colon + 1, (size_t)(end - colon - 1) });
	*at += (uint32_t)(end + 2 - line);
	return true;
}

static void drop_lines(struct mir_http_exchange *x, const char *name)
{
	uint32_t at = MIR_HTTP_STATUS_ROOM, from = at;
	struct mir_http_header h;

	for (; next_line(x, &at, &h); from = at) {
		if (!mir_http_ieq(h.name, name))
			continue;
		memmove(x->text + from, x->text + at, x->text_len - at);
		x->text_len -= at - from;
		at = from;
	}
}

/* Whether a list has that element, or "*" if it may stand for it. */
static bool has(struct mir_str list, const char *element, bool star)
{
	struct mir_str e;

	while (mir_http_next(&list, &e))
		if (mir_http_ieq(e, element) || (star && mir_http_ieq(e, "*")))
			return true;
	return false;
}

static void examine(const struct mir_http_exchange *x, struct head *head)
{
	static const char *const no[] = { "content-encoding", "content-range", "content-md5",
		"content-digest", "repr-digest", "digest" };
	uint32_t at = MIR_HTTP_STATUS_ROOM;
	struct mir_http_header h;

	*head = (struct head){ .coded = false };
	while (next_line(x, &at, &h)) {
		for (unsigned i = 0; i < MIR_COUNT(no); i++)
			head->coded |= mir_http_ieq(h.name, no[i]);
		if (mir_http_ieq(h.name, "content-type"))
			head->type = h.value;
		else if (mir_http_ieq(h.name, "etag"))
			head->etag = h.value;
		else if (mir_http_ieq(h.name, "vary"))
			head->varies |= has(h.value, "accept-encoding", true);
		else if (mir_http_ieq(h.name, "cache-control"))
			head->coded |= has(h.value, "no-transform", false);
	}
	head->weakens = head->etag.len && head->etag.p[0] == '"';
	head->coded |= head->etag.len > ETAG;
}

/* ---- what the client wants ---- */

/* q of a coding over all fields of that name; -1: it is not listed. */
static int listed(const struct mir_http_request *r, const char *coding)
{
	int q = -1;

	for (unsigned i = 0; i < r->nheaders && q < 0; i++)
		if (mir_http_ieq(r->headers[i].name, "accept-encoding"))
			q = mir_http_weight(r->headers[i].value, coding);
	return q;
}

/* The coding with the highest q, which is no lower than that of none; NULL: none.  Of equals the
 * first of the configuration. */
static struct mir_http_compress_coder *choose(
    struct mir_http_compress_device *d, const struct mir_http_request *r)
{
	struct mir_http_compress_coder *best = NULL;
	int any = listed(r, "*"), least = listed(r, "identity");

	if (least < 0)
		least = any;
	for (unsigned i = 0; i < d->n_coders; i++) {
		const char *name = d->coders[i].coder->coding;
		int q = listed(r, name);

		/* An old name of it (RFC 9110 section 8.4.1.3). */
		if (q < 0 && strcmp(name, "gzip") == 0)
			q = listed(r, "x-gzip");
		if (q < 0)
			q = any;
		if (q <= 0 || q < least || (best && q == least))
			continue;
		best = &d->coders[i];
		least = q;
	}
	return best;
}

/* ---- the head ---- */

static void weaken(struct mir_http_exchange *x, const struct head *head)
{
	char tag[ETAG + 3] = "W/";

	if (!head->weakens || head->etag.len > ETAG)
		return;
	memcpy(tag + 2, head->etag.p, head->etag.len);
	drop_lines(x, "etag");
	mir_http_add(&x->response, "ETag", tag);
}

/* The tag of what the client has: whether it is the weak form of ours. */
static bool has_weak(const struct mir_http_request *r, struct mir_str etag)
{
	struct mir_str list = mir_http_header(r, "if-none-match"), e;

	while (mir_http_next(&list, &e))
		if (e.len == etag.len + 2 && e.p[0] == 'W' && e.p[1] == '/' &&
		    memcmp(e.p + 2, etag.p, etag.len) == 0)
			return true;
	return false;
}

/* 304 has the fields that 200 would have had (section 15.4.5). */
static void not_modified(
    struct mir_http_compress_device *d, struct mir_http_exchange *x, const struct head *head)
{
	const struct mir_http_request *r = &x->request;
	struct mir_str type = head->type;

	if (!type.p)
		type = mir_str(mir_mime_type(r->path.p, r->path.len));
	if (head->coded || (!mir_mime_compressible(type.p, type.len) &&
			       (head->type.p || strcmp(type.p, MIR_MIME_UNKNOWN) != 0)))
		return;
	if (mir_http_header(r, "if-none-match").p ? has_weak(r, head->etag) : choose(d, r) != NULL)
		weaken(x, head);
	if (!head->varies)
		mir_http_add(&x->response, "Vary", "Accept-Encoding");
}

/* Whether some client would get it compressed. */
static bool is_for_us(const struct mir_http_compress_device *d, const struct mir_http_exchange *x,
    const struct head *head, int64_t length)
{
	switch (x->response.status) {
	case 204:
	case 205:
	case 206:
	case 304: return false;
	default: break;
	}
	return !head->coded && head->type.p &&
	       mir_mime_compressible(head->type.p, head->type.len) && length != 0 &&
	       (length < 0 || (uint64_t)length >= d->config.http_compress_min);
}

struct mir_http_coding *mir_http_compress_begin(
    struct mir_http_compress *compress, struct mir_http_response *r, int64_t *length)
{
	struct mir_http_compress_device *d =
	    mir_container(compress, struct mir_http_compress_device, compress);
	struct mir_http_exchange *x = mir_http_exchange_of(r);
	struct mir_http_compress_context *c = NULL;
	struct mir_http_compress_coder *coder;
	bool head_only = x->request.method == MIR_HTTP_HEAD;
	struct head head;

	examine(x, &head);
	if (r->status == 304)
		not_modified(d, x, &head);
	if (!is_for_us(d, x, &head, *length))
		return NULL;
	if (!head.varies && mir_http_add(r, "Vary", "Accept-Encoding") < 0)
		return NULL;
	if (!(coder = choose(d, &x->request)))
		return NULL;
	if (!head_only && !(c = mir_http_compress_take(d, coder, r, *length)))
		return NULL;
	if (mir_http_add(r, "Content-Encoding", coder->coder->coding) < 0) {
		if (c)
			c->coding.ops->release(&c->coding);
		return NULL;
	}
	examine(x, &head); /* what was added may have moved it */
	weaken(x, &head);
	drop_lines(x, "accept-ranges");
	*length = -1;
	return c ? &c->coding : NULL;
}
