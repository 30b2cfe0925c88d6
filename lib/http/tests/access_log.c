/* access_log.c: lines of requests, with what clients may say. */
#include "bench.h"

static char line[MIR_HTTP_ACCESS_LINE];

static struct mir_http_request request(const char *target, size_t len)
{
	static struct mir_http_header h[] = { { { "Referer", 7 }, { "http://a/\"x", 11 } },
		{ { "User-Agent", 10 }, { "curl\n1 \xc3\xa9 \xff", 11 } } };

	return (struct mir_http_request){ .method = MIR_HTTP_GET,
		.method_text = mir_str("GET"),
		.target = { target, len },
		.host = mir_str("example.org"),
		.peer = bench_peer,
		.version = 11,
		.headers = h,
		.nheaders = 2 };
}

static const char *text(
    const struct mir_http_request *r, enum mir_http_access_format format, size_t cap)
{
	const struct mir_http_access a = { r, 200, 5, INT64_C(1795312859123000000),
		INT64_C(1500000) };
	size_t n = mir_http_access_line(&a, format, line, cap);

	ok(n >= 1 && n <= cap && line[n - 1] == '\n' && !memchr(line, '\n', n - 1) &&
		!memchr(line, 0, n),
	    "one line in %zu bytes", cap);
	line[n] = 0;
	return line;
}

static void forms(void)
{
	struct mir_http_request r = request("/a?b=\"c", 7);

	text(&r, MIR_HTTP_ACCESS_COMBINED, 1000);
	ok(strcmp(line, "127.0.0.2 - - [22/Nov/2026:02:00:59 +0000] \"GET /a?b=\\\"c HTTP/1.1\" "
			"200 5 \"http://a/\\\"x\" \"curl\\x0a1 \xc3\xa9 \\xff\"\n") == 0,
	    "%s", line);
	text(&r, MIR_HTTP_ACCESS_JSON, 1000);
	ok(strcmp(line, "{\"time\":\"2026-11-22T02:00:59.123Z\",\"peer\":\"127.0.0.2\",\"host\":"
			"\"example.org\",\"method\":\"GET\",\"target\":\"/a?b=\\\"c\",\"version\":"
			"\"1.1\",\"status\":200,\"bytes\":5,\"us\":1500,\"referer\":"
			"\"http://a/\\\"x\",\"agent\":\"curl\\u000a1 \xc3\xa9 \\u00ff\"}\n") == 0,
	    "%s", line);
	r = (struct mir_http_request){ .peer = bench_peer, .version = 11 };
	text(&r, MIR_HTTP_ACCESS_COMBINED, 1000);
	ok(strstr(line, "] \"\" 200 5 \"-\" \"-\"\n") != NULL, "no request at all: %s", line);
	text(&r, MIR_HTTP_ACCESS_JSON, 1000);
	ok(strstr(line, "\"method\":\"\"") != NULL, "no request at all: %s", line);
}

static void hostile(void)
{
	static char all[1024];
	struct mir_http_header h[] = { { { "Referer", 7 }, { NULL, 0 } },
		{ { "User-Agent", 10 }, { NULL, 0 } } };
	struct mir_http_request r = request(all, sizeof(all));
	unsigned raw = 0;

	for (unsigned i = 0; i < 256; i++)
		all[i] = (char)i;
	for (int f = 0; f < 2; f++) {
		text(&r, (enum mir_http_access_format)f, sizeof(line) - 1);
		for (const char *p = line; p[1]; p++)
			raw += (uint8_t)*p < 0x20 || *p == 0x7f;
		for (size_t cap = 1; cap < 600; cap += 7)
			text(&r, (enum mir_http_access_format)f, cap);
	}
	ok(raw == 0, "no control character is left");
	memset(all, 1, sizeof(all));
	for (unsigned i = 0; i < MIR_COUNT(h); i++)
		h[i].value = (struct mir_str){ all, sizeof(all) };
	r.host = (struct mir_str){ all, sizeof(all) };
	r.headers = h;
	r.nheaders = 2;
	text(&r, MIR_HTTP_ACCESS_JSON, sizeof(line) - 1);
	ok(strcmp(line + strlen(line) - 2, "}\n") == 0, "the longest is whole: %zu", strlen(line));
}

int main(void)
{
	RUN(forms);
	RUN(hostile);
	return mir_test_end();
}
