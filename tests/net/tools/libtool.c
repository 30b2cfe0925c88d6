/* libtool.c: options, time and connections.  See libtool.h. */
#define _GNU_SOURCE
#include "libtool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void mir_usage(const char *what, const char *text)
{
	fprintf(stderr, "%s: %s; see --help\n", what, text);
	exit(64);
}

static void print_help(const char *about, const struct mir_option *o)
{
	puts(about);
	for (; o->kind != MIR_OPT_END; o++) {
		printf("  --%-14s %s", o->name, o->help);
		if (o->kind == MIR_OPT_NUMBER && *(uint64_t *)o->to)
			printf(" (%" PRIu64 ")", *(uint64_t *)o->to);
		if (o->kind == MIR_OPT_STRING && *(const char **)o->to)
			printf(" (%s)", *(const char **)o->to);
		putchar('\n');
	}
	exit(0);
}

void mir_options(int argc, char **argv, const char *about, const struct mir_option *table)
{
	for (int i = 1; i < argc; i++) {
		const struct mir_option *o = table;
		const char *value;
		char *end;

		if (strcmp(argv[i], "--help") == 0)
			print_help(about, table);
		while (o->kind != MIR_OPT_END &&
		       (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, o->name) != 0))
			o++;
		if (o->kind == MIR_OPT_END)
			mir_usage(argv[i], "unknown option");
		if (o->kind == MIR_OPT_FLAG) {
			*(bool *)o->to = true;
			continue;
		}
		if (i + 1 == argc)
			mir_usage(argv[i], "a value is missing");
		value = argv[++i];
		if (o->kind == MIR_OPT_STRING) {
			*(const char **)o->to = value;
			continue;
		}
		*(uint64_t *)o->to = strtoull(value, &end, 10);
		if (*value < '0' || *value > '9' || *end)
			mir_usage(argv[i - 1], "not a number");
	}
}

struct mir_target mir_target(const char *address, uint64_t port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct mir_target t = { .len = 0 };
	struct addrinfo *ai;
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, port);
	if (!address || port == 0 || port > 65535 || getaddrinfo(address, text, &hints, &ai) != 0)
		mir_usage("--to ADDRESS --port PORT", "a numeric address and a port are needed");
	memcpy(&t.addr, ai->ai_addr, ai->ai_addrlen);
	t.len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return t;
}

uint32_t mir_ip4(const char *text)
{
	struct in_addr a;

	if (!text || inet_pton(AF_INET, text, &a) != 1)
		mir_usage(text ? text : "an address is missing", "not an IPv4 address");
	return ntohl(a.s_addr);
}

int mir_connect(const struct mir_target *t, uint32_t source)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(source) };
	int fd = socket(t->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, rc = 0;

	if (fd < 0)
		return -errno;
	if (source) {
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof one);
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
		rc = bind(fd, (struct sockaddr *)&from, sizeof from);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (rc == 0)
		rc = connect(fd, (const struct sockaddr *)&t->addr, t->len);
	if (rc < 0 && errno != EINPROGRESS) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

int mir_socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

void mir_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < 1048576)
		limit.rlim_cur = limit.rlim_max = 1048576;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int64_t mir_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
