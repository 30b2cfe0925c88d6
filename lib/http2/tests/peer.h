/* peer.h: a client of HTTP/2 that writes any frame, for tests and fuzzers: what to send is a script
 * of lines, what came back is a line of words.
 *
 *	GET 1 /path			a whole request
 *	POST 1 /path name=value ...	one with a body to come
 *	HEADERS 1 FLAGS name=value ...	any fields; ^M ^J ^@ stand for control characters, ~ for a
 *blank DATA 1 FLAGS text		x*1000 is 1000 times x
 *	FRAME TYPE FLAGS STREAM HEX	anything, numbers in hex
 *	TIMES N				the next line, so many times, its stream growing by 2
 *	WAIT MILLISECONDS
 */
#ifndef MIR_HTTP2_TESTS_PEER_H
#define MIR_HTTP2_TESTS_PEER_H

#include <mir/bytes.h>
#include <mir/format.h>
#include <mir/http2_device.h>
#include <mir/http_server.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "../../http/tests/bench.h"

#define PEER_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { PEER_FRAME = 1 << 20, PEER_WORDS = 1 << 16 };

struct peer {
	struct pipe_end *end;
	nghttp2_hd_inflater *inflater;
	uint8_t out[PEER_FRAME]; /* what is to be sent */
	size_t n_out;
	uint8_t in[PEER_FRAME]; /* part of a frame that has come */
	size_t n_in;
	char words[PEER_WORDS];
	size_t n_words;
	uint64_t body; /* bytes of DATA */
	bool closed;
};

static inline void peer_put(struct peer *p, const void *bytes, size_t n)
{
	if (!n || n > sizeof(p->out) - p->n_out)
		return;
	memcpy(p->out + p->n_out, bytes, n);
	p->n_out += n;
}

static inline void peer_frame(
    struct peer *p, uint8_t type, uint8_t flags, uint32_t id, const void *payload, size_t n)
{
	uint8_t hd[9] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, flags,
		(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id };

	peer_put(p, hd, sizeof(hd));
	peer_put(p, payload, n);
}

/* A string of HPACK (RFC 7541 section 5.2). */
static inline size_t peer_string(uint8_t *to, const char *s, size_t len)
{
	size_t n = 0, rest;

	if (len < 127) {
		to[n++] = (uint8_t)len;
	} else {
		to[n++] = 127;
		for (rest = len - 127; rest >= 128; rest /= 128)
			to[n++] = (uint8_t)(rest % 128 + 128);
		to[n++] = (uint8_t)rest;
	}
	memcpy(to + n, s, len);
	return n + len;
}

/* A field that goes into no table. */
static inline size_t peer_field(
    uint8_t *to, const char *name, size_t name_len, const char *value, size_t value_len)
{
	size_t n = 1;

	to[0] = 0;
	n += peer_string(to + n, name, name_len);
	return n + peer_string(to + n, value, value_len);
}

/* "name=value name=value" as fields. */
static inline size_t peer_fields(uint8_t *to, size_t cap, const char *text)
{
	char word[16384];
	size_t n = 0, len;

	while (*text && *text != '\n') {
		char *equals;

		for (len = 0; *text && *text != '\n' && *text != ' '; text++) {
			char c = *text;

			if (c == '^' && (text[1] == 'M' || text[1] == 'J' || text[1] == '@'))
				c = (char)(*++text - '@');
			if (len < sizeof(word) - 1)
				word[len++] = c == '~' ? ' ' : c;
		}
		while (*text == ' ')
			text++;
		equals = len ? memchr(word + 1, '=', len - 1) : NULL;
		if (!equals || n + len + 16 > cap)
			continue;
		n += peer_field(to + n, word, (size_t)(equals - word), equals + 1,
		    len - (size_t)(equals + 1 - word));
	}
	return n;
}

