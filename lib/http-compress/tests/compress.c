/* compress.c: answers through the server: which are compressed, what their heads say, and that
 * bodies are what was written, over HTTP/1 and HTTP/2. */
#include "decode.h"

#include <mir/gzip_coder.h>
#include <mir/http2_device.h>
#include <mir/http_compress_device.h>
#include <mir/kv_mem.h>
#include <mir/mem.h>
#include <mir/zstd_coder.h>

#include "../../http/tests/bench.h"

enum { LARGE = 3000000, SMALL = 2000 };

static struct mir_http_server server;
static struct mir_http_compress_device device;
static char text[LARGE], buf[LARGE + 100000], out[LARGE + 1];
static struct mir_waitq gate;
static struct mir_kv_mem store;

/* What /NAME answers. */
static const struct answer {
	const char *name, *type, *header, *value;
	int64_t announced; /* -1: not */
	size_t len, step;
	unsigned status; /* 0: 200 */
} answers[] = {
	{ "page", "text/html; charset=utf-8", NULL, NULL, SMALL, SMALL, SMALL, 0 },
	{ "stream", "text/plain", NULL, NULL, -1, SMALL, 300, 0 },
	{ "pieces", "application/json", NULL, NULL, SMALL, SMALL, 7, 0 },
	{ "large", "text/plain", NULL, NULL, LARGE, LARGE, 700001, 0 },
	{ "endless", "text/plain", NULL, NULL, -1, LARGE, 100000, 0 },
	{ "empty", "text/plain", NULL, NULL, 0, 0, 1, 0 },
	{ "nothing", "text/plain", NULL, NULL, -1, 0, 1, 0 },
	{ "few", "text/plain", NULL, NULL, 1023, 1023, 1023, 0 },
	{ "enough", "text/plain", NULL, NULL, 1024, 1024, 1024, 0 },
	{ "image", "image/png", NULL, NULL, SMALL, SMALL, SMALL, 0 },
	{ "untyped", NULL, NULL, NULL, SMALL, SMALL, SMALL, 0 },
	{ "tag", "text/plain", "ETag", "\"a\"", SMALL, SMALL, SMALL, 0 },
	{ "weak", "text/plain", "ETag", "W/\"a\"", SMALL, SMALL, SMALL, 0 },
	{ "coded", "text/plain", "Content-Encoding", "br", SMALL, SMALL, SMALL, 0 },
	{ "kept", "text/plain", "Cache-Control", "public, No-Transform", SMALL, SMALL, SMALL, 0 },
	{ "cached", "text/plain", "Cache-Control", "max-age=1", SMALL, SMALL, SMALL, 0 },
	{ "digest", "text/plain", "Content-Digest", "x", SMALL, SMALL, SMALL, 0 },
	{ "range", "text/plain", "Content-Range", "bytes 0-1999/9000", SMALL, SMALL, SMALL, 206 },
	{ "ranges", "text/plain", "Accept-Ranges", "bytes", SMALL, SMALL, SMALL, 0 },
	{ "varies", "text/plain", "Vary", "Origin, accept-encoding", SMALL, SMALL, SMALL, 0 },
	{ "other", "text/plain", "Vary", "Origin", SMALL, SMALL, SMALL, 0 },
	{ "any", "text/plain", "Vary", "*", SMALL, SMALL, SMALL, 0 },
	{ "missing", "text/plain", NULL, NULL, SMALL, SMALL, SMALL, 404 },
	{ "none", "text/plain", NULL, NULL, -1, 0, 1, 204 },
	{ "same.txt", NULL, "ETag", "\"a\"", -1, 0, 1, 304 },
	{ "same.png", NULL, "ETag", "\"a\"", -1, 0, 1, 304 },
	{ "same", NULL, "ETag", "\"a\"", -1, 0, 1, 304 },
	{ "short", "text/plain", NULL, NULL, SMALL, 1500, 500, 0 },
	{ "long", "text/plain", NULL, NULL, 1500, SMALL, 1000, 0 },
	{ "slow", "text/plain", NULL, NULL, -1, SMALL, 1000, 0 },
};

