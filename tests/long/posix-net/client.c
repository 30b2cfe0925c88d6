/* client.c: clients of the servers, and names. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

static struct sockaddr_in address(char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };

	inet_pton(AF_INET, argv[0], &a.sin_addr);
	return a;
}

/* Sends the text and reads it back; whether that was it. */
static int talk(int fd, const char *text, size_t len)
{
	static char back[1 << 20];

	if (send(fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		return 0;
	return recv(fd, back, len, MSG_WAITALL) == (ssize_t)len && memcmp(text, back, len) == 0;
}

int many(int argc, char **argv)
{
	struct rlimit limit = { 8192, 8192 };
	struct sockaddr_in a = address(argv);
	int n = argc > 2 ? atoi(argv[2]) : 1, right = 0;
	static char big[300000];
	static int fd[8192];

	setrlimit(RLIMIT_NOFILE, &limit);
	if (n < 1 || n > 8192)
		return 64;
	for (int i = 0; i < n; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd[i], (struct sockaddr *)&a, sizeof(a)) < 0) {
			perror("connect");
			return 1;
		}
	}
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < n; i++) {
			char text[32];

			snprintf(text, sizeof(text), "%d of %d", i, round);
			right += talk(fd[i], text, strlen(text));
		}
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 253);
	for (size_t at = 0; at < sizeof(big); at += 50000)
		right += talk(fd[0], big + at, 50000);
	for (int i = 1; i < n; i++)
		close(fd[i]);
	right += talk(fd[0], "end", 3);
	printf("%d answers were right\n", right);
	return 0;
}

int ask(int argc, char **argv)
{
	struct sockaddr_in a = address(argv);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = -1;
	socklen_t len = sizeof(error);
	struct pollfd p = { fd, POLLOUT, 0 };
	char buf[64] = "";

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno != EINPROGRESS) {
		perror("connect");
		return 1;
	}
	printf("poll %d", poll(&p, 1, 20000));
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	printf(", error %d\n", error);
	if (error)
		return 0;
	send(fd, argv[2], strlen(argv[2]), 0);
	p.events = POLLIN;
	poll(&p, 1, 20000);
	recv(fd, buf, sizeof(buf) - 1, 0);
	printf("answer '%s'\n", buf);
	return argc < 3;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

int lookup(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *list;
		char text[16][INET_ADDRSTRLEN];
		int n = 0, rc = getaddrinfo(argv[i], "80", &hints, &list);

		if (rc != 0) {
			printf("%s: %s\n", argv[i], rc == EAI_NONAME ? "no such name" : "not now");
			continue;
		}
		for (struct addrinfo *a = list; a && n < 16; a = a->ai_next, n++)
			getnameinfo(a->ai_addr, a->ai_addrlen, text[n], sizeof(text[n]), NULL, 0,
			    NI_NUMERICHOST);
		freeaddrinfo(list);
		qsort(text, n, sizeof(text[0]), by_text);
		printf("%s:", argv[i]);
		for (int k = 0; k < n; k++)
			printf(" %s", text[k]);
		printf("\n");
	}
	return 0;
}