static inline size_t peer_body(uint8_t *to, size_t cap, const char *text)
{
	size_t n = strcspn(text, "\n"), len = n;

	if (n > 2 && text[1] == '*') {
		len = MIR_MIN((size_t)strtoul(text + 2, NULL, 10), cap);
		memset(to, text[0], len);
		return len;
	}
	memcpy(to, text, n);
	return n;
}

static inline size_t peer_hex(uint8_t *to, size_t cap, const char *text)
{
	unsigned byte;
	size_t n = 0;

	for (; n < cap && *text != '\n' && sscanf(text, "%2x", &byte) == 1;
	     text += 2 + (text[2] == ' '))
		to[n++] = (uint8_t)byte;
	return n;
}

/* One line; the stream's number is added to. */
static inline void peer_line(struct peer *p, const char *line, unsigned add)
{
	static uint8_t payload[PEER_FRAME / 2];
	static char text[20000];
	unsigned id = 0, flags = 0, type = 0;
	int at = 0;
	size_t n;

	if (sscanf(line, "GET %u %n", &id, &at) == 1 || sscanf(line, "POST %u %n", &id, &at) == 1) {
		snprintf(text, sizeof(text),
		    ":method=%.*s :scheme=https :authority=a.test :path=%.*s",
		    line[0] == 'G' ? 3 : 4, line, (int)strcspn(line + at, "\n"), line + at);
		n = peer_fields(payload, sizeof(payload), text);
		peer_frame(p, 1, line[0] == 'G' ? 5 : 4, id + add, payload, n);
	} else if (sscanf(line, "HEADERS %u %x %n", &id, &flags, &at) == 2) {
		n = peer_fields(payload, sizeof(payload), line + at);
		peer_frame(p, 1, (uint8_t)flags, id + add, payload, n);
	} else if (sscanf(line, "DATA %u %x %n", &id, &flags, &at) == 2) {
		n = peer_body(payload, sizeof(payload), line + at);
		peer_frame(p, 0, (uint8_t)flags, id + add, payload, n);
	} else if (sscanf(line, "FRAME %x %x %x %n", &type, &flags, &id, &at) == 3) {
		n = peer_hex(payload, sizeof(payload), line + at);
		peer_frame(p, (uint8_t)type, (uint8_t)flags, id + add, payload, n);
	}
}

static inline void peer_word(struct peer *p, const char *text)
{
	size_t n = strlen(text);

	if (n + 2 > sizeof(p->words) - p->n_words)
		return;
	memcpy(p->words + p->n_words, text, n);
	p->n_words += n;
	p->words[p->n_words++] = ' ';
	p->words[p->n_words] = 0;
}

static inline void peer_inflate(struct peer *p, const uint8_t *at, size_t len)
{
	nghttp2_nv nv;
	int flags;
	ssize_t n;
	char text[256];

	do {
		n = nghttp2_hd_inflate_hd2(p->inflater, &nv, &flags, at, len, 1);
		if (n < 0) {
			peer_word(p, "bad-hpack");
			return;
		}
		at += n;
		len -= (size_t)n;
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			snprintf(text, sizeof(text), "%.*s=%.*s", (int)nv.namelen,
			    (const char *)nv.name, (int)MIR_MIN(nv.valuelen, 100u),
			    (const char *)nv.value);
			if (strcmp(text, "date=") > 0 && strncmp(text, "date=", 5) == 0)
				continue;
			peer_word(p, text);
		}
	} while (!(flags & NGHTTP2_HD_INFLATE_FINAL));
	nghttp2_hd_inflate_end_headers(p->inflater);
}

