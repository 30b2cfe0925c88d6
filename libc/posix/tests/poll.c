/* poll, select, epoll: on sockets, and on files of the test's own. */
#include "net.h"

#include <sys/epoll.h>
#include <sys/select.h>

/* A file that is as ready as it is told. */
struct lamp {
	struct mir_file file;
	unsigned on;
	unsigned looks;
	bool *closed;
};

static unsigned lamp_ready(struct mir_file *f)
{
	struct lamp *l = mir_container(f, struct lamp, file);

	l->looks++;
	return l->on;
}

static void lamp_close(struct mir_file *f)
{
	struct lamp *l = mir_container(f, struct lamp, file);

	if (l->closed)
		*l->closed = true;
	free(l);
}

static const struct mir_file_ops lamp_ops = { .ready = lamp_ready, .close = lamp_close };

static struct lamp *lamp(int *fd)
{
	struct lamp *l = calloc(1, sizeof(*l));

	mir_file_init(&l->file, &lamp_ops, O_RDWR);
	*fd = mir_fd_new(&l->file, 0, 0);
	return l;
}

static void turn(struct lamp *l, unsigned on)
{
	l->on = on;
	mir_file_changed(&l->file);
}

static void turn_on(void *arg)
{
	mir_sleep(MIR_MS(10));
	turn(arg, POLLIN);
}

static void polls(void)
{
	struct pollfd p[12];
	struct timespec limit = { 0, 5000000 }, bad = { 0, -1 };
	struct lamp *l[12];
	int64_t begin = mir_now();
	int fd[12];

	for (int i = 0; i < 12; i++) {
		l[i] = lamp(&fd[i]);
		p[i] = (struct pollfd){ fd[i], POLLIN, 0 };
	}
	ok(mir_sys_poll(p, 12, 0) == 0 && mir_sys_poll(p, 12, 5) == 0, "none is on");
	ok(mir_now() - begin >= MIR_MS(5), "and that took its time");
	mir_spawn("turn", turn_on, l[11]);
	ok(mir_sys_poll(p, 12, -1) == 1 && p[11].revents == POLLIN, "the last one");
	ok(mir_sys_poll(p, 12, -1) == 1, "still");
	l[0]->on = POLLOUT | POLLHUP;
	ok(mir_sys_poll(p, 2, -1) == 1 && p[0].revents == POLLHUP, "told without being asked");
	p[0].fd = -1;
	p[1].fd = 999;
	ok(mir_sys_poll(p, 2, -1) == 1 && p[0].revents == 0 && p[1].revents == POLLNVAL,
	    "left out, and none");
	ok(mir_sys_poll(NULL, 0, 1) == 0, "nothing");
	ok(mir_sys_ppoll(p, 1, &limit, NULL, 8) == 0, "with a finer limit");
	ok(mir_sys_ppoll(p, 1, &bad, NULL, 8) == -EINVAL, "that is one");
	ok(mir_sys_poll(p, 1 << 20, 0) == -EINVAL, "too many");
	for (int i = 0; i < 12; i++)
		mir_sys_close(fd[i]);
}

static void selects(void)
{
	struct lamp *a, *b;
	struct timeval t = { 0, 3000 };
	int fd[2];
	fd_set in, out, wide[9] = { 0 };

	a = lamp(&fd[0]);
	b = lamp(&fd[1]);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(fd[0], &in);
	FD_SET(fd[1], &in);
	FD_SET(fd[1], &out);
	ok(mir_sys_select(fd[1] + 1, &in, &out, NULL, &t) == 0 && !FD_ISSET(fd[0], &in) &&
		t.tv_usec == 0,
	    "none");
	FD_SET(fd[0], &in);
	FD_SET(fd[1], &in);
	FD_SET(fd[1], &out);
	a->on = POLLHUP;
	b->on = POLLIN | POLLOUT;
	ok(mir_sys_select(fd[1] + 1, &in, &out, NULL, NULL) == 3, "three bits");
	ok(FD_ISSET(fd[0], &in) && FD_ISSET(fd[1], &in) && FD_ISSET(fd[1], &out), "these");
	FD_SET(fd[0], &wide[0]);
	t = (struct timeval){ INT64_MAX, 1000000 };
	ok(mir_sys_select(9 * FD_SETSIZE, wide, NULL, NULL, &t) == 1 && t.tv_sec == INT64_MAX,
	    "more than there may be, for ever");
	FD_SET(99, &in);
	ok(mir_sys_select(100, &in, NULL, NULL, NULL) == -EBADF, "a closed one");
	ok(mir_sys_select(-1, &in, NULL, NULL, NULL) == -EINVAL, "a strange number");
	ok(mir_sys_pselect6(0, NULL, NULL, NULL, &(struct timespec){ 0, 1000 }, NULL) == 0,
	    "just the time");
	mir_sys_close(fd[0]);
	mir_sys_close(fd[1]);
}

static long wait_now(int ep, struct epoll_event *ev, int max)
{
	return mir_sys_epoll_wait(ep, ev, max, 0);
}

