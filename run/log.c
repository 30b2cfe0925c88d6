/* log.c: log lines, their levels and their limit. */
#include <mir/err.h>
#include <mir/log.h>
#include <mir/target.h>
#include <mir/time.h>
#include <stdarg.h>
#include <mir/format.h>
#include <string.h>

#include "internal.h"

enum { RULES = 32, NAME = 24, STAMP = 32 };

struct rule {
	char source[NAME]; /* empty: all sources */
	int8_t level;
};

static struct {
	struct mir_log_source *sources;
	struct rule rule[RULES];
	unsigned rules;
	void (*sink)(void *arg, const char *text, size_t len);
	void *sink_arg;
} g;

static const char *const level_names[] = { "quiet", "app", "error", "warning", "info", "debug" };
static const char *const level_tags[] = { "QUI", "APP", "ERR", "WRN", "INF", "DBG" };

static int8_t level_of(const char *source)
{
	int8_t level = MIR_INFO;

	for (unsigned i = 0; i < g.rules; i++) {
		if (g.rule[i].source[0] == '\0' || strcmp(g.rule[i].source, source) == 0)
			level = g.rule[i].level;
	}
	return level;
}

bool mir_log_wants(struct mir_log_source *src, enum mir_level level)
{
	if (mir_unlikely(src->level < 0)) {
		src->level = level_of(src->name);
		src->tokens = MIR_LOG_BURST;
		src->refilled = mir_now();
		src->next = g.sources;
		g.sources = src;
	}
	return (int)level <= src->level;
}

/* One item, "[SRC:]LEVEL" of n characters. */
static int parse_item(const char *item, size_t n, struct rule *r)
{
	const char *colon = memchr(item, ':', n);
	const char *level = colon ? colon + 1 : item;
	size_t source_len = colon ? (size_t)(colon - item) : 0;
	size_t level_len = n - (size_t)(level - item);

	if (source_len >= NAME || (colon && source_len == 0))
		return MIR_EINVAL;
	memcpy(r->source, item, source_len);
	r->source[source_len] = '\0';
	if (strcmp(r->source, "*") == 0)
		r->source[0] = '\0';
	for (unsigned i = 0; i < MIR_COUNT(level_names); i++) {
		if (strlen(level_names[i]) == level_len &&
		    memcmp(level_names[i], level, level_len) == 0) {
			r->level = (int8_t)i;
			return 0;
		}
	}
	return MIR_EINVAL;
}

MIR_COLD int mir_log_levels(const char *spec, const char **bad)
{
	struct rule parsed[RULES];
	unsigned n = 0;

	for (const char *p = spec;; p++) {
		const char *comma = strchr(p, ',');
		size_t len = comma ? (size_t)(comma - p) : strlen(p);

		if (g.rules + n == RULES || parse_item(p, len, &parsed[n]) < 0) {
			if (bad)
				*bad = p;
			return MIR_EINVAL;
		}
		n++;
		p += len;
		if (*p == '\0')
			break;
	}
	memcpy(g.rule + g.rules, parsed, n * sizeof(parsed[0]));
	g.rules += n;
	for (struct mir_log_source *s = g.sources; s; s = s->next)
		s->level = level_of(s->name);
	return 0;
}

void mir_log_sink(void (*line)(void *arg, const char *text, size_t len), void *arg)
{
	g.sink = line;
	g.sink_arg = arg;
}

/* "2026-11-21 14:31:07.123" (days to date: Howard Hinnant's civil_from_days). */
static void stamp(int64_t wall_ns, char out[STAMP])
{
	uint64_t ms = (uint64_t)wall_ns / 1000000;
	uint32_t in_day = (uint32_t)(ms % 86400000), second = in_day / 1000;
	uint32_t z = (uint32_t)(ms / 86400000) + 719468, era = z / 146097, doe = z % 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	uint32_t d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;
	uint32_t y = yoe + era * 400 + (m <= 2);

	mir_format(out, STAMP, "%04u-%02u-%02u %02u:%02u:%02u.%03u", y % 10000, m, d, second / 3600,
	    second / 60 % 60, second % 60, in_day % 1000);
}

/* The length of a printable character in UTF-8 at s; 0: escape this byte. */
static size_t printable(const uint8_t *s)
{
	unsigned need, c = s[0];

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	for (unsigned i = 1; i <= need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((c == 0xc2 && s[1] < 0xa0) || (c == 0xe0 && s[1] < 0xa0) ||
	    (c == 0xed && s[1] > 0x9f) || (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
		return 0;
	return need + 1;
}

/* Copies text with whatever is not printable escaped; at most cap bytes.  Returns how many. */
static size_t escape(char *out, size_t cap, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *s = (const uint8_t *)text;
	size_t n = 0;

	while (*s) {
		size_t len = printable(s);
		char code[4] = { '\\', 'x', digits[*s >> 4], digits[*s & 15] };
		const void *from = len ? (const void *)s : code;
		size_t count = len ? len : sizeof(code);

		if (*s == '\n' || *s == '\t' || *s == '\r') {
			code[1] = *s == '\n' ? 'n' : *s == '\t' ? 't' : 'r';
			count = 2;
		}
		if (count > cap - n)
			break;
		memcpy(out + n, from, count);
		n += count;
		s += len ? len : 1;
	}
	return n;
}

void mir_log_text(const char *line, size_t len)
{
	if (g.sink)
		g.sink(g.sink_arg, line, len);
	else
		mir_target_console(line, len);
}

static void write_line(struct mir_log_source *src, enum mir_level level, const char *text)
{
	char line[MIR_LOG_LINE], when[STAMP];
	int n;

	stamp(mir_wall(), when);
	n = mir_format(
	    line, sizeof(line), "%s %s %.*s: ", when, level_tags[level], NAME, src->name);
	n += (int)escape(line + n, sizeof(line) - (size_t)n - 1, text);
	line[n++] = '\n';
	mir_log_text(line, (size_t)n);
}

/* Whether the source may write a line now. */
static bool take_token(struct mir_log_source *src)
{
	int64_t now = mir_now();

	if (now - src->refilled >= MIR_SECOND(1)) {
		src->tokens = MIR_LOG_BURST;
		src->refilled = now;
	}
	if (src->tokens == 0) {
		src->suppressed++;
		return false;
	}
	src->tokens--;
	return true;
}

void mir_log_to(struct mir_log_source *src, enum mir_level level, const char *fmt, ...)
{
	char text[MIR_LOG_LINE];
	va_list args;

	if (!mir_log_wants(src, level) || !take_token(src))
		return;
	if (src->suppressed > 0) {
		mir_format(text, sizeof(text), "%llu lines more were not written",
		    (unsigned long long)src->suppressed);
		src->suppressed = 0;
		write_line(src, MIR_WARNING, text);
	}
	va_start(args, fmt);
	mir_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	write_line(src, level, text);
}

void mir_log_reset(void)
{
	while (g.sources) {
		struct mir_log_source *src = g.sources;

		g.sources = src->next;
		src->level = -1;
		src->suppressed = 0;
	}
	memset(&g, 0, sizeof(g));
}
