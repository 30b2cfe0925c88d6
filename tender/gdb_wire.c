/* gdb_wire.c: the connection to gdb, and its packets (gdb's manual, appendix E.1). */
#include "debug.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_at(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(s, 1) < 0)
		die("cannot wait for gdb on port %u: %s; try another with --gdb-port", port,
		    strerror(errno));
	say("waiting for gdb: target remote localhost:%u", port);
	return s;
}

void gdb_accept(struct gdb *g, const struct options *o, const struct gdb_ops *ops, void *guest)
{
	int s = o->gdb_fd >= 0 ? o->gdb_fd : listen_at(o->gdb_port);

	*g = (struct gdb){ .fd = -1, .ops = ops, .guest = guest, .signal = GDB_TRAP };
	g->fd = accept4(s, NULL, NULL, SOCK_CLOEXEC);
	if (g->fd < 0)
		die("cannot wait for gdb: %s", strerror(errno));
	close(s);
}

void gdb_hang_up(struct gdb *g)
{
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

int gdb_next_byte(struct gdb *g)
{
	ssize_t n;

	if (g->at < g->have)
		return g->input[g->at++];
	if (g->fd < 0)
		return -1;
	do
		n = read(g->fd, g->input, sizeof(g->input));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -1;
	g->have = (size_t)n;
	g->at = 1;
	return g->input[0];
}

static void write_all(struct gdb *g, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(g->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the next read tells */
		p += n;
		len -= (size_t)n;
	}
}

void gdb_send(struct gdb *g, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 1; i <= len; i++)
		sum = (uint8_t)(sum + (uint8_t)g->reply[i]);
	g->reply[0] = '$';
	snprintf(g->reply + 1 + len, 4, "#%02x", sum);
	write_all(g, g->reply, len + 4);
}

void gdb_reply(struct gdb *g, const char *text)
{
	size_t len = strlen(text);

	memcpy(g->reply + 1, text, len);
	gdb_send(g, len);
}

int gdb_hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool gdb_receive(struct gdb *g)
{
	for (;;) {
		size_t len = 0;
		uint8_t sum = 0;
		int c, high, low;

		do
			c = gdb_next_byte(g);
		while (c >= 0 && c != '$');
		while ((c = gdb_next_byte(g)) >= 0 && c != '#') {
			if (len < GDB_PACKET)
				g->packet[len++] = (char)c;
			sum = (uint8_t)(sum + c);
		}
		high = gdb_hex(gdb_next_byte(g));
		low = gdb_hex(gdb_next_byte(g));
		if (c < 0 || high < 0 || low < 0)
			return false;
		g->packet[len] = '\0';
		if (g->quiet)
			return true;
		write_all(g, (high << 4 | low) == sum ? "+" : "-", 1);
		if ((high << 4 | low) == sum)
			return true;
	}
}
