/* arp_engine.c: the ARP engine alone: messages, wishes and times in, effects out. */
#include <mir/arp_engine.h>
#include <mir/test.h>

enum { US = 0x0a000001, PEER = 0x0a000002, OTHER = 0x0a000003, REQUEST = 1, REPLY = 2 };

static const struct mir_mac our_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mir_mac peer_mac = { { 2, 0, 0, 0, 0, 2 } };
static const struct mir_mac evil_mac = { { 2, 0, 0, 0, 0, 0x66 } };
static const struct mir_mac all = { { 255, 255, 255, 255, 255, 255 } };

static struct mir_arp_engine e;
static struct {
	unsigned messages, delivered, failed, settled, conflicts;
	uint8_t msg[MIR_ARP_LEN];
	struct mir_mac to, deliver_to;
} seen;

static void on_message(void *arg, const struct mir_mac *dst, const uint8_t msg[MIR_ARP_LEN])
{
	(void)arg;
	seen.messages++;
	seen.to = *dst;
	memcpy(seen.msg, msg, MIR_ARP_LEN);
}

static int on_deliver(void *arg, const struct mir_mac *dst, struct mir_packet *p)
{
	(void)arg;
	seen.delivered++;
	seen.deliver_to = *dst;
	mir_packet_unref(p);
	return 0;
}

static void on_failed(void *arg, struct mir_packet *p)
{
	(void)arg;
	seen.failed++;
	mir_packet_unref(p);
}

static void on_settled(void *arg)
{
	(void)arg;
	seen.settled++;
}

static void on_conflict(void *arg, uint32_t addr, const struct mir_mac *claimant)
{
	(void)arg;
	(void)claimant;
	seen.conflicts += addr == US;
}

static const struct mir_arp_effects effects = {
	.message = on_message,
	.deliver = on_deliver,
	.failed = on_failed,
	.settled = on_settled,
	.conflict = on_conflict,
};

static void start(void)
{
	struct mir_hash_key key = { { 1, 2 } };

	mir_arp_engine_init(&e, &our_mac, &key, &effects, NULL);
	mir_arp_engine_add(&e, US, 0);
	mir_arp_engine_timeout(&e, MIR_SECOND(2));
	memset(&seen, 0, sizeof(seen));
}

static void make(uint8_t m[MIR_ARP_LEN], uint16_t op, const struct mir_mac *mac, uint32_t sender,
    uint32_t target)
{
	static const uint8_t head[6] = { 0, 1, 8, 0, 6, 4 };

	memset(m, 0, MIR_ARP_LEN);
	memcpy(m, head, 6);
	mir_put_be16(m + 6, op);
	memcpy(m + 8, mac->b, 6);
	mir_put_be32(m + 14, sender);
	mir_put_be32(m + 24, target);
}

static void hear(
    uint16_t op, const struct mir_mac *mac, uint32_t sender, uint32_t target, int64_t now)
{
	uint8_t m[MIR_ARP_LEN];

	make(m, op, mac, sender, target);
	mir_arp_engine_input(&e, m, sizeof(m), now);
}

static int send(uint32_t addr, int64_t now)
{
	struct mir_packet *p = mir_packet_new();

	memset(mir_packet_put(p, 20), 0, 20);
	return mir_arp_engine_send(&e, addr, p, now);
}

/* Runs timeouts until `until`. */
static void pass(int64_t until)
{
	while (e.next <= until)
		mir_arp_engine_timeout(&e, e.next);
}

static bool known(uint32_t addr)
{
	for (unsigned i = 0; i < MIR_ARP_ENTRIES; i++)
		if (e.entry[i].addr == addr && e.entry[i].state != MIR_ARP_FREE)
			return true;
	return false;
}

