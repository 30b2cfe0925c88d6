/* ethernet.c: what the demultiplexer takes, drops and sends. */
#include "fake_net.h"
#include <mir/ethernet_device.h>

static struct fake_net net;
static struct mir_ethernet_device dev;
static unsigned got, got_cast, got_len;
static struct mir_mac got_src;

static void input(void *arg, struct mir_packet *p, const struct mir_mac *src)
{
	(void)arg;
	got++;
	got_cast = p->cast;
	got_len = p->total;
	got_src = *src;
	ok(p->data == p->head + p->l3, "l3 is where the network header is");
	mir_packet_unref(p);
}

static void start(void)
{
	struct mir_ethernet_device_config c = { .net = &net.net, .name = "test" };

	fake_init(&net);
	got = 0;
	mir_ethernet_device_start(&dev, &c);
	mir_ethernet_listen(&dev.ethernet, MIR_ETHERTYPE_IPV4, input, NULL);
}

static void arrives(void)
{
	static const struct {
		const char *what;
		uint8_t frame[20];
		size_t len;
		bool taken;
		unsigned cast;
		size_t counter;
	} table[] = {
#define COUNTER(c) offsetof(struct mir_ethernet_stats, c)
		{ "to us", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0, 1, 2, 3 }, 17, true,
		    MIR_UNICAST, COUNTER(rx_frames) },
		{ "broadcast", { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 8, 0, 1, 2, 3 },
		    17, true, MIR_BROADCAST, COUNTER(rx_frames) },
		{ "multicast", { 1, 0, 0x5e, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0, 1, 2, 3 }, 17, true,
		    MIR_MULTICAST, COUNTER(rx_frames) },
		{ "no payload", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0 }, 14, true, MIR_UNICAST,
		    COUNTER(rx_frames) },
		{ "short", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8 }, 13, false, 0,
		    COUNTER(rx_short) },
		{ "empty", { 0 }, 0, false, 0, COUNTER(rx_short) },
		{ "to another", { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, 8, 0, 1 }, 15, false, 0,
		    COUNTER(rx_not_ours) },
		{ "from a group", { 2, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 9, 8, 0, 1 }, 15, false, 0,
		    COUNTER(rx_bad_source) },
		{ "from everybody", { 2, 0, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 8, 0, 1 }, 15,
		    false, 0, COUNTER(rx_bad_source) },
		{ "VLAN", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x81, 0, 0, 1, 8, 0 }, 18, false, 0,
		    COUNTER(rx_vlan) },
		{ "QinQ", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0xa8, 0, 1 }, 16, false, 0,
		    COUNTER(rx_vlan) },
		{ "LLC", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0, 3, 0x42, 0x42, 3 }, 17, false, 0,
		    COUNTER(rx_length) },
		{ "IPv6, nobody listens", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x86, 0xdd, 0x60 },
		    15, false, 0, COUNTER(rx_unknown_type) },
	};

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		const uint64_t *counter;

		for (size_t linear = 0; linear <= 20; linear += 4) {
			start();
			fake_arrive(&net, fake_packet(table[i].frame, table[i].len, linear));
			counter = (const uint64_t *)((const char *)&dev.stats + table[i].counter);
			if (got != table[i].taken || *counter != 1 ||
			    (got && got_cast != table[i].cast))
				ok(false, "%s, %zu linear", table[i].what, linear);
			if (got && got_len != table[i].len - 14)
				ok(false, "%s: length %u", table[i].what, got_len);
			mir_ethernet_device_stop(&dev);
		}
		ok(true, "%s", table[i].what);
	}
}

static struct mir_packet *payload(size_t len)
{
	struct mir_packet *p = mir_packet_new();

	memset(mir_packet_put(p, len), 7, len);
	return p;
}

static void sends_bursts(void)
{
	struct mir_mac peer = { { 2, 0, 0, 0, 0, 9 } };

	start();
	for (unsigned i = 0; i < 10; i++)
		ok(mir_ethernet_send(&dev.ethernet, &peer, 0x0800, payload(10)) == 0, "queued");
	ok(net.sent == 0, "nothing leaves within the turn");
	fake_flush();
	ok(net.sent == 10 && net.bursts == 1, "one burst at its end");
	ok(net.frame[0].len == 24 && memcmp(net.frame[0].b, peer.b, 6) == 0 &&
		memcmp(net.frame[0].b + 6, net.net.mac.b, 6) == 0 &&
		mir_be16(net.frame[0].b + 12) == 0x0800,
	    "the header is right, and there is no padding");
	for (unsigned i = 0; i < MIR_NET_BURST; i++)
		mir_ethernet_send(&dev.ethernet, &peer, 0x0800, payload(10));
	ok(net.sent == 74, "a full queue leaves at once");
	mir_ethernet_send(&dev.ethernet, &peer, 0x0800, payload(10));
	mir_ethernet_device_stop(&dev);
	ok(net.sent == 75, "stop sends what is queued");
	fake_flush();
}

static void refuses(void)
{
	struct mir_mac peer = { { 2, 0, 0, 0, 0, 9 } };
	struct mir_packet *p;

	start();
	dev.ethernet.mtu = 100;
	ok(mir_ethernet_send(&dev.ethernet, &peer, 0x0800, payload(101)) == MIR_EMSGSIZE, "long");
	ok(mir_ethernet_send(&dev.ethernet, &peer, 0x0800, payload(100)) == 0, "just fits");
	p = payload(101);
	p->gso = MIR_GSO_TCP4;
	ok(mir_ethernet_send(&dev.ethernet, &peer, 0x0800, p) == 0, "longer, but to be cut below");
	dev.ethernet.max_slices = 0;
	p = payload(1);
	mir_packet_append(p, &(struct mir_slice){ (const uint8_t *)"x", 1, NULL });
	ok(mir_ethernet_send(&dev.ethernet, &peer, 0x0800, p) == MIR_EMSGSIZE, "too many slices");
	ok(dev.stats.tx_too_long == 2, "counted");
	fake_flush();
	mir_ethernet_device_stop(&dev);
	ok(net.sent == 2, "the others left");
}

static void listens(void)
{
	start();
	for (uint16_t t = 1; t < MIR_ETHERNET_TYPES; t++)
		ok(mir_ethernet_listen(&dev.ethernet, t + 0x900, input, NULL) == 0, "a type");
	ok(mir_ethernet_listen(&dev.ethernet, 0x1000, input, NULL) == MIR_ELIMIT, "one too many");
	ok(mir_ethernet_listen(&dev.ethernet, 0x1000, NULL, NULL) == 0, "ending what was not");
	ok(mir_ethernet_listen(&dev.ethernet, 0x901, NULL, NULL) == 0, "ending one");
	ok(mir_ethernet_listen(&dev.ethernet, 0x1000, input, NULL) == 0, "makes room");
	mir_ethernet_device_stop(&dev);
}

int main(void)
{
	RUN(arrives);
	RUN(sends_bursts);
	RUN(refuses);
	RUN(listens);
	return mir_test_end();
}
