/* idle.c: many connections that do nothing: opens them, holds them, then asks each
 * for an answer.  One JSON line at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libtool.h"

#define SECOND INT64_C(1000000000)
#define EVENTS 256

enum state { CLOSED, CONNECTING, OPEN, ASKED, ANSWERED };

struct connection {
	int fd;
	enum state state;
};

struct counts {
	uint64_t opened, failed, lost, asked, answered;
};

static uint64_t connections = 1000, port, hold = 5, window = 256, sources = 1, timeout = 15;
static const char *to, *from, *path = "/";

static struct connection *table;
static struct counts counts;
static uint64_t pending;
static int epoll;

static void drop(struct connection *c)
{
	close(c->fd);
	c->state = CLOSED;
}

static void begin(struct connection *c, const struct mir_target *t, uint64_t i)
{
	struct epoll_event ev = { .events = EPOLLOUT, .data.ptr = c };

	c->fd = mir_connect(t, from ? mir_ip4(from) + (uint32_t)(i % sources) : 0);
	if (c->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0) {
		if (counts.failed++ == 0)
			fprintf(stderr, "idle: connection %" PRIu64 ": %s\n", i,
			    strerror(c->fd < 0 ? -c->fd : errno));
		if (c->fd >= 0)
			close(c->fd);
		return;
	}
	c->state = CONNECTING;
	pending++;
}

static void on_connected(struct connection *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int error = mir_socket_error(c->fd);

	pending--;
	if (error) {
		if (counts.failed++ == 0)
			fprintf(stderr, "idle: %s\n", strerror(error));
		drop(c);
		return;
	}
	counts.opened++;
	c->state = OPEN;
	epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

static void on_readable(struct connection *c)
{
	char bytes[4096];
	ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (c->state == ASKED) {
		pending--;
		counts.answered += n > 0;
	} else if (n <= 0) {
		counts.lost++;
	} else {
		return;
	}
	drop(c);
}

/* Serve events until `until`, or until nothing is pending where that is asked. */
static void serve(int64_t until, bool until_idle)
{
	struct epoll_event events[EVENTS];
	int64_t now;

	while ((now = mir_now_ns()) < until && !(until_idle && pending == 0)) {
		int n = epoll_wait(epoll, events, EVENTS, (int)((until - now) / 1000000 + 1));

		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (c->state == CONNECTING)
				on_connected(c);
			else if (c->state != CLOSED)
				on_readable(c);
		}
		if (until_idle && pending < window)
			return;
	}
}

static void open_all(const struct mir_target *t)
{
	int64_t until = mir_now_ns() + (int64_t)timeout * SECOND;

	for (uint64_t i = 0; i < connections && mir_now_ns() < until; i++) {
		while (pending >= window && mir_now_ns() < until)
			serve(until, true);
		begin(&table[i], t, i);
	}
	while (pending > 0 && mir_now_ns() < until)
		serve(until, true);
	for (uint64_t i = 0; i < connections; i++)
		if (table[i].state == CONNECTING) {
			counts.failed++;
			drop(&table[i]);
		}
	pending = 0;
}

static void ask_all(void)
{
	int64_t until = mir_now_ns() + (int64_t)timeout * SECOND;
	char request[512];

	snprintf(request, sizeof request,
	    "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, to);
	for (uint64_t i = 0; i < connections; i++) {
		struct connection *c = &table[i];

		if (c->state != OPEN)
			continue;
		while (pending >= window && mir_now_ns() < until)
			serve(until, true);
		if (c->state != OPEN)
			continue;
		if (send(c->fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
			counts.lost++;
			drop(c);
			continue;
		}
		counts.asked++;
		c->state = ASKED;
		pending++;
	}
	while (pending > 0 && mir_now_ns() < until)
		serve(until, true);
}

int main(int argc, char **argv)
{
	const struct mir_option options[] = { { "to", MIR_OPT_STRING, &to, "address" },
		{ "port", MIR_OPT_NUMBER, &port, "port" },
		{ "connections", MIR_OPT_NUMBER, &connections, "how many" },
		{ "from", MIR_OPT_STRING, &from, "first source address" },
		{ "sources", MIR_OPT_NUMBER, &sources, "how many source addresses from there on" },
		{ "hold", MIR_OPT_NUMBER, &hold, "seconds to hold them" },
		{ "window", MIR_OPT_NUMBER, &window, "handshakes or requests at a time" },
		{ "timeout", MIR_OPT_NUMBER, &timeout, "seconds for opening, and for the answers" },
		{ "path", MIR_OPT_STRING, &path, "what is asked for at the end" }, { 0 } };
	struct mir_target t;
	int64_t start, opened;

	mir_options(argc, argv,
	    "usage: idle --to ADDRESS --port PORT [option ...]\n"
	    "Opens TCP connections, holds them, asks each for a page, closes them.",
	    options);
	t = mir_target(to, port);
	if (connections == 0 || connections > 1000000 || window == 0 || sources == 0)
		mir_usage("idle", "1 to 1000000 connections, a window and sources of 1 or more");
	mir_raise_files();
	table = calloc(connections, sizeof *table);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!table || epoll < 0)
		return 1;
	start = mir_now_ns();
	open_all(&t);
	opened = mir_now_ns();
	fprintf(stderr, "idle: holding %" PRIu64 "\n", counts.opened - counts.lost);
	serve(opened + (int64_t)hold * SECOND, false);
	ask_all();
	printf("{\"opened\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"lost\":%" PRIu64
	       ",\"survived\":%" PRIu64 ",\"answered\":%" PRIu64
	       ",\"open_seconds\":%.3f,\"seconds\":%.3f}\n",
	    counts.opened, counts.failed, counts.lost, counts.asked, counts.answered,
	    (double)(opened - start) / 1e9, (double)(mir_now_ns() - start) / 1e9);
	free(table);
	return counts.answered != connections;
}