static const struct answer *find(struct mir_str path)
{
	for (unsigned i = 0; i < MIR_COUNT(answers); i++)
		if (path.len == strlen(answers[i].name) + 1 &&
		    memcmp(path.p + 1, answers[i].name, path.len - 1) == 0)
			return &answers[i];
	return NULL;
}

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	const struct answer *a = find(r->path);
	int rc = 0;

	(void)arg;
	if (r->path.len == 6 && memcmp(r->path.p, "/reply", 6) == 0)
		return mir_http_reply(w, 200, "text/plain", text, SMALL);
	if (r->path.len == 5 && memcmp(r->path.p, "/fail", 5) == 0) {
		mir_http_add(w, "Content-Type", "text/plain");
		mir_http_begin(w, SMALL);
		return MIR_EIO;
	}
	if (!a)
		return store.count ? mir_http_serve(&store.kv, "", r, w) : mir_http_error(w, 404);
	if (a->status)
		mir_http_status(w, a->status);
	if (a->type)
		mir_http_add(w, "Content-Type", a->type);
	if (a->header)
		mir_http_add(w, a->header, a->value);
	if ((a->announced >= 0 || !a->len) && (rc = mir_http_begin(w, a->announced)) < 0)
		return rc;
	for (size_t at = 0; at < a->len && rc == 0; at += a->step) {
		struct mir_slice s = mir_slice_static(text + at, MIR_MIN(a->step, a->len - at));

		rc = mir_http_write(w, &s, 1);
		if (strcmp(a->name, "slow") == 0)
			mir_wait(&gate);
	}
	return rc;
}

/* Words that repeat, and numbers that do not. */
static void make_text(void)
{
	size_t at = 0;

	for (unsigned i = 0; at + 64 < sizeof(text); i++)
		at += (size_t)snprintf(text + at, 64, "line %u: %u\n", i, i * 2654435761u);
}

static void start(const char *codings, int64_t level, int64_t max)
{
	struct mir_http_compress_device_config d = { .gzip = &mir_gzip_coder,
		.zstd = &mir_zstd_coder,
		.http_compress = codings,
		.http_compress_level = level,
		.http_compress_min = 1024,
		.http_compress_max = max,
		.name = "test" };
	struct mir_http_server_config c = { .handler = handler,
		.compress = &device.compress,
		.http2 = &mir_http2_device,
		.name = "test" };

	make_text();
	ok(mir_http_compress_device_start(&device, &d) == 0, "compression starts: %s", codings);
	ok(mir_http_server_start(&server, &c) == 0, "the server starts");
}

static void stop(void)
{
	mir_http_server_stop(&server);
	ok(!device.active, "no body is under way");
	mir_http_compress_device_stop(&device);
	ok(!device.stats.bytes, "no context is left");
}

/* Asks; the head stays in buf, ended by a zero; *body is behind it.  The body's length. */
static size_t ask(const char *method, const char *path, const char *fields, char **body)
{
	struct pipe_end *c = bench_connect(&server, 1 << 20);
	char request[512];
	size_t len;
	char *end;

	len = (size_t)snprintf(request, sizeof(request), "%s /%s HTTP/1.%d\r\nHost: a\r\n%s\r\n",
	    method, path, strstr(fields, "X-Old") ? 0 : 1, fields);
	bench_send(c, request, len, 0);
	len = bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	mir_flow_close(&c->flow);
	mir_sleep(MIR_SECOND(3));
	end = strstr(buf, "\r\n\r\n");
	if (!end) {
		*body = buf + len;
		return 0;
	}
	end[2] = 0;
	*body = end + 4;
	return len - (size_t)(*body - buf);
}

#define GZIP "Content-Encoding: gzip\r\n"
#define ZSTD "Content-Encoding: zstd\r\n"
#define VARY "Vary: Accept-Encoding\r\n"
#define ASK  "Accept-Encoding: gzip\r\n"

