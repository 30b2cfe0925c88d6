/* serve.c: a store as a web site: variants, conditions, ranges, redirections. */
#include "bench.h"

static char buf[1 << 16];
static struct mir_http_server server;

/* A store of a few values; each view gives at most 7 bytes. */
struct file {
	const char *key, *value;
	int64_t mtime;
	char digest; /* 0: none */
};

static const struct file files[] = {
	{ "/www/index.html", "<root>", 784111777, 'r' }, /* Sun, 06 Nov 1994 08:49:37 GMT */
	{ "/www/a/index.html", "<a>", 784111777, 'a' },
	{ "/www/a b/index.html", "<a b>", 784111777, 'b' },
	{ "/www/digits.txt", "0123456789abcdefghijklmnopqrstuvwxyz", 784111777, 'd' },
	{ "/www/app.js", "plain plain plain", 784111777, 'p' },
	{ "/www/app.js.br", "brotli", 784111777, 'o' },
	{ "/www/app.js.gz", "gzipped", 784111777, 'g' },
	{ "/www/only.css", "css css css", 784111777, 'c' },
	{ "/www/only.css.gz", "css.gz", 784111777, 'z' },
	{ "/www/live.txt", "live", 784111777, 0 },
	{ "/www/bare.bin", "bare", 0, 0 },
	{ "/www/empty.txt", "", 784111777, 'e' },
	{ "/www/404.html", "<lost>", 784111777, '4' },
	{ "/secret.txt", "secret", 784111777, 's' },
};

static const struct file *file_of(struct mir_str key)
{
	for (size_t i = 0; i < MIR_COUNT(files); i++)
		if (strlen(files[i].key) == key.len && memcmp(files[i].key, key.p, key.len) == 0)
			return &files[i];
	return NULL;
}

static int kv_stat(struct mir_kv *kv, struct mir_str key, struct mir_kv_stat *out)
{
	const struct file *f = file_of(key);

	(void)kv;
	if (f) {
		*out = (struct mir_kv_stat){ MIR_KV_VALUE, strlen(f->value), f->mtime * 1000000000,
			NULL };
		return 0;
	}
	for (size_t i = 0; i < MIR_COUNT(files); i++) {
		if (strlen(files[i].key) > key.len && files[i].key[key.len] == '/' &&
		    memcmp(files[i].key, key.p, key.len) == 0) {
			*out = (struct mir_kv_stat){ MIR_KV_DICT, 1, 0, NULL };
			return 0;
		}
	}
	return MIR_ENOENT;
}

static int kv_digest(struct mir_kv *kv, struct mir_str key, uint8_t out[static MIR_KV_DIGEST])
{
	const struct file *f = file_of(key);

	(void)kv;
	if (!f || !f->digest)
		return MIR_ENODIGEST;
	memset(out, f->digest, MIR_KV_DIGEST);
	return 0;
}

static int64_t kv_view(
    struct mir_kv *kv, struct mir_str key, uint64_t off, size_t max, struct mir_slice *out)
{
	const struct file *f = file_of(key);
	size_t size = f ? strlen(f->value) : 0;

	(void)kv;
	if (!f)
		return MIR_ENOENT;
	if (off >= size)
		return 0;
	*out = mir_slice_static(f->value + off, MIR_MIN(MIR_MIN(max, 7u), size - off));
	return (int64_t)out->len;
}

static const struct mir_kv_ops kv_ops = {
	.name = "test", .stat = kv_stat, .digest = kv_digest, .view = kv_view
};
static struct mir_kv kv = { &kv_ops, "test" };

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_http_serve_options o = { .cache_control = "max-age=60",
		.not_found = "/www/404.html" };

	(void)arg;
	if (mir_http_header(r, "x-options").p)
		return mir_http_serve_with(&kv, "/www/", &o, r, w);
	return mir_http_serve(&kv, "/www", r, w);
}

static void start(void)
{
	struct mir_http_server_config c = { .handler = handler };

	mir_http_server_start(&server, &c);
}

/* Asks with further headers ("X: y\r\n"); the status. */
static int ask(const char *method, const char *target, const char *headers)
{
	char text[2048];

	snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n",
	    method, target, headers);
	return bench_ask(&server, text, buf, sizeof(buf));
}

static bool has(const char *text)
{
	return strstr(buf, text) != NULL;
}

static bool body_is(const char *text)
{
	const char *body = strstr(buf, "\r\n\r\n");

	return body && strcmp(body + 4, text) == 0;
}

