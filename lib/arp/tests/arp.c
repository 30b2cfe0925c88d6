/* arp.c: the ARP device between hosts: waiting, probing, conflicts, dead next hops. */
#include "../../ipv4/tests/host.h"

static unsigned conflicts, removed;

static void changed(struct mir_ip_watch *w, enum mir_ip_event event, struct mir_cidr cidr)
{
	(void)w;
	(void)cidr;
	conflicts += event == MIR_IP_CONFLICT;
	removed += event == MIR_IP_REMOVED;
}

static struct mir_ip_watch watch = { .changed = changed };

static int query(const char *addr, struct mir_mac *mac)
{
	return alice.arp.arp.ops->query(&alice.arp.arp, test_ip(addr), mac);
}

static void queries(void)
{
	struct mir_mac mac;
	int64_t outer, from;

	pair_start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	ok(query("10.0.0.2", &mac) == 0 && mir_mac_eq(&mac, &bob.eth.ethernet.mac), "a neighbour");
	from = mir_now();
	ok(query("10.0.0.9", &mac) == MIR_EHOSTUNREACH && mir_now() - from >= MIR_SECOND(3),
	    "nobody, after three tries");
	outer = mir_deadline_set(mir_now() + MIR_MS(100));
	ok(query("10.0.0.8", &mac) == MIR_ETIMEDOUT, "a deadline");
	mir_deadline_restore(outer);
	pair_stop();
}

static void waiting(void *arg)
{
	struct mir_mac mac;

	*(int *)arg = query("10.0.0.9", &mac);
}

static void stops(void)
{
	int rc = 1;

	pair_start(&(struct mir_link_config){ 0 });
	mir_spawn("waiting", waiting, &rc);
	mir_sleep(MIR_MS(10));
	pair_stop();
	ok(rc == MIR_EHOSTUNREACH, "who waits is woken by stop");
}

static void probes(void)
{
	const struct mir_arp_ops *ops;
	int64_t from;

	pair_start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	ops = alice.arp.arp.ops;
	from = mir_now();
	ok(ops->probe(&alice.arp.arp, test_ip("10.0.0.9"), MIR_MS(150)) == 0 &&
		mir_now() - from >= MIR_MS(150),
	    "a free address, after the time given");
	from = mir_now();
	ok(ops->probe(&alice.arp.arp, test_ip("10.0.0.2"), MIR_MS(150)) == MIR_EADDRINUSE &&
		mir_now() - from < MIR_MS(10),
	    "a taken one, at once");
	pair_stop();
}

static void conflict(void)
{
	conflicts = removed = 0;
	pair_start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	mir_sleep(MIR_SECOND(3));
	alice.ip.ip.ops->watch(&alice.ip.ip, &watch);
	bob.ip.ip.ops->add_address(&bob.ip.ip, test_cidr("10.0.0.1/24"));
	mir_sleep(MIR_SECOND(5));
	ok(conflicts > 0 && removed == 0, "IP is told, and keeps the address");
	ok(alice.arp.engine.stats.defences == 1, "which was defended once");
	ok(mir_link_stats(&cable).sent < 40, "and no storm comes of it");
	pair_stop();
}

static void gateway_dies(void)
{
	struct mir_icmp_reply r;
	int64_t outer;

	pair_start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	ok(mir_icmp_echo(&alice.icmp.icmp, test_ip("10.0.0.2"), 1, 8, &r) == 0, "alive");
	cable.config.cut = true;
	mir_sleep(MIR_SECOND(1));
	for (unsigned i = 0; i < 70; i++) {
		outer = mir_deadline_set(mir_now() + MIR_SECOND(1));
		mir_icmp_echo(&alice.icmp.icmp, test_ip("10.0.0.2"), 2, 8, &r);
		mir_deadline_restore(outer);
	}
	ok(mir_icmp_echo(&alice.icmp.icmp, test_ip("10.0.0.2"), 3, 8, &r) == MIR_EHOSTUNREACH,
	    "a dead neighbour is noticed");
	cable.config.cut = false;
	mir_sleep(MIR_SECOND(2));
	ok(mir_icmp_echo(&alice.icmp.icmp, test_ip("10.0.0.2"), 4, 8, &r) == 0, "alive again");
	pair_stop();
}

int main(void)
{
	RUN(queries);
	RUN(stops);
	RUN(probes);
	RUN(conflict);
	RUN(gateway_dies);
	return mir_test_end();
}