static long add(int ep, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return mir_sys_epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static long modify(int ep, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return mir_sys_epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev);
}

static void levels(void)
{
	struct epoll_event ev[4];
	struct lamp *l[3];
	int fd[3], ep = (int)mir_sys_epoll_create1(EPOLL_CLOEXEC);

	for (int i = 0; i < 3; i++) {
		l[i] = lamp(&fd[i]);
		ok(add(ep, fd[i], EPOLLIN) == 0, "added");
	}
	ok(wait_now(ep, ev, 4) == 0, "none is on");
	mir_spawn("turn", turn_on, l[1]);
	ok(mir_sys_epoll_wait(ep, ev, 4, 1000) == 1 && ev[0].data.fd == fd[1] &&
		ev[0].events == EPOLLIN,
	    "one");
	ok(wait_now(ep, ev, 4) == 1, "level-triggered: again");
	l[1]->on = 0;
	ok(wait_now(ep, ev, 4) == 0, "off");
	for (int i = 0; i < 3; i++)
		turn(l[i], POLLIN | POLLOUT);
	ok(wait_now(ep, ev, 2) == 2 && ev[0].data.fd == fd[0] && ev[1].data.fd == fd[1], "two");
	ok(wait_now(ep, ev, 2) == 2 && ev[0].data.fd == fd[2] && ev[1].data.fd == fd[0],
	    "then the others: all get their turn");
	ok(modify(ep, fd[0], EPOLLOUT) == 0 &&
		mir_sys_epoll_ctl(ep, EPOLL_CTL_DEL, fd[2], NULL) == 0,
	    "other events; deleted");
	ok(wait_now(ep, ev, 4) == 2, "two are left");
	mir_sys_close(fd[1]);
	ok(wait_now(ep, ev, 4) == 1 && ev[0].events == EPOLLOUT, "a closed one is out");
	mir_sys_close(ep);
	turn(l[0], 0);
	mir_sys_close(fd[0]);
	mir_sys_close(fd[2]);
}

static void edges(void)
{
	struct epoll_event ev[4];
	int fd, ep = (int)mir_sys_epoll_create1(0);
	struct lamp *l = lamp(&fd);

	l->on = POLLIN;
	ok(add(ep, fd, EPOLLIN | EPOLLET) == 0 && wait_now(ep, ev, 4) == 1, "on from the start");
	ok(wait_now(ep, ev, 4) == 0, "once");
	turn(l, POLLIN);
	ok(wait_now(ep, ev, 4) == 1 && wait_now(ep, ev, 4) == 0, "once more when it changes");
	ok(modify(ep, fd, EPOLLIN | EPOLLONESHOT) == 0 && wait_now(ep, ev, 4) == 1, "one shot");
	turn(l, POLLIN);
	ok(wait_now(ep, ev, 4) == 0, "is all");
	ok(modify(ep, fd, EPOLLIN | EPOLLONESHOT) == 0 && wait_now(ep, ev, 4) == 1, "until armed");
	mir_sys_close(ep);
	mir_sys_close(fd);
}

static void mistakes(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd, ep = (int)mir_sys_epoll_create(1), plain[3];

	lamp(&fd);
	ok(mir_sys_epoll_create(0) == -EINVAL && mir_sys_epoll_create1(1) == -EINVAL, "created");
	ok(add(ep, fd, EPOLLIN) == 0 && add(ep, fd, EPOLLIN) == -EEXIST, "twice");
	ok(mir_sys_epoll_ctl(ep, EPOLL_CTL_MOD, 0, &ev) == -ENOENT, "not there");
	ok(mir_sys_epoll_ctl(ep, 99, fd, &ev) == -EINVAL, "no such order");
	ok(add(ep, ep, EPOLLIN) == -EINVAL && add(fd, ep, EPOLLIN) == -EINVAL, "itself, and none");
	ok(add(ep, 999, EPOLLIN) == -EBADF && wait_now(999, &ev, 1) == -EBADF, "closed");
	ok(wait_now(fd, &ev, 1) == -EINVAL && wait_now(ep, &ev, 0) == -EINVAL, "no epoll; no room");
	ok(modify(ep, fd, EPOLLIN | EPOLLEXCLUSIVE) == -EINVAL, "exclusive from the start only");
	for (int i = 0; i < 3; i++)
		plain[i] = (int)mir_sys_epoll_create1(0);
	ok(add(plain[0], plain[1], EPOLLIN) == 0 && add(plain[1], plain[2], EPOLLIN) == 0 &&
		add(plain[2], plain[0], EPOLLIN) == -ELOOP,
	    "a ring");
	for (int i = 0; i < 3; i++)
		mir_sys_close(plain[i]);
	mir_sys_close(ep);
	mir_sys_close(fd);
}

