/* connection.c: any bytes to a server, in one piece and in pieces as the first byte says: the
 * handler sees the same requests, and only such as keep the promises of mir/http.h. */
#include <stdio.h>
#include <mir/log.h>
#include <stdlib.h>

#include "../internal.h"
#include "../tests/bench.h"

static const uint8_t *input;
static size_t input_len;
static uint64_t seen; /* a sum over all that the handler saw */
static unsigned calls;

static void note(const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		seen = (seen ^ b[i]) * UINT64_C(1099511628211);
	seen = (seen ^ 0x100) * UINT64_C(1099511628211);
}

static void check_path(struct mir_str p)
{
	ok(p.len > 0 && p.p[0] == '/' && !memchr(p.p, 0, p.len) && !memchr(p.p, '\\', p.len),
	    "path");
	for (size_t i = 0; i < p.len; i++)
		ok((uint8_t)p.p[i] >= 0x20, "no controls");
	for (size_t i = 0; i + 1 < p.len; i++) {
		size_t n = 1;

		if (p.p[i] != '/')
			continue;
		while (i + n < p.len && p.p[i + n] != '/')
			n++;
		ok(n > 1 && !(n == 2 && p.p[i + 1] == '.') &&
			!(n == 3 && p.p[i + 1] == '.' && p.p[i + 2] == '.'),
		    "segments");
	}
}

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[3];
	uint64_t body = 0, sum = 0;
	int n;

	(void)arg;
	calls++;
	check_path(r->path);
	note(r->method_text.p, r->method_text.len);
	note(r->path.p, r->path.len);
	for (unsigned i = 0; i < r->nheaders; i++) {
		ok(mir_http_is_token(r->headers[i].name), "a name");
		ok(!memchr(r->headers[i].value.p, '\n', r->headers[i].value.len), "a value");
		note(r->headers[i].name.p, r->headers[i].name.len);
		note(r->headers[i].value.p, r->headers[i].value.len);
	}
	if (r->path.len > 1 && r->path.p[1] == 'u')
		return mir_http_reply(w, 200, "text/plain", "unread", 6);
	while ((n = mir_http_read(r, s, 3)) > 0) {
		for (int i = 0; i < n; i++)
			for (size_t k = 0; k < s[i].len; k++)
				sum = (sum ^ s[i].p[k]) * UINT64_C(1099511628211);
		body += mir_slices_len(s, (unsigned)n);
		mir_slices_unref(s, (unsigned)n);
	}
	if (n == 0) {
		ok(r->content_length < 0 || (uint64_t)r->content_length == body, "all of the body");
		note(&sum, sizeof(sum)); /* of a broken one more or less may be seen */
	}
	return n < 0 ? n : mir_http_reply(w, 200, "text/plain", "read", 4);
}

static uint64_t serve(size_t step)
{
	static char buf[4096];
	static struct mir_http_server server;
	struct mir_http_server_config c = { .handler = handler, .http_max_body = 20000 };
	struct pipe_end *e;

	seen = calls = 0;
	mir_http_server_start(&server, &c);
	e = bench_connect(&server, 1 << 20);
	bench_send(e, (const char *)input, input_len, step);
	mir_flow_shutdown(&e->flow, MIR_FLOW_WRITE);
	bench_receive(e, buf, sizeof(buf), MIR_SECOND(40));
	mir_flow_close(&e->flow);
	mir_http_server_stop(&server);
	ok(server.connections == 0, "no connection is left");
	return seen;
}

static void one(void)
{
	size_t step = input[0] % 64 + 1;
	uint64_t whole;
	unsigned n;

	input++;
	input_len--;
	whole = serve(0);
	n = calls;
	ok(serve(step) == whole && calls == n, "the same requests in pieces of %zu", step);
}

static void quiet(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len || len > 20000)
		return 0;
	mir_log_sink(quiet, NULL);
	input = data;
	input_len = len;
	mir_test_fuzz(one);
	return 0;
}
