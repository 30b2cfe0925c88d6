/* flow.c: a TCP connection of the host as a FLOW.
 *
 * The descriptor is watched edge-triggered, from the first time that there is nothing to read on.
 * A read or write is tried first; only when the host says EAGAIN does a fiber wait. A read that
 * gave less than was asked for has emptied the host's buffer: the next byte brings an event.
 */
#define _GNU_SOURCE
#include "host.h"

#include <mir/fiber.h>
#include <mir/loop.h>
#include <mir/mem.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/sockios.h>

enum {
	IOVECS = 32,
	STREAK = 64 /* reads and writes in a row before the other fibers get their turn */
};

struct host_flow {
	struct mir_tcp_flow tcp;
	struct mir_poll_fd poll;
	struct mir_waitq readers, writers;
	struct mir_task task, task_write;
	mir_flow_ready *ready, *ready_write;
	void *ready_arg, *ready_write_arg;
	int error; /* the flow is dead: why */
	bool watched, readable, hung_up, large, shut;
	uint8_t streak;
};

static struct host_flow *host_flow(struct mir_flow *f)
{
	return mir_container(f, struct host_flow, tcp.flow);
}

static void call_ready(struct host_flow *f)
{
	mir_flow_ready *ready = f->ready;

	f->ready = NULL;
	if (ready)
		ready(f->ready_arg);
}

static void call_ready_write(struct host_flow *f)
{
	mir_flow_ready *ready = f->ready_write;

	f->ready_write = NULL;
	if (ready)
		ready(f->ready_write_arg);
}

static void run_task(struct mir_task *t)
{
	call_ready(mir_container(t, struct host_flow, task));
}

static void run_task_write(struct mir_task *t)
{
	call_ready_write(mir_container(t, struct host_flow, task_write));
}

static void on_event(struct mir_poll_fd *p, unsigned events)
{
	struct host_flow *f = mir_container(p, struct host_flow, poll);

	if (events & (MIR_POLL_HUP | MIR_POLL_ERR))
		f->hung_up = true;
	if (events & (MIR_POLL_OUT | MIR_POLL_ERR)) {
		mir_wake_all(&f->writers);
		if (f->ready_write) /* later: it may free the flow */
			mir_post(&f->task_write);
	}
	if (events & (MIR_POLL_IN | MIR_POLL_HUP | MIR_POLL_ERR)) {
		f->readable = true;
		mir_wake_all(&f->readers);
		call_ready(f);
	}
}

static int watch(struct host_flow *f)
{
	int rc;

	if (f->watched)
		return 0;
	f->poll.events = MIR_POLL_IN | MIR_POLL_HUP | MIR_POLL_EDGE;
	rc = mir_poll_add(&f->poll);
	f->watched = rc == 0;
	return rc;
}

/* A turn for the others after many calls in a row; whether the fiber may go on.  The event loop,
 * which reads what does not block (TLS when it waits without a fiber), needs none. */
static int breathe(struct host_flow *f)
{
	if (!mir_self())
		return 0;
	if (mir_cancelled())
		return MIR_ECANCELED;
	if (++f->streak < STREAK)
		return 0;
	f->streak = 0;
	return mir_yield();
}

static int wait_on(struct host_flow *f, struct mir_waitq *q)
{
	f->streak = 0;
	return mir_wait(q);
}

/* One read from the host: 1, 0 (end), or an error. */
static int read_now(struct host_flow *f, struct mir_slice *out)
{
	size_t size = f->large ? MIR_MEM_BIG : MIR_MEM_SMALL;
	uint8_t *p;
	struct mir_mem *mem = mir_mem_pooled(size, &p);
	ssize_t n;

	if (!mem)
		return MIR_ENOMEM;
	do
		n = recv(f->poll.fd, p, size, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		*out = (struct mir_slice){ p, (size_t)n, mem };
		f->readable = (size_t)n == size || f->hung_up || !f->watched;
		f->large = (size_t)n == size || (f->large && n > MIR_MEM_SMALL);
		return 1;
	}
	mir_mem_unref(mem);
	if (n == 0)
		return 0;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return f->error = mir_host_error(errno);
	f->readable = f->hung_up;
	return MIR_EAGAIN;
}

static int flow_read(struct mir_flow *flow, struct mir_slice *out, unsigned max)
{
	struct host_flow *f = host_flow(flow);
	int rc;

	if (!max)
		return MIR_EINVAL;
	if ((rc = breathe(f)) < 0)
		return rc;
	for (;;) {
		if (f->error)
			return f->error;
		if (f->readable && (rc = read_now(f, out)) != MIR_EAGAIN)
			return rc;
		/* What came before that is told by an event, too. */
		if (!f->watched && (rc = watch(f)) < 0)
			return rc;
		if (!f->readable && (rc = wait_on(f, &f->readers)) < 0)
			return rc;
	}
}

