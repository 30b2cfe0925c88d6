/* input.c: what IP takes, and all that it does not. */
#include "raw.h"

static unsigned got;

static void input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	(void)arg;
	(void)src;
	(void)dst;
	got++;
	mir_packet_unref(p);
}

static const struct mir_udp_handler handler = { .input = input };

static void start(void)
{
	struct mir_endpoint e = { MIR_IPADDR_ANY, 5 };
	struct mir_udp_port *port;

	raw_start();
	mir_udp_bind(&host.udp.udp, &e, &handler, NULL, &port);
	got = 0;
}

#define COUNTER(c) offsetof(struct mir_ipv4_stats, c)

static uint64_t counter(size_t at)
{
	return *(const uint64_t *)((const char *)&host.ip.stats + at);
}

struct change {
	const char *what;
	uint8_t at, bytes[4], n; /* of the IP header */
	bool sealed;             /* with a right checksum */
	bool taken;
	size_t counter;
};

static const struct change changes[] = {
	{ "nothing wrong", 0, { 0 }, 0, true, true, COUNTER(rx_delivered) },
	{ "version 6", 0, { 0x65 }, 1, true, false, COUNTER(rx_malformed) },
	{ "version 0", 0, { 0x05 }, 1, true, false, COUNTER(rx_malformed) },
	{ "header of 16 bytes", 0, { 0x44 }, 1, true, false, COUNTER(rx_malformed) },
	{ "header of 0 bytes", 0, { 0x40 }, 1, false, false, COUNTER(rx_malformed) },
	{ "header longer than all", 0, { 0x4f }, 1, false, false, COUNTER(rx_malformed) },
	{ "total length 0", 2, { 0, 0 }, 2, true, false, COUNTER(rx_malformed) },
	{ "total length 19", 2, { 0, 19 }, 2, true, false, COUNTER(rx_malformed) },
	{ "total length 33", 2, { 0, 33 }, 2, true, false, COUNTER(rx_malformed) },
	{ "total length 65535", 2, { 255, 255 }, 2, true, false, COUNTER(rx_malformed) },
	{ "checksum", 10, { 1, 2 }, 2, false, false, COUNTER(rx_checksum) },
	{ "from 0.0.0.0", 12, { 0, 0, 0, 0 }, 4, true, false, COUNTER(rx_bad_source) },
	{ "from 0.0.0.1", 12, { 0, 0, 0, 1 }, 4, true, false, COUNTER(rx_bad_source) },
	{ "from 127.0.0.1", 12, { 127, 0, 0, 1 }, 4, true, false, COUNTER(rx_bad_source) },
	{ "from 224.0.0.1", 12, { 224, 0, 0, 1 }, 4, true, false, COUNTER(rx_bad_source) },
	{ "from 240.0.0.1", 12, { 240, 0, 0, 1 }, 4, true, false, COUNTER(rx_bad_source) },
	{ "from all", 12, { 255, 255, 255, 255 }, 4, true, false, COUNTER(rx_bad_source) },
	{ "from our broadcast", 12, { 10, 0, 0, 255 }, 4, true, false, COUNTER(rx_bad_source) },
	{ "from ourselves (land)", 12, { 10, 0, 0, 1 }, 4, true, false, COUNTER(rx_land) },
	{ "to another", 16, { 10, 0, 0, 3 }, 4, true, false, COUNTER(rx_not_ours) },
	{ "to 0.0.0.0", 16, { 0, 0, 0, 0 }, 4, true, false, COUNTER(rx_not_ours) },
	{ "to 127.0.0.1", 16, { 127, 0, 0, 1 }, 4, true, false, COUNTER(rx_not_ours) },
	{ "to 224.0.0.251", 16, { 224, 0, 0, 251 }, 4, true, false, COUNTER(rx_not_ours) },
	{ "to another's broadcast", 16, { 10, 0, 1, 255 }, 4, true, false, COUNTER(rx_not_ours) },
	{ "to our broadcast", 16, { 10, 0, 0, 255 }, 4, true, true, COUNTER(rx_delivered) },
	{ "to all", 16, { 255, 255, 255, 255 }, 4, true, true, COUNTER(rx_delivered) },
	{ "to all hosts", 16, { 224, 0, 0, 1 }, 4, true, true, COUNTER(rx_delivered) },
	{ "TTL 0", 8, { 0 }, 1, true, true, COUNTER(rx_delivered) },
	{ "DF", 6, { 0x40, 0 }, 2, true, true, COUNTER(rx_delivered) },
	{ "a protocol nobody knows", 9, { 200 }, 1, true, false, COUNTER(rx_no_proto) },
};

