/* server.c: peer's server: one process, epoll, the kernel's sockets; nothing that a
 * careful server would not do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mir/digest.h"
#include "pattern.h"
#include "peer.h"

#define HEAD_MAX 4096
#define EVENTS   64
#define TURN     8 /* pieces moved for one connection before the next one's turn */

enum state { READ_HEAD, READ_BODY, WRITE };

struct connection {
	int fd;
	enum state state;
	bool keep, digest;
	char head[HEAD_MAX + 1]; /* request; then the response's head and short body */
	size_t have, sent;
	uint64_t left;    /* of the body that comes in */
	uint64_t to_make; /* of the generated body that goes out */
	struct pattern pattern;
	uint8_t *piece; /* PATTERN_PIECE bytes, once there is such a body */
	size_t piece_len, piece_sent;
	uint64_t taken;
	struct mir_sha256 sha;
};

static void respond(struct connection *c, const char *status, const char *body, uint64_t bytes)
{
	uint64_t length = body ? strlen(body) : bytes;

	c->have = (size_t)snprintf(c->head, sizeof c->head,
	    "HTTP/1.1 %s\r\nContent-Length: %" PRIu64 "\r\n%s\r\n%s", status, length,
	    c->keep ? "" : "Connection: close\r\n", body ? body : "");
	c->sent = 0;
	c->to_make = bytes;
	c->piece_len = c->piece_sent = 0;
	c->state = WRITE;
}

static void finish_upload(struct connection *c)
{
	uint8_t digest[MIR_SHA256_LEN];
	char text[160];
	int n = snprintf(text, sizeof text, "{\"bytes\":%" PRIu64, c->taken);

	if (c->digest) {
		mir_sha256_final(&c->sha, digest);
		n += snprintf(text + n, sizeof text - (size_t)n, ",\"sha256\":\"");
		for (unsigned i = 0; i < MIR_SHA256_LEN; i++)
			n += snprintf(text + n, sizeof text - (size_t)n, "%02x", digest[i]);
		n += snprintf(text + n, sizeof text - (size_t)n, "\"");
	}
	snprintf(text + n, sizeof text - (size_t)n, "}\n");
	respond(c, "200 OK", text, 0);
}

static void take_body(struct connection *c, const void *data, size_t len)
{
	if (c->digest)
		mir_sha256_update(&c->sha, data, len);
	c->taken += len;
	c->left -= len;
	if (c->left == 0)
		finish_upload(c);
}

static uint64_t field_number(const char *head, const char *name)
{
	const char *field = strcasestr(head, name);

	return field ? strtoull(field + strlen(name), NULL, 10) : 0;
}

/* The head is complete, body bytes may follow it. */
static void dispatch(struct connection *c, char *end)
{
	size_t extra = c->have - (size_t)(end - c->head);
	char rest[HEAD_MAX];

	memcpy(rest, end, extra);
	*end = '\0';
	c->keep = !strcasestr(c->head, "\r\nConnection: close");
	if (strncmp(c->head, "GET /down?bytes=", 16) == 0) {
		const char *seed = strstr(c->head, "&seed=");

		if (!c->piece)
			c->piece = malloc(PATTERN_PIECE);
		pattern_start(&c->pattern, seed ? strtoull(seed + 6, NULL, 10) : 0);
		respond(c, c->piece ? "200 OK" : "503 Service Unavailable", NULL,
		    c->piece ? strtoull(c->head + 16, NULL, 10) : 0);
		return;
	}
	if (strncmp(c->head, "POST /up", 8) != 0 && strncmp(c->head, "PUT /up", 7) != 0) {
		respond(c, "404 Not Found", "try /down?bytes=N or POST /up\n", 0);
		return;
	}
	c->left = field_number(c->head, "\r\nContent-Length:");
	c->digest = strncmp(strchr(c->head, '/'), "/up?digest=none ", 16) != 0;
	c->taken = 0;
	c->state = READ_BODY;
	mir_sha256_init(&c->sha);
	if (strcasestr(c->head, "\r\nExpect: 100-continue"))
		send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
	if (extra > c->left)
		extra = (size_t)c->left;
	take_body(c, rest, extra);
}

/* The three below: 1 = went on, 0 = wait, -1 = close. */
static int received(ssize_t n)
{
	return n > 0 ? 1 : n < 0 && errno == EAGAIN ? 0 : -1;
}

static int read_head(struct connection *c)
{
	ssize_t n = recv(c->fd, c->head + c->have, HEAD_MAX - c->have, 0);
	char *end;

	if (n <= 0)
		return received(n);
	c->have += (size_t)n;
	c->head[c->have] = '\0';
	end = strstr(c->head, "\r\n\r\n");
	if (end)
		dispatch(c, end + 4);
	return end || c->have < HEAD_MAX ? 1 : -1;
}

static int read_body(struct connection *c)
{
	static uint8_t buffer[4 * PATTERN_PIECE];
	size_t want = c->left < sizeof buffer ? (size_t)c->left : sizeof buffer;
	ssize_t n = recv(c->fd, buffer, want, 0);

	if (n > 0)
		take_body(c, buffer, (size_t)n);
	return received(n);
}

static int write_head(struct connection *c)
{
	ssize_t n = send(c->fd, c->head + c->sent, c->have - c->sent,
	    MSG_NOSIGNAL | (c->to_make ? MSG_MORE : 0));

	if (n > 0)
		c->sent += (size_t)n;
	return received(n);
}

static int write_piece(struct connection *c)
{
	ssize_t n;

	if (c->piece_sent == c->piece_len) {
		c->piece_len = pattern_piece(c->to_make);
		c->piece_sent = 0;
		pattern_next(&c->pattern, c->piece, c->piece_len);
		c->to_make -= c->piece_len;
	}
	n = send(c->fd, c->piece + c->piece_sent, c->piece_len - c->piece_sent, MSG_NOSIGNAL);
	if (n > 0)
		c->piece_sent += (size_t)n;
	return received(n);
}

static int write_some(struct connection *c)
{
	if (c->sent < c->have)
		return write_head(c);
	if (c->to_make > 0 || c->piece_sent < c->piece_len)
		return write_piece(c);
	c->state = READ_HEAD;
	c->have = 0;
	return c->keep ? 1 : -1;
}

static void turn(int epoll, struct connection *c)
{
	struct epoll_event ev = { .data.ptr = c };
	int rc = 1;

	for (unsigned i = 0; i < TURN && rc > 0; i++)
		rc = c->state == READ_HEAD   ? read_head(c)
		     : c->state == READ_BODY ? read_body(c)
					     : write_some(c);
	if (rc < 0) {
		close(c->fd);
		free(c->piece);
		free(c);
		return;
	}
	ev.events = c->state == WRITE ? EPOLLOUT : EPOLLIN;
	epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

static void take_connections(int epoll, int listener)
{
	int one = 1, fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct connection *c = calloc(1, sizeof *c);
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		if (!c || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
			free(c);
			close(fd);
			continue;
		}
		c->fd = fd;
	}
}

int mir_peer_serve(const char *address, const char *port, const char *congestion)
{
	int listener = mir_peer_socket(address, port, 1);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL }, events[EVENTS];

	if (congestion && setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, congestion,
			      (socklen_t)strlen(congestion)) < 0) {
		fprintf(stderr, "peer: %s: %s\n", congestion, strerror(errno));
		return 1;
	}
	if (listener < 0 || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev) < 0)
		return 1;
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				turn(epoll, events[i].data.ptr);
			else
				take_connections(epoll, listener);
		}
		if (n < 0 && errno != EINTR)
			return 1;
	}
}
