/* pair.c: two hosts: what only shows between them. */
#include "host.h"
#include <mir/mem.h>

static unsigned got, added, removed;
static size_t got_len;

static void input(void *arg, struct mir_packet *p, const struct mir_ip_rx *rx)
{
	(void)arg;
	(void)rx;
	got++;
	got_len = p->total;
	mir_packet_unref(p);
}

static const struct mir_ip_proto proto = { .input = input };

static void changed(struct mir_ip_watch *w, enum mir_ip_event event, struct mir_cidr cidr)
{
	(void)w;
	(void)cidr;
	added += event == MIR_IP_ADDED;
	removed += event == MIR_IP_REMOVED;
}

static struct mir_ip_watch watch;

/* n slices of len bytes each. */
static int send(const char *dst, unsigned n, size_t len)
{
	static const uint8_t bytes[4096];
	struct mir_ip_tx tx = { .dst = test_ip(dst), .proto = 99 };
	struct mir_packet *p = mir_packet_new();

	if (!p)
		return MIR_ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		struct mir_slice s = mir_slice_static(bytes, len);

		mir_packet_append(p, &s);
	}
	return mir_ip_send(&alice.ip.ip, &tx, p);
}

static void start(const struct mir_link_config *c)
{
	pair_start(c);
	alice.ip.ip.ops->listen(&alice.ip.ip, 99, &proto, NULL);
	bob.ip.ip.ops->listen(&bob.ip.ip, 99, &proto, NULL);
	got = 0;
}

static void many_slices(void)
{
	for (uint8_t max = 1; max <= MIR_PACKET_SLICES; max++) {
		start(&(struct mir_link_config){ .max_slices = max });
		send("10.0.0.2", 18, 80);
		mir_sleep(MIR_MS(1));
		if (got != 1 || got_len != 1440)
			ok(false, "18 slices over an interface that takes %u", max);
		send("10.0.0.2", 18, 3000);
		mir_sleep(MIR_MS(1));
		if (got != 2 || got_len != 54000)
			ok(false, "fragments of 18 slices over one that takes %u", max);
		pair_stop();
	}
	ok(true, "slices are joined where they must be");
}

static void small_mtu(void)
{
	static const uint16_t mtus[] = { 68, 100, 552, 576, 600, 1280, 1499, 9000 };

	for (unsigned i = 0; i < MIR_COUNT(mtus); i++) {
		start(&(struct mir_link_config){ .mtu = mtus[i] });
		send("10.0.0.2", 1, 1);
		mir_sleep(MIR_MS(1));
		got = 0;
		send("10.0.0.2", 2, 1500);
		mir_sleep(MIR_MS(1));
		ok(got == 1 && got_len == 3000, "MTU %u", mtus[i]);
		pair_stop();
	}
}

static void bad_link(void)
{
	start(&(struct mir_link_config){ .delay_ns = MIR_MS(5),
	    .jitter_ns = MIR_MS(1),
	    .loss = 20000,
	    .duplicate = 100000,
	    .reorder = 200000,
	    .corrupt = 20000,
	    .seed = 3 });
	for (unsigned i = 0; i < 1000; i++) {
		send("10.0.0.2", 2, 3000);
		mir_sleep(MIR_MS(1));
	}
	mir_sleep(MIR_SECOND(40));
	ok(got > 500 && got <= 1000, "datagrams of five fragments: %u of 1000", got);
	ok(bob.ip.reassembly.stats.duplicates > 0 && bob.ip.stats.rx_checksum > 0, "faults seen");
	ok(bob.ip.reassembly.used == 0 && bob.ip.reassembly.budget.used == 0, "nothing is left");
	pair_stop();
}

static void loopback(void)
{
	start(&(struct mir_link_config){ 0 });
	for (unsigned i = 0; i < MIR_IPV4_LOOPED + 10; i++)
		send("10.0.0.1", 1, 10);
	ok(got == 0, "nothing comes back within the call");
	mir_sleep(1);
	ok(got == MIR_IPV4_LOOPED && alice.ip.stats.tx_loop_dropped == 10, "the queue is bounded");
	send("127.0.0.1", 1, 10);
	pair_stop();
	ok(got == MIR_IPV4_LOOPED, "stop drops what is in it");
}

static void watches(void)
{
	struct mir_ip *ip = &alice.ip.ip;

	added = removed = 0;
	watch.changed = changed;
	start(&(struct mir_link_config){ 0 });
	ip->ops->watch(ip, &watch);
	ip->ops->add_address(ip, test_cidr("10.7.0.1/16"));
	ok(added == 1 && removed == 0, "told of an address");
	ip->ops->remove_address(ip, test_ip("10.7.0.1"));
	ok(added == 1 && removed == 1, "told that it is gone");
	for (unsigned i = 2; alice.ip.naddresses < MIR_IPV4_ADDRESSES; i++)
		ip->ops->add_address(ip, (struct mir_cidr){ mir_ip4(0x0a080000 + i), 16 });
	ok(ip->ops->add_address(ip, test_cidr("10.9.0.1/16")) == MIR_ELIMIT, "16 at most");
	while (alice.ip.naddresses > 1)
		ip->ops->remove_address(ip, mir_ip4(alice.ip.address[1].addr));
	ok(alice.ip.nroutes == 1, "networks go with their last address");
	send("10.0.0.2", 1, 10);
	mir_sleep(MIR_MS(1));
	ok(got == 1, "and the first is as it was");
	pair_stop();
	ok(removed == MIR_IPV4_ADDRESSES, "stop tells nobody");
}

static void second_network(void)
{
	struct mir_ip_tx tx = { .dst = test_ip("10.7.0.2"), .proto = 99 };
	struct mir_packet *p;

	start(&(struct mir_link_config){ 0 });
	alice.ip.ip.ops->add_address(&alice.ip.ip, test_cidr("10.7.0.1/16"));
	bob.ip.ip.ops->add_address(&bob.ip.ip, test_cidr("10.7.0.2/16"));
	send("10.7.0.2", 1, 10);
	send("10.7.255.255", 1, 10);
	mir_sleep(MIR_MS(1));
	ok(got == 2, "both networks on one cable");
	tx.src = test_ip("10.0.0.1");
	p = mir_packet_new();
	ok(mir_ip_send(&alice.ip.ip, &tx, p) == 0, "the source may be another of ours");
	mir_sleep(MIR_MS(1));
	ok(got == 3, "and arrives");
	pair_stop();
}

static void no_memory(void)
{
	for (unsigned n = 1; n < 60; n++) {
		start(&(struct mir_link_config){ .max_slices = 2 });
		mir_mem_fail_at(n);
		send("10.0.0.2", 18, 3000);
		mir_sleep(MIR_SECOND(32));
		mir_mem_fail_at(0);
		got = 0;
		send("10.0.0.2", 18, 3000);
		mir_sleep(MIR_MS(10));
		send("10.0.0.2", 18, 3000);
		mir_sleep(MIR_MS(10));
		if (got == 0)
			ok(false, "after allocation %u failed", n);
		mir_sleep(MIR_SECOND(31));
		pair_stop();
	}
	ok(true, "each allocation may fail");
}

int main(void)
{
	RUN(many_slices);
	RUN(small_mtu);
	RUN(bad_link);
	RUN(loopback);
	RUN(watches);
	RUN(second_network);
	RUN(no_memory);
	return mir_test_end();
}