static void finds(void)
{
	start();
	ok(ask("GET", "/", "") == 200 && body_is("<root>") && has("Content-Type: text/html"),
	    "/ is the index");
	ok(ask("GET", "/a/", "") == 200 && body_is("<a>"), "/a/ is its index");
	ok(ask("GET", "/a", "") == 301 && has("Location: /a/\r\n"), "/a leads to /a/");
	ok(ask("GET", "//a?x=%20y", "") == 301 && has("Location: /a/?x=%20y\r\n"),
	    "//a stays on this host, with its query");
	ok(ask("GET", "/a%20b", "") == 301 && has("Location: /a%20b/\r\n"), "a blank is encoded");
	ok(ask("GET", "/a%20b/", "") == 200 && body_is("<a b>"), "and decoded");
	ok(ask("GET", "/none", "") == 404, "a missing value");
	ok(ask("GET", "/none/", "") == 404, "a missing dictionary");
	ok(ask("GET", "/digits.txt/", "") == 404, "a value is no dictionary");
	ok(ask("GET", "/../secret.txt", "") == 400, "no way out");
	ok(ask("GET", "/a/../../secret.txt", "") == 400, "nor this way");
	ok(ask("GET", "/%2e%2e/secret.txt", "") == 400, "nor encoded");
	ok(ask("GET", "/a/./../digits.txt", "") == 200, "dots inside are fine");
	ok(ask("HEAD", "/digits.txt", "") == 200 && has("Content-Length: 36\r\n") && body_is(""),
	    "HEAD");
	ok(ask("POST", "/digits.txt", "Content-Length: 0\r\n") == 405 &&
		has("Allow: GET, HEAD\r\n"),
	    "POST is 405");
	ok(ask("GET", "/empty.txt", "") == 200 && has("Content-Length: 0\r\n"), "an empty value");
	ok(ask("GET", "/none", "X-Options: 1\r\n") == 404 && body_is("<lost>"),
	    "a 404 of one's own");
	ok(ask("GET", "/", "X-Options: 1\r\n") == 200 && has("Cache-Control: max-age=60\r\n"),
	    "Cache-Control");
	mir_http_server_stop(&server);
}

static void variants(void)
{
	static const struct {
		const char *accept, *body;
	} table[] = {
		{ "", "plain plain plain" },
		{ "Accept-Encoding: gzip\r\n", "gzipped" },
		{ "Accept-Encoding: br\r\n", "brotli" },
		{ "Accept-Encoding: gzip, deflate, br, zstd\r\n", "brotli" },
		{ "Accept-Encoding: gzip;q=1.0, br;q=0.5\r\n", "gzipped" },
		{ "Accept-Encoding: br;q=0, gzip;q=0\r\n", "plain plain plain" },
		{ "Accept-Encoding: *\r\n", "brotli" },
		{ "Accept-Encoding: identity;q=1, gzip;q=0.5\r\n", "plain plain plain" },
		{ "Accept-Encoding: identity;q=0.5, gzip;q=0.5\r\n", "gzipped" },
		{ "Accept-Encoding: GZIP ; Q=0.3\r\n", "gzipped" },
		{ "Accept-Encoding: x-gzip\r\n", "plain plain plain" },
		{ "Accept-Encoding: gzip;q=2\r\n", "plain plain plain" },
	};

	start();
	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		int status = ask("GET", "/app.js", table[i].accept);

		ok(status == 200 && body_is(table[i].body) && has("Vary: Accept-Encoding\r\n"),
		    "%s", bench_name(table[i].accept));
	}
	ask("GET", "/app.js", "Accept-Encoding: br\r\n");
	ok(has("Content-Encoding: br\r\n") && has("Content-Type: text/javascript") && has("\"6f6f"),
	    "a variant has the type of the value and a tag of its own");
	ok(ask("GET", "/only.css", "Accept-Encoding: br\r\n") == 200 && body_is("css css css"),
	    "only what there is");
	ok(ask("GET", "/digits.txt", "Accept-Encoding: br\r\n") == 200 && !has("Vary"),
	    "no variants, no Vary");
	mir_http_server_stop(&server);
}

#define TAG "\"64646464646464646464646464646464\""

