/* dhcp.c: the client against a server on the other end of a cable, and hosts that are in its way.
 */
#include "../../ipv4/tests/host.h"
#include "server.h"
#include <mir/dhcp_device.h>

enum { SERVER = 0x0a000001, MINE = 0x0a000037, NEXT = 0x0a000038 };

static struct mir_dhcp_device client;
static struct {
	struct mir_udp_port *port;
	uint32_t give;
	uint32_t seconds;
	unsigned count[8]; /* messages of each type */
	bool silent, refuse, unicast;
	struct mir_endpoint from; /* of the last message */
} server;

static void serve(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct mir_endpoint to = { mir_ip4(0xffffffff), 68 };
	struct server_reply r;
	struct mir_slice s;
	uint8_t m[1472], type;
	size_t len = p->total;

	(void)arg;
	(void)dst;
	mir_packet_copy(p, 0, m, len);
	mir_packet_unref(p);
	type = client_type(m, len);
	server.count[type & 7]++;
	server.from = *src;
	if (server.silent || (type != DISCOVER && type != REQUEST))
		return;
	server_reply(&r, m,
	    type == DISCOVER ? OFFER
	    : server.refuse  ? NAK
			     : ACK,
	    server.give, SERVER, server.seconds);
	if (mir_be32(m + 12))
		to.addr = mir_ip4(mir_be32(m + 12));
	s = mir_slice_copy(r.b, r.len);
	mir_udp_send(server.port, NULL, &to, &s, 1);
}

static const struct mir_udp_handler server_handler = { .input = serve };

/* Alice is the server, Bob the client. */
static void start(const struct mir_link_config *c, const char *bobs)
{
	struct mir_endpoint local = { MIR_IPADDR_ANY, 67 };
	struct mir_dhcp_device_config config = { .eth = &bob.eth.ethernet,
		.arp = &bob.arp.arp,
		.ip = &bob.ip.ip,
		.udp = &bob.udp.udp,
		.dhcp = true,
		.dhcp_probe = MIR_MS(150),
		.name = "test" };

	mir_link_init(&cable, c);
	host_start(&alice, &cable.end[0].net, "10.0.0.1/24", NULL);
	host_start(&bob, &cable.end[1].net, bobs, NULL);
	memset(&server, 0, sizeof(server));
	server.give = MINE;
	server.seconds = 3600;
	server_mask = 0xffffff00;
	server_mtu = 0;
	mir_udp_bind(&alice.udp.udp, &local, &server_handler, NULL, &server.port);
	ok(mir_dhcp_device_start(&client, &config) == 0, "the client starts");
}

static void stop(void)
{
	mir_dhcp_device_stop(&client);
	mir_sleep(MIR_MS(50));
	pair_stop();
}

static int wait_for_lease(int64_t patience)
{
	int64_t outer = mir_deadline_set(mir_now() + patience);
	int rc = mir_dhcp_wait(&client.dhcp);

	mir_deadline_restore(outer);
	return rc;
}

static uint32_t address(unsigned i)
{
	struct mir_cidr c;

	return bob.ip.ip.ops->address(&bob.ip.ip, i, &c) == 0 ? mir_ip4_of(&c.addr) : 0;
}

static void gets_an_address(void)
{
	int64_t began = mir_now();
	struct mir_icmp_reply r;
	struct mir_dhcp_grant grant;
	struct mir_ipaddr src;

	start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) }, NULL);
	ok(wait_for_lease(MIR_SECOND(10)) == 0 && mir_now() - began < MIR_MS(10),
	    "two round trips, and no waiting");
	ok(address(0) == MINE && address(1) == 0, "the address is there");
	ok(mir_dhcp_grant(&client.dhcp, &grant) == 0 && mir_ip4_of(&grant.address.addr) == MINE &&
		mir_ip4_of(&grant.server) == SERVER && grant.n_name_servers == 1 &&
		mir_ip4_of(&grant.name_server[0]) == SERVER && strcmp(grant.domain, "lan") == 0,
	    "and what else the lease says");
	ok(grant.renew_at > mir_now() && grant.expires_at > grant.renew_at, "and until when");
	ok(bob.ip.ip.ops->source(&bob.ip.ip, test_ip("192.0.2.1"), &src) == 0, "a default route");
	ok(mir_icmp_echo(&bob.icmp.icmp, test_ip("10.0.0.1"), 1, 8, &r) == 0, "it works");
	mir_sleep(MIR_SECOND(1));
	ok(address(0) == MINE && !client.probing, "nobody else has it");
	mir_sleep(MIR_SECOND(1810));
	ok(server.count[REQUEST] == 2 && mir_ip4_of(&server.from.addr) == MINE,
	    "renewed by unicast");
	stop();
	ok(server.count[RELEASE] == 1 && mir_ip4_of(&server.from.addr) == MINE, "released");
}

static void changes(void)
{
	start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) }, NULL);
	wait_for_lease(MIR_SECOND(10));
	server.give = NEXT;
	mir_sleep(MIR_SECOND(1810));
	ok(address(0) == NEXT && address(1) == 0, "another address on renewal");
	server.refuse = true;
	mir_sleep(MIR_SECOND(1802));
	ok(address(0) == 0, "NAK: none");
	server.refuse = false;
	mir_sleep(MIR_SECOND(10));
	ok(address(0) == NEXT, "then again one");
	server.silent = true;
	mir_sleep(MIR_SECOND(3500));
	ok(address(0) == NEXT, "the server is silent");
	mir_sleep(MIR_SECOND(200));
	ok(address(0) == 0 && client.engine.stats.expired == 1, "the lease is over");
	ok(client.engine.state == MIR_DHCP_SELECTING, "and it asks on");
	stop();
}

