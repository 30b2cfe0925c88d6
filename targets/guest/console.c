/* console.c: the tender's standard output. */
#include <mir/guest_console.h>
#include <mir/target.h>

#include "guest.h"

void mir_target_console(const char *text, size_t len)
{
	mir_host_console(text, len);
}

static int64_t console_write(struct mir_console *c, const char *text, size_t len)
{
	(void)c;
	mir_host_console(text, len);
	return (int64_t)len;
}

static int64_t console_read(struct mir_console *c, char *buf, size_t cap)
{
	(void)c;
	(void)buf;
	(void)cap;
	return MIR_ENOSYS;
}

static const struct mir_console_ops ops = { "console of the tender", console_write, console_read };

int mir_guest_console_start(
    struct mir_guest_console *c, const struct mir_guest_console_config *config)
{
	(void)config;
	c->console.ops = &ops;
	return 0;
}

void mir_guest_console_stop(struct mir_guest_console *c)
{
	(void)c;
}