static unsigned to_iovec(const struct mir_slice *s, unsigned n, struct iovec *v)
{
	n = MIR_MIN(n, (unsigned)IOVECS);
	for (unsigned i = 0; i < n; i++) {
		uintptr_t p = (uintptr_t)s[i].p;

		v[i] = (struct iovec){ (void *)p, s[i].len };
	}
	return n;
}

/* Drops what was sent from the front. */
static void advance(struct mir_slice **s, unsigned *n, size_t sent)
{
	while (*n && sent >= (*s)->len) {
		sent -= (*s)->len;
		mir_slice_unref(*s);
		(*s)++;
		(*n)--;
	}
	if (*n) {
		(*s)->p += sent;
		(*s)->len -= sent;
	}
}

static int watch_writable(struct host_flow *f)
{
	unsigned all = MIR_POLL_IN | MIR_POLL_OUT | MIR_POLL_HUP | MIR_POLL_EDGE;
	int rc = watch(f);

	if (rc < 0)
		return rc;
	if (f->poll.events != all)
		mir_poll_set(&f->poll, all);
	return 0;
}

static int wait_writable(struct host_flow *f)
{
	int rc = watch_writable(f);

	return rc < 0 ? rc : wait_on(f, &f->writers);
}

static int flow_write(struct mir_flow *flow, struct mir_slice *data, unsigned n)
{
	struct host_flow *f = host_flow(flow);
	struct iovec v[IOVECS];
	int rc = breathe(f);

	while (n && rc >= 0) {
		struct msghdr m = { .msg_iov = v, .msg_iovlen = to_iovec(data, n, v) };
		ssize_t sent;

		if (f->error || f->shut) {
			rc = f->error ? f->error : MIR_EPIPE;
			break;
		}
		sent = sendmsg(f->poll.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			advance(&data, &n, (size_t)sent);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			rc = wait_writable(f);
		else if (errno == EPIPE)
			rc = f->error = MIR_ECONNRESET;
		else if (errno != EINTR)
			rc = f->error = mir_host_error(errno);
	}
	mir_slices_unref(data, n);
	return rc < 0 ? rc : 0;
}

static int flow_drain(struct mir_flow *flow)
{
	struct host_flow *f = host_flow(flow);
	int64_t pause = MIR_MS(1);
	int left, rc;

	for (;;) {
		if (f->error)
			return f->error;
		if (ioctl(f->poll.fd, SIOCOUTQ, &left) < 0)
			return mir_host_error(errno);
		if (left == 0)
			return 0;
		if ((rc = mir_sleep(pause)) < 0)
			return rc;
		pause = MIR_MIN(pause * 2, MIR_MS(50));
	}
}

static int flow_shutdown(struct mir_flow *flow, enum mir_flow_half half)
{
	struct host_flow *f = host_flow(flow);
	int how = half == MIR_FLOW_READ ? SHUT_RD : half == MIR_FLOW_WRITE ? SHUT_WR : SHUT_RDWR;

	f->shut |= (half & MIR_FLOW_WRITE) != 0;
	return shutdown(f->poll.fd, how) < 0 ? mir_host_error(errno) : 0;
}

static void release(struct host_flow *f)
{
	if (f->watched)
		mir_poll_forget(&f->poll);
	mir_unpost(&f->task);
	mir_unpost(&f->task_write);
	close(f->poll.fd);
	mir_host_of_tcp(f->tcp.tcp)->stats.flows--;
	free(f);
}

static void flow_close(struct mir_flow *flow)
{
	release(host_flow(flow));
}

static void flow_abort(struct mir_flow *flow)
{
	struct host_flow *f = host_flow(flow);
	struct linger none = { 1, 0 };

	setsockopt(f->poll.fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	release(f);
}

/* Whole units of at least one, but 0 stays 0. */
static int units(int64_t value, int64_t unit)
{
	return value ? (int)MIR_MIN(MIR_MAX(value / unit, 1), INT32_MAX) : 0;
}

int mir_host_tcp_set(
    struct mir_tcp_flow *flow, enum mir_tcp_option option, int64_t value, const char *name)
{
	struct host_flow *f = mir_container(flow, struct host_flow, tcp);
	int level = IPPROTO_TCP, what = TCP_NODELAY, n = value != 0, rc;

	if (value < 0)
		return MIR_EINVAL;
	switch (option) {
	case MIR_TCP_SET_NODELAY: break;
	case MIR_TCP_SET_KEEPALIVE_IDLE:
		rc = setsockopt(f->poll.fd, SOL_SOCKET, SO_KEEPALIVE, &n, sizeof(n));
		if (rc < 0 || n == 0)
			return rc < 0 ? mir_host_error(errno) : 0;
		what = TCP_KEEPIDLE;
		n = units(value, MIR_SECOND(1));
		break;
	case MIR_TCP_SET_KEEPALIVE_INTERVAL:
		what = TCP_KEEPINTVL;
		n = value ? units(value, MIR_SECOND(1)) : 75;
		break;
	case MIR_TCP_SET_KEEPALIVE_PROBES:
		what = TCP_KEEPCNT;
		n = value ? units(value, 1) : 9;
		break;
	case MIR_TCP_SET_USER_TIMEOUT:
		what = TCP_USER_TIMEOUT;
		n = value ? units(value, MIR_MS(1)) : 300000;
		break;
	case MIR_TCP_SET_TELL_TIMEOUT: return MIR_ENOSYS;
	case MIR_TCP_SET_CONGESTION:
		if (!name) /* the host's own cannot be asked for */
			return MIR_ENOSYS;
		rc = setsockopt(f->poll.fd, level, TCP_CONGESTION, name, (socklen_t)strlen(name));
		return rc == 0 ? 0 : errno == ENOENT ? MIR_EINVAL : mir_host_error(errno);
	}
	return setsockopt(f->poll.fd, level, what, &n, sizeof(n)) < 0 ? mir_host_error(errno) : 0;
}

static void flow_when_readable(struct mir_flow *flow, mir_flow_ready *ready, void *arg)
{
	struct host_flow *f = host_flow(flow);

	f->ready = ready;
	f->ready_arg = arg;
	if (!ready) {
		mir_unpost(&f->task);
		return;
	}
	/* Being watched begins with an event if there is something. */
	if (!f->watched && !f->error) {
		f->readable = false;
		f->error = watch(f);
	}
	if (f->readable || f->error)
		mir_post(&f->task);
}

/* The host counts what holds the bytes too, at most as much again; below a third it says that there
 * is no room (tcp(7), SO_SNDBUF), and so the event comes that is waited for. */
static int64_t flow_room(struct mir_flow *flow)
{
	struct host_flow *f = host_flow(flow);
	int size = 0, queued = 0;
	socklen_t len = sizeof(size);
	struct pollfd p = { .fd = f->poll.fd, .events = POLLOUT };

	if (f->error || f->shut)
		return f->error ? f->error : MIR_EPIPE;
	if (poll(&p, 1, 0) != 1)
		return 0;
	if (getsockopt(p.fd, SOL_SOCKET, SO_SNDBUF, &size, &len) < 0 ||
	    ioctl(p.fd, SIOCOUTQ, &queued) < 0)
		return mir_host_error(errno);
	return MIR_MAX((size - 2 * queued) / 4, 1);
}

static void flow_when_writable(struct mir_flow *flow, mir_flow_ready *ready, void *arg)
{
	struct host_flow *f = host_flow(flow);
	int rc = 0;

	f->ready_write = ready;
	f->ready_write_arg = arg;
	if (!ready) {
		mir_unpost(&f->task_write);
		return;
	}
	if (!f->error && (rc = watch_writable(f)) < 0)
		f->error = rc;
	if (flow_room(flow) != 0)
		mir_post(&f->task_write);
}

const struct mir_flow_ops mir_host_flow_ops = {
	.name = "host TCP",
	.read = flow_read,
	.write = flow_write,
	.drain = flow_drain,
	.shutdown = flow_shutdown,
	.close = flow_close,
	.abort = flow_abort,
	.when_readable = flow_when_readable,
	.room = flow_room,
	.when_writable = flow_when_writable,
};

struct mir_tcp_flow *mir_host_flow_new(struct mir_host_stack *h, int fd,
    const struct mir_endpoint *local, const struct mir_endpoint *peer)
{
	struct host_flow *f = calloc(1, sizeof(*f));

	if (!f) {
		close(fd);
		return NULL;
	}
	f->tcp = (struct mir_tcp_flow){ { &mir_host_flow_ops }, &h->tcp, *local, *peer };
	f->poll = (struct mir_poll_fd){ .fd = fd, .ready = on_event };
	f->task.run = run_task;
	f->task_write.run = run_task_write;
	f->readable = true;
	h->stats.flows++;
	return &f->tcp;
}
