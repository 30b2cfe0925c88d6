/* Pipes, eventfd and timerfd between fibers, under virtual time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mir/test.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>

#include "../calls.h"
#include "../file.h"

enum { BIG = 300000 };

static uint8_t out[BIG], in[BIG];

struct end {
	int fd;
	long rc;
};

static void write_all(void *arg)
{
	struct end *e = arg;

	e->rc = mir_sys_write(e->fd, out, BIG);
	mir_sys_close(e->fd);
}

static void large(void)
{
	struct mir_fiber *f;
	struct end e;
	size_t done = 0;
	long n = 1;
	int p[2];

	for (size_t i = 0; i < BIG; i++)
		out[i] = (uint8_t)(i * 7 + i / 256);
	ok(mir_sys_pipe(p) == 0, "a pipe");
	e.fd = p[1];
	f = mir_spawn_joinable("writer", write_all, &e);
	while (n > 0) {
		n = mir_sys_read(p[0], in + done, MIR_MIN((size_t)7000, BIG - done));
		done += n > 0 ? (size_t)n : 0;
	}
	mir_join(f);
	ok(e.rc == BIG && done == BIG && memcmp(in, out, BIG) == 0, "more than fits comes through");
	ok(mir_sys_read(p[0], in, 1) == 0, "and its end");
	mir_sys_close(p[0]);
}

static void write_byte(void *arg)
{
	mir_sys_write(*(int *)arg, "x", 1);
}

static void again_and_again(void)
{
	long n = -EAGAIN;
	int p[2];

	mir_sys_pipe2(p, O_NONBLOCK);
	mir_spawn("writer", write_byte, &p[1]);
	for (int i = 0; i < 1000 && n == -EAGAIN; i++)
		n = mir_sys_read(p[0], in, 10);
	ok(n == 1, "who asks again and again lets the others run");
	mir_sys_close(p[0]);
	mir_sys_close(p[1]);
}

static void write_some(void *arg)
{
	struct end *e = arg;

	e->rc = mir_sys_write(e->fd, out, 4096);
}

/* Two writers with less than PIPE_BUF each, where there is room for one only in part. */
static void atomic(void)
{
	struct end e[2];
	struct mir_fiber *f[2];
	int p[2];

	mir_sys_pipe(p);
	memset(out, 'a', 65536);
	ok(mir_sys_write(p[1], out, 65536 - 100) == 65536 - 100, "nearly full");
	memset(out, 'b', 4096);
	for (int i = 0; i < 2; i++) {
		e[i] = (struct end){ p[1], 0 };
		f[i] = mir_spawn_joinable("writer", write_some, &e[i]);
	}
	mir_yield();
	ok(e[0].rc == 0 && mir_sys_read(p[0], in, 65536) == 65536 - 100,
	    "nothing of it came before");
	ok(mir_sys_read(p[0], in, 4000) > 0, "then all");
	for (int i = 0; i < 2; i++)
		mir_join(f[i]);
	ok(e[0].rc == 4096 && e[1].rc == 4096, "both");
	mir_sys_close(p[0]);
	mir_sys_close(p[1]);
}

static void closed(void)
{
	struct end e;
	struct mir_fiber *f;
	int p[2];

	mir_sys_pipe(p);
	e = (struct end){ p[1], 0 };
	f = mir_spawn_joinable("writer", write_all, &e);
	mir_yield();
	mir_sys_close(p[0]);
	mir_join(f);
	ok(e.rc == 65536, "what was written counts, though nobody reads the rest");
	mir_sys_pipe(p);
	f = mir_spawn_joinable("writer", write_all, &(struct end){ p[1], 0 });
	mir_yield();
	mir_cancel(f);
	mir_join(f);
	mir_sys_close(p[0]);
	ok(mir_sys_close(p[1]) == -EBADF, "a writer that is cancelled goes on to its end");
	while (mir_sys_dup(1) >= 0)
		;
	ok(mir_sys_pipe(p) == -EMFILE, "no number");
	mir_sys_close(500);
	ok(mir_sys_pipe(p) == -EMFILE && mir_sys_dup(1) == 500, "nor for one end alone");
	mir_fd_end();
}

static void add(void *arg)
{
	uint64_t one = 1;

	mir_sleep(MIR_SECOND(1));
	*(long *)arg = mir_sys_write(3, &one, 8);
}

static void events(void)
{
	uint64_t v = 0;
	long rc = 0;
	int fd = (int)mir_sys_eventfd2(0, 0);
	struct mir_fiber *f = mir_spawn_joinable("adder", add, &rc);
	int64_t begin = mir_now();

	ok(fd == 3 && mir_sys_read(fd, &v, 8) == 8 && v == 1 && mir_now() - begin >= MIR_SECOND(1),
	    "who reads waits for who writes");
	mir_join(f);
	ok(rc == 8 && !(mir_file_ready(mir_fd_get(fd)) & POLLIN), "taken");
	mir_sys_close(fd);
}

static void timers(void)
{
	struct itimerspec t = { { 1, 0 }, { 2, 0 } }, now;
	int fd = (int)mir_sys_timerfd_create(CLOCK_MONOTONIC, 0);
	int64_t begin = mir_now();
	uint64_t v = 0;

	ok(mir_sys_timerfd_settime(fd, 0, &t, NULL) == 0 && mir_sys_read(fd, &v, 8) == 8 &&
		v == 1 && mir_now() - begin >= MIR_SECOND(2),
	    "the first");
	mir_sleep(MIR_MS(3500));
	ok((mir_file_ready(mir_fd_get(fd)) & POLLIN) && mir_sys_read(fd, &v, 8) == 8 && v == 3,
	    "those that nobody waited for");
	ok(mir_sys_timerfd_gettime(fd, &now) == 0 && now.it_interval.tv_sec == 1 &&
		now.it_value.tv_sec == 0 && now.it_value.tv_nsec > 400000000,
	    "what is left");
	t = (struct itimerspec){ { INT64_MAX, 0 }, { 1, 0 } };
	ok(mir_sys_timerfd_settime(fd, 0, &t, NULL) == 0 && mir_sys_read(fd, &v, 8) == 8 &&
		v == 1 && mir_sys_timerfd_gettime(fd, &now) == 0 && now.it_value.tv_sec > 1000,
	    "once, and then not for ages");
	t = (struct itimerspec){ { 0, 0 }, { INT64_MAX, 0 } };
	ok(mir_sys_timerfd_settime(fd, 0, &t, NULL) == 0, "never");
	mir_sys_close(fd);
}

int main(void)
{
	RUN(large);
	RUN(atomic);
	RUN(again_and_again);
	RUN(closed);
	RUN(events);
	RUN(timers);
	return mir_test_end();
}
