/* format.h: text from a format, as snprintf makes it, in a tenth of its size: the C library's
 * brings floating-point numbers of any kind with it.
 *
 *     %d %i %u %x %X %o %c %s %p %%   with the flags - 0 + blank #, width, precision (both may be
 *                                     *), and hh h l ll z j t
 *     %f                              at most 9 places; from 2^63 on as "inf"
 *
 * Any other conversion is copied as it stands, and ends the formatting; so does %f in images that
 * have no format with it (<mir/fraction.h>).
 */
#ifndef MIR_FORMAT_H
#define MIR_FORMAT_H

#include <mir/cc.h>
#include <mir/fraction.h>
#include <stdarg.h>

/* At most cap - 1 bytes and a NUL into buf (cap 0: nothing); returns how many bytes the whole text
 * has. */
int mir_format(char *buf, size_t cap, const char *fmt, ...) MIR_PRINTF(3, 4);
int mir_vformat(char *buf, size_t cap, const char *fmt, va_list) MIR_PRINTF(3, 0);

#define mir_format(buf, cap, ...)                                                                  \
	(MIR_FORMAT_USES(__VA_ARGS__, 0), mir_format(buf, cap, __VA_ARGS__))

#endif
