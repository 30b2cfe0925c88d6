/* options.c: the relay's command line: a table of options, set for both
 * directions at once or, with the prefix ab: or ba:, for one.
 */
#include "options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE        64
#define ETHERNET_GAP 24 /* preamble, FCS and gap: bytes that a wire needs for each frame */

static const char help[] =
    "usage: relay --a PORT --b PORT [option ...]\n"
    "Moves Ethernet frames between two ports and impairs them like a bad link.\n"
    "\n"
    "  PORT               tap:NAME, tap:NAME@NETNS, or fd:N (a tap, or a datagram or seqpacket "
    "socket)\n"
    "\n"
    "Both directions, or one with the prefix ab: or ba: (--ab:loss 1%):\n"
    "  --loss P           loses frames at random; P is 1% or 0.01\n"
    "  --burst P,R[,L]    Gilbert's model: each frame turns the link bad with P and good\n"
    "                     again with R; while bad it loses L (100%)\n"
    "  --dup P            delivers twice\n"
    "  --corrupt P        flips one bit behind the Ethernet header (never in ARP)\n"
    "  --reorder P        holds back by --reorder-delay (5ms), others overtake\n"
    "  --delay T          20ms, 100us, 2s; a plain number is seconds\n"
    "  --jitter T         the delay varies by up to T either way, in order\n"
    "  --rate R           bits a second: 10M, 1G, 56k\n"
    "  --queue N          bytes that wait for the rate, drop-tail (128k)\n"
    "  --limit N          frames in flight (131072)\n"
    "  --mtu N            drops packets of more than N bytes\n"
    "  --icmp             ... and tells IPv4 (DF set) and IPv6 senders\n"
    "  --fragment         ... or fragments where IPv4 allows it\n"
    "  --down FROM-TO     cut from FROM to TO after the start; up to 16 times\n"
    "\n"
    "  --seed N           of all decisions (1)\n"
    "  --time T           end after T\n"
    "  --stats FILE       where the counters go, one JSON line at the end and one on\n"
    "                     SIGUSR1 (standard output)\n"
    "  --decide N         opens nothing; prints what would happen to the first N frames\n"
    "\n"
    "It prints \"relay: ready\" on stderr when frames pass.  SIGUSR2 cuts the link, and mends\n"
    "it again.  SIGINT and SIGTERM end it.\n";

enum kind { PERCENT, TIME, RATE, BYTES, COUNT, FLAG, BURST, CUT };

struct option {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct mir_relay_link */
};

#define LINK(field)   offsetof(struct mir_relay_link, field)
#define IMPAIR(field) LINK(impair.field)

static const struct option table[] = {
	{ "loss", PERCENT, IMPAIR(loss) },
	{ "burst", BURST, IMPAIR(burst_enter) },
	{ "dup", PERCENT, IMPAIR(dup) },
	{ "corrupt", PERCENT, IMPAIR(corrupt) },
	{ "reorder", PERCENT, IMPAIR(reorder) },
	{ "reorder-delay", TIME, IMPAIR(reorder_ns) },
	{ "delay", TIME, IMPAIR(delay_ns) },
	{ "jitter", TIME, IMPAIR(jitter_ns) },
	{ "rate", RATE, IMPAIR(rate_bps) },
	{ "queue", BYTES, IMPAIR(queue_bytes) },
	{ "limit", COUNT, IMPAIR(frames_max) },
	{ "mtu", COUNT, LINK(mtu) },
	{ "icmp", FLAG, LINK(icmp) },
	{ "fragment", FLAG, LINK(fragment) },
	{ "down", CUT, IMPAIR(cut) },
};

/* A number and what follows it; false where there is none or it is negative. */
static bool number(const char *text, double *value, const char **rest)
{
	char *end;

	*value = strtod(text, &end);
	*rest = end;
	return end != text && *value >= 0 && *value <= 1e18;
}

static bool parse_percent(const char *text, uint64_t *out, const char **rest)
{
	double v;

	if (!number(text, &v, rest))
		return false;
	if (**rest == '%') {
		v /= 100;
		++*rest;
	}
	*out = (uint64_t)(v * (double)MIR_IMPAIR_CERTAIN + 0.5);
	return v <= 1;
}

static bool parse_unit(
    const char *text, const char *const units[], const double scale[], double *v, const char **rest)
{
	if (!number(text, v, rest))
		return false;
	for (unsigned i = 0; units[i]; i++) {
		size_t n = strlen(units[i]);

		if (strncmp(*rest, units[i], n) == 0) {
			*v *= scale[i];
			*rest += n;
			break;
		}
	}
	return *v <= 9e18;
}

static bool parse_time(const char *text, int64_t *out, const char **rest)
{
	static const char *const units[] = { "ns", "us", "ms", "s", "m", "h", "", NULL };
	static const double scale[] = { 1, 1e3, 1e6, 1e9, 60e9, 3600e9, 1e9 };
	double v;

	if (!parse_unit(text, units, scale, &v, rest))
		return false;
	*out = (int64_t)v;
	return true;
}

static bool parse_scaled(const char *text, double k, uint64_t *out)
{
	static const char *const units[] = { "k", "K", "M", "G", NULL };
	const double scale[] = { k, k, k * k, k * k * k };
	const char *rest;
	double v;

	if (!parse_unit(text, units, scale, &v, &rest) || *rest)
		return false;
	*out = (uint64_t)v;
	return true;
}