static void resolves(void)
{
	int64_t t = MIR_SECOND(10);

	start();
	ok(send(PEER, t) == 0 && seen.delivered == 0 && seen.messages == 1, "asks first");
	ok(mir_mac_eq(&seen.to, &all) && mir_be16(seen.msg + 6) == REQUEST &&
		mir_be32(seen.msg + 14) == US && mir_be32(seen.msg + 24) == PEER &&
		memcmp(seen.msg + 8, our_mac.b, 6) == 0,
	    "a broadcast request of RFC 826");
	ok(send(PEER, t) == 0 && seen.messages == 1, "and not again for a second packet");
	hear(REPLY, &peer_mac, PEER, US, t + 1);
	ok(seen.delivered == 2 && mir_mac_eq(&seen.deliver_to, &peer_mac), "both are delivered");
	ok(send(PEER, t + 2) == 0 && seen.delivered == 3, "then at once");
	ok(e.stats.resolved == 1 && e.unresolved == 0 && e.budget.used == 0, "counted");
	mir_arp_engine_clear(&e);
}

static void retries_and_fails(void)
{
	int64_t t = MIR_SECOND(10);

	start();
	send(PEER, t);
	pass(t + MIR_MS(999));
	ok(seen.messages == 1, "no more than one request a second (RFC 1122 2.3.2.1)");
	pass(t + MIR_MS(2999));
	ok(seen.messages == 3 && seen.failed == 0, "three tries");
	pass(t + MIR_SECOND(3));
	ok(seen.failed == 1 && seen.settled == 1, "then the packet comes back");
	ok(send(PEER, t + MIR_SECOND(3)) == MIR_EHOSTUNREACH, "the next one is refused");
	pass(t + MIR_SECOND(4));
	ok(send(PEER, t + MIR_SECOND(4)) == 0 && seen.messages == 4, "a second later it is asked");
	hear(REPLY, &peer_mac, PEER, US, t + MIR_SECOND(4));
	ok(seen.delivered == 1, "and answers");
	mir_arp_engine_clear(&e);
}

static void refreshes_by_unicast(void)
{
	int64_t t = MIR_SECOND(10);

	start();
	send(PEER, t);
	hear(REPLY, &peer_mac, PEER, US, t);
	pass(t + MIR_SECOND(59));
	ok(seen.messages == 1, "fresh for a minute");
	pass(t + MIR_SECOND(60));
	ok(seen.messages == 2 && mir_mac_eq(&seen.to, &peer_mac), "then asked by unicast");
	ok(send(PEER, t + MIR_SECOND(60)) == 0 && seen.delivered == 2, "and used meanwhile");
	hear(REPLY, &peer_mac, PEER, US, t + MIR_SECOND(60) + 1);
	pass(t + MIR_SECOND(119));
	ok(seen.messages == 2, "fresh again");
	pass(t + MIR_SECOND(125));
	ok(!known(PEER), "forgotten once unused");

	send(PEER, t + MIR_SECOND(200));
	hear(REPLY, &peer_mac, PEER, US, t + MIR_SECOND(200));
	pass(t + MIR_SECOND(262));
	ok(known(PEER), "still asking");
	pass(t + MIR_SECOND(263));
	ok(!known(PEER), "forgotten when it does not answer");
	mir_arp_engine_clear(&e);
}

static void answers(void)
{
	int64_t t = MIR_SECOND(10);

	start();
	hear(REQUEST, &peer_mac, PEER, US, t);
	ok(seen.messages == 1 && mir_mac_eq(&seen.to, &peer_mac) &&
		mir_be16(seen.msg + 6) == REPLY && mir_be32(seen.msg + 14) == US &&
		mir_be32(seen.msg + 24) == PEER && memcmp(seen.msg + 18, peer_mac.b, 6) == 0,
	    "a request for us");
	ok(known(PEER), "who asks us is learnt");
	hear(REQUEST, &peer_mac, 0, US, t);
	ok(seen.messages == 2 && mir_be32(seen.msg + 24) == 0, "a probe is answered too");
	hear(REQUEST, &evil_mac, OTHER, PEER, t);
	ok(seen.messages == 2 && !known(OTHER), "a request for another host is not");
	hear(REPLY, &evil_mac, OTHER, US, t);
	ok(!known(OTHER), "a reply that we did not ask for makes no entry");
	hear(REQUEST, &evil_mac, OTHER, OTHER, t);
	ok(!known(OTHER), "nor does an announcement");
	for (unsigned i = 0; i < 1000; i++)
		hear(REQUEST, &peer_mac, PEER, US, t);
	ok(e.stats.replies < 100 && e.stats.replies_limited > 900, "a flood is answered in part");
	mir_arp_engine_clear(&e);
}

