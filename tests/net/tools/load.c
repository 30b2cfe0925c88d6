/* load.c: connections that all work: HTTP/1.1 GETs with keep-alive, for a time or a
 * count, and what went wrong.  One JSON line at the end.
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

#define SECOND   INT64_C(1000000000)
#define EVENTS   256
#define HEAD_MAX 4096
#define SAMPLES  1000000u /* latencies that are kept */

enum state { CONNECTING, HEAD, BODY };

struct connection {
	int fd;
	enum state state;
	bool close; /* the server has said so */
	char head[HEAD_MAX + 1];
	size_t have;
	uint64_t left; /* of the body */
	int64_t asked;
};

static uint64_t connections = 100, port, run_seconds = 5, requests, bytes_want;
static const char *to, *path = "/";
static bool one_each, check_bytes;

static struct {
	uint64_t sent, done, bytes, connect_errors, resets, ends, bad_status, bad_head, bad_length;
	uint64_t connects;
} counts;

static struct mir_target target;
static int64_t *samples;
static uint64_t sampled;
static char request[1024];
static int epoll;

static bool may_ask(void)
{
	return requests == 0 || counts.sent < requests;
}

static void start(struct connection *c)
{
	struct epoll_event ev = { .events = EPOLLOUT, .data.ptr = c };

	c->state = CONNECTING;
	c->asked = mir_now_ns();
	c->fd = mir_connect(&target, 0);
	if (c->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0) {
		counts.connect_errors++;
		if (c->fd >= 0)
			close(c->fd);
		c->fd = -1;
	}
}

static void again(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	if (may_ask())
		start(c);
}

static void ask(struct connection *c)
{
	size_t len = strlen(request);

	if (!may_ask()) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	counts.sent++;
	c->state = HEAD;
	c->have = 0;
	c->asked = mir_now_ns();
	if (send(c->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
		counts.resets++;
		again(c);
	}
}

static void on_connected(struct connection *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	if (mir_socket_error(c->fd)) {
		counts.connect_errors++;
		close(c->fd);
		c->fd = -1;
		return;
	}
	counts.connects++;
	epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &ev);
	ask(c);
}

static void finish(struct connection *c)
{
	counts.done++;
	samples[sampled++ % SAMPLES] = mir_now_ns() - c->asked;
	if (one_each || c->close)
		again(c);
	else
		ask(c);
}

/* The head is complete at `end`; false: the connection is of no more use. */
static bool on_head(struct connection *c, const char *end)
{
	const char *length = strcasestr(c->head, "\r\ncontent-length:");
	uint64_t bytes, extra = c->have - (size_t)(end - c->head);

	if (strncmp(c->head, "HTTP/1.1 ", 9) != 0 || !length || length > end) {
		counts.bad_head++;
		return false;
	}
	counts.bad_status += strncmp(c->head + 9, "200", 3) != 0;
	c->close = strcasestr(c->head, "\r\nconnection: close") != NULL;
	bytes = strtoull(length + 17, NULL, 10);
	if (extra > bytes || (check_bytes && bytes != bytes_want)) {
		counts.bad_length++;
		return false;
	}
	c->left = bytes - extra;
	c->state = BODY;
	counts.bytes += bytes;
	return true;
}

static void on_readable(struct connection *c)
{
	static char body[65536];
	bool head = c->state == HEAD;
	const char *end;
	ssize_t n = head ? recv(c->fd, c->head + c->have, HEAD_MAX - c->have, 0)
			 : recv(c->fd, body, c->left < sizeof body ? c->left : sizeof body, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		*(n < 0 ? &counts.resets : &counts.ends) += 1;
		again(c);
		return;
	}
	if (head) {
		c->have += (size_t)n;
		c->head[c->have] = '\0';
		end = strstr(c->head, "\r\n\r\n");
		if (!end && c->have < HEAD_MAX)
			return;
		if (!end || !on_head(c, end + 4)) {
			counts.bad_head += !end;
			again(c);
			return;
		}
	} else {
		c->left -= (uint64_t)n;
	}
	if (c->left == 0)
		finish(c);
}

static bool finished(void)
{
	return requests && counts.done + counts.resets + counts.ends + counts.bad_head +
				   counts.bad_length + counts.connect_errors >=
			       requests;
}

static void serve(int64_t until)
{
	struct epoll_event events[EVENTS];
	int64_t now;

	while ((now = mir_now_ns()) < until && !finished()) {
		int n = epoll_wait(epoll, events, EVENTS, (int)((until - now) / 1000000 + 1));

		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (c->fd < 0)
				continue;
			if (c->state == CONNECTING)
				on_connected(c);
			else
				on_readable(c);
		}
	}
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double percentile(double p)
{
	uint64_t n = sampled < SAMPLES ? sampled : SAMPLES;

	return n ? (double)samples[(uint64_t)((double)(n - 1) * p)] / 1e6 : 0;
}

static uint64_t report(double seconds)
{
	uint64_t errors = counts.connect_errors + counts.resets + counts.ends + counts.bad_head +
			  counts.bad_status + counts.bad_length;

	qsort(samples, sampled < SAMPLES ? sampled : SAMPLES, sizeof *samples, by_value);
	printf("{\"requests\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"connects\":%" PRIu64
	       ",\"errors\":%" PRIu64 ",\"connect_errors\":%" PRIu64 ",\"resets\":%" PRIu64
	       ",\"ends\":%" PRIu64 ",\"bad_head\":%" PRIu64 ",\"bad_status\":%" PRIu64
	       ",\"bad_length\":%" PRIu64 ",\"seconds\":%.3f,\"per_second\":%.0f"
	       ",\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
	    counts.done, counts.bytes, counts.connects, errors, counts.connect_errors,
	    counts.resets, counts.ends, counts.bad_head, counts.bad_status, counts.bad_length,
	    seconds, (double)counts.done / seconds, percentile(0.5), percentile(0.99),
	    percentile(1));
	return errors;
}

int main(int argc, char **argv)
{
	const struct mir_option options[] = { { "to", MIR_OPT_STRING, &to, "address" },
		{ "port", MIR_OPT_NUMBER, &port, "port" },
		{ "connections", MIR_OPT_NUMBER, &connections, "at once" },
		{ "seconds", MIR_OPT_NUMBER, &run_seconds, "end after so long" },
		{ "requests", MIR_OPT_NUMBER, &requests, "or after so many" },
		{ "path", MIR_OPT_STRING, &path, "what to get" },
		{ "bytes", MIR_OPT_NUMBER, &bytes_want, "the length that each body must have" },
		{ "close", MIR_OPT_FLAG, &one_each, "a connection for each request" }, { 0 } };
	struct connection *table;
	uint64_t errors;
	int64_t begin;

	mir_options(argc, argv,
	    "usage: load --to ADDRESS --port PORT [option ...]\n"
	    "HTTP GETs over many connections; status 1 if anything went wrong.",
	    options);
	target = mir_target(to, port);
	check_bytes = bytes_want != 0;
	if (connections == 0 || connections > 100000)
		mir_usage("--connections", "1 to 100000");
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, to,
	    one_each ? "Connection: close\r\n" : "");
	mir_raise_files();
	table = calloc(connections, sizeof *table);
	samples = calloc(SAMPLES, sizeof *samples);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!table || !samples || epoll < 0)
		return 1;
	begin = mir_now_ns();
	for (uint64_t i = 0; i < connections; i++)
		start(&table[i]);
	serve(begin + (int64_t)run_seconds * SECOND);
	errors = report((double)(mir_now_ns() - begin) / 1e9);
	free(table);
	free(samples);
	return errors != 0 || counts.done == 0;
}
