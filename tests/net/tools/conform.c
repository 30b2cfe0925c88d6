/* conform.c: one TCP segment made by hand, and what is answered.  Prints
 * "RST,ACK seq N ack N win N len N", or "none".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libpacket.h"

static const struct {
	const char *name;
	uint8_t bit;
} flag_table[] = { { "SYN", MIR_SYN }, { "FIN", MIR_FIN }, { "RST", MIR_RST }, { "PSH", MIR_PSH },
	{ "ACK", MIR_ACK }, { "URG", MIR_URG } };

#define FLAGS (sizeof flag_table / sizeof flag_table[0])

static uint8_t parse_flags(const char *text)
{
	uint8_t bits = 0;

	while (*text) {
		size_t i = 0, n = strcspn(text, ",");

		while (i < FLAGS && (n != 3 || strncmp(text, flag_table[i].name, 3) != 0))
			i++;
		if (i == FLAGS && (n != 4 || strncmp(text, "none", 4) != 0))
			mir_usage("--flags", "SYN ACK FIN RST PSH URG with commas, or none");
		bits |= i < FLAGS ? flag_table[i].bit : 0;
		text += n + (text[n] == ',');
	}
	return bits;
}

static void print_reply(const uint8_t *frame, const uint8_t *tcp)
{
	size_t header = (size_t)(tcp - frame) - MIR_ETH_HLEN + (size_t)(tcp[12] >> 4) * 4;
	unsigned total = mir_get16(frame + MIR_ETH_HLEN + 2);
	const char *comma = "";

	for (size_t i = 0; i < FLAGS; i++)
		if (tcp[13] & flag_table[i].bit) {
			printf("%s%s", comma, flag_table[i].name);
			comma = ",";
		}
	printf("%s seq %" PRIu32 " ack %" PRIu32 " win %u len %u\n", *comma ? "" : "none",
	    mir_get32(tcp + 4), mir_get32(tcp + 8), mir_get16(tcp + 14),
	    total > header ? (unsigned)(total - header) : 0);
}

int main(int argc, char **argv)
{
	uint64_t port = 0, from_port = 40000, seq = 1000, ack = 0, payload = 0, wait_ms = 1000;
	const char *device = NULL, *from = NULL, *to = NULL, *flags = "SYN";
	const struct mir_option options[] = { { "dev", MIR_OPT_STRING, &device, "device" },
		{ "from", MIR_OPT_STRING, &from, "our address, best one that no kernel has" },
		{ "to", MIR_OPT_STRING, &to, "address" }, { "port", MIR_OPT_NUMBER, &port, "port" },
		{ "from-port", MIR_OPT_NUMBER, &from_port, "our port" },
		{ "flags", MIR_OPT_STRING, &flags, "SYN,ACK,FIN,RST,PSH,URG or none" },
		{ "seq", MIR_OPT_NUMBER, &seq, "sequence number" },
		{ "ack", MIR_OPT_NUMBER, &ack, "acknowledgement number" },
		{ "payload", MIR_OPT_NUMBER, &payload, "bytes of data" },
		{ "wait", MIR_OPT_NUMBER, &wait_ms, "milliseconds for an answer" }, { 0 } };
	struct mir_raw r = { .sources = 1 };
	struct mir_packet p;
	uint8_t frame[MIR_PACKET_MAX];
	int64_t until;
	size_t n;

	mir_options(argc, argv,
	    "usage: conform --dev DEVICE --from IP --to IP --port PORT [option ...]\n"
	    "Sends one TCP segment and prints the answer's flags and numbers.",
	    options);
	r.from = mir_ip4(from);
	r.to = mir_ip4(to);
	r.port = (uint16_t)port;
	if (payload > 1400)
		mir_usage("--payload", "0 to 1400");
	mir_raw_open(&r, device);
	mir_packet_tcp(
	    &p, &r, (uint16_t)from_port, parse_flags(flags), (uint32_t)seq, (uint32_t)ack);
	mir_packet_fill(&p, payload);
	mir_packet_close(&p);
	mir_raw_send(&r, p.data, p.len);
	until = mir_now_ns() + (int64_t)wait_ms * 1000000;
	while ((n = mir_raw_receive(&r, frame, until))) {
		const uint8_t *tcp = mir_frame_tcp(frame, n);

		if (!tcp || mir_get32(frame + 26) != r.to || mir_get16(tcp) != port ||
		    mir_get16(tcp + 2) != from_port)
			continue;
		print_reply(frame, tcp);
		return 0;
	}
	puts("none");
	return 0;
}
