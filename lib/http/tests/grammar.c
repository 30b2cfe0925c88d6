/* grammar.c: paths, queries, dates, lists: the pure parts. */
#include <mir/test.h>
#include <string.h>

#include "../internal.h"

static const struct {
	const char *in, *out; /* NULL: refused */
} paths[] = {
	{ "/", "/" },
	{ "/a", "/a" },
	{ "/a/", "/a/" },
	{ "/a/b", "/a/b" },
	{ "//", "/" },
	{ "//a//b//", "/a/b/" },
	{ "/.", "/" },
	{ "/./a/.", "/a/" },
	{ "/a/..", "/" },
	{ "/a/../b", "/b" },
	{ "/a/b/../..", "/" },
	{ "/a/b/../../c/", "/c/" },
	{ "/a/...", "/a/..." },
	{ "/a/..b", "/a/..b" },
	{ "/%61", "/a" },
	{ "/a%20b", "/a b" },
	{ "/%25", "/%" },
	{ "/%252e%252e/", "/%2e%2e/" },
	{ "/%C3%A9", "/\xc3\xa9" },
	{ "/%f0%9f%98%80", "/\xf0\x9f\x98\x80" },
	{ "/a+b", "/a+b" },
	{ "", NULL },
	{ "a", NULL },
	{ "/..", NULL },
	{ "/../", NULL },
	{ "/a/../..", NULL },
	{ "/%2e%2e", NULL },
	{ "/.%2e/", NULL },
	{ "/%2E%2e/%2E%2e/etc/passwd", NULL },
	{ "/a%2fb", NULL },
	{ "/a%2Fb", NULL },
	{ "/%00", NULL },
	{ "/a%00.html", NULL },
	{ "/%0a", NULL },
	{ "/%7f", NULL },
	{ "/\\", NULL },
	{ "/..\\a", NULL },
	{ "/%5c..%5c", NULL },
	{ "/%", NULL },
	{ "/%2", NULL },
	{ "/%g0", NULL },
	{ "/%c0%af", NULL },
	{ "/%c0%ae%c0%ae/", NULL },
	{ "/%e0%80%af", NULL },
	{ "/%f0%80%80%af", NULL },
	{ "/%ed%a0%80", NULL },
	{ "/%f5%80%80%80", NULL },
	{ "/%c3", NULL },
	{ "/%e9", NULL },
	{ "/%80", NULL },
};

static void decodes_paths(void)
{
	char out[128], back[256];

	for (size_t i = 0; i < MIR_COUNT(paths); i++) {
		int64_t n = mir_http_path_decode(mir_str(paths[i].in), out);
		bool good = paths[i].out ? n == (int64_t)strlen(paths[i].out) &&
					       memcmp(out, paths[i].out, (size_t)n) == 0
					 : n == MIR_EINVAL;

		ok(good, "%s", paths[i].in);
		if (n > 0 && paths[i].out) {
			struct mir_str s = { out, (size_t)n };
			char again[128];

			ok(mir_http_path_encode(s, back, sizeof(back)) > 0 &&
				mir_http_path_decode(mir_str(back), again) == n &&
				memcmp(again, out, (size_t)n) == 0,
			    "and back");
		}
	}
	ok(mir_http_path_encode(mir_str("/abc"), back, 5) == MIR_ERANGE ||
		mir_http_path_encode(mir_str("/abc"), back, 4) == MIR_ERANGE,
	    "too long");
}

static void splits_targets(void)
{
	static const struct {
		const char *in, *host, *path, *query;
	} table[] = {
		{ "/a", NULL, "/a", "" },
		{ "/a?b=c?d", NULL, "/a", "b=c?d" },
		{ "/a?", NULL, "/a", "" },
		{ "http://h/a?b", "h", "/a", "b" },
		{ "HTTPS://h:8080", "h:8080", "/", "" },
		{ "http://h?x", "h", "/", "x" },
		{ "http://", NULL, NULL, NULL },
		{ "http:///a", NULL, NULL, NULL },
		{ "http://u@h/", NULL, NULL, NULL },
		{ "a", NULL, NULL, NULL },
		{ "", NULL, NULL, NULL },
		{ "/a#b", NULL, NULL, NULL },
	};

	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		struct mir_str host, path, query;
		int rc = mir_http_target_split(mir_str(table[i].in), &host, &path, &query);
		bool good = rc == MIR_EINVAL;

		if (table[i].path)
			good = rc == 0 && path.len == strlen(table[i].path) &&
			       memcmp(path.p, table[i].path, path.len) == 0 &&
			       query.len == strlen(table[i].query) &&
			       (!host.p) == (!table[i].host) &&
			       (!host.p || (host.len == strlen(table[i].host) &&
					       memcmp(host.p, table[i].host, host.len) == 0));
		ok(good, "'%s'", table[i].in);
	}
}