static const struct rule {
	const char *name, *path, *fields;
	const char *expect[3], *not [3]; /* in the head */
} rules[] = {
	/* section 12.5.3 */
	{ "asked for", "page", ASK, { GZIP, VARY }, { "Content-Length" } },
	{ "not asked for", "page", "", { VARY, "Content-Length: 2000" }, { "Content-Encoding" } },
	{ "empty", "page", "Accept-Encoding:\r\n", { VARY }, { "Content-Encoding" } },
	{ "identity", "page", "Accept-Encoding: identity\r\n", { VARY }, { "Content-Encoding" } },
	{ "unknown", "page", "Accept-Encoding: br, deflate\r\n", { VARY }, { "Content-Encoding" } },
	{ "gzip;q=0", "page", "Accept-Encoding: gzip;q=0\r\n", { VARY }, { "Content-Encoding" } },
	{ "*", "page", "Accept-Encoding: *\r\n", { ZSTD, VARY }, { 0 } },
	{ "*;q=0", "page", "Accept-Encoding: *;q=0\r\n", { VARY }, { "Content-Encoding" } },
	{ "* but zstd", "page", "Accept-Encoding: zstd;q=0, *\r\n", { GZIP }, { 0 } },
	{ "* in another field", "page", "Accept-Encoding: zstd;q=0\r\nAccept-Encoding: *\r\n",
	    { GZIP }, { 0 } },
	{ "the better first", "page", "Accept-Encoding: gzip, zstd\r\n", { ZSTD }, { 0 } },
	{ "weights", "page", "Accept-Encoding: gzip;q=0.9, zstd;q=0.8\r\n", { GZIP }, { 0 } },
	{ "rather none", "page", "Accept-Encoding: gzip;q=0.5, identity\r\n", { VARY },
	    { "Content-Encoding" } },
	{ "identity;q=0", "page", "Accept-Encoding: identity;q=0, gzip;q=0.1\r\n", { GZIP },
	    { 0 } },
	{ "only identity;q=0", "page", "Accept-Encoding: identity;q=0\r\n", { "200 OK", VARY },
	    { "Content-Encoding" } },
	{ "no weight", "page", "Accept-Encoding: gzip;q=x\r\n", { VARY }, { "Content-Encoding" } },
	{ "x-gzip", "page", "Accept-Encoding: x-gzip\r\n", { GZIP }, { 0 } },
	{ "GZip", "page", "Accept-Encoding: GZip\r\n", { GZIP }, { 0 } },
	/* what is compressed */
	{ "too small", "few", ASK, { "Content-Length: 1023" }, { "Content-Encoding", "Vary" } },
	{ "just enough", "enough", ASK, { GZIP, VARY }, { 0 } },
	{ "no body", "empty", ASK, { "Content-Length: 0" }, { "Content-Encoding", "Vary" } },
	{ "an image", "image", ASK, { "Content-Length: 2000" }, { "Content-Encoding", "Vary" } },
	{ "no type", "untyped", ASK, { "Content-Length: 2000" }, { "Content-Encoding", "Vary" } },
	{ "coded before", "coded", ASK, { "Encoding: br", "Content-Length: 2000" }, { "gzip" } },
	{ "no-transform", "kept", ASK, { "Content-Length: 2000" }, { "Content-Encoding", "Vary" } },
	{ "cached", "cached", ASK, { GZIP, VARY, "max-age=1" }, { 0 } },
	{ "a digest", "digest", ASK, { "Content-Length: 2000" }, { "Content-Encoding", "Vary" } },
	{ "206", "range", ASK, { "206", "Content-Length: 2000" }, { "Content-Encoding", "Vary" } },
	{ "404", "missing", ASK, { "404", GZIP, VARY }, { 0 } },
	{ "204", "none", ASK, { "204" }, { "Content-Encoding", "Vary" } },
	/* what the head says */
	{ "a strong tag", "tag", ASK, { GZIP, "\r\nETag: W/\"a\"\r\n" }, { "ETag: \"a\"" } },
	{ "and as it is", "tag", "", { VARY, "\r\nETag: \"a\"\r\n" }, { "W/" } },
	{ "a weak tag", "weak", ASK, { GZIP, "\r\nETag: W/\"a\"\r\n" }, { "W/W/" } },
	{ "no ranges", "ranges", ASK, { GZIP }, { "Accept-Ranges" } },
	{ "ranges", "ranges", "", { VARY, "Accept-Ranges: bytes" }, { 0 } },
	{ "Vary is there", "varies", ASK, { GZIP, "Vary: Origin, accept-encoding" }, { VARY } },
	{ "Vary of another", "other", ASK, { GZIP, VARY, "Vary: Origin\r\n" }, { 0 } },
	{ "Vary: *", "any", ASK, { GZIP, "Vary: *" }, { VARY } },
	{ "304 to a weak tag", "same.txt", ASK "If-None-Match: \"b\", W/\"a\"\r\n",
	    { "304", "ETag: W/\"a\"", VARY }, { "Content-Encoding" } },
	{ "304 to a strong one", "same.txt", ASK "If-None-Match: \"a\"\r\n",
	    { "304", "ETag: \"a\"", VARY }, { "Content-Encoding" } },
	{ "304 to a date", "same.txt", ASK "If-Modified-Since: x\r\n",
	    { "304", "ETag: W/\"a\"", VARY }, { "Content-Encoding" } },
	{ "304 of an image", "same.png", ASK, { "304", "ETag: \"a\"" }, { "Vary" } },
	{ "304 of who knows", "same", "", { "304", "ETag: \"a\"", VARY }, { 0 } },
	/* framing */
	{ "HTTP/1.1", "page", ASK, { GZIP, "Transfer-Encoding: chunked" }, { "close" } },
	{ "HTTP/1.0", "page", "X-Old: 1\r\nConnection: keep-alive\r\n" ASK,
	    { GZIP, "Connection: close" }, { "chunked", "Content-Length" } },
	{ "an error", "fail", ASK, { "500", "Content-Length" }, { "Content-Encoding", "Vary" } },
};

