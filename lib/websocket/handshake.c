/* handshake.c: the opening handshake (RFC 6455 section 4), both sides. */
#include "internal.h"

#include <mir/hash.h>
#include <mir/sha1.h>
#include <stdlib.h>

enum {
	HEAD = 4096,         /* bytes of our request */
	ANSWER_HEAD = 16384, /* of the answer */
};

static const char base64_digit[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* With padding and a zero. */
static void base64(const uint8_t *p, size_t len, char *out)
{
	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;

		v |= i + 1 < len ? (uint32_t)p[i + 1] << 8 : 0;
		v |= i + 2 < len ? p[i + 2] : 0;
		*out++ = base64_digit[v >> 18];
		*out++ = base64_digit[v >> 12 & 63];
		*out++ = i + 1 < len ? base64_digit[v >> 6 & 63] : '=';
		*out++ = i + 2 < len ? base64_digit[v & 63] : '=';
	}
	*out = 0;
}

/* 16 bytes in base64: 22 digits, of which the last holds two bits. */
static bool key_ok(struct mir_str key)
{
	if (key.len != MIR_WS_KEY || key.p[22] != '=' || key.p[23] != '=')
		return false;
	for (unsigned i = 0; i < 22; i++)
		if (!key.p[i] || !strchr(base64_digit, key.p[i]))
			return false;
	return strchr("AQgw", key.p[21]) != NULL;
}

void mir_ws_answer_key(struct mir_str key, char out[MIR_WS_ACCEPT + 1])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t text[MIR_WS_KEY + sizeof(guid) - 1], digest[MIR_SHA1_LEN];

	memcpy(text, key.p, MIR_WS_KEY);
	memcpy(text + MIR_WS_KEY, guid, sizeof(guid) - 1);
	mir_sha1(text, sizeof(text), digest);
	base64(digest, sizeof(digest), out);
}

/* The only header of that name; p NULL: none, or several. */
static struct mir_str only(const struct mir_http_header *h, unsigned n, const char *name)
{
	struct mir_str found = { NULL, 0 };
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		if (mir_http_ieq(h[i].name, name)) {
			found = h[i].value;
			count++;
		}
	return count == 1 ? found : (struct mir_str){ NULL, 0 };
}

