/* Boot arguments: every type, quotes, what is said of bad ones. */
#include <mir/args.h>
#include <mir/err.h>
#include <mir/log.h>
#include <mir/test.h>
#include <mir/time.h>

static struct {
	bool on, off;
	int64_t n, wait;
	uint64_t size;
	uint16_t port;
	const char *text, *choice;
	struct mir_ipaddr ip;
	struct mir_cidr cidr;
} v;

static struct mir_arg table[] = {
	{ "on", MIR_ARG_BOOL, &v.on, "false", "a switch", "SWITCHES", NULL, false },
	{ "off", MIR_ARG_BOOL, &v.off, "true", "a switch", "SWITCHES", NULL, false },
	{ "n", MIR_ARG_INT, &v.n, "1", "a number", "VALUES", NULL, false },
	{ "wait", MIR_ARG_DURATION, &v.wait, "1s", "a time", "VALUES", NULL, false },
	{ "size", MIR_ARG_SIZE, &v.size, "1k", "a size", "VALUES", NULL, false },
	{ "http-port", MIR_ARG_PORT, &v.port, "80", "a port", "VALUES", NULL, false },
	{ "net:service", MIR_ARG_STRING, &v.text, "", "a text", "VALUES", NULL, false },
	{ "choice", MIR_ARG_CHOICE, &v.choice, "a", "a choice", "VALUES", "a|bc|d", false },
	{ "ip", MIR_ARG_IP, &v.ip, "none", "an address", "VALUES", NULL, false },
	{ "ipv4", MIR_ARG_CIDR, &v.cidr, "none", "a network", "VALUES", NULL, false },
	{ "logs", MIR_ARG_LOGS, &v.on, "info", "levels", "VALUES", NULL, false },
};

