/* client.c: asking other servers (RFC 9110, 9112). */
#include "internal.h"

#include <mir/http_client.h>
#include <mir/mem.h>
#include <mir/format.h>
#include <stdlib.h>

enum { URL_MAX = 8192, HEAD_MAX = 32768, UNTIL_CLOSE = -2 };

/* An answer and its connection. */
struct call {
	struct mir_http_answer answer;
	struct mir_http_client *client;
	struct mir_http_input input;
	struct mir_slice bytes; /* of the head */
	int64_t left;           /* of the body; -1: chunked; UNTIL_CLOSE */
	bool done;
	int error;
	struct mir_http_head head;
};

struct url {
	struct mir_str authority, host, path, query;
	uint16_t port;
};

static bool url_text_ok(const char *url)
{
	size_t n = 0;

	for (; url[n]; n++)
		if ((uint8_t)url[n] <= 0x20 || (uint8_t)url[n] >= 0x7f || n >= URL_MAX)
			return false;
	return n > 0;
}

static int parse_url(const char *text, struct url *u)
{
	const char *colon;
	int64_t port;

	if (!url_text_ok(text) || strncmp(text, "http://", 7) != 0 ||
	    mir_http_target_split(mir_str(text), &u->authority, &u->path, &u->query))
		return MIR_EINVAL;
	u->host = u->authority;
	u->port = 80;
	colon = memchr(u->authority.p, ':', u->authority.len);
	if (colon) {
		size_t n = (size_t)(colon - u->authority.p);
		struct mir_str digits = { colon + 1, u->authority.len - n - 1 };

		u->host.len = n;
		if (mir_http_number(digits, &port) || port < 1 || port > 65535)
			return MIR_EINVAL;
		u->port = (uint16_t)port;
	}
	return u->host.len ? 0 : MIR_EINVAL;
}

static int64_t patience(const struct mir_http_client *c)
{
	return mir_time_add(mir_now(), c->timeout_ns ? c->timeout_ns : MIR_SECOND(30));
}

static int address_of(struct mir_http_client *c, const struct url *u, struct mir_endpoint *out)
{
	char text[MIR_IPADDR_TEXT];

	out->port = u->port;
	if (u->host.len < sizeof(text)) {
		memcpy(text, u->host.p, u->host.len);
		text[u->host.len] = 0;
		if (mir_ipaddr_parse(text, &out->addr) == 0)
			return 0;
	}
	return c->resolve ? c->resolve(c->resolve_arg, u->host, &out->addr) : MIR_ENOENT;
}

/* Text that is put together; len past cap: it did not fit. */
struct text {
	char *p;
	size_t len, cap;
};

static void add(struct text *t, const char *p, size_t len)
{
	if (t->len <= t->cap && len <= t->cap - t->len)
		memcpy(t->p + t->len, p, len);
	t->len += len;
}

static void add_str(struct text *t, const char *s)
{
	add(t, s, strlen(s));
}