static void heads(void)
{
	char *body;

	start("zstd, gzip", 0, 0);
	for (unsigned i = 0; i < MIR_COUNT(rules); i++) {
		const struct rule *r = &rules[i];

		ask("GET", r->path, r->fields, &body);
		for (unsigned k = 0; k < 3 && r->expect[k]; k++)
			ok(strstr(buf, r->expect[k]) != NULL, "%s: has %s", r->name,
			    bench_name(r->expect[k]));
		for (unsigned k = 0; k < 3 && r->not [k]; k++)
			ok(!strstr(buf, r->not [k]), "%s: has no %s", r->name,
			    bench_name(r->not [k]));
		ok(bench_count(buf, "Vary: A") <= 1 && bench_count(buf, "ETag") <= 1 &&
			bench_count(buf, "Content-Encoding") <= 1,
		    "%s: each once", r->name);
	}
	stop();
}

/* HEAD has the fields of GET, but for those that frame a body. */
static void head_only(void)
{
	static const char *const paths[] = { "page", "tag", "few", "image", "stream", "coded" };
	static char get[1000], head[1000];
	char *body, *chunked;

	start("gzip", 0, 1);
	for (unsigned i = 0; i < MIR_COUNT(paths); i++) {
		ask("GET", paths[i], ASK, &body);
		snprintf(get, sizeof(get), "%.999s", buf);
		ok(ask("HEAD", paths[i], ASK, &body) == 0, "%s: HEAD has no body", paths[i]);
		snprintf(head, sizeof(head), "%.999s", buf);
		if ((chunked = strstr(get, "Transfer-Encoding: chunked\r\n")))
			memmove(chunked, chunked + 28, strlen(chunked + 28) + 1);
		/* Without the second of the date. */
		if (strstr(get, "Date: ") && strstr(head, "Date: ")) {
			memset(strstr(get, "Date: "), 'x', 35);
			memset(strstr(head, "Date: "), 'x', 35);
		}
		ok(strcmp(get, head) == 0, "%s: the same fields: %s", paths[i], bench_name(head));
	}
	stop();
}

