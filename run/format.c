/* format.c: text from a format. */
#include <limits.h>
#include <mir/format.h>
#include <string.h>

#include "fields.h"

void (*mir_format_fraction)(struct mir_format_out *, struct mir_format_spec *, double);

static void put(struct mir_format_out *o, char c, int times)
{
	for (; times > 0; times--, o->n++) {
		if (o->n < o->cap)
			o->buf[o->n] = c;
	}
}

static void put_text(struct mir_format_out *o, const char *text, int len)
{
	for (int i = 0; i < len; i++)
		put(o, text[i], 1);
}

void mir_format_field(struct mir_format_out *o, const struct mir_format_spec *s, const char *prefix,
    const char *text, int len, int zeros)
{
	int prefix_len = (int)strlen(prefix), fill = s->width - prefix_len - zeros - len;

	if (!s->left && !s->zero)
		put(o, ' ', fill);
	put_text(o, prefix, prefix_len);
	put(o, '0', zeros + (!s->left && s->zero ? MIR_MAX(fill, 0) : 0));
	put_text(o, text, len);
	if (s->left)
		put(o, ' ', fill);
}

const char *mir_format_sign(const struct mir_format_spec *s, bool negative)
{
	return negative ? "-" : s->plus ? "+" : s->blank ? " " : "";
}

char *mir_format_digits(char *end, uint64_t v, unsigned base, bool upper)
{
	do {
		unsigned d = (unsigned)(v % base);

		*--end = (char)(d < 10 ? '0' + d : (upper ? 'A' : 'a') + d - 10);
		v /= base;
	} while (v);
	return end;
}

static void put_number(struct mir_format_out *o, struct mir_format_spec *s, char kind, uint64_t v)
{
	char text[MIR_FORMAT_DIGITS], *end = text + sizeof(text), *first;
	unsigned base = kind == 'o' ? 8 : kind == 'x' || kind == 'X' || kind == 'p' ? 16 : 10;
	const char *prefix = "";
	int len;

	s->zero &= s->precision < 0;
	if (kind == 'd') {
		prefix = mir_format_sign(s, (int64_t)v < 0);
		v = (int64_t)v < 0 ? -v : v;
	}
	first = v == 0 && s->precision == 0 ? end : mir_format_digits(end, v, base, kind == 'X');
	len = (int)(end - first);
	if (base == 16 && v != 0 && s->alternate)
		prefix = kind == 'X' ? "0X" : "0x";
	if (base == 8 && s->alternate && s->precision <= len && (len == 0 || *first != '0'))
		s->precision = len + 1;
	mir_format_field(o, s, prefix, first, len, MIR_MAX(s->precision - len, 0));
}

/* A number, or * for an argument; *p moves past it. */
static int number(const char **p, va_list *args)
{
	int v = 0;

	if (**p == '*') {
		(*p)++;
		return va_arg(*args, int);
	}
	while (**p >= '0' && **p <= '9')
		v = v * 10 + *(*p)++ - '0';
	return v;
}

static void parse_flags(const char **p, struct mir_format_spec *s)
{
	for (;; (*p)++) {
		switch (**p) {
		case '-': s->left = true; break;
		case '0': s->zero = true; break;
		case '+': s->plus = true; break;
		case ' ': s->blank = true; break;
		case '#': s->alternate = true; break;
		default: return;
		}
	}
}

static void parse_size(const char **p, struct mir_format_spec *s)
{
	s->size = sizeof(int);
	for (;; (*p)++) {
		switch (**p) {
		case 'h': s->size /= 2; break;
		case 'l':
		case 'z':
		case 'j':
		case 't': s->size = sizeof(int64_t); break;
		default: return;
		}
	}
}

static uint64_t integer(const struct mir_format_spec *s, bool is_signed, va_list *args)
{
	unsigned unused = 64 - 8 * (unsigned)s->size;
	uint64_t v = s->size == sizeof(int64_t) ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);

	return is_signed ? (uint64_t)((int64_t)(v << unused) >> unused) : v << unused >> unused;
}

static void put_string(struct mir_format_out *o, struct mir_format_spec *s, const char *text)
{
	const char *p = text ? text : "(null)";
	size_t most = s->precision < 0 ? INT_MAX : (size_t)s->precision;

	s->zero = false;
	mir_format_field(o, s, "", p, (int)strnlen(p, most), 0);
}

/* One conversion, after its %; false: it is none of ours. */
static bool convert(struct mir_format_out *o, const char **p, va_list *args)
{
	struct mir_format_spec s = { .precision = -1 };
	char c;

	parse_flags(p, &s);
	s.width = number(p, args);
	if (s.width < 0) {
		s.left = true;
		s.width = -s.width;
	}
	if (**p == '.') {
		(*p)++;
		s.precision = number(p, args);
	}
	parse_size(p, &s);
	switch (*(*p)++) {
	case 'd':
	case 'i': put_number(o, &s, 'd', integer(&s, true, args)); return true;
	case 'u':
	case 'o':
	case 'x':
	case 'X': put_number(o, &s, (*p)[-1], integer(&s, false, args)); return true;
	case 'p':
		s.alternate = true;
		put_number(o, &s, 'p', (uintptr_t)va_arg(*args, void *));
		return true;
	case 'f':
		if (!mir_format_fraction)
			return false;
		mir_format_fraction(o, &s, va_arg(*args, double));
		return true;
	case 's': put_string(o, &s, va_arg(*args, const char *)); return true;
	case 'c':
		c = (char)va_arg(*args, int);
		s.zero = false;
		mir_format_field(o, &s, "", &c, 1, 0);
		return true;
	case '%': put(o, '%', 1); return true;
	}
	return false;
}

int mir_vformat(char *buf, size_t cap, const char *fmt, va_list given)
{
	struct mir_format_out o = { buf, cap, 0 };
	va_list args;

	va_copy(args, given);
	while (*fmt) {
		const char *at = fmt++;

		if (*at != '%') {
			put(&o, *at, 1);
		} else if (!convert(&o, &fmt, &args)) {
			put_text(&o, at, (int)strlen(at));
			break;
		}
	}
	va_end(args);
	if (cap > 0)
		buf[MIR_MIN(o.n, cap - 1)] = '\0';
	return (int)o.n;
}

int(mir_format)(char *buf, size_t cap, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = mir_vformat(buf, cap, fmt, args);
	va_end(args);
	return n;
}
