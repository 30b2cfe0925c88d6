/* serve.c: echo servers, in three ways; a word "end" ends them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

enum { CLIENTS = 4000, BUFFER = 16384 };

static int ended;

static int bound(int type, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	struct rlimit limit = { CLIENTS + 100, CLIENTS + 100 };
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	setrlimit(RLIMIT_NOFILE, &limit);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 1024) < 0)) {
		perror("bind");
		exit(1);
	}
	printf("ready\n");
	return fd;
}

/* Echoes what there is; whether the connection is over. */
static int echo(int fd)
{
	static char buf[BUFFER];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if (n >= 3 && memcmp(buf, "end", 3) == 0)
			ended = 1;
		for (ssize_t at = 0, sent; at < n; at += sent) {
			struct pollfd p = { fd, POLLOUT, 0 };

			sent = send(fd, buf + at, n - at, MSG_NOSIGNAL);
			if (sent < 0 && errno == EAGAIN) {
				poll(&p, 1, -1);
				sent = 0;
			}
			if (sent < 0)
				return 1;
		}
	}
	return n == 0 || errno != EAGAIN;
}

int polling(int argc, char **argv)
{
	static struct pollfd p[CLIENTS];
	int n = 1;

	p[0] = (struct pollfd){ bound(SOCK_STREAM, argc ? argv[0] : "7"), POLLIN, 0 };
	while (!ended && poll(p, n, -1) > 0) {
		for (int i = n - 1; i > 0; i--)
			if (p[i].revents && echo(p[i].fd)) {
				close(p[i].fd);
				p[i] = p[--n];
			}
		while (p[0].revents && n < CLIENTS) {
			int fd = accept4(p[0].fd, NULL, NULL, SOCK_NONBLOCK);

			if (fd < 0)
				break;
			p[n++] = (struct pollfd){ fd, POLLIN, 0 };
		}
	}
	printf("ended\n");
	return 0;
}

int epolling(int argc, char **argv)
{
	int l = bound(SOCK_STREAM, argc ? argv[0] : "7"), ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.fd = l }, all[64];
	int most = 0, open = 0;

	epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev);
	while (!ended) {
		int n = epoll_wait(ep, all, 64, -1);

		for (int i = 0; i < n; i++) {
			int fd = all[i].data.fd;

			if (fd != l && echo(fd)) {
				close(fd);
				open--;
			}
			while (fd == l && (fd = accept4(l, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				ev.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
				ev.data.fd = fd;
				epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
				most = ++open > most ? open : most;
				fd = l;
			}
		}
	}
	printf("ended, at most %d at once\n", most);
	return 0;
}

int datagrams(int argc, char **argv)
{
	int fd = bound(SOCK_DGRAM, argc ? argv[0] : "7"), more = 1;
	static char buf[65536];

	ioctl(fd, FIONBIO, &(int){ 0 });
	while (more) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		if (n < 0) {
			perror("recvfrom");
			return 1;
		}
		more = n < 3 || memcmp(buf, "end", 3) != 0;
		sendto(fd, buf, n, 0, (struct sockaddr *)&from, len);
	}
	printf("ended\n");
	return 0;
}