static int parse(int n, const char *const words[])
{
	struct mir_args a = { "image", "tests", "1.0", table, MIR_COUNT(table) };
	char *argv[16];

	argv[0] = (char *)(uintptr_t) "image";
	for (int i = 0; i < n; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	memset(&v, 0, sizeof(v));
	v.off = true;
	for (unsigned i = 0; i < MIR_COUNT(table); i++)
		table[i].given = false;
	return mir_args_parse(&a, n + 1, argv);
}

#define PARSE(...)                                                                                 \
	parse((int)MIR_COUNT(((const char *[]){ __VA_ARGS__ })), (const char *[]){ __VA_ARGS__ })

static void values(void)
{
	ok(PARSE("--on", "--no-off", "--n", "-5", "--wait=1.5s", "--size=64k") == 0,
	    "switches first");
	ok(v.on && !v.off && v.n == -5 && v.wait == MIR_MS(1500) && v.size == 65536, "as given");
	ok(PARSE("--http-port=8080", "--net:service", "@3", "--choice=bc") == 0, "texts");
	ok(v.port == 8080 && strcmp(v.text, "@3") == 0 && strcmp(v.choice, "bc") == 0, "as given");
	ok(PARSE("--ip=1.2.3.4", "--ipv4=10.0.0.2/24", "--logs=debug,tcp:error") == 0, "addresses");
	ok(mir_ip4_of(&v.ip) == 0x01020304 && v.cidr.len == 24 && table[9].given &&
		!table[8].choices,
	    "as given");
	ok(PARSE("--on=off", "--net:service=--on", "--n=1", "--n=2") == 0 && !v.on && v.n == 2,
	    "a later one wins");
	ok(PARSE("--net:service=") == 0 && v.text[0] == '\0', "an empty text");
}

static void refused(void)
{
	ok(PARSE("--unknown") == MIR_ARGS_BAD + 1, "unknown");
	ok(PARSE("--http-prot=80") == MIR_ARGS_BAD + 1, "misspelt");
	ok(PARSE("word") == MIR_ARGS_BAD + 1 && PARSE("-n") == MIR_ARGS_BAD + 1 &&
		PARSE("--") == MIR_ARGS_BAD + 1,
	    "not an argument");
	ok(PARSE("--n") == MIR_ARGS_BAD + 1, "no value");
	ok(PARSE("--no-n") == MIR_ARGS_BAD + 1, "no- of what is no switch");
	ok(PARSE("--on=maybe") == MIR_ARGS_BAD + 1 && PARSE("--choice=b") == MIR_ARGS_BAD + 1 &&
		PARSE("--logs=loud") == MIR_ARGS_BAD + 1,
	    "bad values");
	ok(PARSE("--on", "--help") == 1 && PARSE("--version") == 1, "help and version");
}

static bool value(const struct mir_arg_type *type, const char *text)
{
	union {
		int64_t n;
		struct mir_cidr c;
		const char *s;
	} out;

	return mir_arg_value(type, "a|bc", text, &out) == 0;
}

static int64_t duration(const char *text)
{
	int64_t ns = -1;

	mir_arg_value(MIR_ARG_DURATION, NULL, text, &ns);
	return ns;
}

static void edges(void)
{
	int64_t n;
	uint64_t size;
	struct mir_ipaddr ip;

	ok(mir_arg_value(MIR_ARG_INT, NULL, "-9223372036854775808", &n) == 0 && n == INT64_MIN,
	    "least");
	ok(mir_arg_value(MIR_ARG_INT, NULL, "0x7fffffffffffffff", &n) == 0 && n == INT64_MAX,
	    "most");
	ok(!value(MIR_ARG_INT, "9223372036854775808") &&
		!value(MIR_ARG_INT, "-9223372036854775809") && !value(MIR_ARG_INT, "") &&
		!value(MIR_ARG_INT, "-") && !value(MIR_ARG_INT, "0x") &&
		!value(MIR_ARG_INT, "1 ") && !value(MIR_ARG_INT, "+1"),
	    "not numbers");
	ok(mir_arg_value(MIR_ARG_SIZE, NULL, "17179869183G", &size) == 0 &&
		!value(MIR_ARG_SIZE, "17179869184G"),
	    "sizes");
	ok(!value(MIR_ARG_SIZE, "1kk") && !value(MIR_ARG_SIZE, "k") && !value(MIR_ARG_SIZE, "-1"),
	    "none");
	ok(!value(MIR_ARG_PORT, "65536") && value(MIR_ARG_PORT, "65535") &&
		value(MIR_ARG_PORT, "0"),
	    "ports");
	ok(duration("10") == MIR_SECOND(10) && duration("0.000000001s") == 1 &&
		duration("2m") == MIR_SECOND(120) && duration("1.5h") == MIR_SECOND(5400) &&
		duration("7ns") == 7 && duration("1.5us") == 1500 &&
		duration("0.123456789h") == 444444440400,
	    "durations");
	ok(duration("1.") == -1 && duration("1x") == -1 && duration("-1") == -1 &&
		duration("9223372037s") == -1 && duration("0.0000000001s") == -1,
	    "none");
	ok(mir_arg_value(MIR_ARG_IP, NULL, "*", &ip) == 0 && mir_ipaddr_is_any(&ip) &&
		mir_arg_value(MIR_ARG_IP, NULL, "0.0.0.0", &ip) == 0 && mir_ipaddr_is_any(&ip),
	    "any");
	ok(value(MIR_ARG_CIDR, "none") && !value(MIR_ARG_CIDR, "1.2.3.4"), "cidr");
	ok(value(MIR_ARG_CHOICE, "a") && !value(MIR_ARG_CHOICE, "") &&
		!value(MIR_ARG_CHOICE, "a|bc"),
	    "choice");
}

static bool splits(const char *text, int n, const char *const *want)
{
	char line[100], *words[8];

	memcpy(line, text, strlen(text) + 1);
	if (mir_args_split(line, words, 8) != n)
		return false;
	for (int i = 0; i < n; i++) {
		if (strcmp(words[i], want[i]) != 0)
			return false;
	}
	return true;
}

static void splitting(void)
{
	static const char *const plain[] = { "a", "b c", "d\"e", "", "f\\g", "h" };
	char line[] = "a b c", *words[2];

	ok(splits("", 0, NULL) && splits(" \t\n", 0, NULL), "nothing");
	ok(splits(" a 'b c' d\\\"e '' \"f\\\\g\" h ", 6, plain), "quotes");
	ok(splits("x'y'\"z\"", 1, (const char *[]){ "xyz" }), "joined");
	ok(splits("'a\\'", 1, (const char *[]){ "a\\" }), "nothing is special in single quotes");
	ok(splits("a\\ b", 1, (const char *[]){ "a b" }), "an escaped blank");
	ok(splits("'a", MIR_EINVAL, NULL) && splits("\"a\\\"", MIR_EINVAL, NULL), "an open quote");
	ok(mir_args_split(line, words, 2) == MIR_ELIMIT, "too many");
}

int main(void)
{
	RUN(values);
	RUN(refused);
	RUN(edges);
	RUN(splitting);
	return mir_test_end();
}
