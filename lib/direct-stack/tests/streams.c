/* streams.c: TCP over the whole stack: streams between two hosts, over cables good and bad. */
#include "../../ipv4/tests/host.h"
#include <mir/tcp_device.h>

enum { PORT = 7 };

static struct mir_tcp_device atcp, btcp;

static void echo_fiber(void *arg)
{
	struct mir_flow *f = arg;
	struct mir_slice s[8];
	int n;

	while ((n = mir_flow_read(f, s, MIR_COUNT(s))) > 0)
		if (mir_flow_write(f, s, (unsigned)n) < 0)
			break;
	mir_flow_close(f);
}

static void on_accept(void *arg, struct mir_tcp_flow *flow)
{
	(void)arg;
	if (!mir_spawn("echo", echo_fiber, &flow->flow))
		mir_flow_abort(&flow->flow);
}

static struct mir_tcp_listener *listener;

static void start(const struct mir_link_config *c)
{
	struct mir_tcp_device_config t = { .tcp_memory = 16 << 20,
		.tcp_send = 256 << 10,
		.tcp_receive = 256 << 10,
		.tcp_connections = 100,
		.tcp_time_wait = MIR_SECOND(1),
		.name = "test" };
	struct mir_endpoint local = { MIR_IPADDR_ANY, PORT };

	pair_start(c);
	t.ip = &alice.ip.ip;
	ok(mir_tcp_device_start(&atcp, &t) == 0, "Alice's TCP starts");
	t.ip = &bob.ip.ip;
	ok(mir_tcp_device_start(&btcp, &t) == 0, "Bob's TCP starts");
	ok(mir_tcp_listen(&btcp.tcp, &local, 0, NULL, on_accept, NULL, &listener) == 0, "listens");
}

static void stop(void)
{
	mir_sleep(MIR_SECOND(3));
	mir_tcp_unlisten(listener);
	mir_tcp_device_stop(&atcp);
	mir_tcp_device_stop(&btcp);
	pair_stop();
}

struct job {
	struct mir_flow *flow;
	size_t len;
	int rc;
};

static void writer(void *arg)
{
	struct job *j = arg;
	uint8_t buf[4096];

	for (size_t at = 0; at < j->len && j->rc == 0;) {
		size_t n = MIR_MIN(sizeof(buf), j->len - at);

		for (size_t i = 0; i < n; i++)
			buf[i] = (uint8_t)((at + i) % 251);
		j->rc = mir_flow_write_copy(j->flow, buf, n);
		at += n;
	}
	mir_flow_shutdown(j->flow, MIR_FLOW_WRITE);
}

/* Sends len bytes and reads them back; how many came back right. */
static size_t echo(const char *to, size_t len)
{
	struct mir_endpoint peer = { test_ip(to), PORT };
	struct mir_tcp_flow *flow;
	struct mir_fiber *w;
	struct job j = { .len = len };
	size_t got = 0;

	if (mir_tcp_connect(&atcp.tcp, NULL, &peer, NULL, &flow) < 0)
		return SIZE_MAX;
	j.flow = &flow->flow;
	w = mir_spawn_joinable("writer", writer, &j);
	for (;;) {
		struct mir_slice s;

		if (mir_flow_read(j.flow, &s, 1) <= 0)
			break;
		for (size_t i = 0; i < s.len; i++, got++)
			if (s.p[i] != (uint8_t)(got % 251))
				got += SIZE_MAX / 2;
		mir_slice_unref(&s);
	}
	mir_join(w);
	mir_flow_close(j.flow);
	return got;
}

static void offloads(void)
{
	uint16_t tx[] = { 0, MIR_NET_TX_CSUM, MIR_NET_TX_CSUM | MIR_NET_TX_TSO4 };
	uint16_t rx[] = { 0, MIR_NET_RX_CSUM, MIR_NET_RX_CSUM | MIR_NET_RX_GRO4 };

	for (unsigned i = 0; i < 9; i++) {
		start(&(struct mir_link_config){ .delay_ns = MIR_MS(1),
		    .offloads = { tx[i / 3] | rx[i % 3], tx[i / 3] | rx[i % 3] } });
		ok(echo("10.0.0.2", 1000000) == 1000000, "offloads %x", tx[i / 3] | rx[i % 3]);
		stop();
	}
}

static void bad_link(void)
{
	for (unsigned i = 1; i <= 5; i++) {
		start(&(struct mir_link_config){ .delay_ns = MIR_MS(20),
		    .loss = 10000,
		    .reorder = 50000,
		    .duplicate = 10000,
		    .corrupt = 1000,
		    .seed = i });
		ok(echo("10.0.0.2", 300000) == 300000, "seed %u", i);
		stop();
	}
}

