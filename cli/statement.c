/* statement.c: split a file into `key: value` statements, and values into words. */
#include <ctype.h>
#include <string.h>

#include "statement.h"

struct line {
	const char *file;
	const char *source; /* the line, ended by a zero byte */
	size_t len;
	int number;
};

static struct place place(const struct line *l, size_t from, size_t to)
{
	return (struct place){ .file = l->file,
		.line = l->number,
		.column = (int)from + 1,
		.width = to > from ? (int)(to - from) : 1,
		.source = l->source };
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Where the comment starts, or the end.  A quote that is not closed: *open is where it opens. */
static size_t find_comment(const struct line *l, size_t from, size_t *open)
{
	bool quoted = false;
	size_t i;

	for (i = from; i < l->len; i++) {
		char c = l->source[i];

		if (quoted && c == '\\' && i + 1 < l->len)
			i++;
		else if (c == '"' && (quoted || i == from || blank(l->source[i - 1]) ||
					 l->source[i - 1] == ',')) {
			quoted = !quoted;
			*open = i;
		} else if (c == '#' && !quoted && (i == 0 || blank(l->source[i - 1])))
			break;
	}
	if (!quoted)
		*open = l->len;
	return i;
}

static void trim(const struct line *l, size_t *from, size_t *to)
{
	while (*from < *to && blank(l->source[*from]))
		++*from;
	while (*to > *from && blank(l->source[*to - 1]))
		--*to;
}

static bool no_colon(const struct line *l, size_t from, size_t to)
{
	struct place at = place(l, from, to);

	diag_error(&at, "a line without ':'");
	diag_found("'%.*s'", (int)(to - from < 60 ? to - from : 60), l->source + from);
	diag_expected("KEY: VALUE, or # and a comment");
	return false;
}

static bool bad_key(const struct line *l, size_t from, size_t to, bool spaced)
{
	struct place at = place(l, from, to);

	if (from == to) {
		diag_error(&at, "nothing before ':'");
		diag_expected("KEY: VALUE");
		return true;
	}
	for (size_t i = from; i < to && !spaced; i++) {
		if (blank(l->source[i])) {
			at = place(l, i, i + 1);
			diag_error(&at, "a blank inside a key");
			diag_found(
			    "'%.*s'", (int)(to - from < 60 ? to - from : 60), l->source + from);
			diag_expected("KEY: VALUE");
			return true;
		}
	}
	return false;
}

/* Add the statement of a line, if there is one; false after an error. */
static bool parse_line(const struct line *l, struct statements *out)
{
	size_t from = 0, colon, value, open, to;
	struct place at;
	const char *p;

	while (from < l->len && blank(l->source[from]))
		from++;
	if (from == l->len || l->source[from] == '#')
		return true;
	p = memchr(l->source + from, ':', l->len - from);
	if (!p) {
		to = find_comment(l, from, &open);
		trim(l, &from, &to);
		return no_colon(l, from, to);
	}
	colon = to = (size_t)(p - l->source);
	trim(l, &from, &to);
	if (bad_key(l, from, to, out->spaced))
		return false;
	out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
	out->v[out->n].key = mem_strn(l->source + from, to - from);
	out->v[out->n].at_key = place(l, from, to);
	value = colon + 1;
	while (value < l->len && blank(l->source[value]))
		value++;
	to = find_comment(l, value, &open);
	if (open < l->len) {
		at = place(l, open, l->len);
		diag_error(&at, "a quote that is not closed");
		diag_expected("\" at the end; \\\" is a quote inside quotes");
		return false;
	}
	trim(l, &value, &to);
	out->v[out->n].value = mem_strn(l->source + value, to - value);
	out->v[out->n].at_value = place(l, value, to);
	out->n++;
	return true;
}

/* What no text file contains; true after an error. */
static bool bad_bytes(const char *file, const char *data, size_t len)
{
	struct place at = { .file = file, .line = 1, .column = 1 };
	size_t start = 0;

	if (len >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0)) {
		diag_error(&at, "the file is UTF-16");
		diag_expected("UTF-8 or plain ASCII text");
		return true;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\n') {
			at.line++;
			start = i + 1;
		} else if ((c < 32 && c != '\t' && c != '\r') || c == 127) {
			at.column = (int)(i - start) + 1;
			diag_error(&at, "a byte that no text contains");
			diag_found("byte 0x%02x", c);
			diag_expected("UTF-8 or plain ASCII text");
			return true;
		} else if (i - start >= STATEMENT_LINE_MAX) {
			at.column = (int)(i - start) + 1;
			diag_error(&at, "a line of more than %d bytes", STATEMENT_LINE_MAX);
			return true;
		}
	}
	return false;
}

unsigned statements_parse(const char *file, const char *data, size_t len, struct statements *out)
{
	const char *end = data + len;
	unsigned errors = 0;
	struct line l = { .file = file };

	if (bad_bytes(file, data, len))
		return 1;
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		data += 3;
	while (data < end) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		const char *stop = newline ? newline : end;

		l.number++;
		l.len = (size_t)(stop - data);
		if (l.len && data[l.len - 1] == '\r')
			l.len--;
		l.source = mem_strn(data, l.len);
		if (out->n == STATEMENTS_MAX) {
			struct place at = place(&l, 0, 1);

			diag_error(&at, "more than %d statements in one file", STATEMENTS_MAX);
			return errors + 1;
		}
		errors += !parse_line(&l, out);
		data = newline ? newline + 1 : end;
	}
	return errors;
}

/* Take one word at s[i..], resolving quotes; `stop` ends an unquoted one (0: any blank). */
static size_t take_word(const struct statement *st, size_t i, char stop, struct words *out)
{
	const char *s = st->value;
	struct text t = { 0 };
	size_t from = i;
	struct place at = st->at_value;

	text_addn(&t, "", 0);
	if (s[i] == '"') {
		for (i++; s[i] && s[i] != '"'; i++) {
			if (s[i] == '\\' && s[i + 1])
				i++;
			text_addc(&t, s[i]);
		}
		i += s[i] == '"';
	}
	/* What follows a closing quote directly belongs to the word. */
	while (s[i] && (stop ? s[i] != stop : !blank(s[i])))
		text_addc(&t, s[i++]);
	at.column += (int)from;
	at.width = (int)(i - from);
	out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
	out->v[out->n++] = (struct word){ stop ? str_trim(t.s) : t.s, at };
	return i;
}

void statement_words(const struct statement *st, struct words *out)
{
	for (size_t i = 0; st->value[i];)
		if (blank(st->value[i]))
			i++;
		else
			i = take_word(st, i, '\0', out);
}

void statement_items(const struct statement *st, struct words *out)
{
	for (size_t i = 0; st->value[i];)
		if (blank(st->value[i]) || st->value[i] == ',')
			i++;
		else
			i = take_word(st, i, ',', out);
}

char *statement_value(const struct statement *st)
{
	struct words w = { 0 };

	if (st->value[0] != '"')
		return st->value;
	statement_words(st, &w);
	return w.n == 1 ? w.v[0].s : st->value;
}

const char *words_at(const struct words *w, size_t i)
{
	return i < w->n ? w->v[i].s : NULL;
}
