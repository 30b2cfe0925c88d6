/* console.c: conveniences over a console's operations. */
#include <mir/console.h>
#include <stdarg.h>
#include <mir/format.h>

enum { PRINTF_MAX = 4096 };

int(mir_console_printf)(struct mir_console *c, const char *fmt, ...)
{
	char text[PRINTF_MAX];
	va_list args;
	int64_t written;
	int n;

	va_start(args, fmt);
	n = mir_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		return MIR_EINVAL;
	written = mir_console_write(c, text, MIR_MIN((size_t)n, sizeof(text) - 1));
	return (int)written;
}