static bool header_ok(const struct mir_http_header *h)
{
	for (size_t i = 0; i < h->value.len; i++) {
		uint8_t c = (uint8_t)h->value.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return mir_http_is_token(h->name) && !mir_http_ieq(h->name, "host") &&
	       !mir_http_ieq(h->name, "content-length") &&
	       !mir_http_ieq(h->name, "transfer-encoding") && !mir_http_ieq(h->name, "connection");
}

static const char *method_of(const struct mir_http_fetch *f)
{
	return f->method ? f->method : f->body ? "POST" : "GET";
}

/* The request's head in t.  MIR_EINVAL, MIR_ELIMIT. */
static int build(const struct mir_http_client *c, const struct url *u,
    const struct mir_http_fetch *f, struct text *t)
{
	char line[64];

	if (!mir_http_is_token(mir_str(method_of(f))) || strcmp(method_of(f), "CONNECT") == 0)
		return MIR_EINVAL;
	add_str(t, method_of(f));
	add_str(t, " ");
	add(t, u->path.p, u->path.len);
	if (u->query.p)
		add_str(t, "?");
	add(t, u->query.p ? u->query.p : "", u->query.len);
	add_str(t, " HTTP/1.1\r\nHost: ");
	add(t, u->authority.p, u->authority.len);
	add_str(t, "\r\nConnection: close\r\n");
	if (c->user_agent &&
	    header_ok(&(struct mir_http_header){ mir_str("User-Agent"), mir_str(c->user_agent) })) {
		add_str(t, "User-Agent: ");
		add_str(t, c->user_agent);
		add_str(t, "\r\n");
	}
	for (unsigned i = 0; i < f->nheaders; i++) {
		if (!header_ok(&f->headers[i]))
			return MIR_EINVAL;
		add(t, f->headers[i].name.p, f->headers[i].name.len);
		add_str(t, ": ");
		add(t, f->headers[i].value.p, f->headers[i].value.len);
		add_str(t, "\r\n");
	}
	if (f->body && f->body_length < 0)
		add_str(t, "Transfer-Encoding: chunked\r\n");
	if (f->body && f->body_length >= 0) {
		mir_format(
		    line, sizeof(line), "Content-Length: %lld\r\n", (long long)f->body_length);
		add_str(t, line);
	}
	add_str(t, "\r\n");
	return t->len > t->cap ? MIR_ELIMIT : 0;
}

static int send_slices(struct call *c, struct mir_slice *s, unsigned n)
{
	int64_t outer = mir_deadline_set(patience(c->client));
	int rc = mir_flow_write(c->input.flow, s, n);

	mir_deadline_restore(outer);
	return rc;
}

static int send_body(struct call *c, const struct mir_http_fetch *f)
{
	struct mir_slice s[10];
	int64_t left = f->body_length;
	char line[20];
	int n, rc;

	while ((n = f->body(f->body_arg, s + 1, 8)) > 0) {
		size_t len = mir_slices_len(s + 1, (unsigned)n);
		unsigned extra = 0;

		if (left >= 0 && len > (uint64_t)left) {
			mir_slices_unref(s + 1, (unsigned)n);
			return MIR_EFBIG;
		}
		left -= left >= 0 ? (int64_t)len : 0;
		if (left < 0 && len) {
			mir_format(line, sizeof(line), "%zx\r\n", len);
			s[0] = mir_slice_copy(line, strlen(line));
			s[n + 1] = mir_slice_static("\r\n", 2);
			extra = 1;
			if (!s[0].owner) {
				mir_slices_unref(s + 1, (unsigned)n);
				return MIR_ENOMEM;
			}
		}
		rc = send_slices(c, s + 1 - extra, (unsigned)n + 2 * extra);
		if (rc < 0)
			return rc;
	}
	if (n < 0 || left > 0)
		return n < 0 ? n : MIR_EINVAL;
	s[0] = mir_slice_static("0\r\n\r\n", 5);
	return left < 0 ? send_slices(c, s, 1) : 0;
}

static int send_request(struct call *c, const struct url *u, const struct mir_http_fetch *f)
{
	uint8_t *p;
	struct mir_mem *mem = mir_mem_new(HEAD_MAX, &p);
	struct text t = { (char *)p, 0, HEAD_MAX };
	struct mir_slice s;
	int rc;

	if (!mem)
		return MIR_ENOMEM;
	rc = build(c->client, u, f, &t);
	s = (struct mir_slice){ p, rc < 0 ? 0 : t.len, mem };
	if (rc < 0) {
		mir_slice_unref(&s);
		return rc;
	}
	rc = send_slices(c, &s, 1);
	return rc < 0 || !f->body ? rc : send_body(c, f);
}

/* Reads heads until one that is not an interim answer. */
static int read_head(struct call *c, bool head)
{
	size_t max = c->client->max_header ? c->client->max_header : 65536;
	int rc;

	for (unsigned interim = 0; interim < 16;) {
		struct mir_http_scan scan = { 0, 0 };
		int64_t len;

		while ((len = mir_http_input_head(&c->input, &scan, max)) == 0) {
			rc = mir_http_fill(&c->input, patience(c->client));
			if (rc <= 0)
				return rc ? rc : MIR_ECONNRESET;
		}
		if (len < 0)
			return len == -431 || len == -414 ? MIR_ELIMIT
			       : len == -503              ? MIR_ENOMEM
							  : MIR_EPROTO;
		c->bytes = mir_slice_sub(&c->input.s[0], 0, (size_t)len);
		mir_http_input_drop(&c->input, (size_t)len);
		rc = mir_http_parse_answer(&c->head, c->bytes.p, (size_t)len, head);
		if (rc < 0 || c->head.status >= 200)
			return rc;
		if (c->head.status == 101)
			return MIR_EPROTO;
		mir_slice_unref(&c->bytes);
		interim++;
	}
	return MIR_EPROTO;
}

static void set_answer(struct call *c)
{
	const struct mir_http_head *h = &c->head;

	c->answer = (struct mir_http_answer){ h->status, h->headers, h->nheaders,
		h->chunked ? -1 : h->content_length };
	c->left = h->chunked ? -1 : h->content_length < 0 ? UNTIL_CLOSE : h->content_length;
	c->done = c->left == 0;
}

static int call_once(struct mir_http_client *client, const struct url *u,
    const struct mir_http_fetch *f, struct call **out)
{
	struct mir_tcp_options o = { .nodelay = true };
	struct mir_tcp_flow *flow;
	struct mir_endpoint peer;
	struct call *c;
	int64_t outer;
	int rc;

	if ((rc = address_of(client, u, &peer)) < 0)
		return rc;
	outer = mir_deadline_set(patience(client));
	rc = mir_tcp_connect(client->tcp, NULL, &peer, &o, &flow);
	mir_deadline_restore(outer);
	if (rc < 0)
		return rc;
	if (!(c = malloc(sizeof(*c)))) {
		mir_flow_abort(&flow->flow);
		return MIR_ENOMEM;
	}
	memset(c, 0, offsetof(struct call, head));
	c->client = client;
	c->input.flow = &flow->flow;
	rc = send_request(c, u, f);
	/* A server that has seen enough may answer and not read the rest of a body. */
	if (rc == 0 || (f->body && (rc == MIR_ECONNRESET || rc == MIR_EPIPE)))
		rc = read_head(c, strcmp(method_of(f), "HEAD") == 0);
	if (rc < 0) {
		mir_http_answer_close(&c->answer);
		return rc;
	}
	set_answer(c);
	*out = c;
	return 0;
}

static bool starts(struct mir_str s, const char *with)
{
	return s.len >= strlen(with) && mir_http_ieq((struct mir_str){ s.p, strlen(with) }, with);
}

/* The URL that a Location means (RFC 3986 section 5.2, without its fragment) in fresh memory; NULL:
 * it is none for us (https, too long). */
static char *follow(struct mir_str to, const struct url *from)
{
	const char *hash = memchr(to.p, '#', to.len);
	size_t dir = from->path.len;
	struct text t = { malloc(URL_MAX + 1), 0, URL_MAX };

	if (hash)
		to.len = (size_t)(hash - to.p);
	while (dir && from->path.p[dir - 1] != '/')
		dir--;
	if (!t.p || !to.len || starts(to, "https://"))
		goto none;
	if (!starts(to, "http://")) {
		add_str(&t, "http:");
		if (!starts(to, "//")) {
			add_str(&t, "//");
			add(&t, from->authority.p, from->authority.len);
		}
		if (to.p[0] != '/')
			add(&t, from->path.p, dir);
	}
	add(&t, to.p, to.len);
	if (t.len > t.cap)
		goto none;
	t.p[t.len] = 0;
	return t.p;
none:
	free(t.p);
	return NULL;
}

static bool redirects(const struct call *c)
{
	unsigned s = c->answer.status;

	return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) &&
	       mir_http_answer_header(&c->answer, "location").p;
}

