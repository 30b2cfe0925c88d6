/* Stream sockets: with another host, and with ourselves. */
#include "net.h"

static int listen_on(uint16_t port, int backlog)
{
	struct sockaddr_in a = inet("0.0.0.0", port);
	int fd = (int)mir_sys_socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || mir_sys_bind(fd, SA(a), sizeof(a)) < 0 || mir_sys_listen(fd, backlog) < 0)
		return -1;
	return fd;
}

static int connect_to(const char *host, uint16_t port)
{
	struct sockaddr_in a = inet(host, port);
	int fd = (int)mir_sys_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	long rc = mir_sys_connect(fd, SA(a), sizeof(a));

	if (rc == 0)
		return fd;
	mir_sys_close(fd);
	return (int)rc;
}

/* Both ends of a connection of ours, through 127.0.0.1. */
static void pair_of(int fd[2])
{
	int l = listen_on(80, 5);

	fd[0] = connect_to("127.0.0.1", 80);
	fd[1] = (int)mir_sys_accept(l, NULL, NULL);
	ok(l >= 0 && fd[0] >= 0 && fd[1] >= 0, "connected through 127.0.0.1");
	mir_sys_close(l);
}

static void close_pair(int fd[2])
{
	mir_sys_close(fd[0]);
	mir_sys_close(fd[1]);
}

static void loopback(void)
{
	struct sockaddr_in a;
	unsigned len = sizeof(a);
	int fd[2];
	char buf[8];

	net_start();
	pair_of(fd);
	ok(mir_sys_getpeername(fd[0], SA(a), &len) == 0 && len == sizeof(a) &&
		a.sin_port == htons(80) && a.sin_addr.s_addr == htonl(INADDR_LOOPBACK),
	    "the peer's address");
	ok(mir_sys_getsockname(fd[1], SA(a), &len) == 0 && a.sin_port == htons(80), "its own");
	len = 4;
	ok(mir_sys_getsockname(fd[1], SA(a), &len) == 0 && len == sizeof(a), "cut, but told");
	ok(send_text(fd[0], "hello", 0) == 5 && got(fd[1], "hello", MSG_PEEK) &&
		got(fd[1], "hello", 0),
	    "a word, looked at and taken");
	ok(mir_sys_recvfrom(fd[1], buf, 8, MSG_DONTWAIT, NULL, NULL) == -EAGAIN, "no more");
	ok(ready(fd[1], POLLIN | POLLOUT) == POLLOUT, "so poll says");
	ok(mir_sys_shutdown(fd[0], SHUT_WR) == 0 && mir_sys_write(fd[0], "x", 1) == -EPIPE,
	    "shut for writing");
	ok(mir_sys_read(fd[1], buf, 8) == 0, "the end");
	ok(ready(fd[1], POLLIN | POLLRDHUP) == (POLLIN | POLLRDHUP), "poll says it");
	ok(send_text(fd[1], "back", 0) == 4 && got(fd[0], "back", 0), "the other way");
	close_pair(fd);
	net_stop();
}

static void waits(void)
{
	struct timeval limit = { 0, 20000 };
	int fd[2];
	char buf[8];
	int64_t begin;

	net_start();
	pair_of(fd);
	ok(mir_sys_setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0,
	    "a limit");
	begin = mir_now();
	ok(mir_sys_read(fd[0], buf, 1) == -EAGAIN && mir_now() - begin >= MIR_MS(20), "is kept");
	ok(mir_sys_fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0 && mir_sys_read(fd[0], buf, 1) == -EAGAIN,
	    "not waiting at all");
	close_pair(fd);
	net_stop();
}

static void write_slowly(void *arg)
{
	int fd = *(int *)arg;

	for (int i = 0; i < 5; i++) {
		send_text(fd, "ab", 0);
		mir_sleep(MIR_MS(10));
	}
	mir_sys_close(fd);
}

