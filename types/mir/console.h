/* console.h: CONSOLE, text for whoever looks after the image. */
#ifndef MIR_CONSOLE_H
#define MIR_CONSOLE_H

#include <mir/cc.h>
#include <mir/err.h>
#include <mir/fraction.h>

struct mir_console;

struct mir_console_ops {
	const char *name;

	/* Writes all of it, or as much as the console takes; never blocks for long.  Returns how
	 * many bytes. */
	int64_t (*write)(struct mir_console *, const char *text, size_t len);

	/* Waits for input and gives at most cap bytes; 0: end of input.  Blocks.
	 * MIR_ETIMEDOUT (the fiber's deadline), MIR_ECANCELED, MIR_ENOSYS. */
	int64_t (*read)(struct mir_console *, char *buf, size_t cap);
};

struct mir_console {
	const struct mir_console_ops *ops;
};

static inline int64_t mir_console_write(struct mir_console *c, const char *text, size_t len)
{
	return c->ops->write(c, text, len);
}

static inline int64_t mir_console_read(struct mir_console *c, char *buf, size_t cap)
{
	return c->ops->read(c, buf, cap);
}

/* A printf to the console, at most 4 kB of text.  In run/console.c. */
int mir_console_printf(struct mir_console *, const char *fmt, ...) MIR_PRINTF(2, 3);
#define mir_console_printf(c, ...)                                                                 \
	(MIR_FORMAT_USES(__VA_ARGS__, 0), mir_console_printf(c, __VA_ARGS__))

#endif
