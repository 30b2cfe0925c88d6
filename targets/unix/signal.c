/* signal.c: requests to end, and SIGUSR1, a request to say what there is. */
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
	unsigned char sig;

	(void)events;
	while (read(p->fd, &sig, 1) == 1) {
		if (sig == SIGUSR1)
			mir_account("SIGUSR1");
		else
			mir_shutdown(sig == SIGINT ? "SIGINT" : "SIGTERM");
	}
}

static struct mir_poll_fd watch = { .events = MIR_POLL_IN, .ready = ready };

static void tell(int sig)
{
	unsigned char byte = (unsigned char)sig;
	int saved = errno;

	if (write(pipe_fd[1], &byte, 1) < 0 && sig != SIGUSR1)
		_exit(128 + sig);
	errno = saved;
}

static void end(int sig)
{
	if (received)
		_exit(128 + sig);
	received = sig;
	tell(sig);
}

void mir_unix_signals_install(void)
{
	struct sigaction action = { .sa_handler = end };

	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	watch.fd = pipe_fd[0];
	if (mir_poll_add(&watch) < 0)
		return;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = tell;
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}