int mir_http_fetch(struct mir_http_client *client, const char *text,
    const struct mir_http_fetch *fetch, struct mir_http_answer **out)
{
	static const struct mir_http_fetch plain;
	const struct mir_http_fetch *f = fetch ? fetch : &plain;
	unsigned hops = f->body ? 0 : f->redirects;
	char *held = NULL, *next;
	struct call *c = NULL;
	struct url u;
	int rc = parse_url(text, &u);

	while (rc == 0 && (rc = call_once(client, &u, f, &c)) == 0 && hops && redirects(c)) {
		next = follow(mir_http_answer_header(&c->answer, "location"), &u);
		if (!next)
			break;
		mir_http_answer_close(&c->answer);
		c = NULL;
		hops--;
		rc = parse_url(next, &u);
		free(held);
		held = next;
	}
	free(held);
	if (rc == 0)
		*out = &c->answer;
	return rc;
}

static struct call *call_of(struct mir_http_answer *a)
{
	return mir_container(a, struct call, answer);
}

/* What the input holds of the body. */
static int take(struct call *c, struct mir_slice *out, unsigned max)
{
	int64_t all = INT64_MAX;
	int rc;

	if (c->left == UNTIL_CLOSE)
		return (int)mir_http_input_take(&c->input, out, max, &all);
	if (c->left == -1) {
		rc = mir_http_chunks(&c->head, &c->input.s[0], out, max);
		if (rc >= 0)
			mir_http_input_drop(&c->input, 0);
		c->done = c->head.complete;
		return rc;
	}
	rc = (int)mir_http_input_take(&c->input, out, max, &c->left);
	c->done = c->left == 0;
	return rc;
}

