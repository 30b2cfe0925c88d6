/* panic.c: the end of an image that has a bug. */
#include <mir/fiber.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <stdarg.h>
#include <mir/format.h>
#include <string.h>

enum { STATUS = 255, TEXT = 512 };

const struct mir_fiber_reports *mir_fiber_reports;

static void line(const char *text)
{
	mir_target_console(text, strlen(text));
	mir_target_console("\n", 1);
}

void(mir_panic)(const char *fmt, ...)
{
	static bool panicking;
	const struct mir_fiber *self = mir_fiber_reports ? mir_fiber_reports->self() : NULL;
	char text[TEXT], where[TEXT];
	va_list args;

	if (panicking)
		mir_target_exit(STATUS);
	panicking = true;
	va_start(args, fmt);
	mir_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	line("");
	mir_format(where, sizeof(where), "panic in %s%.40s: %.400s", self ? "fiber " : "",
	    self ? mir_fiber_name(self) : "the event loop", text);
	line(where);
	mir_target_backtrace(NULL);
	if (mir_fiber_reports)
		mir_fiber_reports->dump(line);
	mir_target_exit(STATUS);
}
