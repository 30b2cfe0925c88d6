/* value.c: the types that keys have. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

struct type {
	const char *name, *c, *arg, *expected;
	bool (*parse)(const char *text, struct text *c);
};

/* A decimal or 0x number up to `max`, and where it ends. */
static bool number(const char *s, uint64_t max, uint64_t *out, const char **end)
{
	char *stop;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*out = strtoull(s, &stop, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	*end = stop;
	return errno == 0 && *out <= max;
}

static bool parse_bool(const char *s, struct text *c)
{
	static const char *const yes[] = { "true", "yes", "on", "1" }, *const no[] = { "false",
		"no", "off", "0" };

	for (size_t i = 0; i < MIR_COUNT(yes); i++) {
		if (strcasecmp(s, yes[i]) == 0 || strcasecmp(s, no[i]) == 0) {
			text_add(c, strcasecmp(s, yes[i]) == 0 ? "true" : "false");
			return true;
		}
	}
	return false;
}

static bool parse_int(const char *s, struct text *c)
{
	bool minus = *s == '-';
	const char *end;
	uint64_t n;

	if (!number(s + minus, INT64_MAX, &n, &end) || *end)
		return false;
	text_addf(c, "%s%" PRIu64, minus ? "-" : "", n);
	return true;
}

/* A number and the shift that its unit means. */
static bool size(const char *s, uint64_t *n, unsigned *shift)
{
	static const char units[] = "kMGT";
	const char *end, *unit;

	*shift = 0;
	if (!number(s, UINT64_MAX, n, &end))
		return false;
	if (*end && (unit = strchr(units, *end == 'K' ? 'k' : *end)) != NULL) {
		*shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	return !*end && *n <= UINT64_MAX >> *shift;
}

bool value_size(const char *text, uint64_t *bytes)
{
	unsigned shift;

	if (!size(text, bytes, &shift))
		return false;
	*bytes <<= shift;
	return true;
}

static bool parse_size(const char *s, struct text *c)
{
	unsigned shift;
	uint64_t n;

	if (!size(s, &n, &shift))
		return false;
	if (shift)
		text_addf(c, "%" PRIu64 "ull << %u", n, shift);
	else
		text_addf(c, "%" PRIu64 "u", n);
	return true;
}

static bool parse_port0(const char *s, struct text *c)
{
	const char *end;
	uint64_t n;

	if (!number(s, 65535, &n, &end) || *end)
		return false;
	text_addf(c, "%" PRIu64, n);
	return true;
}

static bool parse_port(const char *s, struct text *c)
{
	struct text t = { 0 };

	if (!parse_port0(s, &t) || str_eq(t.s, "0"))
		return false;
	text_add(c, t.s);
	return true;
}

static bool parse_string(const char *s, struct text *c)
{
	text_add(c, str_c_quote(s));
	return true;
}

/* The address as the initialiser of a struct mir_ipaddr; *bits: 32 or 128, 0 for "none". */
static bool address(const char *s, struct text *c, unsigned *bits)
{
	unsigned char b[16];

	*bits = 0;
	if (str_eq(s, "none") || str_eq(s, "*") || str_eq(s, "any")) {
		text_add(c, "{ { 0 } }");
		return true;
	}
	if (inet_pton(AF_INET, s, b) == 1) {
		*bits = 32;
		text_addf(c, "{ { [10] = 0xff, 0xff, %u, %u, %u, %u } }", b[0], b[1], b[2], b[3]);
		return true;
	}
	if (inet_pton(AF_INET6, s, b) != 1)
		return false;
	*bits = 128;
	text_add(c, "{ { ");
	for (int i = 0; i < 16; i++)
		text_addf(c, "%s0x%02x", i ? ", " : "", b[i]);
	text_add(c, " } }");
	return true;
}

static bool parse_ip(const char *s, struct text *c)
{
	unsigned bits;

	return address(s, c, &bits);
}

static bool parse_cidr(const char *s, struct text *c)
{
	const char *slash = strchr(s, '/'), *end;
	struct text t = { 0 };
	unsigned bits;
	uint64_t len;

	if (str_eq(s, "none")) {
		text_add(c, "{ { { 0 } }, 0 }");
		return true;
	}
	if (!slash || !address(mem_strn(s, (size_t)(slash - s)), &t, &bits))
		return false;
	if (!number(slash + 1, bits, &len, &end) || *end || !bits)
		return false;
	text_addf(c, "{ %s, %" PRIu64 " }", t.s, len);
	return true;
}

static bool parse_duration(const char *s, struct text *c)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
		{ "", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 } };
	const char *end;
	uint64_t n;

	if (!number(s, INT64_MAX, &n, &end))
		return false;
	for (size_t i = 0; i < MIR_COUNT(units); i++) {
		if (!str_eq(end, units[i].name) || n > INT64_MAX / units[i].ns)
			continue;
		text_addf(c, "%" PRIu64, n * units[i].ns);
		return true;
	}
	return false;
}