static void headers(void)
{
	uint8_t f[100] = { 0 };

	for (unsigned i = 0; i < MIR_COUNT(changes); i++) {
		const struct change *c = &changes[i];

		for (size_t linear = 0; linear < 60; linear += 6) {
			size_t len;

			start();
			len = raw_udp(f, 5);
			memcpy(f + ETH + c->at, c->bytes, c->n);
			if (c->sealed)
				raw_seal(f);
			fake_arrive(&net, fake_packet(f, len, linear));
			if (got != c->taken || counter(c->counter) != 1)
				ok(false, "%s, %zu linear", c->what, linear);
			raw_stop();
		}
		ok(true, "%s", c->what);
	}
}

static void truncations(void)
{
	uint8_t f[100];
	size_t len;

	start();
	len = raw_udp(f, 5);
	for (size_t n = ETH; n < len; n++)
		fake_input(&net, f, n);
	ok(got == 0 && host.ip.stats.rx_malformed == len - ETH, "each length is too short");
	memset(f + len, 7, 20);
	fake_input(&net, f, len + 20);
	ok(got == 1, "padding is cut off");
	f[0] = f[1] = f[2] = f[3] = f[4] = f[5] = 255;
	fake_input(&net, f, len);
	ok(got == 1 && host.ip.stats.rx_bad_cast == 1, "unicast in a broadcast frame");
	raw_stop();
}

static void options(void)
{
	static const struct {
		const char *what;
		uint8_t bytes[8];
		bool taken;
		size_t counter;
	} table[] = {
		{ "end of list", { 0, 9, 9, 9 }, true, COUNTER(rx_delivered) },
		{ "nops", { 1, 1, 1, 1, 1, 1, 1, 1 }, true, COUNTER(rx_delivered) },
		{ "record route, ignored", { 7, 7, 4, 0, 0, 0, 0, 0 }, true,
		    COUNTER(rx_delivered) },
		{ "router alert", { 148, 4, 0, 0, 0 }, true, COUNTER(rx_delivered) },
		{ "unknown", { 0x99, 8, 0, 0, 0, 0, 0, 0 }, true, COUNTER(rx_delivered) },
		{ "loose source route", { 131, 7, 4, 10, 0, 0, 9, 0 }, false,
		    COUNTER(rx_source_route) },
		{ "strict source route", { 1, 137, 7, 4, 10, 0, 0, 9 }, false,
		    COUNTER(rx_source_route) },
		{ "length 0", { 7, 0 }, false, COUNTER(rx_options) },
		{ "length 1", { 7, 1 }, false, COUNTER(rx_options) },
		{ "too long", { 7, 9, 4 }, false, COUNTER(rx_options) },
		{ "no length", { 1, 1, 1, 1, 1, 1, 1, 7 }, false, COUNTER(rx_options) },
	};
	uint8_t f[100], u[12];
	size_t len;

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		start();
		len = raw_udp(f, 5);
		memcpy(u, f + ETH + IP, sizeof(u));
		memcpy(f + ETH + IP, table[i].bytes, 8);
		memcpy(f + ETH + IP + 8, u, sizeof(u));
		f[ETH] = 0x47;
		mir_put_be16(f + ETH + 2, IP + 8 + sizeof(u));
		raw_seal(f);
		fake_input(&net, f, len + 8);
		ok(got == table[i].taken && counter(table[i].counter) == 1, "%s", table[i].what);
		raw_stop();
	}
}

static void reports(void)
{
	static const uint8_t zero[1400];
	uint8_t f[1600];
	const uint8_t *h, *m;
	size_t len;

	start();
	len = raw_udp(f, 6);
	fake_input(&net, f, len);
	fake_flush();
	h = raw_sent(0);
	m = h + IP;
	ok(net.sent == 1 && h[9] == ICMP && m[0] == 3 && m[1] == 3, "port unreachable");
	ok(mir_be32(h + 16) == 0x0a000002 && mir_be32(h + 12) == 0x0a000001, "to the sender");
	ok(memcmp(m + 8, f + ETH, len - ETH) == 0, "quotes the datagram as it came");
	ok(mir_sum_finish(mir_sum(m, 8 + len - ETH, 0)) == 0, "its checksum is right");

	len = raw_datagram(f, 200, "12345678", 8);
	fake_input(&net, f, len);
	fake_flush();
	ok(net.sent == 2 && raw_sent(1)[IP] == 3 && raw_sent(1)[IP + 1] == 2, "protocol");

	memset(f, 0, sizeof(f));
	len = raw_datagram(f, 200, zero, sizeof(zero));
	fake_input(&net, f, len);
	fake_flush();
	ok(net.sent == 3 && mir_be16(raw_sent(2) + 2) == 576, "576 bytes at most");
	raw_stop();
}