static void slices(void)
{
	start(&(struct mir_link_config){ .max_slices = 1, .mtu = 600 });
	ok(echo("10.0.0.2", 100000) == 100000, "an interface that takes one slice, MTU 600");
	stop();
}

static void refused(void)
{
	struct mir_endpoint peer = { test_ip("10.0.0.2"), 9 };
	struct mir_tcp_flow *flow;

	start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	ok(mir_tcp_connect(&atcp.tcp, NULL, &peer, NULL, &flow) == MIR_ECONNREFUSED, "closed port");
	peer.addr = test_ip("10.0.0.77");
	ok(mir_tcp_connect(&atcp.tcp, NULL, &peer, NULL, &flow) == MIR_EHOSTUNREACH, "dead host");
	peer.addr = test_ip("192.0.2.1");
	ok(mir_tcp_connect(&atcp.tcp, NULL, &peer, NULL, &flow) == MIR_ENETUNREACH, "no route");
	stop();
}

static void address_goes(void)
{
	struct mir_endpoint peer = { test_ip("10.0.0.2"), PORT };
	struct mir_tcp_flow *flow;
	struct mir_slice s;

	start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	ok(mir_tcp_connect(&atcp.tcp, NULL, &peer, NULL, &flow) == 0, "connected");
	ok(mir_flow_write_copy(&flow->flow, "x", 1) == 0, "written");
	ok(mir_flow_read(&flow->flow, &s, 1) == 1, "echoed");
	mir_slice_unref(&s);
	alice.ip.ip.ops->add_address(&alice.ip.ip, test_cidr("10.0.0.3/24"));
	alice.ip.ip.ops->remove_address(&alice.ip.ip, test_ip("10.0.0.1"));
	ok(mir_flow_read(&flow->flow, &s, 1) < 0, "the connection of the old address dies");
	mir_flow_close(&flow->flow);
	ok(echo("10.0.0.2", 1000) == 1000, "the new address works");
	mir_sleep(MIR_SECOND(1000));
	stop();
}

/* A router on the way: tells of segments that are longer than `router_mtu`, and drops them. */
static uint16_t router_mtu;
static bool forged;
static unsigned reported;

static void watch_wire(void *arg, int64_t time, const uint8_t *frame, size_t len)
{
	uint8_t m[36] = { 3, 4 };
	struct mir_ip_tx tx = { .dst = test_ip("10.0.0.1"), .proto = MIR_IPPROTO_ICMP };
	struct mir_packet *p;

	(void)arg;
	(void)time;
	if (!router_mtu || len < 14 + 28 || mir_be16(frame + 12) != 0x0800 || frame[23] != 6 ||
	    mir_be32(frame + 26) != 0x0a000001 || mir_be16(frame + 16) <= router_mtu)
		return;
	mir_put_be16(m + 6, router_mtu);
	memcpy(m + 8, frame + 14, 28);
	if (forged)
		mir_put_be32(m + 8 + 24, mir_be32(m + 8 + 24) + (1u << 30));
	mir_put_be16(m + 2, mir_sum_finish(mir_sum(m, sizeof(m), 0)));
	p = mir_packet_new();
	memcpy(mir_packet_put(p, sizeof(m)), m, sizeof(m));
	reported++;
	mir_ip_send(&bob.ip.ip, &tx, p);
}

static void path_mtu(void)
{
	struct mir_link_config c = { .delay_ns = MIR_MS(1), .trace = watch_wire };

	start(&c);
	reported = 0;
	router_mtu = 600;
	forged = true;
	ok(echo("10.0.0.2", 100000) == 100000 && reported > 10, "forged reports");
	ok(alice.ip.ip.ops->mtu(&alice.ip.ip, test_ip("10.0.0.2")) == 1500, "are not believed");
	reported = 0;
	forged = false;
	ok(echo("10.0.0.2", 100000) == 100000, "honest ones");
	ok(alice.ip.ip.ops->mtu(&alice.ip.ip, test_ip("10.0.0.2")) == 600, "are");
	ok(reported > 0 && reported < 100, "and soon no longer needed: %u", reported);
	router_mtu = 0;
	stop();
}

int main(void)
{
	RUN(path_mtu);
	RUN(offloads);
	RUN(bad_link);
	RUN(slices);
	RUN(refused);
	RUN(address_goes);
	return mir_test_end();
}
