/* start.c: how long programs take to their first output and to their end, one after the other, in
 * turns.
 *
 *	start ROUNDS "PROGRAM ARGUMENT ..." ...
 *
 * Prints a line for each: median microseconds to the first output, to the end, the program.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROGRAMS = 32, WORDS = 16, TEXT = 1024 };

struct program {
	char text[TEXT];
	char *argv[WORDS];
	double *output, *end; /* by round */
};

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return v[n / 2];
}

static int run(struct program *p, int round)
{
	posix_spawn_file_actions_t actions;
	int pipes[2], status = -1;
	char text[4096];
	double start;
	pid_t child;

	if (pipe(pipes) < 0)
		return -1;
	fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, pipes[1]);
	start = now();
	if (posix_spawn(&child, p->argv[0], &actions, NULL, p->argv, environ) != 0)
		return -1;
	close(pipes[1]);
	while (read(pipes[0], text, sizeof(text)) > 0)
		if (p->output[round] == 0)
			p->output[round] = now() - start;
	waitpid(child, &status, 0);
	p->end[round] = now() - start;
	close(pipes[0]);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

static void split(struct program *p, const char *text, int rounds)
{
	int n = 0;

	snprintf(p->text, sizeof(p->text), "%s", text);
	for (char *w = strtok(p->text, " "); w && n < WORDS - 1; w = strtok(NULL, " "))
		p->argv[n++] = w;
	p->output = calloc((size_t)rounds, sizeof(double));
	p->end = calloc((size_t)rounds, sizeof(double));
	if (n == 0 || !p->output || !p->end)
		exit(1);
}

int main(int argc, char **argv)
{
	static struct program programs[PROGRAMS];
	int rounds = argc > 2 ? atoi(argv[1]) : 0, n = argc - 2;

	if (rounds <= 0 || n > PROGRAMS) {
		fprintf(stderr, "usage: start ROUNDS \"PROGRAM ARGUMENT ...\" ...\n");
		return 64;
	}
	for (int i = 0; i < n; i++)
		split(&programs[i], argv[2 + i], rounds);
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < n; i++) {
			struct program *p = &programs[r % 2 ? n - 1 - i : i];

			if (run(p, r) != 0) {
				fprintf(stderr, "start: %s failed\n", p->argv[0]);
				return 1;
			}
		}
	for (int i = 0; i < n; i++)
		printf("%.1f %.1f %s\n", median(programs[i].output, rounds),
		    median(programs[i].end, rounds), argv[2 + i]);
	return 0;
}
