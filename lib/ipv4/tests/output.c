/* output.c: where datagrams go, in how many pieces; what ICMP errors change. */
#include "raw.h"

static unsigned errors;
static struct mir_ip_error last;

static void input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	(void)arg;
	(void)src;
	(void)dst;
	mir_packet_unref(p);
}

static void error(void *arg, const struct mir_ip_error *err, const struct mir_endpoint *peer)
{
	(void)arg;
	(void)peer;
	errors++;
	last = *err;
}

static const struct mir_udp_handler handler = { .input = input, .error = error };

static int send_from(const char *src, const char *dst, size_t len, bool df)
{
	struct mir_ip_tx tx = {
		.src = test_ip(src), .dst = test_ip(dst), .proto = 99, .dont_fragment = df
	};
	struct mir_packet *p = mir_packet_new();
	struct mir_slice s = { NULL, len, NULL };
	uint8_t *b;
	int rc;

	s.owner = mir_mem_new(len, &b);
	for (size_t i = 0; i < len; i++)
		b[i] = (uint8_t)(i % 251);
	s.p = b;
	mir_packet_append(p, &s);
	rc = mir_ip_send(&host.ip.ip, &tx, p);
	fake_flush();
	return rc;
}

static int send(const char *dst, size_t len, bool df)
{
	return send_from(NULL, dst, len, df);
}

static bool to_mac(const uint8_t *mac)
{
	return net.sent == 1 && memcmp(net.frame[0].b, mac, 6) == 0;
}

static void routes(void)
{
	static const uint8_t peer[6] = { 2, 0, 0, 0, 0, 2 };
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	static const uint8_t group[6] = { 1, 0, 0x5e, 0x7f, 1, 2 };
	struct mir_ip *ip = &host.ip.ip;
	const struct mir_ip_ops *ops;
	struct mir_ipaddr src, expected;

	raw_start();
	ops = ip->ops;
	ok(send("10.0.0.2", 10, false) == 0 && to_mac(peer), "a neighbour");
	net.sent = 0;
	ok(send("192.0.2.1", 10, false) == 0 && to_mac(peer), "through the gateway");
	net.sent = 0;
	ok(send("10.0.0.255", 10, false) == 0 && to_mac(all), "our broadcast");
	net.sent = 0;
	ok(send("255.255.255.255", 10, false) == 0 && to_mac(all), "to all");
	net.sent = 0;
	ok(send("239.255.1.2", 10, false) == 0 && to_mac(group), "multicast (RFC 1112 6.4)");
	ok(raw_sent(0)[8] == 1, "which goes no further than the link");
	net.sent = 0;
	ok(send("10.0.0.1", 10, false) == 0 && net.sent == 0, "ourselves: not on the wire");
	ok(send("127.3.2.1", 10, false) == 0 && net.sent == 0, "loopback: not on the wire");
	ok(send("0.0.0.0", 10, false) == MIR_ENETUNREACH, "0.0.0.0");
	ok(send_from("10.0.0.9", "10.0.0.2", 10, false) == MIR_EADDRNOTAVAIL, "foreign source");
	ok(send_from("127.0.0.1", "10.0.0.2", 10, false) == MIR_EADDRNOTAVAIL, "loopback source");

	ok(ops->add_address(ip, test_cidr("172.16.5.1/16")) == 0, "a second address");
	expected = test_ip("172.16.5.1");
	ok(ops->source(ip, test_ip("172.16.9.9"), &src) == 0 && mir_ipaddr_eq(&src, &expected),
	    "is the source on its link");
	ok(ops->add_route(ip, test_cidr("192.0.2.0/24"), test_ip("172.16.0.1")) == 0, "a route");
	ok(ops->source(ip, test_ip("192.0.2.77"), &src) == 0 && mir_ipaddr_eq(&src, &expected),
	    "is longer than the default");
	expected = test_ip("10.0.0.1");
	ok(ops->source(ip, test_ip("192.0.3.77"), &src) == 0 && mir_ipaddr_eq(&src, &expected),
	    "which still takes the rest");
	ok(ops->add_route(ip, test_cidr("192.0.2.0/24"), test_ip("10.0.0.2")) == MIR_EEXIST,
	    "twice");
	ok(ops->add_route(ip, test_cidr("192.0.9.0/24"), test_ip("10.0.0.1")) == MIR_EINVAL,
	    "self");
	ok(ops->remove_route(ip, test_cidr("0.0.0.0/0")) == 0, "the default route goes");
	ok(ops->source(ip, test_ip("192.0.3.77"), &src) == MIR_ENETUNREACH, "nothing is left");
	ok(ops->remove_address(ip, test_ip("172.16.5.1")) == 0 &&
		ops->remove_address(ip, test_ip("172.16.5.1")) == MIR_ENOENT,
	    "the address goes once");
	ok(ops->source(ip, test_ip("172.16.9.9"), &src) == MIR_ENETUNREACH, "with its link");
	for (unsigned i = 0; host.ip.nroutes < MIR_IPV4_ROUTES; i++) {
		struct mir_cidr c = { mir_ip4(0xc0000000 + (i << 8)), 24 };

		ops->add_route(ip, c, test_ip("10.0.0.2"));
	}
	ok(ops->add_route(ip, test_cidr("1.0.0.0/8"), test_ip("10.0.0.2")) == MIR_ELIMIT, "limit");
	raw_stop();
}