static const struct {
	const char *headers;
	int status;
} conditions[] = {
	{ "If-None-Match: " TAG "\r\n", 304 },
	{ "If-None-Match: W/" TAG "\r\n", 304 },
	{ "If-None-Match: \"x\", " TAG "\r\n", 304 },
	{ "If-None-Match: *\r\n", 304 },
	{ "If-None-Match: \"x\"\r\n", 200 },
	{ "If-None-Match: \"x\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200 },
	{ "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 304 },
	{ "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304 },
	{ "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", 304 },
	{ "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200 },
	{ "If-Modified-Since: yesterday\r\n", 200 },
	{ "If-Match: " TAG "\r\n", 200 },
	{ "If-Match: *\r\n", 200 },
	{ "If-Match: \"x\"\r\n", 412 },
	{ "If-Match: W/" TAG "\r\n", 412 },
	{ "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200 },
	{ "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 412 },
	{ "If-Match: " TAG "\r\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200 },
	{ "If-Match: " TAG "\r\nIf-None-Match: " TAG "\r\n", 304 },
};

static void conditional(void)
{
	start();
	for (size_t i = 0; i < MIR_COUNT(conditions); i++) {
		int status = ask("GET", "/digits.txt", conditions[i].headers);

		ok(status == conditions[i].status, "%d: %s", status,
		    bench_name(conditions[i].headers));
		if (status == 304)
			ok(has("ETag: " TAG "\r\n") && body_is(""), "with its tag, without a body");
	}
	ok(ask("GET", "/live.txt", "") == 200 && has("ETag: \"ae1b981bc490a00-4\""),
	    "a tag from time and size");
	ok(ask("GET", "/bare.bin", "") == 200 && !has("ETag") && !has("Last-Modified"),
	    "nothing is known, nothing is said");
	mir_http_server_stop(&server);
}

static const struct {
	const char *headers;
	int status;
	const char *body, *range;
} ranges[] = {
	{ "Range: bytes=0-9\r\n", 206, "0123456789", "bytes 0-9/36" },
	{ "Range: bytes=10-12\r\n", 206, "abc", "bytes 10-12/36" },
	{ "Range: bytes=30-\r\n", 206, "uvwxyz", "bytes 30-35/36" },
	{ "Range: bytes=-2\r\n", 206, "yz", "bytes 34-35/36" },
	{ "Range: bytes=-100\r\n", 206, "0123456789abcdefghijklmnopqrstuvwxyz", "bytes 0-35/36" },
	{ "Range: bytes=35-1000\r\n", 206, "z", "bytes 35-35/36" },
	{ "Range: bytes= 1-2 \r\n", 206, "12", "bytes 1-2/36" },
	{ "Range: bytes=0-0,100-200\r\n", 206, "0", "bytes 0-0/36" },
	{ "Range: bytes=36-\r\n", 416, NULL, "bytes */36" },
	{ "Range: bytes=-0\r\n", 416, NULL, "bytes */36" },
	{ "Range: bytes=5-4\r\n", 200, NULL, NULL },
	{ "Range: bytes=a-b\r\n", 200, NULL, NULL },
	{ "Range: bytes=\r\n", 200, NULL, NULL },
	{ "Range: bytes=-\r\n", 200, NULL, NULL },
	{ "Range: lines=1-2\r\n", 200, NULL, NULL },
	{ "Range: bytes=99999999999999999999-\r\n", 200, NULL, NULL },
	{ "Range: bytes=0-9\r\nIf-Range: " TAG "\r\n", 206, "0123456789", NULL },
	{ "Range: bytes=0-9\r\nIf-Range: \"x\"\r\n", 200, NULL, NULL },
	{ "Range: bytes=0-9\r\nIf-Range: W/" TAG "\r\n", 200, NULL, NULL },
	{ "Range: bytes=0-9\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 206, NULL, NULL },
	{ "Range: bytes=0-9\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n", 200, NULL, NULL },
	{ "Range: bytes=0-20,10-30\r\n", 200, NULL, NULL },
	{ "Range: bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,"
	  "15-15,16-16\r\n",
	    200, NULL, NULL },
};

static void ranged(void)
{
	char *body;

	start();
	for (size_t i = 0; i < MIR_COUNT(ranges); i++) {
		int status = ask("GET", "/digits.txt", ranges[i].headers);

		ok(status == ranges[i].status && (!ranges[i].body || body_is(ranges[i].body)) &&
			(!ranges[i].range || has(ranges[i].range)),
		    "%d: %s", status, bench_name(ranges[i].headers));
	}
	ok(ask("HEAD", "/digits.txt", "Range: bytes=0-9\r\n") == 200, "HEAD has no ranges");
	ok(ask("GET", "/empty.txt", "Range: bytes=0-9\r\n") == 416, "none in nothing");
	ok(ask("GET", "/digits.txt", "Range: bytes=0-1, 10-11,-1\r\n") == 206 &&
		has("Content-Type: multipart/byteranges; boundary=") &&
		has("Content-Range: bytes 0-1/36\r\n\r\n01\r\n--") &&
		has("Content-Range: bytes 10-11/36\r\n\r\nab\r\n--") &&
		has("Content-Range: bytes 35-35/36\r\n\r\nz\r\n--"),
	    "three in one answer");
	body = strstr(buf, "\r\n\r\n");
	ok(body && (size_t)atoi(strstr(buf, "Content-Length: ") + 16) == strlen(body + 4),
	    "of the length that was said");
	ok(server.stats.cut == 0, "none was cut");
	mir_http_server_stop(&server);
}

int main(void)
{
	RUN(finds);
	RUN(variants);
	RUN(conditional);
	RUN(ranged);
	return mir_test_end();
}
