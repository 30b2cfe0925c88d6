/* poll.c: waiting for several files at once. */
#define _GNU_SOURCE
#include "poll_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../libc.h"
#include "signals.h"
#include "socket_calls.h"
#include "thread.h"

enum { FEW = 8, ALWAYS = POLLERR | POLLHUP | POLLNVAL };

struct waiting {
	struct mir_file_watch watch;
	struct mir_file *file;
	struct waiter *waiter;
};

/* A call that waits, with what it waits for. */
struct waiter {
	struct mir_waitq queue;
	bool woken;
	struct waiting *of;
};

static void changed(struct mir_file_watch *w)
{
	struct waiter *waiter = mir_container(w, struct waiting, watch)->waiter;

	waiter->woken = true;
	mir_wake_all(&waiter->queue);
}

int64_t mir_poll_deadline_ms(int ms)
{
	return ms < 0 ? MIR_NEVER : mir_time_add(mir_now(), MIR_MS(ms));
}

int mir_poll_deadline(const struct timespec *t, int64_t *out)
{
	*out = MIR_NEVER;
	if (!t)
		return 0;
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= 1000000000)
		return -EINVAL;
	if (t->tv_sec < INT64_MAX / 1000000000 - 1)
		*out = mir_time_add(mir_now(), MIR_SECOND(t->tv_sec) + t->tv_nsec);
	return 0;
}

long mir_poll_mask(const void *mask, size_t size, uint64_t *old)
{
	uint64_t set;

	if (!mask)
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	memcpy(&set, mask, sizeof(set));
	if (mir_thread_now)
		*old = mir_signals_mask_begin(&set);
	return 0;
}

long mir_poll_unmask(const void *mask, uint64_t old, long result)
{
	return mask && mir_thread_now ? mir_signals_mask_end(old, result) : result;
}

/* What is ready now, into revents; how many. */
static long look(struct pollfd *p, size_t n, const struct waiter *w)
{
	long ready = 0;

	for (size_t i = 0; i < n; i++) {
		struct mir_file *f = w ? w->of[i].file : mir_fd_get(p[i].fd);

		p[i].revents = 0;
		if (p[i].fd < 0)
			continue;
		if (!f || f->flags & O_PATH)
			p[i].revents = POLLNVAL;
		else
			p[i].revents =
			    (short)(mir_file_ready(f) & ((unsigned short)p[i].events | ALWAYS));
		ready += p[i].revents != 0;
	}
	return ready;
}

static void watch_all(struct waiter *w, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mir_file *f = p[i].fd < 0 ? NULL : mir_fd_get(p[i].fd);

		w->of[i] = (struct waiting){ { .changed = changed }, f, w };
		if (f)
			mir_file_watch(mir_file_ref(f), &w->of[i].watch);
	}
}

static void unwatch_all(struct waiter *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		mir_file_unwatch(&w->of[i].watch);
		if (w->of[i].file)
			mir_file_unref(w->of[i].file);
	}
}

static long poll_once(struct pollfd *p, size_t n, int64_t deadline)
{
	struct waiting few[FEW];
	struct waiter w = { .of = few };
	long rc = 0, ready;

	/* Who always finds something lets the others run all the same. */
	if (mir_self() && mir_yield() < 0)
		return -EINTR;
	ready = look(p, n, NULL);
	if (ready || deadline <= mir_now())
		return ready;
	if (n > FEW)
		w.of = malloc(n * sizeof(w.of[0]));
	if (!w.of)
		return -ENOMEM;
	watch_all(&w, p, n);
	while ((ready = look(p, n, &w)) == 0 && rc == 0) {
		w.woken = false;
		rc = mir_posix_wait(&w.queue, deadline);
		if (w.woken && rc == -ETIMEDOUT)
			rc = 0;
	}
	unwatch_all(&w, n);
	if (w.of != few)
		free(w.of);
	return ready ? ready : rc == -ETIMEDOUT ? 0 : rc;
}

long mir_poll_files(struct pollfd *p, size_t n, int64_t deadline)
{
	long rc;

	do
		rc = poll_once(p, n, deadline);
	while (mir_posix_again_unhandled(rc));
	return rc;
}

long mir_sys_poll(struct pollfd *p, unsigned long n, int timeout_ms)
{
	if (n > (unsigned)mir_fd_limit)
		return -EINVAL;
	return mir_poll_files(p, n, mir_poll_deadline_ms(timeout_ms));
}

long mir_sys_ppoll(struct pollfd *p, unsigned long n, const struct timespec *timeout,
    const void *mask, size_t size)
{
	uint64_t old = 0;
	int64_t deadline;
	long rc = mir_poll_deadline(timeout, &deadline);

	if (rc < 0 || n > (unsigned)mir_fd_limit)
		return -EINVAL;
	rc = mir_poll_mask(mask, size, &old);
	if (rc < 0)
		return rc;
	return mir_poll_unmask(mask, old, mir_poll_files(p, n, deadline));
}