int mir_http_answer_read(struct mir_http_answer *a, struct mir_slice *out, unsigned max)
{
	struct call *c = call_of(a);
	int rc;

	if (!max)
		return MIR_EINVAL;
	while (!c->done && !c->error) {
		if (!c->input.n) {
			rc = mir_http_fill(&c->input, patience(c->client));
			if (rc == 0 && c->left == UNTIL_CLOSE) {
				c->done = true;
				break;
			}
			if (rc == MIR_ETIMEDOUT || rc == MIR_ECANCELED)
				return rc;
			if (rc <= 0) {
				c->error = rc ? rc : MIR_ECONNRESET;
				break;
			}
		}
		rc = take(c, out, max);
		if (rc < 0)
			c->error = rc;
		else if (rc > 0)
			return rc;
	}
	return c->error;
}

void mir_http_answer_close(struct mir_http_answer *a)
{
	struct call *c;

	if (!a)
		return;
	c = call_of(a);
	mir_slices_unref(c->input.s, c->input.n);
	mir_slice_unref(&c->bytes);
	if (c->done)
		mir_flow_close(c->input.flow);
	else
		mir_flow_abort(c->input.flow);
	free(c);
}

struct mir_str mir_http_answer_header(const struct mir_http_answer *a, const char *name)
{
	return mir_http_find(a->headers, a->nheaders, name);
}

/* Appends to a buffer that grows up to limit. */
static int collect(char **buf, size_t *len, size_t *cap, const struct mir_slice *s, size_t limit)
{
	char *bigger;

	if (s->len > limit - *len)
		return MIR_EFBIG;
	if (s->len >= *cap - *len) {
		*cap = MIR_MAX(2 * *cap, *len + s->len + 1);
		if (!(bigger = realloc(*buf, *cap)))
			return MIR_ENOMEM;
		*buf = bigger;
	}
	memcpy(*buf + *len, s->p, s->len);
	*len += s->len;
	(*buf)[*len] = 0;
	return 0;
}

int mir_http_get(struct mir_http_client *client, const char *url, size_t limit, char **body,
    size_t *len, unsigned *status)
{
	struct mir_http_fetch f = { .redirects = 5 };
	struct mir_http_answer *a = NULL;
	struct mir_slice s;
	size_t cap = 256;
	int rc = mir_http_fetch(client, url, &f, &a);

	if (rc < 0)
		return rc;
	*len = 0;
	*status = a->status;
	if (!(*body = calloc(1, cap)))
		rc = MIR_ENOMEM;
	while (rc == 0 && (rc = mir_http_answer_read(a, &s, 1)) > 0) {
		rc = collect(body, len, &cap, &s, limit);
		mir_slice_unref(&s);
	}
	mir_http_answer_close(a);
	if (rc < 0) {
		free(*body);
		*body = NULL;
	}
	return rc;
}
