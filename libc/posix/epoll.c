/* epoll.c: files that are watched all the time.
 *
 * An item is in its epoll's list while it may be ready: it gets there when its file changes, and
 * leaves when a look finds that it is not ready (or, edge-triggered, at once).  So waiting costs
 * what is ready, however many are watched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "poll_files.h"
#include "signals.h"
#include "socket_calls.h"

enum {
	DEPTH = 5, /* of epolls that watch epolls */
	FIRST = 16,
	ALWAYS = EPOLLERR | EPOLLHUP,
};

struct item {
	struct mir_file_watch watch;
	struct epoll *epoll;
	struct mir_file *file; /* borrowed: closing it ends the item */
	struct item *same;     /* other files that had the number */
	struct item *next, **prev;
	int fd;
	bool armed; /* false: EPOLLONESHOT has fired */
	uint32_t events;
	epoll_data_t data;
};

struct epoll {
	struct mir_file file; /* first */
	struct item **items;  /* by descriptor */
	int n_items;
	struct item *ready, **ready_end;
};

static const struct mir_file_ops ops;

static struct epoll *epoll_of(struct mir_file *f)
{
	return mir_container(f, struct epoll, file);
}

static void unqueue(struct item *i)
{
	if (!i->prev)
		return;
	*i->prev = i->next;
	if (i->next)
		i->next->prev = i->prev;
	else
		i->epoll->ready_end = i->prev;
	i->prev = NULL;
}

static void queue(struct item *i)
{
	struct epoll *e = i->epoll;

	if (i->prev)
		return;
	i->next = NULL;
	i->prev = e->ready_end;
	*e->ready_end = i;
	e->ready_end = &i->next;
}

static void release(struct item *i)
{
	struct item **at = &i->epoll->items[i->fd];

	while (*at != i)
		at = &(*at)->same;
	*at = i->same;
	unqueue(i);
	mir_file_unwatch(&i->watch);
	free(i);
}

static void item_changed(struct mir_file_watch *w)
{
	struct item *i = mir_container(w, struct item, watch);

	if (!w->prev) { /* closed */
		release(i);
	} else if (i->armed) {
		queue(i);
		mir_file_changed(&i->epoll->file);
	}
}

static uint32_t ready_of(const struct item *i)
{
	return i->armed ? mir_file_ready(i->file) & (i->events | ALWAYS) : 0;
}

/* Without looking at the files: an item may turn out not to be ready. */
static unsigned epoll_ready(struct mir_file *f)
{
	const struct epoll *e = epoll_of(f);

	for (struct item *i = e->ready; i; i = i->next)
		if (ready_of(i))
			return POLLIN;
	return 0;
}

static void epoll_close(struct mir_file *f)
{
	struct epoll *e = epoll_of(f);

	for (int fd = 0; fd < e->n_items; fd++)
		while (e->items[fd])
			release(e->items[fd]);
	free(e->items);
	free(e);
}

static const struct mir_file_ops ops = { .ready = epoll_ready, .close = epoll_close };

long mir_sys_epoll_create1(int flags)
{
	struct epoll *e;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	mir_file_init(&e->file, &ops, O_RDWR);
	e->ready_end = &e->ready;
	return mir_fd_new(&e->file, flags & EPOLL_CLOEXEC ? O_CLOEXEC : 0, 0);
}

long mir_sys_epoll_create(int size)
{
	return size > 0 ? mir_sys_epoll_create1(0) : -EINVAL;
}

static struct item *find(const struct epoll *e, int fd, const struct mir_file *f)
{
	struct item *i = fd < e->n_items ? e->items[fd] : NULL;

	while (i && i->file != f)
		i = i->same;
	return i;
}

/* How many epolls lie one in another, from f down; more than DEPTH if `loop` is among them. */
static int depth_of(struct mir_file *f, const struct mir_file *loop, int limit)
{
	int most = 0;

	if (f->ops != &ops)
		return 0;
	if (f == loop || limit == 0)
		return DEPTH + 1;
	for (int fd = 0; fd < epoll_of(f)->n_items; fd++)
		for (struct item *i = epoll_of(f)->items[fd]; i; i = i->same)
			most = MIR_MAX(most, depth_of(i->file, loop, limit - 1));
	return most + 1;
}

/* How many epolls it lies in, itself among them. */
static int height_of(const struct epoll *e)
{
	int most = 0;

	for (struct mir_file_watch *w = e->file.watches; w; w = w->next)
		if (w->changed == item_changed)
			most =
			    MIR_MAX(most, height_of(mir_container(w, struct item, watch)->epoll));
	return most + 1;
}

