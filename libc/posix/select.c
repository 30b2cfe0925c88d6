/* select.c: sets of descriptors, by way of poll. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "poll_files.h"
#include "socket_calls.h"

enum { BITS = 64, FEW = 16 };
enum { IN = POLLIN | POLLHUP | POLLERR | POLLRDHUP, OUT = POLLOUT | POLLERR, EXCEPT = POLLPRI };

struct sets {
	uint64_t *in, *out, *except;
};

static bool has(const uint64_t *set, int fd)
{
	return set && set[fd / BITS] >> (fd % BITS) & 1;
}

/* The descriptors of the sets; -EBADF, if one stands for nothing. */
static long to_poll(const struct sets *s, int n, struct pollfd *p)
{
	long count = 0;

	for (int fd = 0; fd < n; fd++) {
		int events = (has(s->in, fd) ? POLLIN | POLLRDHUP : 0) |
			     (has(s->out, fd) ? POLLOUT : 0) | (has(s->except, fd) ? POLLPRI : 0);

		if (!events)
			continue;
		if (!mir_fd_get(fd))
			return -EBADF;
		p[count++] = (struct pollfd){ fd, (short)events, 0 };
	}
	return count;
}

static long keep(uint64_t *set, const struct pollfd *p, long count, int events, int asked)
{
	long n = 0;

	for (long i = 0; i < count; i++) {
		int fd = p[i].fd;

		if (!has(set, fd))
			continue;
		if (p[i].events & asked && p[i].revents & events)
			n++;
		else
			set[fd / BITS] &= ~((uint64_t)1 << (fd % BITS));
	}
	return n;
}

/* How many bits the sets hold. */
static size_t count_of(const struct sets *s, int n)
{
	size_t count = 0;

	for (int fd = 0; fd < n; fd++)
		count += has(s->in, fd) || has(s->out, fd) || has(s->except, fd);
	return count;
}

static long select_until(int n, const struct sets *s, int64_t deadline)
{
	struct pollfd few[FEW], *p = few;
	size_t count;
	long rc;

	if (n < 0)
		return -EINVAL;
	n = MIR_MIN(n, (int)MIR_FD_MOST); /* as Linux: there can be none beyond */
	count = count_of(s, n);
	if (count > FEW)
		p = malloc(count * sizeof(*p));
	if (!p)
		return -ENOMEM;
	rc = to_poll(s, n, p);
	if (rc >= 0)
		rc = mir_poll_files(p, count, deadline);
	if (rc >= 0)
		rc = keep(s->in, p, (long)count, IN, POLLIN) +
		     keep(s->out, p, (long)count, OUT, POLLOUT) +
		     keep(s->except, p, (long)count, EXCEPT, POLLPRI);
	if (p != few)
		free(p);
	return rc;
}

long mir_sys_select(int n, void *in, void *out, void *except, struct timeval *timeout)
{
	const struct sets sets = { in, out, except };
	struct timespec t;
	int64_t deadline, left;
	long rc;

	if (timeout) {
		if (timeout->tv_sec < 0 || timeout->tv_usec < 0)
			return -EINVAL;
		t.tv_sec = mir_time_add(timeout->tv_sec, timeout->tv_usec / 1000000);
		t.tv_nsec = timeout->tv_usec % 1000000 * 1000;
	}
	if (mir_poll_deadline(timeout ? &t : NULL, &deadline) < 0)
		return -EINVAL;
	rc = select_until(n, &sets, deadline);
	if (timeout && deadline != MIR_NEVER) {
		left = MIR_MAX(deadline - mir_now(), 0);
		timeout->tv_sec = left / 1000000000;
		timeout->tv_usec = left % 1000000000 / 1000;
	}
	return rc;
}

long mir_sys_pselect6(int n, void *in, void *out, void *except, const struct timespec *timeout,
    const void *mask_and_size)
{
	const struct sets sets = { in, out, except };
	const struct {
		const void *mask;
		size_t size;
	} *sig = mask_and_size;
	const void *mask = sig ? sig->mask : NULL;
	uint64_t old = 0;
	int64_t deadline;
	long rc;

	if (mir_poll_deadline(timeout, &deadline) < 0)
		return -EINVAL;
	rc = mir_poll_mask(mask, mask ? sig->size : 0, &old);
	if (rc < 0)
		return rc;
	return mir_poll_unmask(mask, old, select_until(n, &sets, deadline));
}
