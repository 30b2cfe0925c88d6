/* value.c: the types of keys, and the C that their values become. */
#include <stdlib.h>

#include <mir/test.h>

#include "../value.h"

static void good(const char *type, const char *text, const char *c)
{
	ok(value_check(type, text) == NULL, "%s: %s", type, text);
	ok(str_eq(value_c(type, text), c), "is %s", value_c(type, text));
}

static void bad(const char *type, const char *text)
{
	ok(value_check(type, text) != NULL, "no %s: '%s'", type, text);
}

static void numbers(void)
{
	good("bool", "yes", "true");
	good("bool", "OFF", "false");
	bad("bool", "maybe");
	bad("bool", "");
	good("int", "-42", "-42");
	good("int", "0x2a", "42");
	good("int", "9223372036854775807", "9223372036854775807");
	bad("int", "9223372036854775808");
	bad("int", "1.5");
	bad("int", "--1");
	bad("int", "");
	good("size", "4096", "4096u");
	good("size", "64k", "64ull << 10");
	good("size", "16M", "16ull << 20");
	bad("size", "16Mb");
	bad("size", "-1");
	bad("size", "99999999999999G");
	good("port", "65535", "65535");
	bad("port", "0");
	good("port0", "0", "0");
	bad("port", "65536");
	bad("port", "http");
	good("duration", "10s", "10000000000");
	good("duration", "5ms", "5000000");
	good("duration", "2m", "120000000000");
	good("duration", "1h", "3600000000000");
	good("duration", "7", "7000000000");
	bad("duration", "9999999999h");
	bad("duration", "1 h");
	bad("duration", "soon");
}

static void addresses(void)
{
	good("ip", "10.0.0.1", "{ { [10] = 0xff, 0xff, 10, 0, 0, 1 } }");
	good("ip", "none", "{ { 0 } }");
	good("ip", "*", "{ { 0 } }");
	bad("ip", "10.0.0");
	bad("ip", "10.0.0.1/24");
	bad("ip", "10.0.0.256");
	good("ip", "::1",
	    "{ { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, "
	    "0x00, 0x00, 0x01 } }");
	good("cidr", "10.0.0.2/24", "{ { { [10] = 0xff, 0xff, 10, 0, 0, 2 } }, 24 }");
	good("cidr", "none", "{ { { 0 } }, 0 }");
	bad("cidr", "10.0.0.2");
	bad("cidr", "10.0.0.2/33");
	bad("cidr", "10.0.0.2/");
	bad("cidr", "none/8");
	ok(value_check("cidr", "fd00::1/64") == NULL, "IPv6");
	bad("cidr", "fd00::1/129");
}

static void texts(void)
{
	good("string", "a \"b\"\\", "\"a \\\"b\\\"\\\\\"");
	good("string", "tab\there", "\"tab\\there\"");
	good("choice(a|b)", "b", "\"b\"");
	bad("choice(a|b)", "c");
	ok(value_type("choice(a|b)") && value_type("cidr"), "types");
	ok(!value_type("choice") && !value_type("choice()") && !value_type("text"), "no types");
	ok(str_eq(value_check("choice(a|b)", "c"), "one of a, b"), "what is expected");
	ok(str_eq(value_choices("choice(a|b)"), "a|b") && !value_choices("int"), "choices");
}

int main(void)
{
	RUN_PLAIN(numbers);
	RUN_PLAIN(addresses);
	RUN_PLAIN(texts);
	mem_release();
	return mir_test_end();
}
