/* signal.c: requests to end, from the terminal or whoever looks after the process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mir/loop.h>
#include <signal.h>
#include <unistd.h>

#include "watch.h"
#include "unix.h"

static volatile sig_atomic_t received;
static int pipe_fd[2];

static void ready(struct mir_poll_fd *p, unsigned events)
{
	char byte;

	(void)events;
	if (read(p->fd, &byte, 1) == 1)
		mir_shutdown(received == SIGINT ? "SIGINT" : "SIGTERM");
}

static struct mir_poll_fd watch = { .events = MIR_POLL_IN, .ready = ready };

static void handler(int sig)
{
	int saved = errno;

	if (received)
		_exit(128 + sig);
	received = sig;
	if (write(pipe_fd[1], "", 1) < 0)
		_exit(128 + sig);
	errno = saved;
}

void mir_unix_signals_install(void)
{
	struct sigaction action = { .sa_handler = handler };

	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	watch.fd = pipe_fd[0];
	if (mir_poll_add(&watch) < 0)
		return;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}
