/* Watched descriptors: events, edges, removal while they are told. */
#include "../poll.c"

#include <fcntl.h>
#include <mir/test.h>

static int fd[4][2];
static struct mir_poll_fd watch[4];
static unsigned told[4], last[4];
static bool remove_all;

static void ready(struct mir_poll_fd *f, unsigned events)
{
	unsigned i = (unsigned)(f - watch);

	told[i]++;
	last[i] = events;
	for (unsigned k = 0; remove_all && k < MIR_COUNT(watch); k++)
		mir_poll_remove(&watch[k]);
}

static void begin(unsigned events)
{
	remove_all = false;
	for (unsigned i = 0; i < MIR_COUNT(watch); i++) {
		told[i] = 0;
		mir_check(pipe2(fd[i], O_NONBLOCK | O_CLOEXEC) == 0);
		watch[i] = (struct mir_poll_fd){ fd[i][0], events, ready };
		mir_check(mir_poll_add(&watch[i]) == 0);
	}
}

static void end(void)
{
	for (unsigned i = 0; i < MIR_COUNT(watch); i++) {
		mir_poll_remove(&watch[i]);
		close(fd[i][0]);
		close(fd[i][1]);
	}
}

static void put(unsigned i)
{
	mir_check(write(fd[i][1], "x", 1) == 1);
}

static void levels(void)
{
	begin(MIR_POLL_IN);
	mir_target_poll(0);
	ok(told[0] == 0, "nothing yet");
	put(0);
	mir_target_poll(0);
	mir_target_poll(MIR_NEVER);
	ok(told[0] == 2 && last[0] == MIR_POLL_IN && told[1] == 0,
	    "in each turn while there is input");
	mir_poll_set(&watch[0], 0);
	mir_target_poll(0);
	ok(told[0] == 2, "not asked for, not told");
	mir_poll_set(&watch[0], MIR_POLL_IN);
	mir_target_poll(0);
	ok(told[0] == 3, "asked for again");
	ok(mir_poll_add(&watch[0]) == MIR_EEXIST, "watched already");
	close(fd[1][1]);
	fd[1][1] = -1;
	mir_target_poll(0);
	ok(told[1] == 1 && (last[1] & MIR_POLL_ERR), "a hang-up is told");
	end();
}

static void edges(void)
{
	begin(MIR_POLL_IN | MIR_POLL_EDGE);
	put(2);
	mir_target_poll(0);
	mir_target_poll(0);
	ok(told[2] == 1, "once");
	mir_poll_set(&watch[2], MIR_POLL_IN | MIR_POLL_EDGE);
	mir_target_poll(0);
	ok(told[2] == 2, "armed anew");
	end();
}

static void removal(void)
{
	begin(MIR_POLL_IN);
	for (unsigned i = 0; i < MIR_COUNT(watch); i++)
		put(i);
	remove_all = true;
	mir_target_poll(0);
	ok(told[0] + told[1] + told[2] + told[3] == 1, "who is removed is told no more");
	end();
}

static void kinds(void)
{
	struct mir_poll_fd file = { open("/proc/self/exe", O_RDONLY | O_CLOEXEC), MIR_POLL_IN,
		ready };

	ok(mir_poll_add(&file) == MIR_EPERM, "a regular file is refused");
	close(file.fd);
	mir_target_poll(mir_target_monotonic() + 1000);
	ok(true, "a wait ends");
}

int main(void)
{
	RUN_PLAIN(levels);
	RUN_PLAIN(edges);
	RUN_PLAIN(removal);
	RUN_PLAIN(kinds);
	return mir_test_end();
}
