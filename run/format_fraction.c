/* format_fraction.c: %f, for images that have it in a format. */
#include <mir/format.h>

#include "fields.h"

enum { PLACES = 9 };

static void put_float(struct mir_format_out *o, struct mir_format_spec *s, double v)
{
	static const uint32_t powers[PLACES + 1] = { 1, 10, 100, 1000, 10000, 100000, 1000000,
		10000000, 100000000, 1000000000 };
	int places = s->precision < 0 ? 6 : MIR_MIN(s->precision, (int)PLACES);
	char text[MIR_FORMAT_DIGITS], *end = text + sizeof(text), *first;
	bool negative = mir_sign_bit(v), infinite;
	const char *prefix = mir_format_sign(s, negative);
	uint64_t whole, rest;
	double part;

	v = negative ? -v : v;
	infinite = !(v < 9223372036854775808.0);
	if (infinite) {
		s->zero = false;
		mir_format_field(o, s, prefix, v == v ? "inf" : "nan", 3, 0);
		return;
	}
	whole = (uint64_t)v;
	part = (v - (double)whole) * powers[places];
	rest = (uint64_t)part;
	if (part - (double)rest > 0.5 ||
	    (part - (double)rest == 0.5 && ((places ? rest : whole) & 1)))
		rest++;
	if (rest >= powers[places]) {
		whole += rest > 0;
		rest = places ? rest - powers[places] : 0;
	}
	first = end;
	if (places > 0) {
		first = mir_format_digits(end, rest + powers[places], 10, false);
		*first = '.';
	}
	first = mir_format_digits(first, whole, 10, false);
	mir_format_field(o, s, prefix, first, (int)(end - first), 0);
}

void mir_format_fractions(void)
{
	mir_format_fraction = put_float;
}
