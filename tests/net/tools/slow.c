/* slow.c: clients that take their time: a byte of the header each second, a byte of
 * the body each second, or a reader that hardly reads.  Tells how many the server
 * still puts up with, and since when the first is gone.  One JSON line at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libtool.h"

#define SECOND INT64_C(1000000000)

enum mode { MODE_HEADER, MODE_BODY, MODE_READ, MODES };
static const char *const mode_name[MODES] = { "header", "body", "read" };

struct connection {
	int fd; /* -1: gone */
	bool open;
	size_t sent;
	uint64_t got;
};

static uint64_t connections = 100, port, run_seconds = 30;
static const char *to, *path = "/", *mode_text = "header";
static uint64_t opened, failed, dropped;
static int64_t first_drop, begin;
static char request[1024];
static size_t prompt; /* bytes of the request that are sent at once */

static void drop(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	if (!c->open) {
		failed++;
		return;
	}
	if (dropped++ == 0)
		first_drop = mir_now_ns() - begin;
}

static void on_connected(struct connection *c)
{
	if (mir_socket_error(c->fd)) {
		drop(c);
		return;
	}
	c->open = true;
	opened++;
	if (prompt && send(c->fd, request, prompt, MSG_NOSIGNAL) != (ssize_t)prompt)
		drop(c);
	c->sent = prompt;
}

/* Whatever a server says to a slow sender is an error, and the end. */
static void on_readable(struct connection *c, enum mode mode)
{
	char byte;
	ssize_t n = recv(c->fd, &byte, 1, 0);

	if (n > 0 && mode == MODE_READ)
		c->got++;
	else if (n >= 0 || errno != EAGAIN)
		drop(c);
}

static void tick(struct connection *c, enum mode mode)
{
	if (c->fd < 0 || !c->open)
		return;
	if (mode == MODE_READ) {
		on_readable(c, mode);
		return;
	}
	if (send(c->fd, c->sent < strlen(request) ? &request[c->sent] : "x", 1, MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN)
		drop(c);
	else
		c->sent++;
}

static void run(struct connection *table, struct pollfd *fds, enum mode mode)
{
	int64_t until = begin + (int64_t)run_seconds * SECOND, next = begin + SECOND, now;

	while ((now = mir_now_ns()) < until) {
		for (uint64_t i = 0; i < connections; i++) {
			short wait = mode == MODE_READ ? 0 : POLLIN; /* 0: errors */

			fds[i].fd = table[i].fd;
			fds[i].events = table[i].open ? wait : POLLOUT;
		}
		if (now >= next) {
			for (uint64_t i = 0; i < connections; i++)
				tick(&table[i], mode);
			next += SECOND;
			continue;
		}
		if (poll(fds, connections, (int)((next - now) / 1000000 + 1)) <= 0)
			continue;
		for (uint64_t i = 0; i < connections; i++) {
			if (fds[i].revents == 0 || table[i].fd < 0)
				continue;
			if (!table[i].open)
				on_connected(&table[i]);
			else if (mode != MODE_READ)
				on_readable(&table[i], mode);
			else
				drop(&table[i]);
		}
	}
}

static enum mode parse_mode(void)
{
	for (unsigned i = 0; i < MODES; i++)
		if (strcmp(mode_text, mode_name[i]) == 0)
			return (enum mode)i;
	mir_usage("--mode", "header, body or read");
}

static void make_request(enum mode mode)
{
	if (mode == MODE_BODY)
		snprintf(request, sizeof request,
		    "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000000\r\n\r\n", path, to);
	else
		snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s", path, to,
		    mode == MODE_READ ? "\r\n" : "X-Slow: ");
	prompt = mode == MODE_HEADER ? 0 : strlen(request);
}

int main(int argc, char **argv)
{
	const struct mir_option options[] = { { "to", MIR_OPT_STRING, &to, "address" },
		{ "port", MIR_OPT_NUMBER, &port, "port" },
		{ "mode", MIR_OPT_STRING, &mode_text, "header, body or read: what is slow" },
		{ "connections", MIR_OPT_NUMBER, &connections, "how many" },
		{ "seconds", MIR_OPT_NUMBER, &run_seconds, "end after so long" },
		{ "path", MIR_OPT_STRING, &path,
		    "what to ask for (read: more than fits into buffers)" },
		{ 0 } };
	struct connection *table;
	struct mir_target target;
	struct pollfd *fds;
	enum mode mode;

	mir_options(argc, argv,
	    "usage: slow --to ADDRESS --port PORT [option ...]\nSlow HTTP clients.", options);
	target = mir_target(to, port);
	mode = parse_mode();
	if (connections == 0 || connections > 100000)
		mir_usage("--connections", "1 to 100000");
	make_request(mode);
	mir_raise_files();
	table = calloc(connections, sizeof *table);
	fds = calloc(connections, sizeof *fds);
	if (!table || !fds)
		return 1;
	begin = mir_now_ns();
	for (uint64_t i = 0; i < connections; i++) {
		int small = 4096;

		table[i].fd = mir_connect(&target, 0);
		if (table[i].fd < 0)
			failed++;
		else if (mode == MODE_READ)
			setsockopt(table[i].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	}
	run(table, fds, mode);
	printf("{\"mode\":\"%s\",\"opened\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"dropped\":%" PRIu64
	       ",\"first_drop_seconds\":%.3f}\n",
	    mode_name[mode], opened, failed, dropped, (double)first_drop / 1e9);
	free(table);
	free(fds);
	return opened == 0;
}