static void wait_all(void)
{
	int fd[2], n = 0;
	char buf[20];

	net_start();
	pair_of(fd);
	mir_spawn("writer", write_slowly, &fd[1]);
	ok(mir_sys_recvfrom(fd[0], buf, 7, MSG_WAITALL, NULL, NULL) == 7, "all seven");
	ok(memcmp(buf, "abababa", 7) == 0, "in order");
	mir_sleep(MIR_MS(100));
	ok(mir_sys_recvfrom(fd[0], buf, 2, MSG_PEEK, NULL, NULL) == 2, "two");
	ok(mir_sys_recvfrom(fd[0], buf, 3, MSG_PEEK, NULL, NULL) == 3, "three");
	ok(mir_sys_ioctl(fd[0], FIONREAD, &n) == 0 && n == 3, "FIONREAD: %d", n);
	ok(mir_sys_recvfrom(fd[0], buf, 20, MSG_WAITALL, NULL, NULL) == 3, "all until the end");
	mir_sys_close(fd[0]);
	net_stop();
}

static uint8_t pattern(size_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

enum { BULK = 3 << 20 };

static void write_much(void *arg)
{
	int fd = *(int *)arg;
	uint8_t *all = malloc(BULK);
	struct iovec iov[3] = { { all, 1000 }, { all + 1000, 1 << 20 },
		{ all + 1000 + (1 << 20), BULK - 1000 - (1 << 20) } };

	for (size_t i = 0; i < BULK; i++)
		all[i] = pattern(i);
	ok(mir_sys_writev(fd, iov, 3) == BULK, "a blocking write takes all");
	free(all);
	mir_sys_shutdown(fd, SHUT_WR);
}

static void bulk(void)
{
	static uint8_t buf[70000];
	struct iovec iov[2] = { { buf, 1 }, { buf + 1, sizeof(buf) - 1 } };
	size_t at = 0;
	bool right = true;
	int fd[2];
	long n;

	net_start();
	pair_of(fd);
	mir_spawn("writer", write_much, &fd[1]);
	while ((n = mir_sys_readv(fd[0], iov, 2)) > 0)
		for (long i = 0; i < n; i++)
			right &= buf[i] == pattern(at++);
	ok(n == 0 && right && at == BULK, "%zu bytes arrive as they were", at);
	close_pair(fd);
	net_stop();
}

static void nonblocking(void)
{
	static uint8_t buf[65536];
	struct sockaddr_in a = inet("127.0.0.1", 80);
	int l, fd, other;
	size_t sent = 0, read = 0;
	long n;

	net_start();
	l = listen_on(80, 5);
	ok(mir_sys_accept4(l, NULL, NULL, 99) == -EINVAL, "unknown flags");
	mir_sys_fcntl(l, F_SETFL, O_NONBLOCK);
	ok(mir_sys_accept(l, NULL, NULL) == -EAGAIN && ready(l, POLLIN) == 0, "nobody yet");
	fd = (int)mir_sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ok(mir_sys_fcntl(fd, F_GETFD, 0) == FD_CLOEXEC, "close on exec");
	ok(mir_sys_connect(fd, SA(a), sizeof(a)) == -EINPROGRESS, "connect begins");
	ok(mir_sys_connect(fd, SA(a), sizeof(a)) == -EALREADY && ready(fd, POLLOUT) == 0,
	    "and is under way");
	mir_sleep(MIR_MS(10));
	ok(ready(fd, POLLOUT) == POLLOUT && option(fd, SOL_SOCKET, SO_ERROR) == 0, "done");
	ok(mir_sys_connect(fd, SA(a), sizeof(a)) == -EISCONN, "connected");
	ok(ready(l, POLLIN) == POLLIN, "a connection waits");
	other = (int)mir_sys_accept4(l, NULL, NULL, SOCK_NONBLOCK);
	ok(other >= 0, "is accepted");
	while ((n = mir_sys_write(fd, buf, sizeof(buf))) > 0)
		sent += (size_t)n;
	ok(n == -EAGAIN && sent > 0, "%zu bytes fit", sent);
	mir_sleep(MIR_SECOND(1));
	while ((n = mir_sys_write(fd, buf, sizeof(buf))) > 0)
		sent += (size_t)n;
	ok(ready(fd, POLLOUT) == 0, "no room");
	while (read < sent) {
		while ((n = mir_sys_read(other, buf, sizeof(buf))) > 0)
			read += (size_t)n;
		mir_sleep(MIR_MS(5));
	}
	ok(ready(fd, POLLOUT) == POLLOUT && read == sent, "all is read: there is room again");
	mir_sys_close(fd);
	mir_sys_close(other);
	mir_sys_close(l);
	net_stop();
}

static void refused(void)
{
	struct sockaddr_in a = inet("10.0.0.2", 81), six = { .sin_family = AF_INET6 };
	int fd;

	net_start();
	ok(connect_to("127.0.0.1", 81) == -ECONNREFUSED, "nobody listens here");
	ok(connect_to("10.0.0.2", 81) == -ECONNREFUSED, "nor there");
	ok(connect_to("10.0.0.99", 81) == -EHOSTUNREACH, "nobody is there");
	ok(connect_to("192.168.1.1", 81) == -ENETUNREACH, "no way");
	fd = (int)mir_sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ok(mir_sys_connect(fd, SA(a), sizeof(a)) == -EINPROGRESS, "begins");
	mir_sleep(MIR_MS(10));
	ok(ready(fd, POLLOUT) == (POLLOUT | POLLERR | POLLHUP), "poll tells");
	ok(option(fd, SOL_SOCKET, SO_ERROR) == ECONNREFUSED, "SO_ERROR says why");
	ok(option(fd, SOL_SOCKET, SO_ERROR) == 0, "once");
	ok(mir_sys_connect(fd, SA(six), sizeof(six)) == -EAFNOSUPPORT, "no IPv6");
	ok(mir_sys_connect(fd, SA(a), 3) == -EINVAL, "a short address");
	ok(mir_sys_sendto(fd, "x", 1, 0, NULL, 0) == -EPIPE, "not connected");
	ok(mir_sys_recvfrom(fd, &a, 1, 0, NULL, NULL) == -ENOTCONN, "nor to read from");
	ok(mir_sys_connect(fd, SA(a), sizeof(a)) == -EINPROGRESS, "once more");
	mir_sys_close(fd);
	ok(mir_sys_socket(AF_INET6, SOCK_STREAM, 0) == -EAFNOSUPPORT, "no IPv6 at all");
	ok(mir_sys_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) == -EPERM, "no raw sockets");
	ok(mir_sys_socket(AF_INET, SOCK_STREAM, IPPROTO_UDP) == -EPROTONOSUPPORT, "a mix-up");
	ok(mir_sys_listen(0, 5) == -ENOTSOCK && mir_sys_listen(999, 5) == -EBADF, "no socket");
	net_stop();
}