static const struct type types[] = {
	{ "bool", "bool ", "BOOL", "true or false", parse_bool },
	{ "int", "int64_t ", "INT", "a whole number, as 42, -1 or 0x2a", parse_int },
	{ "size", "uint64_t ", "SIZE", "a number of bytes, as 4096, 64k, 16M or 1G", parse_size },
	{ "port", "uint16_t ", "PORT", "a port number from 1 to 65535", parse_port },
	{ "port0", "uint16_t ", "PORT", "a port number from 0 to 65535", parse_port0 },
	{ "string", "const char *", "STRING", "a text", parse_string },
	{ "ip", "struct mir_ipaddr ", "IP", "an IP address as 10.0.0.1, or none", parse_ip },
	{ "cidr", "struct mir_cidr ", "CIDR",
	    "an IP address with the length of its prefix, as 10.0.0.2/24, or none", parse_cidr },
	{ "duration", "int64_t ", "DURATION", "a time, as 500ms, 10s, 2m or 1h", parse_duration },
	{ "choice", "const char *", "CHOICE", "one of the choices", parse_string },
};

static const struct type *find(const char *name)
{
	if (str_starts(name, "choice("))
		name = "choice";
	for (size_t i = 0; i < MIR_COUNT(types); i++)
		if (str_eq(types[i].name, name))
			return &types[i];
	return &types[5];
}

char *value_choices(const char *type)
{
	size_t n = strlen(type), skip = strlen("choice(");

	if (!str_starts(type, "choice(") || type[n - 1] != ')' || n < skip + 2)
		return NULL;
	return mem_strn(type + skip, n - skip - 1);
}

bool value_type(const char *type)
{
	if (str_starts(type, "choice"))
		return value_choices(type) != NULL;
	return str_eq(find(type)->name, type);
}

/* [SOURCE:]LEVEL,... as run/log.c reads it. */
static bool is_logs(const char *text)
{
	struct list items = { 0 }, levels = { 0 };
	size_t commas = 0;

	for (const char *p = text; *p; p++)
		commas += *p == ',';
	list_split(&levels, "quiet,app,error,warning,info,debug", ',');
	list_split(&items, text, ',');
	for (size_t i = 0; i < items.n; i++) {
		const char *colon = strchr(items.v[i], ':');
		size_t source = colon ? (size_t)(colon - items.v[i]) : 1;

		if (!list_has(&levels, colon ? colon + 1 : items.v[i]) || !source || source > 23)
			return false;
	}
	return items.n == commas + 1 && items.n <= 16 && !strchr(text, ' ');
}

const char *value_check(const char *type, const char *text)
{
	char *choices = value_choices(type);
	struct list all = { 0 };
	struct text ignored = { 0 };

	if (str_eq(type, "logs"))
		return is_logs(text) ? NULL
				     : "[SOURCE:]LEVEL,... with the levels quiet, app, error, "
				       "warning, info and debug";
	if (choices) {
		list_split(&all, choices, '|');
		return list_has(&all, text) ? NULL : mem_fmt("one of %s", list_join(&all, ", "));
	}
	return find(type)->parse(text, &ignored) ? NULL : find(type)->expected;
}

const char *value_c_type(const char *type)
{
	return find(type)->c;
}

const char *value_arg(const char *type)
{
	return find(type)->arg;
}

char *value_c(const char *type, const char *text)
{
	struct text t = { 0 };

	if (!find(type)->parse(text, &t))
		return mem_str("0");
	return mem_str(text_str(&t));
}
