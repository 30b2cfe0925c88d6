/* gdb.c: a server of gdb's remote protocol (gdb's manual, appendix E): one guest of one thread. */
#include "debug.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INTERRUPT = 3, TRAP = 5, CHUNK = GDB_PACKET / 2 - 8 };

/* ---- packets ---- */

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

	*g = (struct gdb){ .fd = -1, .ops = ops, .guest = guest, .signal = TRAP };
	g->fd = accept4(s, NULL, NULL, SOCK_CLOEXEC);
	if (g->fd < 0)
		die("cannot wait for gdb: %s", strerror(errno));
	close(s);
}

static void hang_up(struct gdb *g)
{
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

/* The next byte, or -1: the client is gone. */
static int next_byte(struct gdb *g)
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

/* Sends what g->reply has after its first byte, `len` bytes. */
static void send_reply(struct gdb *g, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 1; i <= len; i++)
		sum = (uint8_t)(sum + (uint8_t)g->reply[i]);
	g->reply[0] = '$';
	snprintf(g->reply + 1 + len, 4, "#%02x", sum);
	write_all(g, g->reply, len + 4);
}

static void reply(struct gdb *g, const char *text)
{
	size_t len = strlen(text);

	memcpy(g->reply + 1, text, len);
	send_reply(g, len);
}

