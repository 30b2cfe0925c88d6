/* icmp.c: pings between two hosts. */
#include "../../ipv4/tests/host.h"
#include <mir/fiber.h>

static int ping(struct test_host *from, const char *to, uint16_t seq, uint16_t len,
    struct mir_icmp_reply *r, int64_t patience)
{
	int64_t outer = mir_deadline_set(mir_now() + patience);
	int rc = mir_icmp_echo(&from->icmp.icmp, test_ip(to), seq, len, r);

	mir_deadline_restore(outer);
	return rc;
}

static void pings(void)
{
	static const uint16_t sizes[] = { 0, 1, 7, 8, 9, 56, 96, 97, 1472, 1473, 4000, 9999,
		65507 };
	struct mir_icmp_reply r;
	struct mir_ipaddr bobs = test_ip("10.0.0.2");

	pair_start(&(struct mir_link_config){ .delay_ns = MIR_MS(10) });
	ok(ping(&alice, "10.0.0.2", 1, 56, &r, MIR_SECOND(1)) == 0, "the first, with ARP");
	for (unsigned i = 0; i < MIR_COUNT(sizes); i++) {
		ok(ping(&alice, "10.0.0.2", 2, sizes[i], &r, MIR_SECOND(1)) == 0 &&
			r.len == sizes[i],
		    "%u bytes", sizes[i]);
		ok(r.rtt_ns >= MIR_MS(20) && r.rtt_ns < MIR_MS(21) && r.ttl == 64 &&
			mir_ipaddr_eq(&r.from, &bobs),
		    "the reply is described");
	}
	ok(ping(&alice, "10.0.0.2", 3, 65508, &r, MIR_SECOND(1)) == MIR_EMSGSIZE, "too long");
	ok(ping(&alice, "10.0.0.1", 4, 1000, &r, MIR_SECOND(1)) == 0, "ourselves");
	ok(ping(&alice, "127.0.0.1", 4, 1000, &r, MIR_SECOND(1)) == 0, "ourselves, loopback");
	ok(ping(&alice, "10.0.0.9", 5, 8, &r, MIR_SECOND(9)) == MIR_EHOSTUNREACH, "nobody there");
	ok(ping(&alice, "192.0.2.1", 5, 8, &r, MIR_SECOND(9)) == MIR_ENETUNREACH, "no route");
	ok(ping(&alice, "10.0.0.255", 6, 8, &r, MIR_SECOND(1)) == MIR_ETIMEDOUT, "broadcast");
	ok(bob.icmp.stats.rx_broadcast == 1, "is not answered (RFC 1122 3.2.2.6)");
	cable.config.cut = true;
	ok(ping(&alice, "10.0.0.2", 7, 8, &r, MIR_SECOND(1)) == MIR_ETIMEDOUT, "cut");
	ok(!alice.icmp.waiting, "nobody waits");
	pair_stop();
}

static void bad_link(void)
{
	struct mir_icmp_reply r;
	unsigned good = 0;

	pair_start(&(struct mir_link_config){ .delay_ns = MIR_MS(5),
	    .loss = 10000,
	    .duplicate = 50000,
	    .reorder = 100000,
	    .corrupt = 10000,
	    .seed = 7 });
	for (uint16_t i = 0; i < 500; i++)
		good += ping(&alice, "10.0.0.2", i, 3000, &r, MIR_SECOND(1)) == 0 && r.len == 3000;
	ok(good > 350, "fragments through loss, duplication, reordering, corruption: %u", good);
	mir_sleep(MIR_SECOND(31));
	ok(alice.ip.reassembly.used == 0 && bob.ip.reassembly.used == 0, "nothing left in pieces");
	pair_stop();
}

static void flood(void)
{
	struct mir_ip_tx tx = { .dst = test_ip("10.0.0.2"), .proto = MIR_IPPROTO_ICMP };

	pair_start(&(struct mir_link_config){ 0 });
	mir_sleep(MIR_SECOND(1));
	for (unsigned i = 0; i < 1000; i++) {
		struct mir_packet *p = mir_packet_new();
		uint8_t *h = mir_packet_put(p, 8);

		memset(h, 0, 8);
		h[0] = 8;
		mir_put_be16(h + 2, mir_sum_finish(mir_sum(h, 8, 0)));
		mir_ip_send(&alice.ip.ip, &tx, p);
		if (i == 0)
			mir_sleep(MIR_MS(10));
	}
	mir_sleep(MIR_MS(100));
	ok(bob.icmp.stats.rx_limited > 0 && bob.icmp.stats.requests_answered >= 200,
	    "a flood is answered in part");
	ok(alice.icmp.stats.rx_unexpected == bob.icmp.stats.requests_answered,
	    "replies that nobody waits for are dropped");
	pair_stop();
}

static void no_memory(void)
{
	struct mir_icmp_reply r;

	for (unsigned n = 1; n < 30; n++) {
		pair_start(&(struct mir_link_config){ 0 });
		mir_mem_fail_at(n);
		ping(&alice, "10.0.0.2", 1, 3000, &r, MIR_SECOND(1));
		mir_mem_fail_at(0);
		ping(&alice, "10.0.0.2", 2, 3000, &r, MIR_SECOND(5));
		if (ping(&alice, "10.0.0.2", 3, 3000, &r, MIR_SECOND(5)) != 0)
			ok(false, "after allocation %u failed", n);
		mir_sleep(MIR_SECOND(31));
		pair_stop();
	}
	ok(true, "each allocation may fail");
}

int main(void)
{
	RUN(pings);
	RUN(bad_link);
	RUN(flood);
	RUN(no_memory);
	return mir_test_end();
}