static const char *const bodies[] = { "page", "stream", "pieces", "large", "endless", "nothing",
	"enough", "missing", "reply" };

static void round_trips_of(const char *coding, int64_t level)
{
	char fields[64], *body;

	start(coding, level, 0);
	snprintf(fields, sizeof(fields), "Accept-Encoding: %s\r\n", coding);
	for (unsigned i = 0; i < MIR_COUNT(bodies); i++) {
		char path[32];
		const struct answer *a;
		size_t len = ask("GET", bodies[i], fields, &body), expected;
		long n = decode_chunks(body, len), got;

		snprintf(path, sizeof(path), "/%s", bodies[i]);
		a = find(mir_str(path));
		expected = a ? a->len : SMALL;
		got = n < 0 ? -1 : decode(coding, body, (size_t)n, out, sizeof(out), true);
		ok(got == (long)expected && memcmp(out, text, expected) == 0,
		    "%s -%d: %s: %ld bytes from %ld", coding, (int)level, bodies[i], got, n);
		ok(!a || a->step < 100 || n < (long)expected * 2 / 3 || expected < 100,
		    "%s -%d: %s: smaller", coding, (int)level, bodies[i]);
	}
	ok(device.stats.bodies == MIR_COUNT(bodies) && device.stats.out < device.stats.in,
	    "counted: %llu", (unsigned long long)device.stats.bodies);
	stop();
}

static void round_trips(void)
{
	round_trips_of("gzip", 0);
	round_trips_of("gzip", 1);
	round_trips_of("gzip", 9);
	round_trips_of("zstd", 0);
	round_trips_of("zstd", 1);
	round_trips_of("zstd", 9);
}

/* What a handler has written is with the client before it writes more. */
static void flushes_of(const char *coding)
{
	char request[128], *body, *end;
	struct pipe_end *c;
	size_t len;
	long n;

	start("zstd, gzip", 0, 0);
	c = bench_connect(&server, 1 << 20);
	len = (size_t)snprintf(request, sizeof(request),
	    "GET /slow HTTP/1.1\r\nHost: a\r\nAccept-Encoding: %s\r\n\r\n", coding);
	bench_send(c, request, len, 0);
	len = bench_receive(c, buf, sizeof(buf) - 8, MIR_SECOND(1));
	body = strstr(buf, "\r\n\r\n");
	ok(body != NULL && device.active == 1, "%s: the handler waits", coding);
	if (body) {
		body += 4;
		memcpy(buf + len, "0\r\n\r\n", 6);
		len += 5;
		n = decode_chunks(body, len - (size_t)(body - buf));
		ok(n > 0 && decode(coding, body, (size_t)n, out, sizeof(out), false) == 1000 &&
			memcmp(out, text, 1000) == 0,
		    "%s: what it has written is there", coding);
	}
	mir_wake_all(&gate);
	mir_sleep(MIR_MS(10));
	mir_wake_all(&gate);
	len = bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	end = len > 5 ? buf + len - 5 : buf;
	ok(memcmp(end, "0\r\n\r\n", 5) == 0, "%s: and the rest after", coding);
	mir_flow_close(&c->flow);
	mir_sleep(MIR_SECOND(3));
	stop();
}

static void flushes(void)
{
	flushes_of("gzip");
	flushes_of("zstd");
}

/* Bodies that are not as long as announced are cut, and never look whole. */
static void lengths(void)
{
	static const char *const paths[] = { "short", "long" };
	char *body;

	start("gzip", 0, 0);
	for (unsigned i = 0; i < 2; i++) {
		size_t len = ask("GET", paths[i], ASK, &body);

		ok(decode_chunks(body, len) < 0 && server.stats.cut == i + 1, "%s: is cut",
		    paths[i]);
	}
	stop();
}