/* A frame has come. */
static inline void peer_take(struct peer *p, const uint8_t *f, size_t len)
{
	static const char *const names[] = { "DATA", "HEADERS", "PRIORITY", "RST", "SETTINGS",
		"PUSH", "PING", "GOAWAY", "WINDOW", "CONTINUATION" };
	uint32_t id = mir_be32(f + 5);
	char text[200];

	if (f[3] == 0)
		p->body += len - 9;
	snprintf(text, sizeof(text), "%s%s%s:%u%s", p->n_words ? "\n" : "",
	    f[3] < MIR_COUNT(names) ? names[f[3]] : "?",
	    (f[3] == 4 || f[3] == 6) && (f[4] & 1) ? "-ACK" : "", id,
	    f[3] < 2 && (f[4] & 1) ? " END" : "");
	peer_word(p, text);
	if (f[3] == 0) {
		snprintf(
		    text, sizeof(text), "%zu [%.*s]", len - 9, (int)MIR_MIN(len - 9, 64u), f + 9);
		peer_word(p, text);
	} else if (f[3] == 1) {
		peer_inflate(p, f + 9, len - 9);
	} else if (f[3] == 3 || f[3] == 8) {
		snprintf(text, sizeof(text), "%u", mir_be32(f + 9));
		peer_word(p, text);
	} else if (f[3] == 7) {
		snprintf(text, sizeof(text), "%u after %u", mir_be32(f + 13), mir_be32(f + 9));
		peer_word(p, text);
	}
}

/* Sends what was put together, as far as the server takes it. */
static inline void peer_flush(struct peer *p)
{
	int64_t outer = mir_deadline_set(mir_now() + MIR_SECOND(1));

	bench_send(p->end, (const char *)p->out, p->n_out, 0);
	mir_deadline_restore(outer);
	p->n_out = 0;
}

/* Takes what comes until nothing does for so long. */
static inline void peer_receive(struct peer *p, int64_t quiet)
{
	struct mir_slice s;

	while (!p->closed) {
		int64_t outer = mir_deadline_set(mir_now() + quiet);
		int rc = mir_flow_read(&p->end->flow, &s, 1);
		size_t at = 0;

		mir_deadline_restore(outer);
		if (rc == MIR_ETIMEDOUT)
			break;
		if (rc <= 0) {
			p->closed = true;
			break;
		}
		if (s.len <= sizeof(p->in) - p->n_in) {
			memcpy(p->in + p->n_in, s.p, s.len);
			p->n_in += s.len;
		}
		mir_slice_unref(&s);
		while (p->n_in - at >= 9) {
			size_t len = 9 + (mir_be32(p->in + at) >> 8);

			if (p->n_in - at < len)
				break;
			peer_take(p, p->in + at, len);
			at += len;
		}
		memmove(p->in, p->in + at, p->n_in - at);
		p->n_in -= at;
	}
}

static inline void peer_run(struct peer *p, const char *script)
{
	unsigned times = 1, wait;

	for (; script && *script; script = strchr(script, '\n'), script += script ? 1 : 0) {
		if (sscanf(script, "TIMES %u", &times) == 1)
			continue;
		if (sscanf(script, "WAIT %u", &wait) == 1) {
			peer_flush(p);
			peer_receive(p, 0);
			mir_sleep((int64_t)wait * 1000000);
			continue;
		}
		for (unsigned i = 0; i < times; i++) {
			peer_line(p, script, 2 * i);
			if (p->n_out > 60000)
				peer_flush(p);
		}
		times = 1;
	}
	peer_flush(p);
}

/* A connection that has begun. */
static inline void peer_open(struct peer *p, struct mir_http_server *s, size_t limit)
{
	memset(p, 0, offsetof(struct peer, out));
	p->n_out = p->n_in = p->n_words = 0;
	p->words[0] = 0;
	p->body = 0;
	p->closed = false;
	nghttp2_hd_inflate_new(&p->inflater);
	p->end = bench_connect(s, limit);
	peer_put(p, PEER_PREFACE, sizeof(PEER_PREFACE) - 1);
	peer_frame(p, 4, 0, 0, NULL, 0);
}

static inline void peer_close(struct peer *p)
{
	nghttp2_hd_inflate_del(p->inflater);
	mir_flow_close(&p->end->flow);
}

#endif
