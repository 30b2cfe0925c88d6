/* udp.c: ports, datagrams, errors, between two hosts. */
#include "../../ipv4/tests/host.h"
#include <mir/fiber.h>
#include <mir/mem.h>

struct box {
	unsigned count, errors;
	size_t len;
	bool right; /* bytes 0 1 2 ... */
	struct mir_endpoint src, dst, failed;
	enum mir_ip_error_kind kind;
};

static void input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct box *b = arg;
	uint8_t byte;

	b->count++;
	b->len = p->total;
	b->src = *src;
	b->dst = *dst;
	b->right = true;
	for (unsigned i = 0; i < p->total; i++) {
		mir_packet_copy(p, i, &byte, 1);
		b->right &= byte == (uint8_t)(i % 251);
	}
	mir_packet_unref(p);
}

static void error(void *arg, const struct mir_ip_error *err, const struct mir_endpoint *peer)
{
	struct box *b = arg;

	b->errors++;
	b->kind = err->kind;
	b->failed = *peer;
}

static const struct mir_udp_handler handler = { .input = input, .error = error };

static struct mir_udp_port *bind(struct test_host *h, const char *addr, uint16_t port, void *arg)
{
	struct mir_endpoint e = { test_ip(addr), port };
	struct mir_udp_port *p = NULL;

	if (mir_udp_bind(&h->udp.udp, &e, &handler, arg, &p) < 0)
		return NULL;
	return p;
}

static int send(struct mir_udp_port *from, const char *to, uint16_t port, size_t len, unsigned n)
{
	struct mir_endpoint dst = { test_ip(to), port };
	struct mir_slice s[40];
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		size_t part = i + 1 < n ? len / n : len - at;
		uint8_t *b = NULL;

		s[i] = (struct mir_slice){ NULL, part, mir_mem_new(part, &b) };
		for (size_t j = 0; s[i].owner && j < part; j++)
			b[j] = (uint8_t)((at + j) % 251);
		s[i].p = b;
		if (!s[i].owner)
			s[i].len = 0;
		at += part;
	}
	return mir_udp_send(from, NULL, &dst, s, n);
}

static void sizes(void)
{
	static const struct {
		size_t len;
		unsigned slices;
	} table[] = { { 0, 0 }, { 1, 1 }, { 128, 3 }, { 129, 1 }, { 1000, 18 }, { 1000, 19 },
		{ 1472, 2 }, { 1473, 2 }, { 5000, 40 }, { 8001, 1 } };
	struct mir_udp_port *a, *b;
	struct box abox = { 0 }, bbox = { 0 };

	pair_start(&(struct mir_link_config){ 0 });
	a = bind(&alice, NULL, 0, &abox);
	b = bind(&bob, NULL, 4711, &bbox);
	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		bbox = (struct box){ 0 };
		ok(send(a, "10.0.0.2", 4711, table[i].len, table[i].slices) == 0, "sent");
		mir_sleep(MIR_MS(10));
		ok(bbox.count == 1 && bbox.len == table[i].len && bbox.right, "%zu bytes in %u",
		    table[i].len, table[i].slices);
	}
	ok(a->local.port >= MIR_UDP_EPHEMERAL && bbox.src.port == a->local.port, "our port");
	bbox = (struct box){ 0 };
	ok(send(a, "10.0.0.2", 4711, 65507, 3) == 0, "the longest");
	mir_sleep(MIR_MS(10));
	ok(bbox.count == 1 && bbox.len == 65507 && bbox.right, "arrives in fragments");
	ok(send(a, "10.0.0.2", 4711, 65508, 3) == MIR_EMSGSIZE, "one byte more");
	ok(send(b, "10.0.0.1", a->local.port, 10, 1) == 0, "an answer");
	mir_sleep(MIR_MS(10));
	ok(abox.count == 1 && abox.src.port == 4711, "arrives");
	ok(send(a, "10.0.0.1", a->local.port, 60000, 2) == 0, "to ourselves");
	mir_sleep(MIR_MS(10));
	ok(abox.count == 2 && abox.len == 60000 && abox.right, "comes back");
	pair_stop();
}