static void queries(void)
{
	struct mir_http_request r = { .query = mir_str("a=1&b=x+y%21&c&d=&a=2&e%20f=g&bad=%0") };
	char b[8];

	ok(mir_http_query(&r, "a", b, sizeof(b)) == 1 && strcmp(b, "1") == 0, "the first");
	ok(mir_http_query(&r, "b", b, sizeof(b)) == 4 && strcmp(b, "x y!") == 0, "decoded");
	ok(mir_http_query(&r, "c", b, sizeof(b)) == 0, "no value");
	ok(mir_http_query(&r, "d", b, sizeof(b)) == 0 && !*b, "an empty value");
	ok(mir_http_query(&r, "e f", b, sizeof(b)) == 1, "an encoded name");
	ok(mir_http_query(&r, "x", b, sizeof(b)) == MIR_ENOENT, "a missing one");
	ok(mir_http_query(&r, "bad", b, sizeof(b)) == MIR_EINVAL, "a bad one");
	ok(mir_http_query(&r, "b", b, 4) == MIR_ERANGE && mir_http_query(&r, "b", b, 5) == 4,
	    "room");
}

static void dates(void)
{
	static const struct {
		const char *text;
		int64_t t; /* -1: refused */
	} table[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 784111777 },
		{ "Thu Nov 16 08:49:37 1995", 816511777 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000 },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
		{ "Wednesday, 01-Jan-70 00:00:00 GMT", 3155760000 },
		{ "Friday, 01-Jan-99 00:00:00 GMT", 915148800 },
		{ "Sat, 30 Feb 2024 12:00:00 GMT", -1 },
		{ "Thu, 29 Feb 2023 12:00:00 GMT", -1 },
		{ "Sun, 6 Nov 1994 08:49:37 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 CET", -1 },
		{ "Sun, 06 Nov 1994 24:00:00 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:60:37 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMTx", -1 },
		{ "Sun, 06 Nov 1994 08:49:37", -1 },
		{ "Sun, 06 Xxx 1994 08:49:37 GMT", -1 },
		{ "Sun, 00 Nov 1994 08:49:37 GMT", -1 },
		{ "0", -1 },
		{ "", -1 },
		{ " ", -1 },
	};
	char buf[MIR_HTTP_DATE];
	unsigned bad = 0;

	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		int64_t t = -1;
		int rc = mir_http_date_parse(mir_str(table[i].text), 1795000000, &t);

		ok(table[i].t < 0 ? rc == MIR_EINVAL : rc == 0 && t == table[i].t, "'%s' %lld",
		    table[i].text, (long long)t);
	}
	ok(strcmp(mir_http_date_text(784111777, buf), "Sun, 06 Nov 1994 08:49:37 GMT") == 0, "%s",
	    buf);
	for (int64_t t = 0; t < 253402300799; t += 86400 * 13 + 4711) {
		int64_t back = -1;

		mir_http_date_text(t, buf);
		bad +=
		    strlen(buf) != 29 || mir_http_date_parse(mir_str(buf), 0, &back) || back != t;
	}
	ok(bad == 0, "there and back through all years");
}

static void lists(void)
{
	struct mir_str rest = mir_str(" a ,, \"b,c\" ,d"), e;
	const char *const want[] = { "a", "\"b,c\"", "d" };
	unsigned n = 0;
	int64_t v;

	while (mir_http_next(&rest, &e)) {
		ok(n < 3 && e.len == strlen(want[n]) && memcmp(e.p, want[n], e.len) == 0, "%.*s",
		    (int)e.len, e.p);
		n++;
	}
	ok(n == 3, "three elements");
	ok(mir_http_number(mir_str("9223372036854775807"), &v) == 0 && v == INT64_MAX, "the most");
	ok(mir_http_number(mir_str("9223372036854775808"), &v) == MIR_EINVAL, "one more");
	ok(mir_http_number(mir_str(""), &v) == MIR_EINVAL, "nothing");
	ok(mir_http_accepts(mir_str("gzip;q=0.123, *;q=0.5"), "gzip") == 123, "a weight");
	ok(mir_http_accepts(mir_str("gzip;q=0.123, *;q=0.5"), "br") == 500, "any");
	ok(mir_http_accepts(mir_str("gzip"), "br") == 0, "none");
}

int main(void)
{
	RUN_PLAIN(decodes_paths);
	RUN_PLAIN(splits_targets);
	RUN_PLAIN(queries);
	RUN_PLAIN(dates);
	RUN_PLAIN(lists);
	return mir_test_end();
}