static void nested(void)
{
	struct epoll_event ev[2];
	int fd, in = (int)mir_sys_epoll_create1(0), out = (int)mir_sys_epoll_create1(0), deep[8];
	struct lamp *l = lamp(&fd);

	ok(add(in, fd, EPOLLIN) == 0 && add(out, in, EPOLLIN) == 0, "one in another");
	ok(wait_now(out, ev, 2) == 0, "off");
	mir_spawn("turn", turn_on, l);
	ok(mir_sys_epoll_wait(out, ev, 2, 1000) == 1 && ev[0].data.fd == in, "the inner tells");
	ok(wait_now(in, ev, 2) == 1 && ev[0].data.fd == fd, "the innermost");
	turn(l, 0);
	ok(wait_now(out, ev, 2) == 0, "off");
	turn(l, POLLIN);
	ok(wait_now(out, ev, 2) == 1, "on again");
	for (int i = 0; i < 8; i++)
		deep[i] = (int)mir_sys_epoll_create1(0);
	for (int i = 0; i < 4; i++)
		ok(add(deep[i], deep[i + 1], EPOLLIN) == 0, "deeper");
	ok(add(deep[4], deep[5], EPOLLIN) == -ELOOP, "too deep");
	for (int i = 0; i < 8; i++)
		mir_sys_close(deep[i]);
	mir_sys_close(in);
	mir_sys_close(out);
	mir_sys_close(fd);
}

static void closing(void)
{
	struct epoll_event ev[2];
	bool closed = false;
	int fd, copy, ep = (int)mir_sys_epoll_create1(0);
	struct lamp *l = lamp(&fd);

	l->closed = &closed;
	l->on = POLLIN;
	copy = (int)mir_sys_dup(fd);
	ok(add(ep, fd, EPOLLIN) == 0 && add(ep, copy, EPOLLIN) == 0, "both descriptors of a file");
	ok(wait_now(ep, ev, 2) == 2, "two events");
	mir_sys_close(fd);
	ok(!closed && wait_now(ep, ev, 2) == 2, "the file lives by the other");
	mir_sys_close(copy);
	ok(closed && wait_now(ep, ev, 2) == 0, "both are out");
	lamp(&fd);
	ok(add(ep, fd, EPOLLIN) == 0, "another with the number");
	mir_sys_close(ep);
	mir_sys_close(fd);
}

/* What is not ready costs nothing. */
static void many(void)
{
	enum { N = 5000 };
	static struct lamp *l[N];
	struct epoll_event ev[8];
	int ep = (int)mir_sys_epoll_create1(0), fd;
	unsigned looks = 0;

	mir_fd_limit = N + 10;
	for (int i = 0; i < N; i++) {
		l[i] = lamp(&fd);
		add(ep, fd, EPOLLIN);
		l[i]->looks = 0;
	}
	for (int i = 0; i < 1000; i++) {
		turn(l[i * 4], POLLIN);
		ok(i % 100 || wait_now(ep, ev, 8) >= 1, "one of many");
		turn(l[i * 4], 0);
	}
	for (int i = 0; i < N; i++)
		looks += l[i]->looks;
	ok(looks <= 2000, "%u looks", looks);
	mir_sys_close(ep);
	for (int i = 3; i < N + 10; i++)
		mir_sys_close(i);
	mir_fd_limit = MIR_FD_DEFAULT;
}

static void write_some(void *arg)
{
	int fd = *(int *)arg;

	for (int i = 0; i < 3; i++) {
		mir_sleep(MIR_MS(20));
		send_text(fd, "0123456789", 0);
	}
	mir_sleep(MIR_MS(20));
	mir_sys_close(fd);
}

/* Edge-triggered, on a connection: no event is lost. */
static void sockets(void)
{
	struct sockaddr_in a = inet("127.0.0.1", 80);
	struct epoll_event ev[2];
	int l, fd[2], ep, events = 0, bytes = 0;
	char buf[7];
	long n = 1;

	net_start();
	l = (int)mir_sys_socket(AF_INET, SOCK_STREAM, 0);
	mir_sys_bind(l, SA(a), sizeof(a));
	mir_sys_listen(l, 5);
	fd[0] = (int)mir_sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ep = (int)mir_sys_epoll_create1(0);
	ok(add(ep, fd[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) == 0,
	    "before it is connected");
	wait_now(ep, ev, 2);
	mir_sys_connect(fd[0], SA(a), sizeof(a));
	ok(mir_sys_epoll_wait(ep, ev, 2, 1000) == 1 && ev[0].events == EPOLLOUT, "connected");
	fd[1] = (int)mir_sys_accept(l, NULL, NULL);
	mir_spawn("writer", write_some, &fd[1]);
	while (n != 0) {
		ok(mir_sys_epoll_wait(ep, ev, 2, 1000) == 1, "an event");
		events++;
		while ((n = mir_sys_read(fd[0], buf, sizeof(buf))) > 0)
			bytes += (int)n;
	}
	ok(bytes == 30 && events == 4, "%d bytes in %d events", bytes, events);
	mir_sys_close(ep);
	mir_sys_close(fd[0]);
	mir_sys_close(l);
	net_stop();
}

int main(void)
{
	RUN(polls);
	RUN(selects);
	RUN(levels);
	RUN(edges);
	RUN(mistakes);
	RUN(nested);
	RUN(closing);
	RUN(many);
	RUN(sockets);
	return mir_test_end();
}
