/* local.c: what the manual leaves open is as Linux has it: each line is what a call said. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "net.h"

static void said(const char *what, long rc)
{
	if (rc < 0)
		printf("%s: error %d\n", what, errno);
	else
		printf("%s: %ld\n", what, rc);
}
#define SAY(call) said(#call, (call))

static struct sockaddr_in in(const char *host, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, host, &a.sin_addr);
	return a;
}
#define SA(a) (struct sockaddr *)&(a), sizeof(a)

static short now(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	poll(&p, 1, 20);
	return p.revents;
}

enum { ALL = POLLIN | POLLOUT | POLLRDHUP };

static void pair_of(int fd[2])
{
	struct sockaddr_in a = in("127.0.0.1", 0);
	socklen_t len = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	bind(l, SA(a));
	getsockname(l, (struct sockaddr *)&a, &len);
	listen(l, 1);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	connect(fd[0], SA(a));
	fd[1] = accept(l, NULL, NULL);
	close(l);
}

static void streams(void)
{
	struct linger reset = { 1, 0 };
	struct timeval limit = { 0, 10000 };
	char ab[] = "ab", cde[] = "cde";
	struct iovec iov[2] = { { ab, 2 }, { cde, 3 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	char buf[16];
	int fd[2], n = 0;

	pair_of(fd);
	SAY(now(fd[0], ALL));
	SAY(sendmsg(fd[0], &m, 0));
	SAY(now(fd[1], ALL));
	SAY(ioctl(fd[1], FIONREAD, &n));
	printf("FIONREAD %d\n", n);
	SAY(recv(fd[1], buf, 2, MSG_PEEK));
	SAY(recv(fd[1], buf, 16, 0));
	printf("%.5s\n", buf);
	SAY(recv(fd[1], buf, 16, MSG_DONTWAIT));
	setsockopt(fd[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	SAY(recv(fd[1], buf, 16, 0));
	SAY(send(fd[0], "x", 1, MSG_OOB | MSG_NOSIGNAL) < 0 ? 0 : 0);
	SAY(shutdown(fd[0], SHUT_WR));
	SAY(send(fd[0], "x", 1, MSG_NOSIGNAL));
	SAY(now(fd[0], ALL));
	SAY(now(fd[1], POLLIN | POLLRDHUP));
	SAY(send(fd[1], "late", 4, 0));
	SAY(recv(fd[0], buf, 3, MSG_WAITALL));
	SAY(shutdown(fd[1], SHUT_RDWR));
	SAY(recv(fd[0], buf, 16, MSG_WAITALL));
	SAY(recv(fd[0], buf, 16, 0));
	SAY(now(fd[0], ALL));
	SAY(shutdown(fd[0], 7));
	close(fd[0]);
	close(fd[1]);
	pair_of(fd);
	setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd[0]);
	SAY(now(fd[1], ALL));
	SAY(recv(fd[1], buf, 16, 0));
	SAY(recv(fd[1], buf, 16, 0));
	SAY(send(fd[1], "x", 1, MSG_NOSIGNAL));
	close(fd[1]);
}

static void mistakes(void)
{
	struct sockaddr_in a = in("127.0.0.1", 9), far = in("192.0.2.77", 80);
	struct sockaddr_in any = in("0.0.0.0", 0);
	socklen_t len = sizeof(a);
	char buf[4];
	int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0), on = 1, t,
	    pair[2];

	SAY(now(s, ALL));
	SAY(connect(s, SA(a)));
	SAY(send(s, "x", 1, MSG_NOSIGNAL));
	SAY(recv(s, buf, 4, 0));
	SAY(accept(s, NULL, NULL));
	SAY(getpeername(s, (struct sockaddr *)&a, &len));
	SAY(shutdown(s, SHUT_RD));
	SAY(bind(s, SA(far)));
	SAY(bind(s, (struct sockaddr *)&a, 3));
	SAY(bind(s, SA(any)));
	SAY(bind(s, SA(any)));
	getsockname(s, (struct sockaddr *)&a, &len);
	t = socket(AF_INET, SOCK_STREAM, 0);
	SAY(bind(t, SA(a)));
	SAY(listen(s, 5));
	SAY(bind(t, SA(a)));
	SAY(now(s, ALL));
	SAY(recv(s, buf, 4, 0));
	SAY(fcntl(s, F_SETFL, O_NONBLOCK));
	SAY(accept(s, NULL, NULL));
	SAY(ioctl(s, FIONREAD, &t));
	SAY(listen(u, 5));
	SAY(accept(u, NULL, NULL));
	SAY(send(u, "x", 1, 0));
	SAY(now(u, ALL));
	SAY(setsockopt(u, SOL_SOCKET, 9999, &on, sizeof(on)));
	SAY(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, 1));
	SAY(setsockopt(s, IPPROTO_TCP, TCP_KEEPCNT, &(int){ 0 }, sizeof(int)));
	SAY(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	SAY(socket(9999, SOCK_STREAM, 0));
	SAY(socketpair(AF_INET, SOCK_STREAM, 0, pair));
	SAY(listen(1, 5));
	SAY(listen(99, 5));
	SAY(connect(99, SA(a)));
	close(s);
	close(u);
}

static void datagrams_local(void)
{
	struct sockaddr_in a = in("127.0.0.1", 0), b;
	socklen_t len = sizeof(a);
	struct mmsghdr many[3];
	struct iovec iov[3];
	char buf[3][8];
	int s = socket(AF_INET, SOCK_DGRAM, 0), t = socket(AF_INET, SOCK_DGRAM, 0);

	bind(s, SA(a));
	getsockname(s, (struct sockaddr *)&a, &len);
	SAY(sendto(t, "hello", 5, 0, SA(a)));
	SAY(sendto(t, "", 0, 0, SA(a)));
	SAY(recvfrom(s, buf[0], 3, MSG_TRUNC | MSG_PEEK, (struct sockaddr *)&b, &len));
	SAY(recv(s, buf[0], 8, 0));
	SAY(recv(s, buf[0], 8, 0));
	SAY(recv(s, buf[0], 8, MSG_DONTWAIT));
	SAY(connect(t, SA(a)));
	memset(many, 0, sizeof(many));
	for (int i = 0; i < 3; i++) {
		iov[i] = (struct iovec){ buf[i], (size_t)i + 1 };
		many[i].msg_hdr.msg_iov = &iov[i];
		many[i].msg_hdr.msg_iovlen = 1;
	}
	SAY(sendmmsg(t, many, 3, 0));
	SAY(now(s, ALL));
	SAY(recvmmsg(s, many, 3, MSG_WAITFORONE, NULL));
	printf("%u %u %u\n", many[0].msg_len, many[1].msg_len, many[2].msg_len);
	close(s);
	SAY(send(t, "x", 1, 0));
	SAY(now(t, POLLIN));
	SAY(recv(t, buf[0], 8, 0));
	SAY(recv(t, buf[0], 8, MSG_DONTWAIT));
	a = in("255.255.255.255", 9);
	SAY(sendto(t, "x", 1, 0, SA(a)));
	SAY(sendto(t, buf, 70000, 0, SA(b)) < 0 && errno == EMSGSIZE);
	close(t);
}

static void within(int type)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "\0name" }, b;
	socklen_t len = sizeof(sa_family_t) + 5, len_b = sizeof(b);
	char buf[16];
	int fd[2], l, c;

	printf("type %d\n", type);
	SAY(socketpair(AF_UNIX, type, 0, fd) < 0);
	SAY(now(fd[0], ALL));
	SAY(write(fd[0], "ab", 2));
	SAY(write(fd[0], "cd", 2));
	SAY(recv(fd[1], buf, 3, 0));
	SAY(recv(fd[1], buf, 16, MSG_DONTWAIT));
	SAY(recv(fd[1], buf, 16, MSG_DONTWAIT));
	SAY(write(fd[1], "last", 4));
	SAY(close(fd[1]));
	SAY(now(fd[0], POLLIN));
	SAY(recv(fd[0], buf, 16, 0));
	SAY(send(fd[0], "x", 1, MSG_NOSIGNAL));
	close(fd[0]);
	l = socket(AF_UNIX, type, 0);
	c = socket(AF_UNIX, type, 0);
	SAY(connect(c, (struct sockaddr *)&a, len));
	SAY(bind(l, (struct sockaddr *)&a, len));
	SAY(bind(c, (struct sockaddr *)&a, len));
	SAY(connect(c, (struct sockaddr *)&a, len));
	SAY(listen(l, 3));
	SAY(connect(c, (struct sockaddr *)&a, len));
	SAY(getpeername(c, (struct sockaddr *)&b, &len_b));
	printf("%u %s\n", len_b, b.sun_path + 1);
	SAY(send(c, "hi", 2, 0));
	fd[0] = type == SOCK_DGRAM ? l : accept(l, NULL, NULL);
	SAY(recv(fd[0], buf, 16, 0));
	close(l);
	close(c);
	close(fd[0]);
}

static void passing(void)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c;
	int fd[2], p[2], got = -1;

	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	m.msg_controllen = sizeof(control);
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &p[1], sizeof(int));
	SAY(sendmsg(fd[0], &m, 0));
	close(p[1]);
	memset(control, 0, sizeof(control));
	SAY(recvmsg(fd[1], &m, 0));
	c = CMSG_FIRSTHDR(&m);
	if (c)
		memcpy(&got, CMSG_DATA(c), sizeof(int));
	SAY(write(got, "through", 7));
	SAY(recv(p[0], control, sizeof(control), 0));
	close(got);
	close(p[0]);
	close(fd[0]);
	close(fd[1]);
}

static void events(int ep, int most)
{
	struct epoll_event ev[4];
	int n = epoll_wait(ep, ev, most, 20);

	printf("events %d", n);
	for (int i = 0; i < n; i++)
		printf(" %d:%x", ev[i].data.fd, ev[i].events);
	printf("\n");
}

static void watching(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = 1 };
	struct timeval t = { 0, 1000 };
	fd_set in_set;
	char buf[8];
	int fd[2], ep = epoll_create1(0), out = epoll_create1(0);

	pair_of(fd);
	SAY(epoll_ctl(ep, EPOLL_CTL_ADD, fd[1], &ev));
	SAY(epoll_ctl(ep, EPOLL_CTL_ADD, fd[1], &ev));
	SAY(epoll_ctl(ep, EPOLL_CTL_MOD, fd[0], &ev));
	SAY(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
	SAY(epoll_ctl(out, EPOLL_CTL_ADD, ep, &ev));
	SAY(epoll_ctl(ep, EPOLL_CTL_ADD, out, &ev));
	events(ep, 4);
	send(fd[0], "ab", 2, 0);
	now(fd[1], POLLIN);
	events(ep, 4);
	events(ep, 4);
	events(out, 4);
	ev.events = EPOLLIN | EPOLLET;
	SAY(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &ev));
	events(ep, 4);
	events(ep, 4);
	recv(fd[1], buf, 8, 0);
	send(fd[0], "cd", 2, 0);
	now(fd[1], POLLIN);
	events(ep, 4);
	ev.events = EPOLLIN | EPOLLOUT | EPOLLONESHOT;
	SAY(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &ev));
	events(ep, 4);
	events(ep, 4);
	ev.events = EPOLLIN | EPOLLRDHUP;
	SAY(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &ev));
	recv(fd[1], buf, 8, 0);
	close(fd[0]);
	now(fd[1], POLLRDHUP);
	events(ep, 4);
	FD_ZERO(&in_set);
	FD_SET(fd[1], &in_set);
	SAY(select(fd[1] + 1, &in_set, NULL, NULL, &t));
	close(fd[1]);
	events(ep, 4);
	FD_ZERO(&in_set);
	SAY(select(0, &in_set, NULL, NULL, &t));
	close(ep);
	close(out);
}

static void names(void)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_flags = AI_NUMERICHOST }, *list;
	struct sockaddr_in a = in("127.0.0.1", 80);
	char host[64], port[16];

	SAY(getaddrinfo("192.0.2.1", "53", &hints, &list));
	freeaddrinfo(list);
	SAY(getaddrinfo("not.a.number", NULL, &hints, &list) == EAI_NONAME);
	SAY(getnameinfo(
	    SA(a), host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV));
	printf("%s %s\n", host, port);
}

int local(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	streams();
	mistakes();
	datagrams_local();
	within(SOCK_STREAM);
	within(SOCK_DGRAM);
	within(SOCK_SEQPACKET);
	passing();
	watching();
	names();
	return 0;
}
