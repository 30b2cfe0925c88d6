/* arp.c: any row of messages, wishes and times to the ARP engine. */
#include <mir/arp_engine.h>
#include <mir/panic.h>
#include <mir/test.h>

static const struct mir_mac mac = { { 2, 0, 0, 0, 0, 1 } };
static const uint8_t *input;
static size_t left;
static struct mir_arp_engine e;

static uint8_t take(void)
{
	return left ? (left--, *input++) : 0;
}

static void on_message(void *arg, const struct mir_mac *dst, const uint8_t msg[MIR_ARP_LEN])
{
	(void)arg;
	mir_check(msg[1] == 1 && msg[2] == 8 && memcmp(msg + 8, mac.b, 6) == 0);
	mir_check(mir_be16(msg + 6) == 1 || !(dst->b[0] & 1));
}

static int on_deliver(void *arg, const struct mir_mac *dst, struct mir_packet *p)
{
	(void)arg;
	mir_check(!(dst->b[0] & 1));
	mir_packet_unref(p);
	return 0;
}

static void on_failed(void *arg, struct mir_packet *p)
{
	(void)arg;
	mir_packet_unref(p);
}

static void on_settled(void *arg)
{
	(void)arg;
}

static void on_conflict(void *arg, uint32_t addr, const struct mir_mac *claimant)
{
	(void)arg;
	(void)addr;
	mir_check(!mir_mac_eq(claimant, &mac));
}

static const struct mir_arp_effects effects = {
	.message = on_message,
	.deliver = on_deliver,
	.failed = on_failed,
	.settled = on_settled,
	.conflict = on_conflict,
};

/* Few addresses, so that they meet. */
static uint32_t take_address(void)
{
	return 0x0a000000u + take();
}

static void hear(int64_t now, uint8_t op)
{
	uint8_t m[MIR_ARP_LEN + 8] = { 0, 1, 8, 0, 6, 4, 0, op & 2 ? 2 : 1, 2 };
	size_t len = MIR_ARP_LEN;

	m[13] = take();
	mir_put_be32(m + 14, op & 4 ? 0 : take_address());
	mir_put_be32(m + 24, take_address());
	if (op & 8) {
		len = take() % (sizeof(m) + 1);
		m[take() % sizeof(m)] = take();
	}
	mir_arp_engine_input(&e, m, len, now);
}

static void send(int64_t now)
{
	struct mir_packet *p = mir_packet_new();

	memset(mir_packet_put(p, 20), 0, 20);
	mir_arp_engine_send(&e, take_address(), p, now);
}

static void step(int64_t *now)
{
	uint8_t op = take();
	struct mir_mac out;
	int place;

	switch (op & 7) {
	case 0:
	case 1: hear(*now, op >> 3); break;
	case 2: send(*now); break;
	case 3: mir_arp_engine_query(&e, take_address(), &out, *now); break;
	case 4: mir_arp_engine_add(&e, take_address(), *now); break;
	case 5: mir_arp_engine_remove(&e, take_address()); break;
	case 6:
		place = mir_arp_engine_probe(&e, take_address(), MIR_MS(take()), *now);
		if (op & 8 && place >= 0)
			mir_arp_engine_probed(&e, place, *now);
		else if (op & 16 && place >= 0)
			mir_arp_engine_probe_end(&e, place);
		break;
	case 7: *now += MIR_MS(take()) * (op & 8 ? 300 : 1); break;
	}
	mir_arp_engine_timeout(&e, *now);
	mir_check(e.next > *now);
	mir_check(e.unresolved <= MIR_ARP_UNRESOLVED && e.budget.used <= e.budget.limit);
}

static void run(void)
{
	struct mir_hash_key key = { { 1, 2 } };
	int64_t now = 1;

	mir_arp_engine_init(&e, &mac, &key, &effects, NULL);
	while (left)
		step(&now);
	mir_arp_engine_clear(&e);
	mir_check(e.unresolved == 0 && e.budget.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
	mir_test_fuzz(run);
	return 0;
}
