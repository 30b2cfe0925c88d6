/* diag.c: errors and warnings for people. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"

static FILE *stream;
static bool redirected, coloured;
static unsigned errors;

bool diag_colour(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && strcmp(term, "dumb") != 0 && isatty(fileno(f));
}

void diag_redirect(FILE *f)
{
	stream = f;
	redirected = true;
	coloured = false;
}

static FILE *out(void)
{
	if (!stream && !redirected) {
		stream = stderr;
		coloured = diag_colour(stderr);
	}
	return stream;
}

static const char *colour(const char *code)
{
	return coloured ? code : "";
}

/* How many characters n bytes of UTF-8 are. */
static int columns(const char *s, size_t n)
{
	int count = 0;

	for (size_t i = 0; i < n; i++)
		count += (s[i] & 0xc0) != 0x80;
	return count;
}

/* The line of the source and a mark under the place.  Long lines are cut around it. */
static void print_source(FILE *f, const struct place *at)
{
	enum { SHOWN = 90 };
	size_t len = strlen(at->source), from = 0;
	size_t column = at->column > 0 ? (size_t)at->column - 1 : 0;
	size_t mark = at->width > 1 ? (size_t)at->width : 1;

	if (column > len)
		column = len;
	if (column > SHOWN * 2 / 3)
		from = column - SHOWN / 2;
	if (len > from + SHOWN)
		len = from + SHOWN;
	if (mark > len - column)
		mark = len - column;
	while (from && (at->source[from] & 0xc0) == 0x80)
		from--;
	fprintf(f, "%5d | ", at->line);
	for (size_t i = from; i < len; i++)
		fputc((unsigned char)at->source[i] < 32 ? ' ' : at->source[i], f);
	fprintf(f, "\n      | %*s%s^", columns(at->source + from, column - from), "",
	    colour("\033[32m"));
	for (int i = columns(at->source + column, mark); i > 1; i--)
		fputc('~', f);
	fprintf(f, "%s\n", colour("\033[0m"));
}

static void report(
    const struct place *at, const char *kind, const char *code, const char *fmt, va_list ap)
{
	FILE *f = out();

	if (!f)
		return;
	fputs(colour("\033[1m"), f);
	if (!at || !at->file)
		fputs("mirage: ", f);
	else if (at->line && at->column)
		fprintf(f, "%s:%d:%d: ", at->file, at->line, at->column);
	else if (at->line)
		fprintf(f, "%s:%d: ", at->file, at->line);
	else
		fprintf(f, "%s: ", at->file);
	fprintf(f, "%s%s%s ", colour(code), kind, colour("\033[0;1m"));
	vfprintf(f, fmt, ap);
	fprintf(f, "%s\n", colour("\033[0m"));
	if (at && at->line && at->source)
		print_source(f, at);
}

void diag_error(const struct place *at, const char *fmt, ...)
{
	va_list ap;

	errors++;
	va_start(ap, fmt);
	report(at, "error:", "\033[31m", fmt, ap);
	va_end(ap);
}

void diag_warning(const struct place *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(at, "warning:", "\033[35m", fmt, ap);
	va_end(ap);
}

static void line(const char *label, const char *fmt, va_list ap)
{
	FILE *f = out();

	if (!f)
		return;
	fprintf(f, "  %s", label);
	vfprintf(f, fmt, ap);
	fputc('\n', f);
}

void diag_info(const char *fmt, ...)
{
	FILE *f = out();
	va_list ap;

	if (!f)
		return;
	va_start(ap, fmt);
	fputs("mirage: ", f);
	vfprintf(f, fmt, ap);
	fputc('\n', f);
	va_end(ap);
}

void diag_found(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("found:    ", fmt, ap);
	va_end(ap);
}

void diag_expected(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("expected: ", fmt, ap);
	va_end(ap);
}

void diag_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("", fmt, ap);
	va_end(ap);
}

const char *diag_nearest(const char *word, const struct list *candidates)
{
	size_t len = strlen(word);
	unsigned limit;
	const char *best = NULL;

	/* The dashes of an option are no likeness. */
	len -= strspn(word, "-");
	limit = len <= 3 ? 1 : len <= 6 ? 2 : 3;
	for (size_t i = 0; i < candidates->n; i++) {
		unsigned d = str_distance(word, candidates->v[i]);

		if (d <= limit && d < strlen(candidates->v[i]) && (!best || d < limit)) {
			best = candidates->v[i];
			limit = d;
		}
	}
	return best;
}

void diag_suggest(const char *word, const struct list *candidates)
{
	const char *best = diag_nearest(word, candidates);

	if (best)
		diag_note("did you mean '%s'?", best);
}

unsigned diag_errors(void)
{
	return errors;
}
