/* console.c: standard output of the process that simulates, or a record for the tool. */
#include <mir/target.h>
#include <unistd.h>

#include "mir/sim_console.h"
#include "sim.h"

enum { PIECE = 4096 };

static void to_tool(const char *text, size_t len)
{
	while (len > 0) {
		size_t n = MIR_MIN(len, (size_t)PIECE);

		mir_sim_record(MIR_SIM_CONSOLE, 0, text, (uint32_t)n);
		text += n;
		len -= n;
	}
}

void mir_target_console(const char *text, size_t len)
{
	if (mir_sim_page()) {
		to_tool(text, len);
		return;
	}
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static int64_t console_write(struct mir_console *c, const char *text, size_t len)
{
	(void)c;
	mir_target_console(text, len);
	return (int64_t)len;
}

static int64_t console_read(struct mir_console *c, char *buf, size_t cap)
{
	(void)c;
	(void)buf;
	(void)cap;
	return MIR_ENOSYS;
}

static const struct mir_console_ops ops = { "simulated console", console_write, console_read };

int mir_sim_console_start(struct mir_sim_console *c, const struct mir_sim_console_config *config)
{
	(void)config;
	c->console.ops = &ops;
	return 0;
}

void mir_sim_console_stop(struct mir_sim_console *c)
{
	(void)c;
}