static void ports(void)
{
	struct sockaddr_in a = inet("0.0.0.0", 0), far = inet("10.0.0.2", 80);
	struct sockaddr_in foreign = inet("10.0.0.77", 80);
	unsigned len = sizeof(a);
	int fd[2], x;

	net_start();
	x = (int)mir_sys_socket(AF_INET, SOCK_STREAM, 0);
	ok(mir_sys_bind(x, SA(foreign), sizeof(foreign)) == -EADDRNOTAVAIL, "not our address");
	ok(mir_sys_bind(x, SA(a), sizeof(a)) == 0, "any port");
	ok(mir_sys_getsockname(x, SA(a), &len) == 0 && a.sin_port != 0, "is told at once");
	fd[0] = (int)mir_sys_socket(AF_INET, SOCK_STREAM, 0);
	ok(mir_sys_bind(fd[0], SA(a), sizeof(a)) == -EADDRINUSE, "and taken");
	ok(mir_sys_bind(x, SA(a), sizeof(a)) == -EINVAL, "bound once");
	ok(mir_sys_connect(x, SA(far), sizeof(far)) == -ECONNREFUSED, "can be connected from");
	mir_sys_close(x);
	ok(mir_sys_bind(fd[0], SA(a), sizeof(a)) == 0 && mir_sys_listen(fd[0], -1) == 0,
	    "and is free again");
	ok(option(fd[0], SOL_SOCKET, SO_ACCEPTCONN) == 1, "listens");
	mir_sys_shutdown(fd[0], SHUT_RD);
	ok(mir_sys_accept(fd[0], NULL, NULL) == -EINVAL, "shut down");
	mir_sys_close(fd[0]);
	net_stop();
}