static void locks(void)
{
	int64_t t = MIR_SECOND(10);

	start();
	send(PEER, t);
	hear(REPLY, &peer_mac, PEER, US, t);
	hear(REPLY, &evil_mac, PEER, US, t + MIR_MS(500));
	send(PEER, t + MIR_MS(500));
	ok(mir_mac_eq(&seen.deliver_to, &peer_mac) && e.stats.locked == 1, "first answer counts");
	hear(REQUEST, &evil_mac, PEER, PEER, t + MIR_SECOND(2));
	send(PEER, t + MIR_SECOND(2));
	ok(mir_mac_eq(&seen.deliver_to, &evil_mac), "a later announcement updates (RFC 826)");
	mir_arp_engine_clear(&e);
}

static void announces_and_defends(void)
{
	struct mir_hash_key key = { { 1, 2 } };
	int64_t t = MIR_SECOND(100);

	memset(&seen, 0, sizeof(seen));
	mir_arp_engine_init(&e, &our_mac, &key, &effects, NULL);
	ok(mir_arp_engine_add(&e, US, t) == 0 && seen.messages == 1, "an announcement at once");
	ok(mir_be32(seen.msg + 14) == US && mir_be32(seen.msg + 24) == US &&
		mir_be16(seen.msg + 6) == REQUEST && mir_mac_eq(&seen.to, &all),
	    "of RFC 5227 section 2.3");
	pass(t + MIR_SECOND(1));
	ok(seen.messages == 1, "the second not yet");
	pass(t + MIR_SECOND(60));
	ok(seen.messages == 2, "after two seconds, and no more");
	t += MIR_SECOND(60);
	hear(REPLY, &evil_mac, US, PEER, t);
	ok(seen.conflicts == 1 && seen.messages == 3 && mir_be32(seen.msg + 24) == US, "defended");
	hear(REQUEST, &evil_mac, US, US, t + MIR_SECOND(1));
	ok(seen.conflicts == 2 && seen.messages == 3, "once in ten seconds");
	hear(REQUEST, &evil_mac, US, US, t + MIR_SECOND(11));
	ok(seen.conflicts == 3 && seen.messages == 4, "and then again");
	ok(!known(US), "nobody's claim to our address is learnt");
	hear(REQUEST, &our_mac, US, US, t + MIR_SECOND(20));
	ok(seen.conflicts == 3, "our own echo is no conflict");
	mir_arp_engine_remove(&e, US);
	hear(REQUEST, &peer_mac, PEER, US, t + MIR_SECOND(30));
	ok(seen.messages == 4, "removed: no answer");
	mir_arp_engine_clear(&e);
}

static void probes(void)
{
	int64_t t = MIR_SECOND(10);
	int p;

	start();
	p = mir_arp_engine_probe(&e, OTHER, MIR_MS(200), t);
	ok(p >= 0 && seen.messages == 1 && mir_be32(seen.msg + 14) == 0 &&
		mir_be32(seen.msg + 24) == OTHER,
	    "a probe has no sender address (RFC 5227 2.1.1)");
	pass(t + MIR_MS(150));
	ok(seen.messages == 2, "two of them");
	ok(mir_arp_engine_probed(&e, p, t + MIR_MS(150)) == 0, "still going on");
	pass(t + MIR_MS(200));
	ok(mir_arp_engine_probed(&e, p, t + MIR_MS(200)) == 1, "free");
	p = mir_arp_engine_probe(&e, OTHER, MIR_MS(200), t);
	hear(REPLY, &peer_mac, OTHER, 0, t);
	ok(mir_arp_engine_probed(&e, p, t + 1) == MIR_EADDRINUSE, "somebody has it");
	p = mir_arp_engine_probe(&e, OTHER, MIR_MS(200), t);
	hear(REQUEST, &peer_mac, 0, OTHER, t);
	ok(mir_arp_engine_probed(&e, p, t + 1) == MIR_EADDRINUSE, "somebody else probes it");
	for (unsigned i = 0; i < MIR_ARP_PROBES; i++)
		ok(mir_arp_engine_probe(&e, OTHER + i, 1000, t) >= 0, "a probe more");
	ok(mir_arp_engine_probe(&e, PEER, 1000, t) == MIR_ELIMIT, "one too many");
	mir_arp_engine_clear(&e);
}