static void offloads(void)
{
	struct mir_udp_port *a;
	struct box bbox = { 0 };
	uint16_t tx = MIR_NET_TX_CSUM | MIR_NET_TX_TSO4, rx = MIR_NET_RX_CSUM;

	for (unsigned i = 0; i < 4; i++) {
		pair_start(
		    &(struct mir_link_config){ .offloads = { i & 1 ? tx : 0, i & 2 ? rx : 0 } });
		a = bind(&alice, NULL, 0, NULL);
		bind(&bob, NULL, 4711, &bbox);
		for (size_t len = 0; len < 3000; len += 97) {
			bbox = (struct box){ 0 };
			send(a, "10.0.0.2", 4711, len, 2);
			mir_sleep(MIR_MS(10));
			if (bbox.count != 1 || bbox.len != len || !bbox.right)
				ok(false, "%zu bytes, offloads %u", len, i);
		}
		ok((alice.ip.stats.tx_checksums > 16) == !(i & 1), "who sums");
		pair_stop();
	}
}

static void closed_ports(void)
{
	struct mir_udp_port *a;
	struct box abox = { 0 };
	struct mir_ipaddr bobs = test_ip("10.0.0.2");

	pair_start(&(struct mir_link_config){ 0 });
	a = bind(&alice, NULL, 0, &abox);
	send(a, "10.0.0.2", 9, 100, 1);
	mir_sleep(MIR_MS(10));
	ok(abox.errors == 1 && abox.kind == MIR_IP_PORT_UNREACHABLE && abox.failed.port == 9 &&
		mir_ipaddr_eq(&abox.failed.addr, &bobs),
	    "a closed port is told");
	send(a, "10.0.0.255", 9, 100, 1);
	send(a, "255.255.255.255", 9, 100, 1);
	send(a, "224.0.0.1", 9, 100, 1);
	mir_sleep(MIR_MS(10));
	ok(abox.errors == 1 && bob.udp.stats.rx_no_port == 4, "but not to broadcasts, multicasts");
	send(a, "10.0.0.77", 9, 100, 1);
	mir_sleep(MIR_SECOND(4));
	ok(abox.errors == 2 && abox.kind == MIR_IP_HOST_UNREACHABLE, "a dead host is told");
	send(a, "127.0.0.1", 9, 10, 1);
	mir_sleep(MIR_MS(10));
	ok(abox.errors == 3, "our own closed port is told");
	for (unsigned i = 0; i < 500; i++)
		send(a, "10.0.0.2", 9, 10, 1);
	mir_sleep(MIR_MS(10));
	ok(bob.ip.stats.icmp_tx_limited > 400 && abox.errors < 100, "a scan is answered in part");
	pair_stop();
}

static void ports(void)
{
	struct box any = { 0 }, one = { 0 };
	struct mir_udp_port *a, *p;
	struct mir_endpoint e = { test_ip("10.0.0.3"), 5 };
	bool differ = false;
	uint16_t last = 0;

	pair_start(&(struct mir_link_config){ 0 });
	a = bind(&alice, NULL, 0, NULL);
	ok(mir_udp_bind(&bob.udp.udp, &e, &handler, NULL, &p) == MIR_EADDRNOTAVAIL, "not ours");
	p = bind(&bob, NULL, 5, &any);
	ok(p && !bind(&bob, NULL, 5, NULL) && !bind(&bob, "10.0.0.2", 5, NULL), "in use");
	mir_udp_close(p);
	p = bind(&bob, "10.0.0.2", 5, &one);
	ok(p != NULL, "free again, and bound to one address");
	send(a, "10.0.0.2", 5, 1, 1);
	send(a, "10.0.0.255", 5, 1, 1);
	mir_sleep(MIR_MS(10));
	ok(one.count == 1, "gets what is sent to it, no broadcast");
	bind(&bob, NULL, 6, &any);
	send(a, "10.0.0.255", 6, 1, 1);
	send(a, "255.255.255.255", 6, 1, 1);
	send(a, "224.0.0.1", 6, 1, 1);
	mir_sleep(MIR_MS(10));
	ok(any.count == 3, "a port bound to all does");
	for (unsigned i = 0; i < 100; i++) {
		p = bind(&bob, NULL, 0, NULL);
		differ |= i > 0 && p->local.port != last + 1;
		last = p->local.port;
	}
	ok(differ, "free ports are not in order (RFC 6056)");
	while ((p = bind(&bob, NULL, 0, NULL)))
		;
	ok(bob.udp.bound == MIR_UDP_PORTS, "there is a limit");
	pair_stop();
}