static struct mir_tcp_flow *bob_connects(uint16_t port)
{
	struct mir_endpoint to = { test_ip("10.0.0.1"), port };
	struct mir_tcp_flow *f = NULL;

	return mir_tcp_connect(&bob_tcp.tcp, NULL, &to, NULL, &f) == 0 ? f : NULL;
}

static void backlog(void)
{
	struct mir_tcp_flow *f[3];
	struct sockaddr_in from;
	unsigned len = sizeof(from);
	int l, fd;
	int64_t outer;

	net_start();
	l = listen_on(80, 2);
	f[0] = bob_connects(80);
	f[1] = bob_connects(80);
	outer = mir_deadline_set(mir_now() + MIR_MS(500));
	f[2] = bob_connects(80);
	mir_deadline_restore(outer);
	ok(f[0] && f[1] && !f[2], "two may wait, no more");
	fd = (int)mir_sys_accept(l, SA(from), &len);
	ok(fd >= 0 && from.sin_addr.s_addr == htonl(0x0a000002), "one is taken");
	f[2] = bob_connects(80);
	ok(f[2] != NULL, "another may come");
	mir_flow_write_copy(&f[0]->flow, "hi", 2);
	ok(got(fd, "hi", 0), "it speaks");
	mir_flow_abort(&f[0]->flow);
	mir_sleep(MIR_MS(10));
	ok(ready(fd, POLLIN) & POLLHUP, "it is reset");
	ok(mir_sys_read(fd, &from, 1) == -ECONNRESET && mir_sys_read(fd, &from, 1) == 0,
	    "which is told once");
	ok(mir_sys_write(fd, "x", 1) == -EPIPE, "nobody reads");
	mir_sys_close(fd);
	mir_sys_close(l);
	mir_sleep(MIR_MS(10));
	mir_flow_abort(&f[1]->flow);
	mir_flow_abort(&f[2]->flow);
	net_stop();
}

static void linger(void)
{
	struct linger none = { 1, 0 }, some = { 1, 5 };
	struct mir_tcp_flow *f[2];
	struct mir_slice s;
	int l, fd;

	net_start();
	l = listen_on(80, 2);
	f[0] = bob_connects(80);
	fd = (int)mir_sys_accept(l, NULL, NULL);
	mir_sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	mir_sys_close(fd);
	ok(mir_flow_read(&f[0]->flow, &s, 1) == MIR_ECONNRESET, "closing without lingering resets");
	mir_flow_close(&f[0]->flow);
	f[1] = bob_connects(80);
	fd = (int)mir_sys_accept(l, NULL, NULL);
	mir_sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &some, sizeof(some));
	send_text(fd, "bye", 0);
	mir_sys_close(fd);
	ok(mir_flow_read(&f[1]->flow, &s, 1) == 1 && s.len == 3, "what was sent arrives");
	mir_slice_unref(&s);
	mir_flow_close(&f[1]->flow);
	mir_sys_close(l);
	net_stop();
}