static void several_addresses(void)
{
	int64_t t = MIR_SECOND(10);

	start();
	mir_arp_engine_add(&e, 0xac100001, t);
	mir_arp_engine_add(&e, 0x0a000101, t);
	send(0xac100005, t);
	ok(mir_be32(seen.msg + 14) == 0xac100001, "asked from the same network");
	send(0x0a000105, t);
	ok(mir_be32(seen.msg + 14) == 0x0a000101, "and the nearer one");
	hear(REQUEST, &peer_mac, PEER, 0xac100001, t);
	ok(mir_be16(seen.msg + 6) == REPLY && mir_be32(seen.msg + 14) == 0xac100001, "answered");
	mir_arp_engine_clear(&e);
}

static void limits(void)
{
	int64_t t = MIR_SECOND(10);

	start();
	for (unsigned i = 0; i < MIR_ARP_QUEUE + 3; i++)
		send(PEER, t);
	ok(e.stats.queue_dropped == 3, "the oldest packets of a long queue are dropped");
	for (unsigned i = 0; i < MIR_ARP_UNRESOLVED + 5; i++)
		send(0x0a010000 + i, t);
	ok(e.unresolved == MIR_ARP_UNRESOLVED && e.stats.refused == 6, "unresolved ones");
	for (unsigned i = 0; i < 1000; i++)
		hear(REQUEST, &peer_mac, 0x0a020000 + i, US, t + i);
	ok(known(PEER) && e.stats.evicted > 0, "learnt ones make room for each other only");
	ok(e.budget.used <= e.budget.limit, "within the budget");
	for (unsigned i = 0; i < MIR_ARP_OWN - 1; i++)
		ok(mir_arp_engine_add(&e, 0x0a030000 + i, t) == 0, "an address more");
	ok(mir_arp_engine_add(&e, PEER, t) == MIR_ELIMIT, "one too many");
	mir_arp_engine_clear(&e);
	ok(e.budget.used == 0, "all given back");
}

static void malformed(void)
{
	static const struct {
		const char *what;
		uint8_t at, value;
	} table[] = {
		{ "hardware", 1, 6 },
		{ "hardware, high", 0, 1 },
		{ "protocol", 2, 9 },
		{ "protocol, low", 3, 1 },
		{ "hardware size", 4, 5 },
		{ "protocol size", 5, 16 },
		{ "operation 0", 7, 0 },
		{ "operation 3", 7, 3 },
		{ "operation, high", 6, 1 },
		{ "group MAC", 8, 3 },
		{ "127/8", 14, 127 },
		{ "multicast", 14, 224 },
		{ "class E", 14, 255 },
	};
	uint8_t m[MIR_ARP_LEN];

	start();
	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		make(m, REQUEST, &peer_mac, PEER, US);
		m[table[i].at] = table[i].value;
		mir_arp_engine_input(&e, m, sizeof(m), 0);
		ok(e.stats.rx_malformed == i + 1 && seen.messages == 0, "%s", table[i].what);
	}
	make(m, REQUEST, &peer_mac, PEER, US);
	for (size_t n = 0; n < MIR_ARP_LEN; n++)
		mir_arp_engine_input(&e, m, n, 0);
	ok(e.stats.rx_malformed == MIR_COUNT(table) + MIR_ARP_LEN, "every truncation");
	memset(m + 8, 0, 6);
	mir_arp_engine_input(&e, m, sizeof(m), 0);
	ok(seen.messages == 0 && !known(PEER), "sender MAC of zero");
	mir_arp_engine_clear(&e);
}

int main(void)
{
	RUN(resolves);
	RUN(retries_and_fails);
	RUN(refreshes_by_unicast);
	RUN(answers);
	RUN(locks);
	RUN(announces_and_defends);
	RUN(probes);
	RUN(several_addresses);
	RUN(limits);
	RUN(malformed);
	return mir_test_end();
}
