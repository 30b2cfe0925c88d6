/* args_value.c: the text of one value, by type. */
#include <mir/args.h>
#include <mir/err.h>

#include "args.h"

static int parse_bool(const char *choices, const char *text, void *value)
{
	bool *out = value;
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

	(void)choices;
	for (unsigned i = 0; i < MIR_COUNT(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*out = i & 1;
			return 0;
		}
	}
	return MIR_EINVAL;
}

const struct mir_arg_type mir_arg_bool = { parse_bool, "true or false", "BOOL" };

/* Digits of base 10, or 16 after "0x"; *text moves past them. */
static int parse_digits(const char **text, uint64_t *out)
{
	const char *p = *text;
	unsigned base = 10;
	uint64_t v = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	*text = p;
	for (;; p++) {
		unsigned digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned)(*p - '0');
		else if (base == 16 && ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f'))
			digit = (unsigned)((*p | 0x20) - 'a') + 10;
		else
			break;
		if (v > (UINT64_MAX - digit) / base)
			return MIR_ERANGE;
		v = v * base + digit;
	}
	if (p == *text)
		return MIR_EINVAL;
	*text = p;
	*out = v;
	return 0;
}

static int parse_int(const char *choices, const char *text, void *value)
{
	int64_t *out = value;
	bool minus = *text == '-';
	uint64_t v;

	(void)choices;
	text += minus;
	if (parse_digits(&text, &v) < 0 || *text != '\0' || v > (uint64_t)INT64_MAX + minus)
		return MIR_EINVAL;
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

const struct mir_arg_type mir_arg_int = { parse_int, "a whole number", "N" };

static int parse_size(const char *choices, const char *text, void *value)
{
	uint64_t *out = value;
	static const char units[] = "kmgt";
	uint64_t v;
	unsigned shift = 0;

	(void)choices;
	if (parse_digits(&text, &v) < 0)
		return MIR_EINVAL;
	if (*text != '\0') {
		const char *unit = strchr(units, *text | 0x20);

		if (!unit || *unit == '\0' || text[1] != '\0')
			return MIR_EINVAL;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (v > UINT64_MAX >> shift)
		return MIR_EINVAL;
	*out = v << shift;
	return 0;
}

const struct mir_arg_type mir_arg_size = { parse_size,
	"a size in bytes, such as 65536, 64k, 16M or 1G", "SIZE" };

static int parse_port(const char *choices, const char *text, void *value)
{
	uint16_t *out = value;
	uint64_t v;

	(void)choices;
	if (parse_digits(&text, &v) < 0 || *text != '\0' || v > UINT16_MAX)
		return MIR_EINVAL;
	*out = (uint16_t)v;
	return 0;
}

const struct mir_arg_type mir_arg_port = { parse_port, "a port, 0 to 65535", "PORT" };

static int parse_unit(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "", 1000000000 }, { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 },
		{ "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 } };

	for (unsigned i = 0; i < MIR_COUNT(units); i++) {
		if (strcmp(text, units[i].name) == 0) {
			*ns = units[i].ns;
			return 0;
		}
	}
	return MIR_EINVAL;
}

/* "10s", "1.5s", "250ms": up to nine decimals. */
static int parse_duration(const char *choices, const char *text, void *value)
{
	int64_t *out = value;
	uint64_t whole, unit, decimals = 0, scale = 1;

	(void)choices;
	if (parse_digits(&text, &whole) < 0)
		return MIR_EINVAL;
	if (*text == '.') {
		text++;
		if (*text < '0' || *text > '9')
			return MIR_EINVAL;
		for (; *text >= '0' && *text <= '9'; text++) {
			if (scale == 1000000000)
				return MIR_EINVAL;
			decimals = decimals * 10 + (uint64_t)(*text - '0');
			scale *= 10;
		}
	}
	if (parse_unit(text, &unit) < 0 || whole >= INT64_MAX / unit)
		return MIR_EINVAL;
	/* unit / 1000 < 2^32 and decimals < 2^30; units under 1000 ns need no more places */
	if (unit >= 1000)
		*out = (int64_t)(whole * unit + decimals * (unit / 1000) / scale * 1000 +
				 decimals * (unit / 1000) % scale * 1000 / scale);
	else
		*out = (int64_t)(whole * unit + decimals * unit / scale);
	return 0;
}

const struct mir_arg_type mir_arg_duration = { parse_duration,
	"a duration such as 5ms, 10s, 2m or 1h", "TIME" };

static int parse_ip(const char *choices, const char *text, void *value)
{
	struct mir_ipaddr *out = value;
	int rc;

	(void)choices;
	if (strcmp(text, "none") == 0 || strcmp(text, "*") == 0) {
		*out = MIR_IPADDR_ANY;
		return 0;
	}
	rc = mir_ipaddr_parse(text, out);
	if (rc == 0 && mir_ipaddr_is4(out) && mir_ip4_of(out) == 0)
		*out = MIR_IPADDR_ANY;
	return rc;
}

const struct mir_arg_type mir_arg_ip = { parse_ip, "an address such as 10.0.0.1, or none", "IP" };

static int parse_cidr(const char *choices, const char *text, void *value)
{
	struct mir_cidr *out = value;

	(void)choices;
	if (strcmp(text, "none") == 0) {
		*out = (struct mir_cidr){ .len = 0 };
		return 0;
	}
	return mir_cidr_parse(text, out);
}

const struct mir_arg_type mir_arg_cidr = { parse_cidr,
	"an address and prefix length such as 10.0.0.2/24, or none", "CIDR" };

static int parse_choice(const char *choices, const char *text, void *value)
{
	const char **out = value;
	size_t n = strlen(text);

	for (const char *p = choices ? choices : ""; *p;) {
		size_t len = strcspn(p, "|");

		if (len == n && memcmp(p, text, n) == 0) {
			*out = text;
			return 0;
		}
		p += len + (p[len] == '|');
	}
	return MIR_EINVAL;
}

const struct mir_arg_type mir_arg_choice = { parse_choice, "a choice that there is", NULL };

static int parse_string(const char *choices, const char *text, void *value)
{
	const char **out = value;

	(void)choices;
	*out = text;
	return 0;
}

const struct mir_arg_type mir_arg_string = { parse_string, "a text", "TEXT" };

/* There is no value: what is wrong is said by who parses (args.c). */
static int parse_logs(const char *choices, const char *text, void *value)
{
	(void)choices;
	(void)text;
	(void)value;
	return MIR_EINVAL;
}

const struct mir_arg_type mir_arg_logs = { parse_logs, "log levels, [SOURCE:]LEVEL,...", "LEVELS" };
