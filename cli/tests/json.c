/* json.c: what is written, for any bytes. */
#include <string.h>

#include <mir/test.h>

#include "../json.h"

static const char *string(const char *value)
{
	struct text *t = mem_new(sizeof *t);
	struct json j = { .out = t };

	json_string(&j, NULL, value);
	return text_str(t);
}

static void strings(void)
{
	ok(str_eq(string("plain"), "\"plain\""), "plain");
	ok(str_eq(string(NULL), "null"), "none");
	ok(str_eq(string("a\"b\\c"), "\"a\\\"b\\\\c\""), "quote and backslash");
	ok(str_eq(string("\n\t\x01\x7f"), "\"\\n\\t\\u0001\\u007f\""), "control characters");
	ok(str_eq(string("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xab"),
	       "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xab\""),
	    "UTF-8");
	ok(str_eq(string("\xff"), "\"\\ufffd\""), "no UTF-8");
	ok(str_eq(string("\xe2\x82"), "\"\\ufffd\\ufffd\""), "cut off");
	ok(str_eq(string("\xc0\x80"), "\"\\ufffd\\ufffd\""), "longer than needed");
	ok(str_eq(string("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\""), "half of a pair");
	ok(str_eq(string("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\""), "too large");
}

static void structures(void)
{
	struct text t = { 0 };
	struct json j = { .out = &t };
	struct list l = { 0 };

	list_add(&l, "x");
	json_open(&j, NULL, '{');
	json_string(&j, "name", "hello");
	json_open(&j, "none", '[');
	json_close(&j);
	json_list(&j, "list", &l);
	json_number(&j, "size", -5);
	json_close(&j);
	ok(str_eq(text_str(&t),
	       "{\n  \"name\": \"hello\",\n  \"none\": [],\n  \"list\": [\n    \"x\"\n"
	       "  ],\n  \"size\": -5\n}\n"),
	    "an object");
}

int main(void)
{
	int rc;

	RUN_PLAIN(strings);
	RUN_PLAIN(structures);
	rc = mir_test_end();
	mem_release();
	return rc;
}