static void addresses(void)
{
	static const char *const bad[] = { "0.0.0.0/8", "127.0.0.1/8", "224.0.0.1/4", "10.0.1.0/24",
		"10.0.1.255/24", "255.255.255.255/32", "0.1.2.3/24" };
	struct mir_ip *ip = &host.ip.ip;
	struct mir_cidr c;

	raw_start();
	for (unsigned i = 0; i < MIR_COUNT(bad); i++)
		ok(ip->ops->add_address(ip, test_cidr(bad[i])) == MIR_EINVAL, "%s", bad[i]);
	ok(ip->ops->add_address(ip, test_cidr("10.0.0.1/24")) == MIR_EEXIST, "twice");
	ok(ip->ops->add_address(ip, test_cidr("10.9.0.0/31")) == 0, "a /31 has no broadcast");
	ok(ip->ops->add_address(ip, test_cidr("10.9.9.9/32")) == 0, "a /32");
	ok(ip->ops->address(ip, 2, &c) == 0 && c.len == 32, "listed");
	ok(ip->ops->address(ip, 3, &c) == MIR_ENOENT, "to the end");
	ok(ip->ops->is_local(ip, test_ip("127.9.9.9")) && ip->ops->is_local(ip, c.addr) == true &&
		!ip->ops->is_local(ip, test_ip("10.0.0.2")),
	    "what is local");
	raw_stop();
}

static void fragments(void)
{
	unsigned at = 0;
	uint16_t id;
	bool right = true;

	raw_start();
	ok(send("10.0.0.2", 1480, false) == 0 && net.sent == 1, "just fits");
	ok(send("10.0.0.2", 1481, true) == MIR_EMSGSIZE && net.sent == 1, "must not be cut");
	net.sent = 0;
	ok(send("10.0.0.2", 4000, false) == 0 && net.sent == 3, "three pieces");
	id = mir_be16(raw_sent(0) + 4);
	for (unsigned i = 0; i < net.sent; i++) {
		const uint8_t *h = raw_sent(i);
		unsigned len = mir_be16(h + 2) - 20u;

		right &= mir_be16(h + 4) == id && mir_sum_finish(mir_sum(h, 20, 0)) == 0 &&
			 mir_be16(h + 6) == (at / 8 | (i < 2 ? 0x2000 : 0));
		for (unsigned j = 0; j < len; j++)
			right &= h[20 + j] == (uint8_t)((at + j) % 251);
		at += len;
	}
	ok(right && at == 4000, "with the right offsets, flags and bytes");
	net.sent = 0;
	send("10.0.0.2", 10, false);
	send("10.0.0.2", 10, false);
	send("10.0.0.2", 10, true);
	ok(mir_be16(raw_sent(0) + 4) != mir_be16(raw_sent(1) + 4), "identifications differ");
	ok(mir_be16(raw_sent(2) + 6) == 0x4000, "DF");
	ok(send("10.0.0.2", 65516, false) == MIR_EMSGSIZE, "65536 bytes");
	ok(send("10.0.0.2", 65515, false) == 0, "65535 bytes");
	raw_stop();
}

/* Starts a host with a UDP port 5 that has sent a datagram to 10.0.0.2:9; q is that datagram. */
static struct mir_udp_port *talk(uint8_t *q, size_t len)
{
	struct mir_endpoint e = { MIR_IPADDR_ANY, 5 }, dst = { test_ip("10.0.0.2"), 9 };
	struct mir_udp_port *port;
	struct mir_slice s = { NULL, len, NULL };
	uint8_t *b;

	raw_start();
	errors = 0;
	mir_udp_bind(&host.udp.udp, &e, &handler, NULL, &port);
	s.owner = mir_mem_new(len, &b);
	memset(b, 0, len);
	s.p = b;
	mir_udp_send(port, NULL, &dst, &s, 1);
	fake_flush();
	memcpy(q, raw_sent(0), 300);
	net.sent = 0;
	return port;
}

