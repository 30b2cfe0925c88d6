/* Log lines: levels, escapes, the limit. */
#include <mir/err.h>
#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/test.h>
#include <string.h>

static struct mir_log_source one = { .name = "one", .level = -1 };
static struct mir_log_source two = { .name = "two", .level = -1 };

static char last[2 * MIR_LOG_LINE];
static unsigned lines;

static void sink(void *arg, const char *text, size_t len)
{
	(void)arg;
	lines++;
	memcpy(last, text, len);
	last[len] = '\0';
}

static void begin(void)
{
	lines = 0;
	last[0] = '\0';
	mir_log_sink(sink, NULL);
}

static void form(void)
{
	begin();
	mir_log_to(&one, MIR_WARNING, "%s: %d", "x", 5);
	ok(strcmp(last, "2026-01-01 00:00:00.000 WRN one: x: 5\n") == 0, "%s", last);
	mir_sleep(MIR_SECOND(86400 * (int64_t)59) + MIR_MS(123));
	mir_log_to(&one, MIR_APP, "y");
	ok(strcmp(last, "2026-03-01 00:00:00.123 APP one: y\n") == 0, "%s", last);
}

static bool escaped(const char *in, const char *want)
{
	mir_log_to(&one, MIR_INFO, "%s", in);
	return strcmp(last + strlen("2026-01-01 00:00:00.000 INF one: "), want) == 0;
}

static void escapes(void)
{
	begin();
	ok(escaped("a\nb\r\tc", "a\\nb\\r\\tc\n"), "%s", last);
	ok(escaped("\033[31m\177", "\\x1b[31m\\x7f\n"), "%s", last);
	ok(escaped("gr\303\274n \342\202\254 \360\237\230\200",
	       "gr\303\274n \342\202\254 \360\237\230\200\n"),
	    "UTF-8 stays");
	ok(escaped("\302\205 \377 \303", "\\xc2\\x85 \\xff \\xc3\n"), "C1 and broken: %s", last);
	ok(escaped("\340\200\257 \355\240\200 \364\220\200\200",
	       "\\xe0\\x80\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80\n"),
	    "overlong, surrogate, too large: %s", last);
}

static void long_lines(void)
{
	char text[3000];

	begin();
	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	mir_log_to(&one, MIR_INFO, "%s", text);
	ok(strlen(last) <= MIR_LOG_LINE && last[strlen(last) - 1] == '\n', "cut, and ended");
	ok(strchr(last, '\n') == last + strlen(last) - 1, "one line");
}

static void levels(void)
{
	const char *bad = NULL;

	begin();
	mir_log_to(&one, MIR_DEBUG, "x");
	ok(lines == 0, "debug is off at first");
	ok(mir_log_levels("error,two:debug", &bad) == 0, "levels set");
	mir_log_to(&one, MIR_WARNING, "x");
	ok(lines == 0, "a source that has logged before");
	mir_log_to(&two, MIR_DEBUG, "x");
	mir_log_to(&one, MIR_ERROR, "x");
	ok(lines == 2, "by source");
	ok(mir_log_levels("quiet", &bad) == 0 && !mir_log_wants(&two, MIR_APP),
	    "the last one counts");
	ok(mir_log_levels("info,two:loud", &bad) == MIR_EINVAL && strcmp(bad, "two:loud") == 0,
	    "bad");
	ok(!mir_log_wants(&one, MIR_INFO), "and nothing of it is set");
	ok(mir_log_levels("", &bad) == MIR_EINVAL && mir_log_levels(":info", &bad) == MIR_EINVAL &&
		mir_log_levels("info,", &bad) == MIR_EINVAL,
	    "empty");
	for (int i = 0; i < 100; i++)
		mir_log_levels("one:info", &bad);
	ok(mir_log_levels("one:info", &bad) == MIR_EINVAL, "the table of levels has an end");
}

static void limit(void)
{
	begin();
	for (int i = 0; i < 1000; i++)
		mir_log_to(&one, MIR_INFO, "%d", i);
	ok(lines == MIR_LOG_BURST, "a second's lines: %u", lines);
	mir_log_to(&two, MIR_INFO, "x");
	ok(lines == MIR_LOG_BURST + 1, "another source is not hurt");
	mir_sleep(MIR_MS(1500));
	lines = 0;
	mir_log_to(&one, MIR_INFO, "after");
	ok(lines == 2 && one.suppressed == 0, "what was left out is told once");
}

int main(void)
{
	RUN(form);
	RUN(escapes);
	RUN(long_lines);
	RUN(levels);
	RUN(limit);
	return mir_test_end();
}