static bool grow(struct epoll *e, int fd)
{
	int n = MIR_MAX(MIR_MAX(e->n_items * 2, fd + 1), (int)FIRST);
	struct item **wide = realloc(e->items, (size_t)n * sizeof(struct item *));

	if (!wide)
		return false;
	memset(wide + e->n_items, 0, (size_t)(n - e->n_items) * sizeof(struct item *));
	e->items = wide;
	e->n_items = n;
	return true;
}

static void arm(struct item *i, const struct epoll_event *ev)
{
	i->events = ev->events;
	i->data = ev->data;
	i->armed = true;
	unqueue(i);
	if (!ready_of(i))
		return;
	queue(i);
	mir_file_changed(&i->epoll->file);
}

static long add(struct epoll *e, int fd, struct mir_file *f, const struct epoll_event *ev)
{
	struct item *i;

	if (find(e, fd, f))
		return -EEXIST;
	if (ev->events & EPOLLEXCLUSIVE && (f->ops == &ops || ev->events & EPOLLONESHOT))
		return -EINVAL;
	if (f->ops == &ops && height_of(e) + depth_of(f, &e->file, DEPTH) > DEPTH)
		return -ELOOP;
	if (!f->ops->ready) /* a regular file */
		return -EPERM;
	if (fd >= e->n_items && !grow(e, fd))
		return -ENOMEM;
	i = calloc(1, sizeof(*i));
	if (!i)
		return -ENOMEM;
	i->watch.changed = item_changed;
	i->epoll = e;
	i->file = f;
	i->fd = fd;
	i->same = e->items[fd];
	e->items[fd] = i;
	mir_file_watch(f, &i->watch);
	arm(i, ev);
	return 0;
}

long mir_sys_epoll_ctl(int fd, int op, int target, struct epoll_event *ev)
{
	struct mir_file *f = mir_fd_get(fd), *of = mir_fd_get(target);
	struct item *i;

	if (!f || !of || of->flags & O_PATH)
		return -EBADF;
	if (f->ops != &ops || f == of)
		return -EINVAL;
	if (op == EPOLL_CTL_ADD)
		return ev ? add(epoll_of(f), target, of, ev) : -EFAULT;
	i = find(epoll_of(f), target, of);
	if (op != EPOLL_CTL_DEL && op != EPOLL_CTL_MOD)
		return -EINVAL;
	if (!i)
		return -ENOENT;
	if (op == EPOLL_CTL_DEL) {
		release(i);
		return 0;
	}
	if (!ev)
		return -EFAULT;
	if ((ev->events | i->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	arm(i, ev);
	return 0;
}

/* What is ready goes to the caller; what stays so goes to the end of the list. */
static int collect(struct epoll *e, struct epoll_event *out, int max)
{
	struct item *first_again = NULL, *i;
	int n = 0;

	while (n < max && (i = e->ready) != NULL && i != first_again) {
		uint32_t events = ready_of(i);

		unqueue(i);
		if (!events)
			continue;
		out[n++] = (struct epoll_event){ .events = events, .data = i->data };
		if (i->events & EPOLLONESHOT)
			i->armed = false;
		else if (!(i->events & EPOLLET))
			queue(i);
		if (i->prev && !first_again)
			first_again = i;
	}
	return n;
}

static long wait_once(int fd, struct epoll_event *out, int max, int64_t deadline)
{
	struct mir_file *f;
	long rc = 0, n = 0;

	if (max <= 0 || max > INT_MAX / (int)sizeof(*out))
		return -EINVAL;
	f = mir_fd_hold(fd);
	if (!f)
		return -EBADF;
	if (f->ops != &ops)
		rc = -EINVAL;
	/* Who always finds something lets the others run all the same. */
	else if (mir_self() && mir_yield() < 0)
		rc = -EINTR;
	while (rc == 0 && (n = collect(epoll_of(f), out, max)) == 0 && deadline > mir_now())
		rc = mir_file_wait(f, deadline);
	if (rc == -ETIMEDOUT)
		n = collect(epoll_of(f), out, max);
	mir_file_unref(f);
	return rc < 0 && rc != -ETIMEDOUT ? rc : n;
}

static long wait_until(int fd, struct epoll_event *out, int max, int64_t deadline)
{
	long rc;

	do
		rc = wait_once(fd, out, max, deadline);
	while (mir_posix_again_unhandled(rc));
	return rc;
}

long mir_sys_epoll_wait(int fd, struct epoll_event *out, int max, int timeout_ms)
{
	return wait_until(fd, out, max, mir_poll_deadline_ms(timeout_ms));
}

long mir_sys_epoll_pwait(
    int fd, struct epoll_event *out, int max, int timeout_ms, const void *mask, size_t size)
{
	uint64_t old = 0;
	long rc = mir_poll_mask(mask, size, &old);

	if (rc < 0)
		return rc;
	rc = wait_until(fd, out, max, mir_poll_deadline_ms(timeout_ms));
	return mir_poll_unmask(mask, old, rc);
}
