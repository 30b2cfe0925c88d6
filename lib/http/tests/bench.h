/* bench.h: a server on pipes and a client that speaks raw bytes: for the tests of lib/http. */
#ifndef MIR_HTTP_TESTS_BENCH_H
#define MIR_HTTP_TESTS_BENCH_H

#include <mir/http_server.h>
#include <mir/test.h>
#include <stdio.h>
#include <string.h>

#include "pipe.h"

static const struct mir_endpoint bench_local = { { { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 } },
	80 };
static const struct mir_endpoint bench_peer = { { { [10] = 0xff, [11] = 0xff, 127, 0, 0, 2 } },
	4711 };

/* A connection to a server; the client's end. */
static inline struct pipe_end *bench_connect(struct mir_http_server *s, size_t limit)
{
	struct pipe_end *client, *server;

	pipe_new(limit, &client, &server);
	mir_http_server_connection(s, &server->flow, NULL, &bench_local, &bench_peer);
	return client;
}

/* Sends text in pieces of `step` bytes, with a rest for the other fibers after each; 0: in one. */
static inline int bench_send(struct pipe_end *c, const char *text, size_t len, size_t step)
{
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i += step ? step : len) {
		size_t n = step && len - i > step ? step : len - i;
		struct mir_slice s = mir_slice_copy(text + i, n);

		rc = mir_flow_write(&c->flow, &s, 1);
		if (step)
			mir_sleep(1000);
	}
	return rc;
}

/* All that comes until the end of the stream or `quiet` nanoseconds without a byte. */
static inline size_t bench_receive(struct pipe_end *c, char *buf, size_t cap, int64_t quiet)
{
	struct mir_slice s;
	size_t len = 0;

	for (;;) {
		int64_t outer = mir_deadline_set(mir_now() + quiet);
		int rc = mir_flow_read(&c->flow, &s, 1);

		mir_deadline_restore(outer);
		if (rc <= 0)
			break;
		if (s.len < cap - len) {
			memcpy(buf + len, s.p, s.len);
			len += s.len;
		}
		mir_slice_unref(&s);
	}
	buf[len] = 0;
	return len;
}

/* One connection: sends, receives all, closes.  The status of the first answer, 0: none. */
static inline int bench_ask_n(
    struct mir_http_server *s, const char *text, size_t len, size_t step, char *buf, size_t cap)
{
	struct pipe_end *c = bench_connect(s, 1 << 20);
	int status = 0;

	bench_send(c, text, len, step);
	bench_receive(c, buf, cap, MIR_SECOND(1));
	mir_flow_close(&c->flow);
	mir_sleep(MIR_SECOND(3));
	if (strncmp(buf, "HTTP/1.1 ", 9) == 0)
		status = atoi(buf + 9);
	return status;
}

static inline int bench_ask(struct mir_http_server *s, const char *text, char *buf, size_t cap)
{
	return bench_ask_n(s, text, strlen(text), 0, buf, cap);
}

/* The text without control characters, for the name of a test; one static buffer. */
static inline const char *bench_name(const char *text)
{
	static char name[128];
	size_t n = 0;

	for (; text[n] && n < sizeof(name) - 1; n++)
		name[n] = (uint8_t)text[n] < 0x20 || text[n] == '#' ? '.' : text[n];
	name[n] = 0;
	return name;
}

/* How many times `what` is in text. */
static inline unsigned bench_count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

#endif
