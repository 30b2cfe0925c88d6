/* stack.c: two whole stacks, each with its own Ethernet, ARP, IPv4 and ICMP, over a cable in
 * memory. */
#include "../../ipv4/tests/host.h"
#include "party.h"

#include <mir/tcp_device.h>
#include <stdio.h>

static struct mir_tcp_device server, client;

static void begin(const struct mir_link_config *c)
{
	struct mir_tcp_device_config a = { .ip = &alice.ip.ip, .name = "alice" };
	struct mir_tcp_device_config b = { .ip = &bob.ip.ip, .name = "bob" };

	pair_start(c);
	ok(mir_tcp_device_start(&server, &a) == 0 && mir_tcp_device_start(&client, &b) == 0,
	    "TCP starts");
}

static void end(void)
{
	mir_sleep(MIR_SECOND(20));
	mir_tcp_device_stop(&server);
	mir_tcp_device_stop(&client);
	pair_stop();
}

static void move(const struct mir_link_config *c, uint64_t bytes, uint64_t chunk)
{
	struct mir_tcp_stats s;
	double seconds;

	begin(c);
	seconds = transfer(&server.tcp, test_ip("10.0.0.1"), &client.tcp, bytes, chunk);
	mir_tcp_device_stats(&server, &s);
	printf("# %.2f s: %llu out, %llu in, %llu again, %llu timeouts, %llu bad sums\n", seconds,
	    (unsigned long long)s.segments_out, (unsigned long long)s.segments_in,
	    (unsigned long long)s.retransmits, (unsigned long long)s.timeouts,
	    (unsigned long long)s.checksum_errors);
	fflush(stdout);
	end();
}

static void plain(void)
{
	move(&(struct mir_link_config){ .delay_ns = MIR_MS(1) }, 2000000, 10000);
}

static void offloads(void)
{
	uint16_t all = MIR_NET_TX_CSUM | MIR_NET_TX_TSO4 | MIR_NET_RX_CSUM | MIR_NET_RX_GRO4;

	move(&(struct mir_link_config){ .delay_ns = MIR_MS(1), .offloads = { all, all } }, 4000000,
	    64000);
	move(&(struct mir_link_config){ .delay_ns = MIR_MS(1), .offloads = { all, 0 } }, 4000000,
	    64000);
	move(
	    &(struct mir_link_config){
		.delay_ns = MIR_MS(5), .loss = 10000, .reorder = 20000, .offloads = { all, all } },
	    2000000, 64000);
	move(
	    &(struct mir_link_config){
		.delay_ns = MIR_MS(1), .max_slices = 4, .offloads = { all, all } },
	    2000000, 700);
}

/* The bad link of issue 2: loss 1 %, delay 20 ms, reordering 5 %, duplication 1 %. */
static void bad(void)
{
	move(
	    &(struct mir_link_config){
		.delay_ns = MIR_MS(20), .loss = 10000, .reorder = 50000, .duplicate = 10000 },
	    2000000, 20000);
	move(
	    &(struct mir_link_config){
		.delay_ns = MIR_MS(20), .loss = 10000, .corrupt = 10000, .jitter_ns = MIR_MS(1) },
	    1000000, 20000);
	move(&(struct mir_link_config){ .delay_ns = MIR_MS(10), .rate = 10000000, .queue = 30000 },
	    1000000, 20000);
}

static void refused(void)
{
	struct mir_endpoint to = { test_ip("10.0.0.1"), 81 }, nobody = { test_ip("10.0.0.9"), 80 };
	struct mir_endpoint far = { test_ip("192.0.2.1"), 80 };
	struct mir_tcp_flow *f;
	int rc;

	begin(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	rc = mir_tcp_connect(&client.tcp, NULL, &to, NULL, &f);
	ok(rc == MIR_ECONNREFUSED, "closed port: %s", mir_strerror(rc));
	rc = mir_tcp_connect(&client.tcp, NULL, &nobody, NULL, &f);
	ok(rc == MIR_EHOSTUNREACH, "nobody there: %s", mir_strerror(rc));
	rc = mir_tcp_connect(&client.tcp, NULL, &far, NULL, &f);
	ok(rc == MIR_ENETUNREACH, "no route: %s", mir_strerror(rc));
	end();
}

/* A host that talks to itself. */
static void own_address(void)
{
	begin(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	transfer(&server.tcp, test_ip("10.0.0.1"), &server.tcp, 300000, 5000);
	end();
}

static void address_removed(void)
{
	struct mir_endpoint any = { .port = 80 }, to = { test_ip("10.0.0.1"), 80 };
	struct party p = { 0 };
	struct mir_tcp_listener *l;
	struct mir_tcp_flow *f = NULL;
	struct mir_slice s;

	begin(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	mir_tcp_listen(&server.tcp, &any, 0, NULL, party_accept, &p, &l);
	ok(mir_tcp_connect(&client.tcp, NULL, &to, NULL, &f) == 0, "connects");
	mir_sleep(MIR_MS(10));
	ok(bob.ip.ip.ops->remove_address(&bob.ip.ip, test_ip("10.0.0.2")) == 0, "removed");
	ok(mir_flow_read(&f->flow, &s, 1) == MIR_ENETDOWN, "its connections end");
	mir_flow_close(&f->flow);
	mir_flow_abort(&p.flow->flow);
	mir_join(p.reader);
	mir_join(p.writer);
	mir_tcp_unlisten(l);
	end();
}

int main(void)
{
	RUN(plain);
	RUN(offloads);
	RUN(bad);
	RUN(refused);
	RUN(own_address);
	RUN(address_removed);
	return mir_test_end();
}