/* Files: variants beside them come first; what a client has of one is known again. */
static void files(void)
{
	const struct mir_kv_mem_config c = { .size = 1 << 20, .name = "store" };
	char *body, *tag, fields[200];
	size_t len;

	start("zstd, gzip", 0, 0);
	ok(mir_kv_mem_start(&store, &c) == 0, "a store");
	mir_kv_set(&store.kv, mir_str("/a.txt"), text, SMALL);
	mir_kv_set(&store.kv, mir_str("/b.txt"), text, SMALL);
	mir_kv_set(&store.kv, mir_str("/b.txt.gz"), "as it lies there", 16);
	len = ask("GET", "b.txt", "Accept-Encoding: gzip, zstd\r\n", &body);
	ok(strstr(buf, GZIP) && len == 16 && memcmp(body, "as it lies there", 16) == 0,
	    "a variant comes first");
	ok(bench_count(buf, "Vary: ") == 1 && strstr(buf, "ETag: \""), "with its own tag");
	ask("GET", "b.txt", "Accept-Encoding: zstd\r\n", &body);
	ok(strstr(buf, ZSTD) && bench_count(buf, "Vary: ") == 1, "zstd for who takes no gzip");
	ask("GET", "a.txt", ASK, &body);
	tag = strstr(buf, "\r\nETag: W/\"");
	ok(tag && strstr(buf, GZIP), "a file, compressed");
	if (tag) {
		snprintf(fields, sizeof(fields), ASK "If-None-Match: %.*s\r\n",
		    (int)strcspn(tag + 8, "\r"), tag + 8);
		ask("GET", "a.txt", fields, &body);
		ok(strstr(buf, " 304 ") && strstr(buf, "\r\nETag: W/\"") && strstr(buf, VARY),
		    "is known again");
		snprintf(fields, sizeof(fields), ASK "Range: bytes=5-9\r\nIf-Range: %.*s\r\n",
		    (int)strcspn(tag + 8, "\r"), tag + 8);
	}
	ask("GET", "a.txt", fields, &body);
	ok(strstr(buf, " 200 ") && strstr(buf, GZIP), "and not continued");
	len = ask("GET", "a.txt", ASK "Range: bytes=5-9\r\n", &body);
	ok(strstr(buf, " 206 ") && len == 5 && memcmp(body, text + 5, 5) == 0,
	    "a range is of the file as it is");
	stop();
	mir_kv_mem_stop(&store);
	memset(&store, 0, sizeof(store));
}

/* Clients that go away, and more of them than there may be contexts. */
static void limits(void)
{
	struct pipe_end *c[10];
	char *body;

	start("gzip", 0, 6);
	for (unsigned i = 0; i < 10; i++) {
		c[i] = bench_connect(&server, 3000);
		bench_send(c[i], "GET /endless HTTP/1.1\r\nHost: a\r\n" ASK "\r\n", 57, 0);
	}
	mir_sleep(MIR_MS(100));
	ok(device.active == 6 && device.stats.full == 4, "6 at once: %u, %llu as they are",
	    device.active, (unsigned long long)device.stats.full);
	ok(device.stats.bytes > 6u << 18 && device.stats.bytes < 6u << 19, "counted: %llu",
	    (unsigned long long)device.stats.bytes);
	ask("GET", "page", ASK, &body);
	ok(strstr(buf, VARY) && strstr(buf, "Content-Length: 2000") &&
		!strstr(buf, "Content-Encoding"),
	    "another goes as it is");
	for (unsigned i = 0; i < 10; i++)
		mir_flow_abort(&c[i]->flow);
	mir_sleep(MIR_SECOND(1));
	ok(device.active == 0 && device.coders[0].n_idle == 4, "4 contexts are kept");
	ask("GET", "page", ASK, &body);
	ok(strstr(buf, GZIP) != NULL, "and used again");
	stop();
}