static void declines(void)
{
	struct mir_ip *ip = &alice.ip.ip;

	start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) }, NULL);
	ip->ops->add_address(ip, test_cidr("10.0.0.55/24"));
	wait_for_lease(MIR_SECOND(10));
	ok(address(0) == MINE, "used at once");
	server.give = NEXT;
	mir_sleep(MIR_SECOND(1));
	ok(server.count[DECLINE] == 1 && address(0) == 0, "declined, since Alice has it");
	mir_sleep(MIR_SECOND(12));
	ok(address(0) == NEXT, "ten seconds later another one");
	stop();
}

static void bad_link(void)
{
	for (unsigned i = 1; i <= 20; i++) {
		start(&(struct mir_link_config){ .delay_ns = MIR_MS(5),
			  .loss = 200000,
			  .duplicate = 200000,
			  .reorder = 200000,
			  .corrupt = 50000,
			  .seed = i },
		    NULL);
		if (wait_for_lease(MIR_SECOND(600)) != 0 || address(0) != MINE)
			ok(false, "seed %u", i);
		mir_sleep(MIR_SECOND(30000));
		stop();
	}
	ok(true, "leases through loss, duplicates, disorder and corruption");
}

static void idles(void)
{
	start(&(struct mir_link_config){ 0 }, "10.0.0.9/24");
	mir_sleep(MIR_SECOND(10));
	ok(!client.dhcp.enabled && server.count[DISCOVER] == 0, "an address is given");
	ok(wait_for_lease(MIR_SECOND(10)) == 0, "nobody waits");
	stop();
	start(&(struct mir_link_config){ .cut = true }, NULL);
	ok(wait_for_lease(MIR_SECOND(10)) == MIR_ETIMEDOUT, "no server");
	stop();
}

static void odd_leases(void)
{
	struct mir_cidr c;

	start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) }, NULL);
	server_mask = 0;
	server_mtu = 1280;
	wait_for_lease(MIR_SECOND(10));
	ok(bob.ip.ip.ops->address(&bob.ip.ip, 0, &c) == 0 && c.len == 8, "no mask: class A");
	ok(bob.eth.ethernet.mtu == 1280, "a smaller MTU");
	server_mask = 0xffff0000;
	server_mtu = 9000;
	mir_sleep(MIR_SECOND(1810));
	ok(bob.ip.ip.ops->address(&bob.ip.ip, 0, &c) == 0 && c.len == 16 && address(1) == 0,
	    "the same address, another mask");
	ok(bob.eth.ethernet.mtu == 1280, "a larger MTU changes nothing");
	bob.ip.ip.ops->remove_address(&bob.ip.ip, c.addr);
	mir_sleep(MIR_SECOND(3700));
	ok(address(0) == MINE, "an address that was removed comes back with the next lease");
	stop();
}

/* The gateway that is configured stays. */
static void given_route(void)
{
	struct mir_ip_ops const *ops;

	start(&(struct mir_link_config){ .cut = true }, NULL);
	ops = bob.ip.ip.ops;
	ok(ops->add_route(&bob.ip.ip, test_cidr("0.0.0.0/0"), test_ip("10.0.0.9")) == 0, "given");
	cable.config.cut = false;
	ok(wait_for_lease(MIR_SECOND(60)) == 0 && client.router == 0, "not replaced");
	mir_dhcp_device_stop(&client);
	ok(bob.ip.nroutes == 1 && bob.ip.route[0].gateway == 0x0a000009, "nor removed");
	mir_sleep(MIR_MS(50));
	pair_stop();
}

static void stops_early(void)
{
	for (unsigned i = 0; i < 40; i++) {
		start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) }, NULL);
		mir_sleep(MIR_MS(i * 5 / 2));
		stop();
	}
	ok(address(0) == 0, "at any time");
}

static void port_in_use(void)
{
	struct mir_endpoint local = { MIR_IPADDR_ANY, 68 };
	struct mir_dhcp_device_config config;
	struct mir_udp_port *port;

	start(&(struct mir_link_config){ 0 }, NULL);
	config = client.config;
	stop();
	pair_start(&(struct mir_link_config){ 0 });
	host_stop(&bob);
	host_start(&bob, &cable.end[1].net, NULL, NULL);
	mir_udp_bind(&bob.udp.udp, &local, &server_handler, NULL, &port);
	ok(mir_dhcp_device_start(&client, &config) == MIR_EADDRINUSE, "UDP port 68 is taken");
	pair_stop();
}

static void no_memory(void)
{
	for (unsigned n = 1; n < 30; n++) {
		start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) }, NULL);
		mir_mem_fail_at(n);
		if (wait_for_lease(MIR_SECOND(60)) != 0)
			ok(false, "after allocation %u failed", n);
		mir_mem_fail_at(0);
		mir_sleep(MIR_SECOND(40));
		stop();
	}
	ok(true, "each allocation may fail");
}

int main(void)
{
	RUN(gets_an_address);
	RUN(changes);
	RUN(declines);
	RUN(bad_link);
	RUN(idles);
	RUN(odd_leases);
	RUN(given_route);
	RUN(stops_early);
	RUN(port_in_use);
	RUN(no_memory);
	return mir_test_end();
}