static bool equal(struct mir_str s, const char *text)
{
	return s.p && s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

/* Is text an element of the lists in headers of that name?  Case counts, or not. */
static bool listed(
    const struct mir_http_header *h, unsigned n, const char *name, const char *text, bool exact)
{
	struct mir_str rest, element;

	for (unsigned i = 0; i < n; i++) {
		if (!mir_http_ieq(h[i].name, name))
			continue;
		rest = h[i].value;
		while (mir_http_next(&rest, &element))
			if (exact ? equal(element, text) : mir_http_ieq(element, text))
				return true;
	}
	return false;
}

static bool origin_ok(const struct mir_http_request *r, const char *const *origins)
{
	struct mir_str origin = mir_http_header(r, "origin");

	if (!origins || !origin.p)
		return true;
	origin = only(r->headers, r->nheaders, "origin");
	for (; *origins; origins++)
		if (equal(origin, *origins))
			return true;
	return false;
}

/* The status of a request that is refused; 101: it is right (section 4.2.1). */
static unsigned judge(const struct mir_http_request *r, const struct mir_ws_options *o)
{
	const struct mir_http_header *h = r->headers;
	struct mir_str version = only(h, r->nheaders, "sec-websocket-version");

	if (r->method != MIR_HTTP_GET)
		return 405;
	if (r->version != 11 || r->content_length != 0)
		return 400;
	if (!listed(h, r->nheaders, "upgrade", "websocket", false) ||
	    !listed(h, r->nheaders, "connection", "upgrade", false) || !equal(version, "13"))
		return 426;
	if (!key_ok(only(h, r->nheaders, "sec-websocket-key")))
		return 400;
	return origin_ok(r, o ? o->origins : NULL) ? 101 : 403;
}

static int refuse(struct mir_http_response *w, unsigned status)
{
	int rc = 0;

	if (status == 405)
		rc = mir_http_add(w, "allow", "GET");
	if (status == 426) {
		rc = mir_http_add(w, "upgrade", "websocket");
		if (rc == 0)
			rc = mir_http_add(w, "connection", "upgrade");
		if (rc == 0)
			rc = mir_http_add(w, "sec-websocket-version", "13");
	}
	return rc < 0 ? rc : mir_http_error(w, status);
}

/* The best of ours that the client has asked for; NULL: none. */
static const char *choose(const struct mir_http_request *r, const struct mir_ws_options *o)
{
	if (!o || !o->protocols)
		return NULL;
	for (const char *const *p = o->protocols; *p; p++)
		if (listed(r->headers, r->nheaders, "sec-websocket-protocol", *p, true))
			return *p;
	return NULL;
}

int mir_ws_accept(struct mir_http_request *r, struct mir_http_response *w,
    const struct mir_ws_options *o, struct mir_ws **out)
{
	unsigned status = judge(r, o);
	const char *protocol = choose(r, o);
	char answer[MIR_WS_ACCEPT + 1];
	struct mir_ws *ws;
	int rc;

	if (status != 101)
		return refuse(w, status);
	mir_ws_answer_key(mir_http_header(r, "sec-websocket-key"), answer);
	rc = mir_http_add(w, "Sec-WebSocket-Accept", answer);
	if (rc == 0 && protocol)
		rc = mir_http_add(w, "Sec-WebSocket-Protocol", protocol);
	if (rc < 0)
		return rc;
	if (!(ws = mir_ws_new(NULL, false, o, protocol)))
		return MIR_ENOMEM;
	rc = mir_http_upgrade(w, "websocket", &ws->flow);
	if (rc < 0) {
		free(ws);
		return rc;
	}
	ws->input.flow = ws->flow;
	*out = ws;
	return 1;
}

/* May that stand in a request: printable, without blanks? */
static bool plain(const char *s)
{
	for (; *s; s++)
		if ((uint8_t)*s >= 0x7f || (uint8_t)*s < 0x21)
			return false;
	return true;
}

struct text {
	char p[HEAD];
	size_t len;
	bool bad;
};

static void add(struct text *t, const char *before, const char *s)
{
	size_t a = strlen(before), b = strlen(s);

	t->bad |= !plain(s) || a + b > sizeof(t->p) - t->len;
	if (t->bad)
		return;
	memcpy(t->p + t->len, before, a);
	memcpy(t->p + t->len + a, s, b);
	t->len += a + b;
}

static int ask(struct mir_flow *flow, const struct mir_ws_target *target,
    const struct mir_ws_options *o, const char *key)
{
	struct text *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return MIR_ENOMEM;
	t->bad = !*target->host || (target->path && *target->path != '/');
	add(t, "GET ", target->path ? target->path : "/");
	add(t, " HTTP/1.1\r\nHost: ", target->host);
	add(t, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ", key);
	add(t, "\r\nSec-WebSocket-Version: ", "13");
	if (target->origin)
		add(t, "\r\nOrigin: ", target->origin);
	for (const char *const *p = o ? o->protocols : NULL; p && *p; p++) {
		t->bad |= !mir_http_is_token(mir_str(*p));
		add(t, p == o->protocols ? "\r\nSec-WebSocket-Protocol: " : ", ", *p);
	}
	add(t, "\r\n\r\n", "");
	rc = t->bad ? MIR_EINVAL : mir_flow_write_copy(flow, t->p, t->len);
	free(t);
	return rc;
}

/* Section 4.1, what the client makes sure of; *protocol: the one that was chosen. */
static int answer_ok(const struct mir_http_head *h, const struct mir_ws_options *o, const char *key,
    const char **protocol)
{
	struct mir_str chosen = mir_http_find(h->headers, h->nheaders, "sec-websocket-protocol");
	char want[MIR_WS_ACCEPT + 1];

	if (h->status != 101)
		return MIR_EACCES;
	mir_ws_answer_key(mir_str(key), want);
	if (!mir_http_ieq(only(h->headers, h->nheaders, "upgrade"), "websocket") ||
	    !listed(h->headers, h->nheaders, "connection", "upgrade", false) ||
	    !equal(only(h->headers, h->nheaders, "sec-websocket-accept"), want) ||
	    mir_http_find(h->headers, h->nheaders, "sec-websocket-extensions").p)
		return MIR_EPROTO;
	*protocol = NULL;
	if (!chosen.p)
		return 0;
	chosen = only(h->headers, h->nheaders, "sec-websocket-protocol");
	for (const char *const *p = o ? o->protocols : NULL; p && *p; p++)
		if (equal(chosen, *p))
			*protocol = *p;
	return *protocol ? 0 : MIR_EPROTO;
}

/* Reads the answer; what follows it stays in the input.  Blocks. */
static int read_answer(struct mir_http_input *in, const struct mir_ws_options *o, const char *key,
    const char **protocol)
{
	int64_t deadline = mir_time_add(mir_now(), MIR_SECOND(30));
	struct mir_http_scan scan = { 0, 0 };
	struct mir_http_head *head = calloc(1, sizeof(*head));
	int64_t len = 0;
	int rc = head ? 1 : MIR_ENOMEM;

	while (rc > 0 && (len = mir_http_input_head(in, &scan, ANSWER_HEAD)) == 0)
		if ((rc = mir_http_fill(in, deadline)) == 0)
			rc = MIR_ECONNRESET;
	if (rc > 0)
		rc = len < 0 ? MIR_EPROTO
			     : mir_http_parse_answer(head, in->s[0].p, (size_t)len, false);
	if (rc == 0)
		rc = answer_ok(head, o, key, protocol);
	if (rc == 0)
		mir_http_input_drop(in, (size_t)len);
	free(head);
	return rc;
}

int mir_ws_connect(struct mir_flow *flow, const struct mir_ws_target *target,
    const struct mir_ws_options *o, struct mir_ws **out)
{
	struct mir_ws *ws = mir_ws_new(flow, true, o, NULL);
	uint8_t nonce[16];
	char key[MIR_WS_KEY + 1];
	int rc;

	if (!ws) {
		mir_flow_abort(flow);
		return MIR_ENOMEM;
	}
	mir_random(nonce, sizeof(nonce));
	base64(nonce, sizeof(nonce), key);
	rc = ask(flow, target, o, key);
	if (rc == 0)
		rc = read_answer(&ws->input, o, key, &ws->protocol);
	if (rc < 0) {
		mir_slices_unref(ws->input.s, ws->input.n);
		mir_flow_abort(flow);
		free(ws);
		return rc;
	}
	*out = ws;
	return 0;
}
