/* fraction.h: what writes %f gets into images that have a format with it, or one that is no
 * constant; functions that take a format are macros too, which look.
 */
#ifndef MIR_FRACTION_H
#define MIR_FRACTION_H

#include <mir/cc.h>

/* The formatter knows %f from here on.  Who calls mir_vformat with formats of its own calls this
 * before. */
void mir_format_fractions(void);

#define MIR_FORMAT_F(fmt, before) (mir_find(fmt, before "f") != NULL)
/* Whether a constant format may have a %f, by what stands before the f. */
#define MIR_FORMAT_FRACTION(fmt)                                                                   \
	(MIR_FORMAT_F(fmt, "%") || MIR_FORMAT_F(fmt, "% ") || MIR_FORMAT_F(fmt, "*") ||            \
	    MIR_FORMAT_F(fmt, ".") || MIR_FORMAT_F(fmt, "+") || MIR_FORMAT_F(fmt, "-") ||          \
	    MIR_FORMAT_F(fmt, "#") || MIR_FORMAT_F(fmt, "0") || MIR_FORMAT_F(fmt, "1") ||          \
	    MIR_FORMAT_F(fmt, "2") || MIR_FORMAT_F(fmt, "3") || MIR_FORMAT_F(fmt, "4") ||          \
	    MIR_FORMAT_F(fmt, "5") || MIR_FORMAT_F(fmt, "6") || MIR_FORMAT_F(fmt, "7") ||          \
	    MIR_FORMAT_F(fmt, "8") || MIR_FORMAT_F(fmt, "9"))
#define MIR_FORMAT_USES(fmt, ...)                                                                  \
	(mir_is_constant(*(fmt)) && !MIR_FORMAT_FRACTION(fmt) ? (void)0 : mir_format_fractions())

#endif