/* Memory that is missing at any place: no answer, a cut one, or a right one. */
static void memory(void)
{
	unsigned bad = 0;

	start("gzip", 0, 0);
	for (unsigned at = 1; at < 30; at++) {
		char *body;
		size_t len;
		long n;

		mir_mem_fail_at(at);
		len = ask("GET", at % 2 ? "page" : "stream", ASK, &body);
		mir_mem_fail_at(0);
		if (strncmp(buf, "HTTP/1.1 200", 12) != 0 || !strstr(buf, GZIP))
			continue;
		n = decode_chunks(body, len);
		bad +=
		    n >= 0 && (decode("gzip", body, (size_t)n, out, sizeof(out), true) != SMALL ||
				  memcmp(out, text, SMALL) != 0);
	}
	ok(!bad, "no wrong body that looks right: %u", bad);
	stop();
}

/* ---- HTTP/2 ---- */

static void over_http2(void)
{
	static const struct mir_tls_flow tls = { .alpn = "h2" };
	static const struct mir_http_header field = { { "accept-encoding", 15 }, { "zstd", 4 } };
	struct mir_http2_client *client;
	struct pipe_end *a, *b;

	start("gzip, zstd", 0, 0);
	pipe_new(100000, &a, &b);
	mir_http_server_connection(&server, &b->flow, &tls, &bench_local, &bench_peer);
	ok(mir_http2_client(&mir_http2_device, &a->flow, 0, &client) == 0, "a client");
	for (unsigned i = 0; i < MIR_COUNT(bodies) + 2; i++) {
		const char *name = i < MIR_COUNT(bodies)    ? bodies[i]
				   : i == MIR_COUNT(bodies) ? "short"
							    : "long";
		char path[32];
		struct mir_http2_fetch f = { .method = mir_str("GET"),
			.scheme = mir_str("https"),
			.authority = mir_str("a.test"),
			.headers = &field,
			.nheaders = 1 };
		struct mir_http2_answer *answer;
		const struct answer *is;
		struct mir_slice s;
		size_t len = 0, expected;
		bool coded = false, vary = false;
		int n;

		snprintf(path, sizeof(path), "/%s", name);
		f.path = mir_str(path);
		is = find(f.path);
		expected = is ? is->len : SMALL;
		n = mir_http2_fetch(client, &f, &answer);
		if (n < 0) {
			ok(i >= MIR_COUNT(bodies), "%s: %d", name, n);
			continue;
		}
		for (unsigned k = 0; k < answer->nheaders; k++) {
			const struct mir_http_header *h = &answer->headers[k];

			coded |= h->name.len == 16 && memcmp(h->value.p, "zstd", 4) == 0;
			vary |= h->name.len == 4 && memcmp(h->name.p, "vary", 4) == 0;
		}
		/* The length is known where all has come with the head. */
		ok(coded && vary && answer->content_length != (int64_t)expected &&
			answer->content_length != 0,
		    "%s: the head: %lld", name, (long long)answer->content_length);
		while ((n = client->ops->read(answer, &s, 1)) > 0) {
			memcpy(buf + len, s.p, MIR_MIN(s.len, sizeof(buf) - len));
			len += MIR_MIN(s.len, sizeof(buf) - len);
			mir_slice_unref(&s);
		}
		client->ops->close_answer(answer);
		if (i < MIR_COUNT(bodies))
			ok(n == 0 &&
				decode("zstd", buf, len, out, sizeof(out), true) ==
				    (long)expected &&
				memcmp(out, text, expected) == 0,
			    "%s: the body, %zu bytes", name, len);
		else
			ok(n < 0, "%s: is cut", name);
	}
	client->ops->close(client);
	mir_sleep(MIR_SECOND(1));
	stop();
}

int main(void)
{
	RUN(heads);
	RUN(head_only);
	RUN(round_trips);
	RUN(flushes);
	RUN(lengths);
	RUN(files);
	RUN(limits);
	RUN(memory);
	RUN(over_http2);
	return mir_test_end();
}
