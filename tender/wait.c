/* wait.c: waiting for networks, and for the request to end. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tender.h"

enum {
	EVENTS = MIR_MFT_ENTRIES,
	MS = 1000000,
	SECOND = 1000 * MS,
};

struct wait_time {
	int64_t s, ns;
};

static int wait_for(const struct waiter *w, struct epoll_event e[], uint64_t timeout)
{
	struct wait_time t = { (int64_t)(timeout / SECOND), (int64_t)(timeout % SECOND) };
	uint64_t ms = timeout / MS + (timeout % MS != 0);

	if (timeout == 0)
		return epoll_pwait(w->epoll, e, EVENTS, 0, NULL);
	if (w->nanosecond)
		return (int)syscall(CALL_EPOLL_PWAIT2, w->epoll, e, EVENTS,
		    timeout == UINT64_MAX ? NULL : &t, NULL, 0);
	if (timeout == UINT64_MAX)
		return epoll_pwait(w->epoll, e, EVENTS, -1, NULL);
	return epoll_pwait(w->epoll, e, EVENTS, ms > INT32_MAX ? INT32_MAX : (int)ms, NULL);
}

void waiter_open(struct waiter *w, const struct device dev[])
{
	struct epoll_event e;

	w->event = -1;
	w->nanosecond = true;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0)
		die("epoll_create1: %s", strerror(errno));
	for (unsigned i = 1; i < MIR_MFT_ENTRIES; i++) {
		if (dev[i].type != MIR_MFT_NET)
			continue;
		e = (struct epoll_event){ .events = EPOLLIN, .data.u64 = i };
		if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, dev[i].net.fd, &e) < 0)
			die("epoll_ctl: %s", strerror(errno));
	}
	/* An empty set of signals and no room: EINVAL where the kernel knows the call. */
	if (syscall(CALL_EPOLL_PWAIT2, w->epoll, &e, 0, NULL, NULL, 0) < 0 && errno == ENOSYS)
		w->nanosecond = false;
}

/* ---- the request to end ---- */

void waiter_event(struct waiter *w)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u64 = 0 };

	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->event < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->event, &e) < 0)
		die("eventfd: %s", strerror(errno));
}

/* ---- waiting ---- */

/* A tap whose interface is deleted says so for ever: out of the set with it. */
static void forget(const struct waiter *w, const struct device dev[], const struct epoll_event *e)
{
	uint64_t handle = e->data.u64;

	if (!(e->events & EPOLLIN) && handle > 0 && dev[handle].type == MIR_MFT_NET)
		epoll_ctl(w->epoll, EPOLL_CTL_DEL, dev[handle].net.fd, NULL);
}

uint64_t waiter_wait(struct waiter *w, const struct device dev[], uint64_t timeout)
{
	struct epoll_event e[EVENTS];
	int n = wait_for(w, e, timeout);
	uint64_t ready = 0;

	for (int i = 0; i < n; i++) {
		ready |= 1ull << e[i].data.u64;
		forget(w, dev, &e[i]);
	}
	return ready;
}

void waiter_filter(const struct waiter *w, struct filter *f)
{
	struct rule *forget_rule;

	filter_allow_fd(f, SYS_epoll_pwait, w->epoll);
	if (w->nanosecond)
		filter_allow_fd(f, CALL_EPOLL_PWAIT2, w->epoll);
	forget_rule = filter_allow_fd(f, SYS_epoll_ctl, w->epoll);
	filter_test(forget_rule, 1, RULE_INT_EQ, EPOLL_CTL_DEL, 0);
	if (w->event >= 0)
		filter_allow_fd(f, SYS_write, w->event);
	filter_allow(f, SYS_exit_group);
}
