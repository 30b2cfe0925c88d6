/* The formatter, against the host's snprintf. */
#include <limits.h>
#include <mir/format.h>
#include <mir/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned wrong;

static void compare(const char *fmt, ...)
{
	char a[300], b[300];
	va_list args;
	int n, m;

	va_start(args, fmt);
	n = mir_vformat(a, sizeof(a), fmt, args);
	va_end(args);
	va_start(args, fmt);
	m = vsnprintf(b, sizeof(b), fmt, args);
	va_end(args);
	if (n != m || strcmp(a, b) != 0) {
		printf("# '%s': '%s' (%d), not '%s' (%d)\n", fmt, a, n, b, m);
		wrong++;
	}
}

static void texts(void)
{
	wrong = 0;
	compare("plain");
	compare("%s, %10s, %-10s|, %.3s, %.*s, %*s, %-*s|", "a", "b", "c", "defghi", 2, "jkl", 5,
	    "m", 5, "n");
	compare("%c%3c%-3c|%%", 'x', 'y', 'z');
	compare("%s", "");
	compare("%.0s|%5.2s|", "abc", "defg");
	compare("%*s|", -6, "left");
	compare("%p", (void *)compare);
	ok(wrong == 0, "texts");
}

static const char *const flags[] = { "", "-", "0", "+", " ", "#", "-0", "+0", "-+", " 0", "#0",
	"-#", "+ " };
static const char *const widths[] = { "", "1", "5", "12", "25" };
static const char *const precisions[] = { "", ".", ".0", ".1", ".4", ".20" };

static void each(const char *size, const char *kinds, uint64_t v)
{
	char fmt[40];

	for (unsigned i = 0; i < MIR_COUNT(flags) * MIR_COUNT(widths) * MIR_COUNT(precisions);
	     i++) {
		const char *flag = flags[i % MIR_COUNT(flags)];
		const char *width = widths[i / MIR_COUNT(flags) % MIR_COUNT(widths)];
		const char *precision =
		    precisions[i / MIR_COUNT(flags) / MIR_COUNT(widths) % MIR_COUNT(precisions)];

		for (const char *k = kinds; *k; k++) {
			snprintf(
			    fmt, sizeof(fmt), "<%%%s%s%s%s%c>", flag, width, precision, size, *k);
			if (size[0] && size[0] != 'h')
				compare(fmt, v);
			else
				compare(fmt, (unsigned)v);
		}
	}
}

static void numbers(void)
{
	static const uint64_t values[] = { 0, 1, 7, 8, 9, 10, 255, 65535, 65536, 1234567, INT_MAX,
		0x80000000, UINT_MAX, INT64_MAX, 0x8000000000000000, UINT64_MAX, (uint64_t)-5 };
	static const char *const sizes[] = { "", "h", "hh", "l", "ll", "z", "j", "t" };

	wrong = 0;
	for (unsigned i = 0; i < MIR_COUNT(values); i++) {
		for (unsigned j = 0; j < MIR_COUNT(sizes); j++)
			each(sizes[j], "diuxXo", values[i]);
	}
	ok(wrong == 0, "whole numbers");
}

static void floats(void)
{
	static const double values[] = { 0, 0.5, 1.5, 2.5, 1, 0.1, 0.999999, 0.9999999, 99.99, 3.25,
		123456.789, 1e12, 0.000001, 4.75, 1.0 / 3, 9007199254740993.0 };
	static const char *const formats[] = { "%f", "%.0f", "%.1f", "%.2f", "%.3f", "%8.2f",
		"%-8.1f|", "%08.2f", "%+.1f", "% .4f" };

	wrong = 0;
	for (unsigned i = 0; i < MIR_COUNT(values); i++) {
		for (unsigned j = 0; j < MIR_COUNT(formats); j++) {
			compare(formats[j], values[i]);
			compare(formats[j], -values[i]);
		}
	}
	compare("%f %f %5f", 1.0 / 0.0, -1.0 / 0.0, __builtin_inf());
	for (unsigned i = 0; i < 20000; i++) {
		double v = (double)rand() / 1000.0 + (double)rand() / 1e9;

		compare("%.3f", v);
	}
	ok(wrong == 0, "fractions");
}

static void limits(void)
{
	char buf[8];
	int n;

	memset(buf, 'x', sizeof(buf));
	ok(mir_format(buf, 0, "%s", "abc") == 3 && buf[0] == 'x', "no room");
	ok(mir_format(buf, 1, "%s", "abc") == 3 && buf[0] == '\0' && buf[1] == 'x', "for the NUL");
	n = mir_format(buf, 4, "%d-%d", 12, 345);
	ok(n == 6 && strcmp(buf, "12-") == 0 && buf[4] == 'x', "cut");
	ok(mir_format(NULL, 0, "%100d", 1) == 100, "measured");
}

static void others(void)
{
	char buf[20];
	/* What the compiler would warn of. */
	const char *volatile fmt = "%d%y %d";

	mir_format(buf, sizeof(buf), fmt, 1, 2);
	ok(strcmp(buf, "1%y %d") == 0, "an unknown conversion ends it");
	fmt = "%s|%";
	mir_format(buf, sizeof(buf), fmt, (char *)NULL);
	ok(strcmp(buf, "(null)|%") == 0, "no text, no conversion");
}

int main(void)
{
	mir_format_fractions();
	RUN_PLAIN(texts);
	RUN_PLAIN(numbers);
	RUN_PLAIN(floats);
	RUN_PLAIN(limits);
	RUN_PLAIN(others);
	return mir_test_end();
}