/* UDP headers that lie, in IP datagrams that do not. */
static void malformed(void)
{
	static const struct {
		const char *what;
		uint8_t bytes[12];
		size_t len;
		unsigned good;
	} table[] = {
		{ "checksum 0: not used", { 0, 9, 0, 5, 0, 9, 0, 0, 0 }, 9, 1 },
		{ "shorter than the datagram", { 0, 9, 0, 5, 0, 9, 0, 0, 0, 7, 7 }, 11, 1 },
		{ "no data", { 0, 9, 0, 5, 0, 8, 0, 0 }, 8, 1 },
		{ "source port 0", { 0, 0, 0, 5, 0, 9, 0, 0, 0 }, 9, 1 },
		{ "wrong checksum", { 0, 9, 0, 5, 0, 9, 1, 1, 0 }, 9, 0 },
		{ "longer than the datagram", { 0, 9, 0, 5, 0, 10, 0, 0, 0 }, 9, 0 },
		{ "length 65535", { 0, 9, 0, 5, 255, 255, 0, 0, 0 }, 9, 0 },
		{ "length 7", { 0, 9, 0, 5, 0, 7, 0, 0, 0 }, 9, 0 },
		{ "length 0", { 0, 9, 0, 5, 0, 0, 0, 0, 0 }, 9, 0 },
		{ "destination port 0", { 0, 9, 0, 0, 0, 9, 0, 0, 0 }, 9, 0 },
		{ "cut at 7", { 0, 9, 0, 5, 0, 9, 0 }, 7, 0 },
		{ "cut at 1", { 0 }, 1, 0 },
		{ "empty", { 0 }, 0, 0 },
	};
	struct mir_ip_tx tx = { .dst = test_ip("10.0.0.2"), .proto = MIR_IPPROTO_UDP };
	struct box box = { 0 };

	pair_start(&(struct mir_link_config){ 0 });
	bind(&bob, NULL, 5, &box);
	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		struct mir_packet *p = mir_packet_new();

		box = (struct box){ 0 };
		if (table[i].len)
			memcpy(mir_packet_put(p, table[i].len), table[i].bytes, table[i].len);
		mir_ip_send(&alice.ip.ip, &tx, p);
		mir_sleep(MIR_MS(10));
		ok(box.count == table[i].good && (!box.count || box.right), "%s", table[i].what);
	}
	pair_stop();
}

static void no_memory(void)
{
	struct box box = { 0 }, abox = { 0 };
	struct mir_udp_port *a;

	for (unsigned n = 1; n < 40; n++) {
		pair_start(&(struct mir_link_config){ 0 });
		a = bind(&alice, NULL, 0, &abox);
		bind(&bob, NULL, 5, &box);
		mir_mem_fail_at(n);
		send(a, "10.0.0.2", 5, 9000, 20);
		mir_sleep(MIR_SECOND(5));
		mir_mem_fail_at(0);
		box = (struct box){ 0 };
		send(a, "10.0.0.2", 5, 1000, 20);
		mir_sleep(MIR_SECOND(32));
		if (box.count != 1 || !box.right)
			ok(false, "after allocation %u failed", n);
		pair_stop();
	}
	ok(true, "each allocation may fail");
}

int main(void)
{
	RUN(sizes);
	RUN(offloads);
	RUN(closed_ports);
	RUN(ports);
	RUN(malformed);
	RUN(no_memory);
	return mir_test_end();
}
