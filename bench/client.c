/* client.c: peer's client: one bulk transfer, timed from the request to the last
 * byte of the answer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mir/digest.h"
#include "pattern.h"
#include "peer.h"

#define HEAD_MAX 8192

struct response {
	char head[HEAD_MAX + 1];
	size_t body; /* of what is in head, bytes of the body */
	const char *start;
	uint64_t length; /* Content-Length, or all there is */
	unsigned status;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, errno ? strerror(errno) : "end of stream");
	return 1;
}

static int send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, 0);

		if (n < 0)
			return fail("send");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Receive the head of the response, and what came of the body with it. */
static int read_head(int fd, struct response *r)
{
	size_t have = 0;
	const char *end = NULL, *field;

	while (!end) {
		ssize_t n = recv(fd, r->head + have, HEAD_MAX - have, 0);

		errno = n == 0 || have == HEAD_MAX ? 0 : errno;
		if (n <= 0)
			return fail("no response");
		have += (size_t)n;
		r->head[have] = '\0';
		end = strstr(r->head, "\r\n\r\n");
	}
	r->start = end + 4;
	r->body = have - (size_t)(r->start - r->head);
	r->length = UINT64_MAX;
	field = strcasestr(r->head, "\r\ncontent-length:");
	if (field && field < end)
		r->length = strtoull(field + 17, NULL, 10);
	if (sscanf(r->head, "HTTP/1.%*1u %u", &r->status) != 1 || r->status != 200) {
		fprintf(stderr, "peer: status %u\n", r->status);
		return 1;
	}
	return 0;
}

/* The SHA-256 in the text of an answer, or NULL. */
static const char *digest_in(const char *text)
{
	for (; *text; text++) {
		size_t n = strspn(text, "0123456789abcdef");

		if (n == 2 * MIR_SHA256_LEN)
			return text;
		text += n;
		if (*text == '\0')
			break;
	}
	return NULL;
}

int mir_peer_down(const char *address, const char *port, uint64_t bytes, bool digest)
{
	static uint8_t buffer[4 * PATTERN_PIECE];
	static struct response r;
	struct mir_sha256 sha;
	uint8_t sum[MIR_SHA256_LEN];
	char request[256];
	uint64_t got;
	double begin;
	int fd = mir_peer_socket(address, port, 0);

	if (fd < 0)
		return 1;
	mir_sha256_init(&sha);
	begin = seconds();
	snprintf(request, sizeof request,
	    "GET /down?bytes=%" PRIu64 " HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", bytes,
	    address);
	if (send_all(fd, request, strlen(request)) || read_head(fd, &r))
		return 1;
	mir_sha256_update(&sha, r.start, r.body);
	for (got = r.body; got < bytes;) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);

		errno = n == 0 ? 0 : errno;
		if (n <= 0)
			return fail("the body ends early");
		if (digest)
			mir_sha256_update(&sha, buffer, (size_t)n);
		got += (uint64_t)n;
	}
	mir_sha256_final(&sha, sum);
	printf("bytes %" PRIu64 " seconds %.6f digest ", got, seconds() - begin);
	for (unsigned i = 0; digest && i < MIR_SHA256_LEN; i++)
		printf("%02x", sum[i]);
	puts(digest ? "" : "0");
	close(fd);
	return 0;
}

int mir_peer_up(const char *address, const char *port, uint64_t bytes, bool digest)
{
	static uint8_t piece[PATTERN_PIECE];
	static struct response r;
	struct pattern p;
	char request[512];
	const char *sum;
	double begin, seconds_taken;
	int fd = mir_peer_socket(address, port, 0);

	if (fd < 0)
		return 1;
	begin = seconds();
	snprintf(request, sizeof request,
	    "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %" PRIu64
	    "\r\nConnection: close\r\n\r\n",
	    digest ? "/up" : "/up?digest=none", address, bytes);
	if (send_all(fd, request, strlen(request)))
		return 1;
	/* Without a digest the first piece does for all: the client is not what is measured. */
	pattern_start(&p, 0);
	pattern_next(&p, piece, sizeof piece);
	pattern_start(&p, 0);
	for (uint64_t left = bytes; left > 0;) {
		size_t n = pattern_piece(left);

		if (digest)
			pattern_next(&p, piece, n);
		if (send_all(fd, piece, n))
			return 1;
		left -= n;
	}
	if (read_head(fd, &r))
		return 1;
	while (r.length != UINT64_MAX && r.body < r.length) {
		size_t used = (size_t)(r.start - r.head) + r.body;
		ssize_t n = recv(fd, r.head + used, HEAD_MAX - used, 0);

		if (n <= 0)
			break;
		r.body += (size_t)n;
	}
	seconds_taken = seconds() - begin;
	sum = digest_in(r.start);
	printf("bytes %" PRIu64 " seconds %.6f digest %.*s\n", bytes, seconds_taken,
	    sum ? 2 * MIR_SHA256_LEN : 1, sum ? sum : "0");
	close(fd);
	return 0;
}
