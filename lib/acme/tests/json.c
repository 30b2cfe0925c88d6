/* json.c: what is JSON, what is not, and what is found in it. */
#include <mir/test.h>
#include <stdio.h>
#include <string.h>

#include "../json.h"

static void reads(void)
{
	static const char *const good[] = { "{}", "[]", " [ ] ", "null", "true", "-0", "0.5e-3",
		"1E9", "\"\"", "\"\\u00e4\\n\\/\"", "{\"a\":[1,{\"b\":null}],\"c\":\"d\"}" };
	static const char *const bad[] = { "", " ", "{", "}", "[1,]", "{\"a\"}", "{\"a\":}",
		"{a:1}", "{\"a\":1,}", "[1 2]", "01", "1.", ".5", "+1", "1e", "--1", "\"",
		"\"\\x\"", "\"\\u12g4\"", "\"\\u12", "\"\n\"", "tru", "nul", "[]]", "{} x", "\"\\",
		"'a'", "NaN", "[1,2", "{\"a\":1", "{\"a\" 1}" };
	char deep[100];
	struct mir_json v;

	for (size_t i = 0; i < MIR_COUNT(good); i++)
		ok(mir_json_parse(good[i], strlen(good[i]), &v) == 0, "%s", good[i]);
	for (size_t i = 0; i < MIR_COUNT(bad); i++)
		ok(mir_json_parse(bad[i], strlen(bad[i]), &v) == MIR_EPROTO, "bad %zu", i);
	ok(mir_json_parse("\"a\0\"", 4, &v) == MIR_EPROTO, "not a zero");
	memset(deep, '[', 50);
	memset(deep + 50, ']', 50);
	ok(mir_json_parse(deep, 100, &v) == MIR_EPROTO, "not fifty deep");
	ok(mir_json_parse(deep + 35, 30, &v) == 0, "fifteen");
}

static void finds(void)
{
	static const char text[] =
	    " { \"a\" : [ 1 , \"x\\u20ac\\ud83d\\ude00\\\"\" , {} ] , "
	    "\"b\\u0063\":\"y\", \"a\":2, \"z\":\"\\u0000\", \"s\":\"\\ud800\" } ";
	struct mir_json v, m, e;
	char out[64];
	size_t len = 0;

	ok(mir_json_parse(text, strlen(text), &v) == 0, "parses");
	ok(mir_json_member(v, "a", &m) && mir_json_element(m, 1, &e) &&
		mir_json_text(e, out, sizeof(out)) == 9 &&
		strcmp(out, "x\xe2\x82\xac\xf0\x9f\x98\x80\"") == 0,
	    "a text in an array");
	ok(mir_json_element(m, 2, &e) && !mir_json_element(m, 3, &e) && !mir_json_element(v, 0, &e),
	    "the end of an array");
	ok(mir_json_member(v, "bc", &m) && mir_json_text(m, out, 2) == 1, "an escaped name");
	ok(mir_json_text(m, out, 1) == MIR_ERANGE, "no room");
	ok(!mir_json_member(v, "c", &m) && !mir_json_member(m, "a", &e), "not there");
	ok(mir_json_member(v, "z", &m) && mir_json_text(m, out, 9) == MIR_EINVAL, "a zero");
	ok(mir_json_member(v, "s", &m) && mir_json_text(m, out, 9) == MIR_EINVAL, "half a pair");
	ok(mir_json_quote("a\"\\\n\xc3\xa4", out, &len, sizeof(out)) &&
		strcmp(out, "\"a\\\"\\\\\\u000a\xc3\xa4\"") == 0,
	    "written");
	len = 0;
	ok(!mir_json_quote("abc", out, &len, 5) && mir_json_quote("ab", out, &len, 5), "room");
}

int main(void)
{
	RUN_PLAIN(reads);
	RUN_PLAIN(finds);
	return mir_test_end();
}