/* RFC 1122 section 3.2.2. */
static void forbidden_reports(void)
{
	static const struct {
		const char *what;
		uint8_t at, bytes[4], n;
	} table[] = {
		{ "to a broadcast", 16, { 10, 0, 0, 255 }, 4 },
		{ "to all", 16, { 255, 255, 255, 255 }, 4 },
		{ "to a multicast", 16, { 224, 0, 0, 1 }, 4 },
	};
	uint8_t f[200], q[100];
	size_t len;

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		start();
		len = raw_udp(f, 6);
		memcpy(f + ETH + table[i].at, table[i].bytes, table[i].n);
		raw_seal(f);
		fake_input(&net, f, len);
		fake_flush();
		ok(net.sent == 0 && host.ip.stats.icmp_tx_forbidden == 1, "%s", table[i].what);
		raw_stop();
	}
	start();
	len = raw_udp(q, 6);
	for (unsigned type = 0; type < 256; type++) {
		len = raw_icmp(f, (uint8_t)type, 0, 0, q + ETH, 28);
		if (type != 8)
			fake_input(&net, f, len);
	}
	fake_flush();
	ok(net.sent == 0, "no error about ICMP, whatever it says");
	raw_stop();
}

static void fragments_time_out(void)
{
	uint8_t f[100];
	size_t len;

	start();
	len = raw_udp(f, 5);
	f[ETH + 3] = IP + 8;
	f[ETH + 6] = 0x20;
	raw_seal(f);
	fake_input(&net, f, len - 4);
	ok(host.ip.reassembly.used == 1 && got == 0, "a first fragment waits");
	mir_sleep(MIR_SECOND(29));
	ok(host.ip.stats.icmp_tx_errors == 0, "30 s");
	net.sent = 0;
	raw_arp_reply(0x0a000002);
	mir_sleep(MIR_SECOND(2));
	ok(net.sent == 1 && raw_sent(0)[IP] == 11 && raw_sent(0)[IP + 1] == 1, "time exceeded");
	f[ETH + 7] = 1;
	f[ETH + 6] = 0;
	raw_seal(f);
	fake_input(&net, f, len - 4);
	mir_sleep(MIR_SECOND(31));
	ok(host.ip.reassembly.used == 0 && host.ip.stats.icmp_tx_errors == 1,
	    "without the first fragment there is nothing to report");
	raw_stop();
}

/* Servers may speak to the address that they are about to give. */
static void before_an_address(void)
{
	static const struct {
		const char *what;
		uint16_t port;
		uint32_t dst;
		bool own, taken;
	} table[] = { { "to all", 68, 0xffffffff, false, true },
		{ "to the address offered", 68, 0x0a000063, false, true },
		{ "another port", 69, 0x0a000063, false, false },
		{ "once there is an address", 68, 0x0a000063, true, false } };
	struct mir_endpoint e = { MIR_IPADDR_ANY, 0 };
	struct mir_udp_port *port;
	uint8_t f[100];
	size_t len;

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		fake_init(&net);
		host_start(&host, &net.net, table[i].own ? "10.0.0.1/24" : NULL, NULL);
		e.port = table[i].port;
		mir_udp_bind(&host.udp.udp, &e, &handler, NULL, &port);
		got = 0;
		len = raw_udp(f, table[i].port);
		mir_put_be32(f + ETH + 16, table[i].dst);
		raw_seal(f);
		fake_input(&net, f, len);
		ok(got == table[i].taken, "%s", table[i].what);
		raw_stop();
	}
}

/* A datagram of 0.0.0.0 can only be the question of a host without an address. */
static void from_nobody(void)
{
	static const struct {
		const char *what;
		uint16_t port;
		uint32_t dst;
		bool taken;
	} table[] = { { "a DHCP request", 67, 0xffffffff, true },
		{ "another port", 5, 0xffffffff, false }, { "not to all", 67, 0x0a000001, false } };
	struct mir_endpoint e = { MIR_IPADDR_ANY, 67 };
	struct mir_udp_port *port;
	uint8_t f[100];
	size_t len;

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		start();
		mir_udp_bind(&host.udp.udp, &e, &handler, NULL, &port);
		len = raw_udp(f, table[i].port);
		mir_put_be32(f + ETH + 12, 0);
		mir_put_be32(f + ETH + 16, table[i].dst);
		raw_seal(f);
		fake_input(&net, f, len);
		ok(got == table[i].taken, "%s", table[i].what);
		raw_stop();
	}
}

int main(void)
{
	RUN(before_an_address);
	RUN(from_nobody);
	RUN(headers);
	RUN(truncations);
	RUN(options);
	RUN(reports);
	RUN(forbidden_reports);
	RUN(fragments_time_out);
	return mir_test_end();
}
