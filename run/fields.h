/* fields.h: what the files of the formatter know of each other. */
#ifndef MIR_FIELDS_H
#define MIR_FIELDS_H

#include <mir/cc.h>

struct mir_format_out {
	char *buf;
	size_t cap, n; /* n goes on beyond cap */
};

struct mir_format_spec {
	bool left, zero, plus, blank, alternate;
	int width, precision; /* precision -1: none given */
	int size;             /* bytes of an integer */
};

enum { MIR_FORMAT_DIGITS = 66 }; /* of any number, in any base */

/* A sign or prefix, then `zeros` zeros, then digits or text, filled up to the width. */
void mir_format_field(struct mir_format_out *, const struct mir_format_spec *, const char *prefix,
    const char *text, int len, int zeros);

/* Digits of v before `end`; the first. */
char *mir_format_digits(char *end, uint64_t v, unsigned base, bool upper);

const char *mir_format_sign(const struct mir_format_spec *, bool negative);

/* %f; NULL until mir_format_fractions. */
extern void (*mir_format_fraction)(struct mir_format_out *, struct mir_format_spec *, double);

#endif
