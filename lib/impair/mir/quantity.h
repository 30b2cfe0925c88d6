/* quantity.h: how much of something, as scenarios and boot arguments write it. */
#ifndef MIR_QUANTITY_H
#define MIR_QUANTITY_H

#include <mir/cc.h>
#include <mir/err.h>

enum mir_quantity {
	MIR_QUANTITY_TIME,  /* nanoseconds: 10s 5ms 100us 2m 1h; a plain number is seconds */
	MIR_QUANTITY_SHARE, /* of 2^32: 1% 0.1% 50ppm, or 0.01 */
	MIR_QUANTITY_RATE,  /* bits a second: 10Mbit 64kbit 1Gbit; a plain number is bits */
	MIR_QUANTITY_SIZE,  /* bytes: 512 64k 16M 1G */
	MIR_QUANTITY_COUNT, /* a plain whole number */
};

/* Reads the first len characters of text, one value or a range "LOW..HIGH", in which `draw` (any
 * number) chooses.  MIR_EINVAL: it is neither, or over 2^53 in the units above. */
int mir_quantity(enum mir_quantity, const char *text, size_t len, uint64_t draw, int64_t *out);

/* What one looks like: "a time, as 20ms or 1s". */
const char *mir_quantity_expected(enum mir_quantity);

#endif
