/* text.c: growing strings, lists of strings and small helpers on strings. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static void text_room(struct text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 64;
	char *s;

	if (t->s && more < t->cap - t->len)
		return;
	while (cap - t->len <= more)
		cap *= 2;
	s = mem_new(cap);
	if (t->len)
		memcpy(s, t->s, t->len);
	t->s = s;
	t->cap = cap;
}

void text_addn(struct text *t, const char *s, size_t n)
{
	text_room(t, n);
	if (n)
		memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void text_addc(struct text *t, char c)
{
	text_addn(t, &c, 1);
}

void text_addv(struct text *t, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n > 0) {
		text_room(t, (size_t)n);
		vsnprintf(t->s + t->len, (size_t)n + 1, fmt, again);
		t->len += (size_t)n;
	}
	va_end(again);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_addv(t, fmt, ap);
	va_end(ap);
}

const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->s)
		t->s[0] = '\0';
}

static void list_put(struct list *l, char *s)
{
	l->v = mem_grow(l->v, l->n + 1, &l->cap, sizeof *l->v);
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void list_add(struct list *l, const char *s)
{
	list_put(l, mem_str(s));
}

void list_addf(struct list *l, const char *fmt, ...)
{
	struct text t = { 0 };
	va_list ap;

	va_start(ap, fmt);
	text_addv(&t, fmt, ap);
	va_end(ap);
	list_put(l, t.s ? t.s : mem_str(""));
}

bool list_has(const struct list *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

bool list_add_new(struct list *l, const char *s)
{
	if (list_has(l, s))
		return false;
	list_add(l, s);
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void list_sort(struct list *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof *l->v, compare);
}

void list_split(struct list *l, const char *s, char separator)
{
	while (*s) {
		const char *end = strchr(s, separator);
		size_t n = end ? (size_t)(end - s) : strlen(s);
		char *part = str_trim(mem_strn(s, n));

		if (*part)
			list_put(l, part);
		s += n + (end != NULL);
	}
}

char *list_join(const struct list *l, const char *separator)
{
	struct text t = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		text_add(&t, i ? separator : "");
		text_add(&t, l->v[i]);
	}
	return mem_str(text_str(&t));
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

char *str_trim(const char *s)
{
	size_t n;

	while (*s && isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return mem_strn(s, n);
}

char *str_ident(const char *s)
{
	char *id = mem_fmt("%s%s", isdigit((unsigned char)*s) ? "_" : "", s);

	for (char *p = id; *p; p++)
		if (!isalnum((unsigned char)*p) || (unsigned char)*p >= 128)
			*p = '_';
	return id;
}

char *str_c_quote(const char *s)
{
	struct text t = { 0 };

	text_addc(&t, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			text_addf(&t, "\\%c", c);
		else if (c == '\n')
			text_add(&t, "\\n");
		else if (c == '\t')
			text_add(&t, "\\t");
		else if (c < 32 || c == 127)
			text_addf(&t, "\\%03o", c);
		else
			text_addc(&t, (char)c);
	}
	text_addc(&t, '"');
	return t.s;
}

char *str_sh_quote(const char *s)
{
	struct text t = { 0 };

	if (*s && s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789%+,-./:=@_")] == '\0')
		return mem_str(s);
	text_addc(&t, '\'');
	for (; *s; s++)
		if (*s == '\'')
			text_add(&t, "'\\''");
		else
			text_addc(&t, *s);
	text_addc(&t, '\'');
	return t.s;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

unsigned str_distance(const char *a, const char *b)
{
	enum { LONGEST = 64 };
	size_t n = strnlen(a, LONGEST), m = strnlen(b, LONGEST);
	unsigned d[3][LONGEST + 1];

	for (size_t j = 0; j <= m; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = d[i % 3], *above = d[(i + 2) % 3], *twice = d[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned change = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = min3(above[j] + 1, row[j - 1] + 1, change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    twice[j - 2] + 1 < row[j])
				row[j] = twice[j - 2] + 1;
		}
	}
	return d[n % 3][m];
}