static int hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One packet into g->packet, with a NUL; false: the client is gone. */
static bool receive(struct gdb *g)
{
	for (;;) {
		size_t len = 0;
		uint8_t sum = 0;
		int c, high, low;

		do
			c = next_byte(g);
		while (c >= 0 && c != '$');
		while ((c = next_byte(g)) >= 0 && c != '#') {
			if (len < GDB_PACKET)
				g->packet[len++] = (char)c;
			sum = (uint8_t)(sum + c);
		}
		high = hex(next_byte(g));
		low = hex(next_byte(g));
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

/* ---- memory and registers ---- */

static void to_hex(char *to, const uint8_t *from, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[from[i] >> 4];
		to[2 * i + 1] = digits[from[i] & 15];
	}
}

/* Returns how many bytes there are. */
static size_t from_hex(uint8_t *to, size_t room, const char *from)
{
	size_t n = 0;

	for (; n < room && hex(from[0]) >= 0 && hex(from[1]) >= 0; from += 2)
		to[n++] = (uint8_t)(hex(from[0]) << 4 | hex(from[1]));
	return n;
}

/* "ADDRESS,LENGTH" and what follows. */
static bool two_numbers(const char *p, uint64_t *a, uint64_t *b, const char **rest)
{
	char *end;

	*a = strtoull(p, &end, 16);
	if (end == p || *end != ',')
		return false;
	p = end + 1;
	*b = strtoull(p, &end, 16);
	*rest = end;
	return end != p;
}

static void read_memory(struct gdb *g)
{
	uint8_t bytes[CHUNK];
	uint64_t at, len;
	const char *rest;

	if (!two_numbers(g->packet + 1, &at, &len, &rest) || len > sizeof(bytes) ||
	    !g->ops->read(g->guest, at, bytes, len)) {
		reply(g, "E01");
		return;
	}
	to_hex(g->reply + 1, bytes, len);
	send_reply(g, 2 * len);
}

static void write_memory(struct gdb *g)
{
	uint8_t bytes[CHUNK];
	uint64_t at, len;
	const char *rest;
	bool good = two_numbers(g->packet + 1, &at, &len, &rest) && *rest == ':' &&
		    len <= sizeof(bytes) && from_hex(bytes, len, rest + 1) == len &&
		    g->ops->write(g->guest, at, bytes, len);

	reply(g, good ? "OK" : "E01");
}

static void read_registers(struct gdb *g)
{
	uint8_t packed[DEBUG_PACKED_MAX];
	struct debug_regs d;
	size_t len;

	if (!g->ops->get(g->guest, &d)) {
		reply(g, "E01");
		return;
	}
	len = debug_pack(&d, packed);
	to_hex(g->reply + 1, packed, len);
	send_reply(g, 2 * len);
}

static void write_registers(struct gdb *g)
{
	uint8_t packed[DEBUG_PACKED_MAX];
	size_t len = from_hex(packed, sizeof(packed), g->packet + 1);
	struct debug_regs d;
	bool good = g->ops->get(g->guest, &d);

	if (good) {
		debug_unpack(&d, packed, len);
		good = g->ops->set(g->guest, &d);
	}
	reply(g, good ? "OK" : "E01");
}

/* ---- breakpoints ---- */

static struct gdb_break *find_break(struct gdb *g, uint64_t at)
{
	for (struct gdb_break *b = g->breaks; b < g->breaks + GDB_BREAKS; b++)
		if (b->set && b->at == at)
			return b;
	return NULL;
}

bool gdb_has_break(const struct gdb *g, uint64_t at)
{
	for (const struct gdb_break *b = g->breaks; b < g->breaks + GDB_BREAKS; b++)
		if (b->set && b->at == at)
			return true;
	return false;
}

static bool set_break(struct gdb *g, uint64_t at)
{
	struct gdb_break *b = g->breaks;

	if (find_break(g, at))
		return true;
	while (b < g->breaks + GDB_BREAKS && b->set)
		b++;
	if (b == g->breaks + GDB_BREAKS || !g->ops->read(g->guest, at, b->was, debug_break_len) ||
	    !g->ops->write(g->guest, at, debug_break, debug_break_len))
		return false;
	b->at = at;
	b->set = true;
	return true;
}

static bool clear_break(struct gdb *g, uint64_t at)
{
	struct gdb_break *b = find_break(g, at);

	if (!b)
		return true;
	b->set = false;
	return g->ops->write(g->guest, at, b->was, debug_break_len);
}

static void clear_all(struct gdb *g)
{
	for (struct gdb_break *b = g->breaks; b < g->breaks + GDB_BREAKS; b++)
		if (b->set)
			clear_break(g, b->at);
}

/* Z0, Z1 and z0, z1; without debug registers both are the same.  Watchpoints there are none. */
static void breakpoint(struct gdb *g)
{
	uint64_t at, kind;
	const char *rest;
	bool good;

	if ((g->packet[1] != '0' && g->packet[1] != '1') || g->packet[2] != ',' ||
	    !two_numbers(g->packet + 3, &at, &kind, &rest)) {
		reply(g, "");
		return;
	}
	good = g->packet[0] == 'Z' ? set_break(g, at) : clear_break(g, at);
	reply(g, good ? "OK" : "E01");
}

/* ---- conversation ---- */

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void description(struct gdb *g)
{
	static const char ask[] = "qXfer:features:read:target.xml:";
	uint64_t at, len;
	const char *rest;
	size_t all = strlen(debug_xml);

	if (!starts(g->packet, ask) || !two_numbers(g->packet + strlen(ask), &at, &len, &rest)) {
		reply(g, "E00");
		return;
	}
	if (at > all)
		at = all;
	if (len > CHUNK)
		len = CHUNK;
	if (len > all - at)
		len = all - at;
	g->reply[1] = at + len < all ? 'm' : 'l';
	memcpy(g->reply + 2, debug_xml + at, len);
	send_reply(g, len + 1);
}

static void query(struct gdb *g)
{
	static const struct {
		const char *ask, *answer;
	} table[] = {
		{ "qSupported", "PacketSize=1000;qXfer:features:read+;QStartNoAckMode+;swbreak+" },
		{ "qAttached", "1" },
		{ "qC", "QC1" },
		{ "qfThreadInfo", "m1" },
		{ "qsThreadInfo", "l" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (starts(g->packet, table[i].ask)) {
			reply(g, table[i].answer);
			return;
		}
	if (starts(g->packet, "qXfer:features:read:"))
		description(g);
	else
		reply(g, "");
}

static void why(struct gdb *g, bool at_break)
{
	char text[32];

	snprintf(text, sizeof(text), "T%02xthread:1;%s", g->signal, at_break ? "swbreak:;" : "");
	reply(g, text);
}

/* c, s and C, S with a signal; an address after them goes into the program counter. */
static enum gdb_verdict resume(struct gdb *g, int *signal)
{
	char kind = g->packet[0], *p = g->packet + 1;
	struct debug_regs d;

	*signal = 0;
	if (kind == 'C' || kind == 'S') {
		*signal = (int)strtoul(p, &p, 16);
		if (*p == ';')
			p++;
	}
	if (hex(*p) >= 0 && g->ops->get(g->guest, &d)) {
		debug_set_pc(&d, strtoull(p, NULL, 16));
		g->ops->set(g->guest, &d);
	}
	return kind == 'c' || kind == 'C' ? GDB_CONTINUE : GDB_STEP;
}

/* What needs no end of the conversation. */
static void answer(struct gdb *g, bool at_break)
{
	switch (g->packet[0]) {
	case '?': why(g, at_break); break;
	case 'g': read_registers(g); break;
	case 'G': write_registers(g); break;
	case 'm': read_memory(g); break;
	case 'M': write_memory(g); break;
	case 'Z':
	case 'z': breakpoint(g); break;
	case 'H':
	case 'T': reply(g, "OK"); break;
	case 'q': query(g); break;
	case 'Q':
		if (strcmp(g->packet, "QStartNoAckMode") == 0) {
			reply(g, "OK");
			g->quiet = true;
		} else {
			reply(g, "");
		}
		break;
	default: reply(g, "");
	}
}

enum gdb_verdict gdb_serve(struct gdb *g, int *signal, bool tell, bool at_break)
{
	g->signal = *signal;
	*signal = 0;
	if (tell)
		why(g, at_break);
	while (receive(g)) {
		switch (g->packet[0]) {
		case 'c':
		case 'C':
		case 's':
		case 'S': return resume(g, signal);
		case 'k': return GDB_KILL;
		case 'D':
			reply(g, "OK");
			clear_all(g);
			hang_up(g);
			return GDB_DETACH;
		default: answer(g, at_break);
		}
	}
	clear_all(g);
	hang_up(g);
	return GDB_DETACH;
}

bool gdb_interrupted(struct gdb *g)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };

	if (g->fd < 0 || (g->at == g->have && poll(&p, 1, 0) <= 0))
		return false;
	switch (next_byte(g)) {
	case -1: /* gone: the guest stops once more, to lose its breakpoints */
	case INTERRUPT: return true;
	default: return false;
	}
}

void gdb_ended(struct gdb *g, int status, int signal)
{
	char text[8];

	if (g->fd < 0)
		return;
	snprintf(
	    text, sizeof(text), "%c%02x", signal ? 'X' : 'W', (signal ? signal : status) & 255);
	reply(g, text);
	receive(g); /* its acknowledgement, or its end */
	hang_up(g);
}
