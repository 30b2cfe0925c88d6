/* gdb.c: a server of gdb's remote protocol (gdb's manual, appendix E): one guest of one thread. */
#include "debug.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INTERRUPT = 3, CHUNK = GDB_PACKET / 2 - 8 };

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

	for (; n < room && gdb_hex(from[0]) >= 0 && gdb_hex(from[1]) >= 0; from += 2)
		to[n++] = (uint8_t)(gdb_hex(from[0]) << 4 | gdb_hex(from[1]));
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
		gdb_reply(g, "E01");
		return;
	}
	to_hex(g->reply + 1, bytes, len);
	gdb_send(g, 2 * len);
}

static void write_memory(struct gdb *g)
{
	uint8_t bytes[CHUNK];
	uint64_t at, len;
	const char *rest;
	bool good = two_numbers(g->packet + 1, &at, &len, &rest) && *rest == ':' &&
		    len <= sizeof(bytes) && from_hex(bytes, len, rest + 1) == len &&
		    g->ops->write(g->guest, at, bytes, len);

	gdb_reply(g, good ? "OK" : "E01");
}

static void read_registers(struct gdb *g)
{
	uint8_t packed[DEBUG_PACKED_MAX];
	struct debug_regs d;
	size_t len;

	if (!g->ops->get(g->guest, &d)) {
		gdb_reply(g, "E01");
		return;
	}
	len = debug_pack(&d, packed);
	to_hex(g->reply + 1, packed, len);
	gdb_send(g, 2 * len);
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
	gdb_reply(g, good ? "OK" : "E01");
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
		gdb_reply(g, "");
		return;
	}
	good = g->packet[0] == 'Z' ? set_break(g, at) : clear_break(g, at);
	gdb_reply(g, good ? "OK" : "E01");
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
		gdb_reply(g, "E00");
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
	gdb_send(g, len + 1);
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
			gdb_reply(g, table[i].answer);
			return;
		}
	if (starts(g->packet, "qXfer:features:read:"))
		description(g);
	else
		gdb_reply(g, "");
}

static void why(struct gdb *g, bool at_break)
{
	char text[32];

	snprintf(text, sizeof(text), "T%02xthread:1;%s", g->signal, at_break ? "swbreak:;" : "");
	gdb_reply(g, text);
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
	if (gdb_hex(*p) >= 0 && g->ops->get(g->guest, &d)) {
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
	case 'T': gdb_reply(g, "OK"); break;
	case 'q': query(g); break;
	case 'Q':
		if (strcmp(g->packet, "QStartNoAckMode") == 0) {
			gdb_reply(g, "OK");
			g->quiet = true;
		} else {
			gdb_reply(g, "");
		}
		break;
	default: gdb_reply(g, "");
	}
}

enum gdb_verdict gdb_serve(struct gdb *g, int *signal, bool tell, bool at_break)
{
	g->signal = *signal;
	*signal = 0;
	if (tell)
		why(g, at_break);
	while (gdb_receive(g)) {
		switch (g->packet[0]) {
		case 'c':
		case 'C':
		case 's':
		case 'S': return resume(g, signal);
		case 'k': return GDB_KILL;
		case 'D':
			gdb_reply(g, "OK");
			clear_all(g);
			gdb_hang_up(g);
			return GDB_DETACH;
		default: answer(g, at_break);
		}
	}
	clear_all(g);
	gdb_hang_up(g);
	return GDB_DETACH;
}

bool gdb_interrupted(struct gdb *g)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };

	if (g->fd < 0 || (g->at == g->have && poll(&p, 1, 0) <= 0))
		return false;
	switch (gdb_next_byte(g)) {
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
	gdb_reply(g, text);
	gdb_receive(g); /* its acknowledgement, or its end */
	gdb_hang_up(g);
}
