/* sim_seeds.c: many runs, each a process of its own, some at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim_run.h"

enum { SHOWN = 3 }; /* runs whose whole output is shown */

struct job {
	pid_t pid;
	uint64_t seed;
	int output; /* what it prints */
};

static bool start(
    struct job *job, const struct sim_scenario *s, const struct sim_settings *settings)
{
	struct sim_settings own = *settings;

	job->output = memfd_create("output", MFD_CLOEXEC);
	if (job->output < 0)
		return false;
	own.seed = job->seed;
	own.replay = mem_fmt("%s --seed %llu", settings->replay, (unsigned long long)job->seed);
	fflush(NULL);
	job->pid = fork();
	if (job->pid == 0) {
		dup2(job->output, 1);
		dup2(job->output, 2);
		exit(sim_run(s, &own) ? 0 : 1);
	}
	if (job->pid < 0)
		close(job->output);
	return job->pid > 0;
}

static void show(const struct job *job)
{
	char buffer[4096];
	ssize_t n;

	fflush(stderr);
	lseek(job->output, 0, SEEK_SET);
	while ((n = read(job->output, buffer, sizeof buffer)) > 0)
		if (write(2, buffer, (size_t)n) < 0)
			return;
}

/* Waits for one of the jobs; its index. */
static unsigned wait_one(struct job *jobs, unsigned n, int *status)
{
	for (;;) {
		pid_t pid = wait(status);

		for (unsigned i = 0; i < n; i++)
			if (jobs[i].pid == pid && pid > 0)
				return i;
		if (pid < 0 && errno != EINTR)
			return n;
	}
}

size_t sim_seeds(const struct sim_scenario *s, const struct sim_settings *settings, uint64_t from,
    uint64_t to, unsigned most)
{
	struct job *jobs = mem_new(most * sizeof *jobs);
	unsigned running = 0;
	size_t failed = 0;
	uint64_t next = from;
	int status;

	while (running > 0 || next <= to) {
		unsigned i;

		while (running < most && next <= to && next >= from) {
			jobs[running] = (struct job){ .seed = next++ };
			if (!start(&jobs[running], s, settings)) {
				diag_error(NULL, "cannot start a run: %s", strerror(errno));
				return failed + 1;
			}
			running++;
		}
		i = wait_one(jobs, running, &status);
		if (i == running)
			break;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
			if (failed++ < SHOWN)
				show(&jobs[i]);
			else
				diag_info("seed %llu: failed", (unsigned long long)jobs[i].seed);
		}
		close(jobs[i].output);
		jobs[i] = jobs[--running];
	}
	return failed;
}
