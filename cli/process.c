/* process.c: run another program and wait for it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

extern char **environ;

struct capture {
	struct text *text; /* NULL: not captured */
	int fd[2];
};

static int capture_open(struct capture *c, struct text *text)
{
	c->text = text;
	c->fd[0] = c->fd[1] = -1;
	if (text && pipe2(c->fd, O_CLOEXEC) < 0)
		return -errno;
	return 0;
}

static void capture_close(struct capture *c, int side)
{
	if (c->fd[side] >= 0)
		close(c->fd[side]);
	c->fd[side] = -1;
}

/* Read until both ends are closed. */
static void collect(struct capture c[2])
{
	while (c[0].fd[0] >= 0 || c[1].fd[0] >= 0) {
		struct pollfd p[2] = { { .fd = c[0].fd[0], .events = POLLIN },
			{ .fd = c[1].fd[0], .events = POLLIN } };
		char buffer[4096];

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (p[i].fd < 0 || !p[i].revents)
				continue;
			n = read(p[i].fd, buffer, sizeof buffer);
			if (n > 0)
				text_addn(c[i].text, buffer, (size_t)n);
			else if (n == 0 || errno != EINTR)
				capture_close(&c[i], 0);
		}
	}
}

int process_run(char *const argv[], struct text *out, struct text *err)
{
	posix_spawn_file_actions_t actions;
	struct capture c[2];
	int status, rc;
	pid_t pid;

	if ((rc = capture_open(&c[0], out)) < 0)
		return rc;
	if ((rc = capture_open(&c[1], err)) < 0) {
		capture_close(&c[0], 0);
		capture_close(&c[0], 1);
		return rc;
	}
	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 2; i++)
		if (c[i].text)
			posix_spawn_file_actions_adddup2(&actions, c[i].fd[1], i + 1);
	rc = -posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	capture_close(&c[0], 1);
	capture_close(&c[1], 1);
	if (rc == 0)
		collect(c);
	capture_close(&c[0], 0);
	capture_close(&c[1], 0);
	if (rc < 0)
		return rc;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool process_found(const char *program)
{
	const char *path = getenv("PATH");
	struct list folders = { 0 };

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	list_split(&folders, path ? path : "/usr/local/bin:/usr/bin:/bin", ':');
	for (size_t i = 0; i < folders.n; i++)
		if (access(mem_fmt("%s/%s", folders.v[i], program), X_OK) == 0)
			return true;
	return false;
}
