/* sim_decode.c: a frame in a few words, for people who read traces. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <mir/bytes.h>

#include "sim_run.h"

enum { ETHER = 14, ARP = 28, IP4 = 20, TCP = 20, UDP = 8, ICMP = 8 };

/* Text that grows up to a bound. */
struct out {
	char *s;
	size_t n, cap;
};

static void say(struct out *o, const char *fmt, ...) MIR_PRINTF(2, 3);

static void say(struct out *o, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(o->s + o->n, o->cap - o->n, fmt, args);
	va_end(args);
	o->n = MIR_MIN(o->n + (size_t)n, o->cap - 1);
}

static void say_ip(struct out *o, const uint8_t *p)
{
	say(o, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
}

static void arp(struct out *o, const uint8_t *p, size_t len)
{
	if (len < ARP)
		return;
	say(o, mir_be16(p + 6) == 1 ? " ARP who has " : " ARP is at: ");
	say_ip(o, mir_be16(p + 6) == 1 ? p + 24 : p + 14);
	say(o, mir_be16(p + 6) == 1 ? " tell " : " to ");
	say_ip(o, mir_be16(p + 6) == 1 ? p + 14 : p + 24);
}

static void tcp(struct out *o, const uint8_t *p, size_t len)
{
	static const char letters[] = "FSRPAUEC";
	size_t header = len < TCP ? 0 : (size_t)(p[12] >> 4) * 4;

	if (header < TCP || header > len)
		return;
	say(o, " TCP %u>%u ", mir_be16(p), mir_be16(p + 2));
	for (int i = 0; i < 8; i++)
		if (p[13] & 1 << i)
			say(o, "%c", letters[i]);
	say(o, " seq=%u ack=%u win=%u len=%zu", mir_be32(p + 4), mir_be32(p + 8), mir_be16(p + 14),
	    len - header);
}

static void transport(struct out *o, unsigned protocol, const uint8_t *p, size_t len)
{
	if (protocol == 6)
		tcp(o, p, len);
	else if (protocol == 17 && len >= UDP)
		say(o, " UDP %u>%u len=%zu", mir_be16(p), mir_be16(p + 2), len - UDP);
	else if (protocol == 1 && len >= ICMP)
		say(o, " ICMP type=%u code=%u", p[0], p[1]);
	else
		say(o, " protocol %u", protocol);
}

static void ip4(struct out *o, const uint8_t *p, size_t len)
{
	size_t header = len < IP4 ? 0 : (size_t)(p[0] & 15) * 4, total, offset;

	if (header < IP4 || header > len)
		return;
	total = MIR_MIN((size_t)mir_be16(p + 2), len);
	offset = (size_t)(mir_be16(p + 6) & 0x1fff) * 8;
	say(o, " ");
	say_ip(o, p + 12);
	say(o, ">");
	say_ip(o, p + 16);
	if (offset == 0 && total >= header)
		transport(o, p[9], p + header, total - header);
	if (offset || (p[6] & 0x20))
		say(o, " fragment id=%u offset=%zu%s", mir_be16(p + 4), offset,
		    p[6] & 0x20 ? "+" : "");
}

void sim_decode(const uint8_t *frame, size_t len, char *text, size_t cap)
{
	struct out o = { text, 0, cap };

	text[0] = '\0';
	if (len < ETHER)
		return;
	if (mir_be16(frame + 12) == 0x0806)
		arp(&o, frame + ETHER, len - ETHER);
	else if (mir_be16(frame + 12) == 0x0800)
		ip4(&o, frame + ETHER, len - ETHER);
	else
		say(&o, " type %04x", mir_be16(frame + 12));
}
