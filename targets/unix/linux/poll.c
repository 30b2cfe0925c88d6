/* poll.c: devices are descriptors in an epoll set. */
#define _GNU_SOURCE
#include "../watch.h"

#include <errno.h>
#include <mir/loop.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <mir/time.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 128 };

static struct {
	int fd;
	struct epoll_event events[BATCH];
	int next, n; /* of events, during dispatch */
	bool open, coarse;
} p;

static int set(void)
{
	if (!p.open) {
		p.fd = epoll_create1(EPOLL_CLOEXEC);
		if (p.fd < 0)
			mir_panic("epoll_create1: errno %d", errno);
		p.open = true;
	}
	return p.fd;
}

static uint32_t to_epoll(unsigned events)
{
	return (events & MIR_POLL_IN ? (uint32_t)EPOLLIN : 0) |
	       (events & MIR_POLL_OUT ? (uint32_t)EPOLLOUT : 0) |
	       (events & MIR_POLL_HUP ? (uint32_t)EPOLLRDHUP : 0) |
	       (events & MIR_POLL_EDGE ? (uint32_t)EPOLLET : 0);
}

static unsigned from_epoll(uint32_t events)
{
	return (events & EPOLLIN ? (unsigned)MIR_POLL_IN : 0) |
	       (events & EPOLLOUT ? (unsigned)MIR_POLL_OUT : 0) |
	       (events & EPOLLRDHUP ? (unsigned)MIR_POLL_HUP : 0) |
	       (events & (EPOLLERR | EPOLLHUP) ? (unsigned)MIR_POLL_ERR : 0);
}

static int control(int op, struct mir_poll_fd *f)
{
	struct epoll_event e = { .events = to_epoll(f->events), .data = { .ptr = f } };

	return epoll_ctl(set(), op, f->fd, &e) < 0 ? -errno : 0;
}

int mir_poll_add(struct mir_poll_fd *f)
{
	return control(EPOLL_CTL_ADD, f);
}

void mir_poll_set(struct mir_poll_fd *f, unsigned events)
{
	if (f->events == events && !(events & MIR_POLL_EDGE))
		return;
	f->events = events;
	mir_check(control(EPOLL_CTL_MOD, f) == 0);
}

void mir_poll_remove(struct mir_poll_fd *f)
{
	control(EPOLL_CTL_DEL, f);
	mir_poll_forget(f);
}

void mir_poll_forget(struct mir_poll_fd *f)
{
	for (int i = p.next; i < p.n; i++) {
		if (p.events[i].data.ptr == f)
			p.events[i].data.ptr = NULL;
	}
}

/* Waits at most ns nanoseconds; < 0: for ever. */
static int wait_events(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	int n, ms;

	if (!p.coarse && ns > 0) {
		n = epoll_pwait2(set(), p.events, BATCH, &t, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		p.coarse = true; /* Linux before 5.11 */
	}
	ms = ns < 0 ? -1 : (int)MIR_MIN((ns + 999999) / 1000000, (int64_t)INT32_MAX);
	return epoll_wait(set(), p.events, BATCH, ms);
}

void mir_target_poll(int64_t deadline)
{
	int64_t ns = -1;

	if (deadline != MIR_NEVER) {
		ns = deadline == 0 ? 0 : deadline - mir_target_monotonic();
		ns = MIR_MAX(ns, 0);
	}
	p.n = wait_events(ns);
	if (p.n < 0 && errno != EINTR)
		mir_panic("epoll_wait: errno %d", errno);
	mir_loop_woke();
	for (p.next = 0; p.next < p.n;) {
		const struct epoll_event *e = &p.events[p.next++];
		struct mir_poll_fd *f = e->data.ptr;

		if (f)
			f->ready(f, from_epoll(e->events));
	}
	p.n = p.next = 0;
}