static void icmp_errors(void)
{
	static const struct {
		uint8_t type, code;
		enum mir_ip_error_kind kind;
	} table[] = { { 3, 0, MIR_IP_NET_UNREACHABLE }, { 3, 1, MIR_IP_HOST_UNREACHABLE },
		{ 3, 2, MIR_IP_PROTO_UNREACHABLE }, { 3, 3, MIR_IP_PORT_UNREACHABLE },
		{ 3, 5, MIR_IP_HOST_UNREACHABLE }, { 3, 13, MIR_IP_PROHIBITED },
		{ 11, 0, MIR_IP_TIME_EXCEEDED }, { 12, 0, MIR_IP_PARAMETER } };
	uint8_t q[1500], f[1500];

	talk(q, 300);
	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		fake_input(&net, f, raw_icmp(f, table[i].type, table[i].code, 0, q, 28));
		ok(errors == i + 1 && last.kind == table[i].kind, "%u/%u", table[i].type,
		    table[i].code);
	}
	errors = 0;
	fake_input(&net, f, raw_icmp(f, 4, 0, 0, q, 28));
	fake_input(&net, f, raw_icmp(f, 5, 1, 0x0a000003, q, 28));
	ok(errors == 0 && host.ip.stats.icmp_rx_ignored == 2, "source quench, redirect: ignored");
	fake_input(&net, f, raw_icmp(f, 3, 16, 0, q, 28));
	fake_input(&net, f, raw_icmp(f, 11, 2, 0, q, 28));
	for (size_t n = 0; n < 28; n++)
		fake_input(&net, f, raw_icmp(f, 3, 3, 0, q, n));
	ok(errors == 0 && host.ip.stats.icmp_rx_bad == 30, "unknown codes, quotes too short");
	fake_input(&net, f, raw_icmp(f, 3, 3, 0, q, 28));
	f[ETH + IP + 2] ^= 1;
	fake_input(&net, f, ETH + IP + 36);
	ok(errors == 1 && host.ip.stats.icmp_checksum == 1, "a wrong checksum");
	raw_stop();
}

static void forged_errors(void)
{
	static const struct {
		const char *what;
		uint8_t at, value;
	} table[] = { { "not IPv4", 0, 0x65 }, { "bad header length", 0, 0x44 },
		{ "not the first fragment", 7, 9 }, { "not our address", 15, 9 },
		{ "no such protocol", 9, 77 }, { "a port that is not bound", 21, 6 },
		{ "a datagram without payload", 3, 20 } };
	uint8_t q[1500], f[1500];

	talk(q, 300);
	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		uint8_t keep = q[table[i].at];

		q[2] = table[i].at == 3 ? 0 : q[2];
		q[table[i].at] = table[i].value;
		fake_input(&net, f, raw_icmp(f, 3, 3, 0, q, 100));
		q[table[i].at] = keep;
		q[2] = 1;
		ok(errors == 0 && host.ip.stats.icmp_rx_bad == i + 1, "%s", table[i].what);
	}
	raw_stop();
}

static void path_mtu(void)
{
	struct mir_ip *ip = &host.ip.ip;
	struct mir_ipaddr peer = test_ip("10.0.0.2");
	uint8_t q[1500], f[1500];

	talk(q, 1400);
	fake_input(&net, f, raw_icmp(f, 3, 4, 1000, q, 28));
	ok(errors == 0 && ip->ops->mtu(ip, peer) == 1500, "a datagram without DF was not too big");
	q[6] = 0x40;
	fake_input(&net, f, raw_icmp(f, 3, 4, 1428, q, 28));
	fake_input(&net, f, raw_icmp(f, 3, 4, 67, q, 28));
	ok(errors == 0 && ip->ops->mtu(ip, peer) == 1500, "nor is one that fits, nor 67");
	q[21] = 6;
	fake_input(&net, f, raw_icmp(f, 3, 4, 1000, q, 28));
	ok(ip->ops->mtu(ip, peer) == 1500, "nor do we believe what UDP did not send");
	q[21] = 5;
	fake_input(&net, f, raw_icmp(f, 3, 4, 1000, q, 28));
	ok(errors == 1 && last.kind == MIR_IP_TOO_BIG && last.mtu == 1000 &&
		ip->ops->mtu(ip, peer) == 1000,
	    "an honest report counts");
	ok(send("10.0.0.2", 1400, true) == MIR_EMSGSIZE, "DF: refused");
	ok(send("10.0.0.2", 1400, false) == 0 && net.sent == 2, "else cut");
	fake_input(&net, f, raw_icmp(f, 3, 4, 1200, q, 28));
	ok(ip->ops->mtu(ip, peer) == 1000, "it does not grow by reports");
	fake_input(&net, f, raw_icmp(f, 3, 4, 100, q, 28));
	ok(ip->ops->mtu(ip, peer) == MIR_IPV4_PMTU_MIN, "nor shrink without end");
	net.sent = 0;
	ok(send("10.0.0.2", 500, true) == 0 && mir_be16(raw_sent(0) + 6) == 0,
	    "but routers may cut then");
	mir_sleep(MIR_SECOND(601));
	ok(ip->ops->mtu(ip, peer) == 1500, "after ten minutes it is tried again");
	fake_input(&net, f, raw_icmp(f, 3, 4, 0, q, 28));
	ok(ip->ops->mtu(ip, peer) == 1006, "an old router names none: the next plateau");
	for (uint32_t i = 0; i < 10000; i++) {
		mir_put_be32(q + 16, 0x0b000000 + i);
		fake_input(&net, f, raw_icmp(f, 3, 4, 600, q, 28));
	}
	ok(host.ip.npmtus <= MIR_IPV4_PMTUS, "the table is bounded");
	raw_stop();
}

int main(void)
{
	RUN(routes);
	RUN(addresses);
	RUN(fragments);
	RUN(icmp_errors);
	RUN(forged_errors);
	RUN(path_mtu);
	return mir_test_end();
}
