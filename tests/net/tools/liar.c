/* liar.c: clients with a TCP of their own that lies: acknowledge what has not come, or each byte by
 * itself, report what they like in SACK blocks, forge resets into their own neighbours' windows,
 * fill windows beyond a hole.  They ask for /down and never end.  One JSON line at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libpacket.h"

#define SECOND INT64_C(1000000000)

enum { MAX = 1000, FIRST_PORT = 2000, MSS = 1460, PACE_MS = 5 };

struct lie {
	bool syn, open;
	uint32_t seq, una,
	    end; /* our next number; of theirs what we have, and the end of what came */
};

static struct mir_raw raw;
static struct lie lie[MAX];
static uint64_t connections = 20, segments, came;

static void say(unsigned i, uint8_t flags, uint32_t seq, uint32_t ack, const uint8_t *options,
    size_t noptions, const void *text, size_t len)
{
	struct mir_packet p;

	mir_packet_tcp(&p, &raw, (uint16_t)(FIRST_PORT + i), flags, seq, ack);
	if (noptions)
		mir_packet_tcp_options(&p, options, noptions);
	if (text) {
		memcpy(p.data + p.len, text, len);
		p.len += len;
	} else if (len) {
		mir_packet_fill(&p, len);
	}
	mir_packet_close(&p);
	mir_raw_send(&raw, p.data, p.len);
	segments++;
}

static void open_one(unsigned i)
{
	static const uint8_t options[] = { 2, 4, 5, 0xb4, 1, 1, 4, 2 };

	lie[i].seq = 1000;
	lie[i].syn = true;
	say(i, MIR_SYN, lie[i].seq, 0, options, sizeof options, NULL, 0);
}

static void ack(unsigned i, uint32_t number)
{
	say(i, MIR_ACK, lie[i].seq, number, NULL, 0, NULL, 0);
}

static void optimistic(unsigned i)
{
	struct lie *l = &lie[i];

	ack(i, l->end);
	ack(i, l->end + 5 * MSS);
	l->una = l->end;
}

static void divided(unsigned i)
{
	struct lie *l = &lie[i];

	for (unsigned n = 0; n < 40 && l->una != l->end; n++)
		ack(i, ++l->una);
}

static void sack(unsigned i)
{
	struct lie *l = &lie[i];
	uint8_t options[36] = { 1, 1, 5, 34 };

	for (unsigned b = 0; b < 4; b++) {
		uint32_t from = l->una + (uint32_t)(segments * 2654435761u >> 8) % 60000;

		mir_put32(options + 4 + 8 * b, from);
		mir_put32(options + 8 + 8 * b, from + 1 + (uint32_t)(segments >> b) % 4000);
	}
	say(i, MIR_ACK, l->seq, l->una, options, sizeof options, NULL, 0);
	if (segments % 8 == 0)
		l->una = l->end;
}

/* Resets and SYNs in the window, with all numbers but the right one. */
static void blind(unsigned i)
{
	struct lie *l = &lie[i];

	say(i, MIR_RST, l->seq + 1 + (uint32_t)segments * 977 % 30000, 0, NULL, 0, NULL, 0);
	say(i, MIR_SYN, l->seq + (uint32_t)segments * 977 % 30000, 0, NULL, 0, NULL, 0);
	ack(i, l->una = l->end);
}

static void holes(unsigned i)
{
	struct lie *l = &lie[i];

	for (unsigned n = 0; n < 10; n++)
		say(i, MIR_ACK, l->seq + 1 + (uint32_t)(segments * 40503u) % 60000, l->una, NULL, 0,
		    NULL, 1 + segments % 1400);
}

static const struct {
	const char *name;
	void (*act)(unsigned);
} modes[] = { { "optimistic", optimistic }, { "divided", divided }, { "sack", sack },
	{ "blind", blind }, { "holes", holes }, { 0 } };

static void take(const uint8_t *frame, size_t n)
{
	static const char request[] = "GET /down?bytes=1000000000 HTTP/1.1\r\nHost: x\r\n\r\n";
	const uint8_t *tcp = mir_frame_tcp(frame, n);
	unsigned i;
	uint32_t seq, len;

	if (!tcp || mir_get32(frame + 26) != raw.to || mir_get16(tcp) != raw.port)
		return;
	i = mir_get16(tcp + 2) - FIRST_PORT;
	if (i >= connections || !lie[i].syn)
		return;
	seq = mir_get32(tcp + 4);
	if (tcp[13] & MIR_RST) {
		lie[i] = (struct lie){ 0 };
		return;
	}
	if (tcp[13] & MIR_SYN) {
		if (lie[i].open)
			return;
		lie[i].open = true;
		lie[i].seq++;
		lie[i].una = lie[i].end = seq + 1;
		say(i, MIR_ACK | MIR_PSH, lie[i].seq, seq + 1, NULL, 0, request,
		    sizeof request - 1);
		lie[i].seq += sizeof request - 1;
		return;
	}
	len = mir_get16(frame + 16) - MIR_IP_HLEN - (tcp[12] >> 4) * 4u;
	came += len;
	if ((int32_t)(seq + len - lie[i].end) > 0)
		lie[i].end = seq + len;
}

int main(int argc, char **argv)
{
	uint64_t port = 0, seconds = 5;
	const char *device = NULL, *from = NULL, *to = NULL, *name = "optimistic";
	const struct mir_option options[] = { { "dev", MIR_OPT_STRING, &device, "device" },
		{ "from", MIR_OPT_STRING, &from, "our address, one that nobody has" },
		{ "to", MIR_OPT_STRING, &to, "address" }, { "port", MIR_OPT_NUMBER, &port, "port" },
		{ "mode", MIR_OPT_STRING, &name, "optimistic, divided, sack, blind, holes" },
		{ "connections", MIR_OPT_NUMBER, &connections, "at once" },
		{ "seconds", MIR_OPT_NUMBER, &seconds, "how long" }, { 0 } };
	uint8_t frame[MIR_PACKET_MAX];
	unsigned mode = 0, open = 0;
	int64_t start;
	size_t n;

	mir_options(argc, argv,
	    "usage: liar --dev DEVICE --from IP --to IP --port PORT [option ...]", options);
	while (modes[mode].name && strcmp(modes[mode].name, name) != 0)
		mode++;
	if (!modes[mode].name || connections == 0 || connections > MAX)
		mir_usage("liar", "a mode that there is, 1 to 1000 connections");
	raw.from = mir_ip4(from);
	raw.to = mir_ip4(to);
	raw.port = (uint16_t)port;
	mir_raw_open(&raw, device);
	start = mir_now_ns();
	while (mir_now_ns() - start < (int64_t)seconds * SECOND) {
		for (unsigned i = 0; i < connections; i++) {
			if (lie[i].open)
				modes[mode].act(i);
			else if (!lie[i].syn)
				open_one(i);
		}
		while ((n = mir_raw_receive(&raw, frame, mir_now_ns() + PACE_MS * SECOND / 1000)))
			take(frame, n);
	}
	for (unsigned i = 0; i < connections; i++)
		open += lie[i].open;
	printf("{\"mode\":\"%s\",\"segments\":%" PRIu64 ",\"open\":%u,\"bytes\":%" PRIu64 "}\n",
	    name, segments, open, came);
	return 0;
}