static bool parse_burst(const char *text, struct mir_impair_config *c)
{
	const char *rest;

	c->burst_loss = MIR_IMPAIR_CERTAIN;
	if (!parse_percent(text, &c->burst_enter, &rest) || *rest++ != ',' ||
	    !parse_percent(rest, &c->burst_leave, &rest))
		return false;
	if (*rest == ',' && !parse_percent(rest + 1, &c->burst_loss, &rest))
		return false;
	return *rest == '\0';
}

static bool parse_cut(const char *text, struct mir_impair_config *c)
{
	const char *rest;

	if (c->cuts == MIR_IMPAIR_CUTS || !parse_time(text, &c->cut[c->cuts].from, &rest) ||
	    *rest++ != '-' || !parse_time(rest, &c->cut[c->cuts].to, &rest) || *rest)
		return false;
	c->cuts++;
	return true;
}

static bool set(struct mir_relay_link *link, const struct option *o, const char *text)
{
	void *field = (char *)link + o->offset;
	const char *rest = "";
	uint64_t n;

	switch (o->kind) {
	case PERCENT: return parse_percent(text, field, &rest) && *rest == '\0';
	case TIME: return parse_time(text, field, &rest) && *rest == '\0';
	case RATE: return parse_scaled(text, 1000, field);
	case BYTES: return parse_scaled(text, 1024, field);
	case BURST: return parse_burst(text, &link->impair);
	case CUT: return parse_cut(text, &link->impair);
	case FLAG: *(bool *)field = true; return true;
	case COUNT:
		if (!parse_scaled(text, 1000, &n) || n == 0 || n > 1000000000)
			return false;
		*(unsigned *)field = (unsigned)n;
		return true;
	}
	return false;
}

static const struct option *find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
			return &table[i];
	return NULL;
}

/* Options that are not a direction's. 1: taken; 0: not one; -1: bad value. */
static int set_global(struct mir_relay_options *o, const char *name, size_t len, const char *value)
{
	static const char *const names[] = { "a", "b", "stats", "seed", "decide", "time" };
	unsigned i;
	const char *rest;
	uint64_t n;

	for (i = 0; i < 6; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			break;
	if (i == 6)
		return 0;
	if (!value)
		return -1;
	if (i == 5)
		return parse_time(value, &o->time_ns, &rest) && *rest == '\0' ? 1 : -1;
	if (i < 2) {
		o->port[i] = value;
		return 1;
	}
	if (i == 2) {
		o->stats = value;
		return 1;
	}
	if (!parse_scaled(value, 1000, &n))
		return -1;
	if (i == 4)
		o->decide = n;
	else
		o->link[0].impair.seed = o->link[1].impair.seed = n;
	return 1;
}

static int bad(const char *name, const char *value)
{
	if (value)
		fprintf(stderr, "relay: %s: bad value '%s'; see relay --help\n", name, value);
	else
		fprintf(stderr, "relay: %s: a value is missing; see relay --help\n", name);
	return 1 + USAGE;
}

/* One option at argv[*i]; moves *i over a value that follows it. */
static int parse_one(struct mir_relay_options *o, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *name = arg + 2, *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const char *value = equals ? equals + 1 : *i + 1 < argc ? argv[*i + 1] : NULL;
	const struct option *option;
	unsigned first = 0, last = 1;
	int rc = set_global(o, name, len, value);

	if (rc == 0) {
		if (len > 3 && (strncmp(name, "ab:", 3) == 0 || strncmp(name, "ba:", 3) == 0)) {
			first = last = name[0] == 'b';
			name += 3;
			len -= 3;
		}
		option = find(name, len);
		if (!option) {
			fprintf(stderr, "relay: unknown option '%s'; see relay --help\n", arg);
			return 1 + USAGE;
		}
		if (option->kind != FLAG && !value)
			return bad(arg, NULL);
		for (unsigned d = first; d <= last; d++)
			if (!set(&o->link[d], option, value))
				return bad(arg, value);
		if (option->kind == FLAG)
			return 0;
	} else if (rc < 0) {
		return bad(arg, value);
	}
	*i += !equals;
	return 0;
}

int mir_relay_options_parse(struct mir_relay_options *o, int argc, char **argv)
{
	memset(o, 0, sizeof *o);
	for (unsigned d = 0; d < 2; d++) {
		o->link[d].impair.direction = d;
		o->link[d].impair.seed = 1;
		o->link[d].impair.gap = ETHERNET_GAP;
		o->link[d].impair.queue_bytes = 128 << 10;
		o->link[d].impair.reorder_ns = 5000000;
	}
	for (int i = 1; i < argc; i++) {
		int rc;

		if (strcmp(argv[i], "--help") == 0) {
			fputs(help, stdout);
			return 1;
		}
		if (strncmp(argv[i], "--", 2) != 0) {
			fprintf(stderr, "relay: unexpected '%s'; see relay --help\n", argv[i]);
			return 1 + USAGE;
		}
		rc = parse_one(o, argc, argv, &i);
		if (rc)
			return rc;
	}
	if (!o->decide && (!o->port[0] || !o->port[1])) {
		fputs("relay: --a PORT and --b PORT are needed; see relay --help\n", stderr);
		return 1 + USAGE;
	}
	return 0;
}