static void options(void)
{
	int fd[2];

	net_start();
	pair_of(fd);
	ok(option(fd[0], SOL_SOCKET, SO_TYPE) == SOCK_STREAM &&
		option(fd[0], SOL_SOCKET, SO_DOMAIN) == AF_INET &&
		option(fd[0], SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP,
	    "what it is");
	ok(set_option(fd[0], IPPROTO_TCP, TCP_NODELAY, 1) == 0 &&
		option(fd[0], IPPROTO_TCP, TCP_NODELAY) == 1,
	    "TCP_NODELAY");
	ok(set_option(fd[0], IPPROTO_TCP, TCP_CORK, 1) == 0 &&
		option(fd[0], IPPROTO_TCP, TCP_CORK) == 1 &&
		set_option(fd[0], IPPROTO_TCP, TCP_CORK, 0) == 0,
	    "TCP_CORK");
	ok(set_option(fd[0], SOL_SOCKET, SO_KEEPALIVE, 1) == 0 &&
		set_option(fd[0], IPPROTO_TCP, TCP_KEEPIDLE, 60) == 0 &&
		set_option(fd[0], IPPROTO_TCP, TCP_KEEPINTVL, 10) == 0 &&
		set_option(fd[0], IPPROTO_TCP, TCP_KEEPCNT, 3) == 0 &&
		option(fd[0], IPPROTO_TCP, TCP_KEEPIDLE) == 60 &&
		option(fd[0], IPPROTO_TCP, TCP_KEEPINTVL) == 10 &&
		option(fd[0], IPPROTO_TCP, TCP_KEEPCNT) == 3,
	    "keep-alive");
	ok(option(fd[1], IPPROTO_TCP, TCP_KEEPIDLE) == 7200 &&
		option(fd[1], IPPROTO_TCP, TCP_KEEPCNT) == 9,
	    "and its defaults");
	ok(set_option(fd[0], IPPROTO_TCP, TCP_KEEPCNT, 0) == -EINVAL, "no such number");
	ok(set_option(fd[0], IPPROTO_TCP, TCP_USER_TIMEOUT, 5000) == 0 &&
		option(fd[0], IPPROTO_TCP, TCP_USER_TIMEOUT) == 5000,
	    "TCP_USER_TIMEOUT");
	ok(set_option(fd[0], IPPROTO_TCP, TCP_FASTOPEN, 1) == -ENOPROTOOPT, "no TCP_FASTOPEN");
	ok(option(fd[0], IPPROTO_IP, IP_TTL) == 64 &&
		set_option(fd[0], IPPROTO_IP, IP_TTL, 3) == -ENOPROTOOPT &&
		set_option(fd[0], IPPROTO_IP, IP_TOS, 16) == -ENOPROTOOPT,
	    "TTL and TOS are what they are");
	ok(set_option(fd[0], SOL_SOCKET, SO_RCVBUF, 100000) == 0 &&
		option(fd[0], SOL_SOCKET, SO_RCVBUF) == 200000 &&
		set_option(fd[0], SOL_SOCKET, SO_SNDBUF, 1) == 0 &&
		option(fd[0], SOL_SOCKET, SO_SNDBUF) == 2304,
	    "buffers");
	ok(set_option(fd[0], SOL_SOCKET, SO_REUSEADDR, 1) == 0 &&
		option(fd[0], SOL_SOCKET, SO_REUSEADDR) == 1,
	    "SO_REUSEADDR");
	ok(set_option(fd[0], SOL_SOCKET, SO_BINDTODEVICE, 1) == -ENOPROTOOPT &&
		set_option(fd[0], 12345, 1, 1) == -ENOPROTOOPT,
	    "what there is not");
	ok(mir_sys_setsockopt(fd[0], SOL_SOCKET, SO_REUSEADDR, "", 1) == -EINVAL, "too short");
	close_pair(fd);
	net_stop();
}

static void no_memory(void)
{
	struct sockaddr_in a = inet("127.0.0.1", 80);
	int fd[2];

	net_start();
	pair_of(fd);
	mir_mem_fail_at(1);
	ok(send_text(fd[0], "x", 0) == -ENOBUFS, "no memory to send from");
	mir_mem_fail_at(0);
	ok(send_text(fd[0], "y", 0) == 1 && got(fd[1], "y", 0), "with some it goes on");
	close_pair(fd);
	mir_socket_stack = NULL;
	ok(mir_sys_socket(AF_INET, SOCK_STREAM, 0) == -EAFNOSUPPORT, "no network");
	ok(mir_sys_bind(0, SA(a), sizeof(a)) == -ENOTSOCK, "no socket");
	net_stop();
}

int main(void)
{
	RUN(loopback);
	RUN(waits);
	RUN(wait_all);
	RUN(bulk);
	RUN(nonblocking);
	RUN(refused);
	RUN(ports);
	RUN(backlog);
	RUN(linger);
	RUN(options);
	RUN(no_memory);
	return mir_test_end();
}
