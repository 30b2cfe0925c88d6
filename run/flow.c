/* flow.c: conveniences over a flow's operations. */
#include <mir/flow.h>
#include <stdarg.h>
#include <mir/format.h>

enum { PRINTF_MAX = 4096 };

int mir_flow_write_copy(struct mir_flow *f, const void *p, size_t len)
{
	struct mir_slice s = mir_slice_copy(p, len);

	if (!s.owner)
		return MIR_ENOMEM;
	return mir_flow_write(f, &s, 1);
}

int(mir_flow_printf)(struct mir_flow *f, const char *fmt, ...)
{
	char text[PRINTF_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = mir_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		return MIR_EINVAL;
	return mir_flow_write_copy(f, text, MIR_MIN((size_t)n, sizeof(text) - 1));
}
