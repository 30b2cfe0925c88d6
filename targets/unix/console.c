/* console.c: standard output and input. */
#include <errno.h>
#include <mir/fiber.h>
#include <mir/target.h>
#include <mir/unix_console.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "unix.h"

/* PIECE: what a pipe takes at once when it is ready, without blocking (PIPE_BUF). */
enum { PATIENCE_MS = 100, TEXT = 512, PIECE = 4096 };

/* Whether the output takes something.  One that takes nothing for PATIENCE_MS is not waited for
 * again until it does: the network must not stand still for a reader that sleeps. */
static bool takes(void)
{
	static bool stuck;
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int n;

	do
		n = poll(&out, 1, stuck ? 0 : PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	stuck = n == 0;
	return n > 0;
}

/* How many bytes were taken; what the output does not take is lost. */
static size_t write_out(const char *text, size_t len)
{
	size_t done = 0;

	while (done < len && takes()) {
		ssize_t n = write(STDOUT_FILENO, text + done, MIR_MIN(len - done, (size_t)PIECE));

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			break;
	}
	return done;
}

void mir_target_console(const char *text, size_t len)
{
	write_out(text, len);
}

void mir_unix_say(const char *fmt, ...)
{
	char text[TEXT];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		write_out(text, MIR_MIN((size_t)n, sizeof(text) - 1));
}

static int64_t console_write(struct mir_console *c, const char *text, size_t len)
{
	(void)c;
	return (int64_t)write_out(text, len);
}

static void input_ready(struct mir_poll_fd *p, unsigned events)
{
	struct mir_unix_console *c = mir_container(p, struct mir_unix_console, input);

	(void)events;
	mir_poll_set(p, 0);
	mir_wake_all(&c->readers);
}

/* Waits for input without making the descriptor non-blocking: others share it. */
static int64_t console_read(struct mir_console *console, char *buf, size_t cap)
{
	struct mir_unix_console *c = mir_container(console, struct mir_unix_console, console);
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	while (c->watched && poll(&in, 1, 0) == 0) {
		int rc;

		mir_poll_set(&c->input, MIR_POLL_IN);
		rc = mir_wait(&c->readers);
		if (rc < 0)
			return rc;
	}
	for (;;) {
		ssize_t n = read(STDIN_FILENO, buf, cap);

		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
	}
}

static const struct mir_console_ops ops = { "standard input and output", console_write,
	console_read };

int mir_unix_console_start(struct mir_unix_console *c, const struct mir_unix_console_config *config)
{
	(void)config;
	*c = (struct mir_unix_console){
		.console = { &ops },
		.input = { .fd = STDIN_FILENO, .ready = input_ready },
	};
	c->watched = mir_poll_add(&c->input) == 0;
	return 0;
}

void mir_unix_console_stop(struct mir_unix_console *c)
{
	if (c->watched)
		mir_poll_remove(&c->input);
}
