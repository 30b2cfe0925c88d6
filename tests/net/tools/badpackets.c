/* badpackets.c: sends what no well-meaning host sends, case by case, and looks
 * whether the target lives on, and keeps silent where it should.  Prints TAP.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libbad.h"

#define MS INT64_C(1000000)

static const struct mir_bad_case *const tables[] = { mir_bad_link, mir_bad_ip, mir_bad_icmp,
	mir_bad_tcp };

static uint64_t port = 80, listen_ms = 100, repeat = 1;
static const char *device, *from, *to, *only;
static bool list;
static unsigned tests, failed;

static void result(bool good, const char *name, const char *about)
{
	tests++;
	failed += !good;
	printf("%sok %u - %s: %s\n", good ? "" : "not ", tests, name, about);
	fflush(stdout);
}

/* IP packets from the target to anyone within the time.  A SYN,ACK is one of TCP's
 * cases only: an earlier one's may be repeated at any time. */
static uint64_t answers(struct mir_raw *r, bool of_tcp)
{
	uint8_t frame[MIR_PACKET_MAX];
	int64_t until = mir_now_ns() + (int64_t)listen_ms * MS;
	uint64_t n = 0;
	size_t len;

	while ((len = mir_raw_receive(r, frame, until))) {
		const uint8_t *tcp = mir_frame_tcp(frame, len);

		if (len < 34 || mir_get16(frame + 12) != 0x0800 || mir_get32(frame + 26) != r->to)
			continue;
		n += of_tcp || !tcp || (tcp[13] & MIR_SYN) == 0;
	}
	return n;
}

static void run(struct mir_raw *r, const struct mir_bad_case *c)
{
	uint64_t sent = r->sent, answered;
	char about[160];

	for (uint64_t i = 0; i < repeat; i++)
		c->send(r);
	sent = r->sent - sent;
	answered = answers(r, strncmp(c->name, "tcp-", 4) == 0);
	snprintf(about, sizeof about, "%s (%" PRIu64 " sent, %" PRIu64 " answered)", c->about, sent,
	    answered);
	result(c->answer != MIR_BAD_SILENT || answered == 0, c->name, about);
	if (!mir_raw_alive(r) && !mir_raw_alive(r))
		result(false, c->name, "the target answers an echo afterwards");
}

/* A new SYN, from a port that is hardly the one of an earlier run. */
static bool port_accepts(struct mir_raw *r)
{
	uint8_t frame[MIR_PACKET_MAX];
	struct mir_packet p;
	int64_t now = mir_now_ns(), until = now + 1000 * MS;
	uint16_t ours = (uint16_t)(50000 + now / 1000 % 15000);
	size_t n;

	mir_packet_tcp(&p, r, ours, MIR_SYN, (uint32_t)now, 0);
	mir_packet_close(&p);
	mir_bad_send(r, &p);
	while ((n = mir_raw_receive(r, frame, until))) {
		const uint8_t *tcp = mir_frame_tcp(frame, n);

		if (tcp && mir_get16(tcp) == r->port && mir_get16(tcp + 2) == ours)
			return (tcp[13] & (MIR_SYN | MIR_RST)) == MIR_SYN;
	}
	return false;
}

int main(int argc, char **argv)
{
	const struct mir_option options[] = { { "dev", MIR_OPT_STRING, &device, "device" },
		{ "from", MIR_OPT_STRING, &from, "our address, one that no kernel has" },
		{ "to", MIR_OPT_STRING, &to, "the target's address" },
		{ "port", MIR_OPT_NUMBER, &port, "a port where it listens" },
		{ "only", MIR_OPT_STRING, &only, "the cases whose name begins so" },
		{ "repeat", MIR_OPT_NUMBER, &repeat, "send each so often" },
		{ "listen", MIR_OPT_NUMBER, &listen_ms, "milliseconds for answers" },
		{ "list", MIR_OPT_FLAG, &list, "print the cases, send nothing" }, { 0 } };
	struct mir_raw r = { .sources = 1 };

	mir_options(argc, argv,
	    "usage: badpackets --dev DEVICE --from IP --to IP [option ...]\n"
	    "Sends bad packets; the target must live on, and be silent where it should.",
	    options);
	if (!list) {
		r.from = mir_ip4(from);
		r.to = mir_ip4(to);
		r.port = (uint16_t)port;
		mir_raw_open(&r, device);
		result(mir_raw_alive(&r), "start", "the target answers an echo");
	}
	for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
		for (const struct mir_bad_case *c = tables[t]; c->name; c++) {
			if (only && strncmp(c->name, only, strlen(only)) != 0)
				continue;
			if (list)
				printf("%-20s %s\n", c->name, c->about);
			else
				run(&r, c);
		}
	if (list)
		return 0;
	result(port_accepts(&r) || port_accepts(&r), "end", "the port still accepts");
	printf("1..%u\n", tests);
	return failed != 0;
}
