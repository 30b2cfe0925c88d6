/* event.c: eventfd and timerfd: numbers that are waited for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mir/timer.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include "calls.h"
#include "file.h"

/* ---- a number that writes add to and reads take ---- */

struct event {
	struct mir_file file;
	uint64_t count;
	bool semaphore;
};

static struct event *of_event(struct mir_file *f)
{
	return mir_container(f, struct event, file);
}

static unsigned event_ready(struct mir_file *f)
{
	struct event *e = of_event(f);

	return (e->count > 0 ? (unsigned)POLLIN : 0) |
	       (e->count < UINT64_MAX - 1 ? (unsigned)POLLOUT : 0);
}

/* The number goes into the first piece, which has room for it. */
static long event_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct event *e = of_event(f);
	uint64_t value;
	long rc = 0;

	(void)n;
	(void)at;
	if (iov[0].iov_len < sizeof(value))
		return -EINVAL;
	while (rc == 0 && e->count == 0)
		rc = mir_file_block(f);
	if (rc < 0)
		return rc;
	value = e->semaphore ? 1 : e->count;
	e->count -= value;
	memcpy(iov[0].iov_base, &value, sizeof(value));
	mir_file_changed(f);
	return sizeof(value);
}

static long event_write(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct event *e = of_event(f);
	uint64_t value;
	long rc = 0;

	(void)n;
	(void)at;
	if (iov[0].iov_len < sizeof(value))
		return -EINVAL;
	memcpy(&value, iov[0].iov_base, sizeof(value));
	if (value == UINT64_MAX)
		return -EINVAL;
	while (rc == 0 && value > UINT64_MAX - 1 - e->count)
		rc = mir_file_block(f);
	if (rc < 0)
		return rc;
	e->count += value;
	mir_file_changed(f);
	return sizeof(value);
}

static long anonymous_stat(struct mir_file *f, struct stat *out)
{
	(void)f;
	out->st_nlink = 1;
	out->st_mode = 0600;
	out->st_blksize = 4096;
	return 0;
}

static void event_close(struct mir_file *f)
{
	free(of_event(f));
}

static const struct mir_file_ops event_ops = { .read = event_read,
	.write = event_write,
	.stat = anonymous_stat,
	.ready = event_ready,
	.close = event_close };

long mir_sys_eventfd2(unsigned count, int flags)
{
	struct event *e;

	if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	mir_file_init(&e->file, &event_ops, O_RDWR | (flags & O_NONBLOCK));
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	return mir_fd_new(&e->file, flags, 0);
}

long mir_sys_eventfd(unsigned count)
{
	return mir_sys_eventfd2(count, 0);
}

/* ---- a number that time adds to ---- */

struct clock_file {
	struct mir_file file;
	struct mir_timer timer;
	int64_t next, interval; /* next 0: it does not run; by the monotonic clock */
	uint64_t count;
	bool wall;
};

static struct clock_file *of_clock(struct mir_file *f)
{
	return mir_container(f, struct clock_file, file);
}

/* How often it has fired by now. */
static void advance(struct clock_file *c)
{
	int64_t now = mir_now_precise();

	if (c->next == 0 || now < c->next)
		return;
	c->count++;
	if (c->interval == 0) {
		c->next = 0;
		return;
	}
	c->count += (uint64_t)((now - c->next) / c->interval);
	c->next = mir_time_add(c->next, (now - c->next) / c->interval * c->interval);
	c->next = mir_time_add(c->next, c->interval);
	mir_timer_set(&c->timer, c->next);
}

static void fire(struct mir_timer *t)
{
	struct clock_file *c = mir_container(t, struct clock_file, timer);

	advance(c);
	if (c->count > 0)
		mir_file_changed(&c->file);
}

static unsigned clock_ready(struct mir_file *f)
{
	return of_clock(f)->count > 0 ? POLLIN : 0;
}

static long clock_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct clock_file *c = of_clock(f);
	long rc = 0;

	(void)n;
	(void)at;
	if (iov[0].iov_len < sizeof(c->count))
		return -EINVAL;
	advance(c);
	while (rc == 0 && c->count == 0)
		rc = mir_file_block(f);
	if (rc < 0)
		return rc;
	memcpy(iov[0].iov_base, &c->count, sizeof(c->count));
	c->count = 0;
	return sizeof(c->count);
}

static void clock_close(struct mir_file *f)
{
	mir_timer_stop(&of_clock(f)->timer);
	free(of_clock(f));
}

static const struct mir_file_ops clock_ops = {
	.read = clock_read, .stat = anonymous_stat, .ready = clock_ready, .close = clock_close
};

long mir_sys_timerfd_create(int clock, int flags)
{
	struct clock_file *c;

	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK) ||
	    (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME))
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	mir_file_init(&c->file, &clock_ops, O_RDWR | (flags & O_NONBLOCK));
	mir_timer_init(&c->timer, fire);
	c->wall = clock == CLOCK_REALTIME;
	return mir_fd_new(&c->file, flags, 0);
}

static bool is_time(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < MIR_SECOND(1);
}

static int64_t nanoseconds(const struct timespec *t)
{
	return t->tv_sec < MIR_NEVER / MIR_SECOND(1) - 1 ? MIR_SECOND(t->tv_sec) + t->tv_nsec
							 : MIR_NEVER;
}

static void set(struct timespec *out, int64_t ns)
{
	out->tv_sec = ns / MIR_SECOND(1);
	out->tv_nsec = ns % MIR_SECOND(1);
}

static void read_setting(struct clock_file *c, struct itimerspec *out)
{
	advance(c);
	set(&out->it_interval, c->interval);
	set(&out->it_value, c->next ? MIR_MAX(c->next - mir_now_precise(), 1) : 0);
}

static struct clock_file *hold(int fd, long *rc)
{
	struct mir_file *f = mir_fd_get(fd);

	*rc = !f ? -EBADF : f->ops != &clock_ops ? -EINVAL : 0;
	return *rc < 0 ? NULL : of_clock(f);
}

long mir_sys_timerfd_gettime(int fd, struct itimerspec *out)
{
	long rc;
	struct clock_file *c = hold(fd, &rc);

	if (c)
		read_setting(c, out);
	return rc;
}

long mir_sys_timerfd_settime(
    int fd, int flags, const struct itimerspec *now, struct itimerspec *old)
{
	int64_t first, base = mir_now_precise();
	long rc;
	struct clock_file *c = hold(fd, &rc);

	if (!c)
		return rc;
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) || !is_time(&now->it_value) ||
	    !is_time(&now->it_interval))
		return -EINVAL;
	if (old)
		read_setting(c, old);
	first = nanoseconds(&now->it_value);
	c->interval = nanoseconds(&now->it_interval);
	c->count = 0;
	c->next = 0;
	mir_timer_stop(&c->timer);
	if (first == 0)
		return 0;
	if (flags & TFD_TIMER_ABSTIME)
		first = c->wall ? MIR_MAX(first - mir_wall(), 0) : MIR_MAX(first - base, 0);
	c->next = mir_time_add(base, first);
	mir_timer_set(&c->timer, c->next);
	return 0;
}
