/* say.c: messages. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tender.h"

enum { LINE = 1024 };

const char *tender_name = "mirage";

/* One write, so that lines of several tenders on one terminal stay whole; nothing is allocated. */
static void line(const char *format, va_list args)
{
	char text[LINE];
	int head = snprintf(text, sizeof(text), "%s: ", tender_name);
	int n = vsnprintf(text + head, sizeof(text) - (size_t)head - 1, format, args);
	size_t len = (size_t)head + (n < 0 ? 0 : (size_t)n);
	ssize_t wrote;

	if (len > sizeof(text) - 2)
		len = sizeof(text) - 2;
	text[len++] = '\n';
	wrote = write(STDERR_FILENO, text, len);
	(void)wrote; /* there is nobody left to tell */
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(format, args);
	va_end(args);
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(format, args);
	va_end(args);
	_exit(1);
}
