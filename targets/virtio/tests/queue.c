/* A queue, from both ends; and a device that lies. */
#include "fake.h"

#include <mir/test.h>

static struct mir_vq q;
static MIR_ALIGNED(4096) uint8_t memory[1 << 17];
static uint8_t bytes[64];

static void begin(unsigned size, unsigned table, bool event)
{
	fake_begin(MIR_VIRTIO_RNG, 0);
	mir_check(mir_vq_bytes(size, table) <= sizeof(memory));
	memset(memory, 0xa5, sizeof(memory));
	mir_vq_init(&q, memory, size, table, event);
	fake.queue[0] = &q;
}

static bool add(unsigned n_out, unsigned n_in, void *cookie)
{
	struct mir_vq_segment s[64];

	for (unsigned i = 0; i < n_out + n_in; i++)
		s[i] = (struct mir_vq_segment){ (uint64_t)(uintptr_t)(bytes + i), 1 + i };
	return mir_vq_add(&q, s, n_out, n_in, cookie);
}

/* What the device gets is what was given, chained or in a table. */
static void arrives(unsigned table, bool event)
{
	struct fake_chain c;
	uint32_t len;

	begin(16, table, event);
	for (unsigned round = 0; round < 100; round++) {
		bool right = true;

		mir_check(add(2, 3, &bytes[1]) && add(1, 0, &bytes[2]) && add(0, 1, &bytes[3]));
		mir_vq_publish(&q);
		right &= fake_pop(0, &c) && c.n == 5 && c.n_out == 2;
		for (unsigned i = 0; i < c.n; i++)
			right &= c.part[i].p == bytes + i && c.part[i].len == 1 + i;
		fake_push(0, c.head, 7);
		right &= fake_pop(0, &c) && c.n == 1 && c.n_out == 1;
		fake_push(0, c.head, 99); /* of what it only reads it has written nothing */
		right &= fake_pop(0, &c) && c.n == 1 && c.n_out == 0 && !fake_pop(0, &c);
		fake_push(0, c.head, 1);
		right &= mir_vq_ready(&q) && mir_vq_take(&q, &len) == &bytes[1] && len == 7;
		right &= mir_vq_take(&q, &len) == &bytes[2] && len == 0;
		right &= mir_vq_take(&q, &len) == &bytes[3] && len == 1;
		right &= !mir_vq_take(&q, &len) && !q.broke && q.n_free == 16;
		if (!right) {
			ok(false, "round %u", round);
			return;
		}
	}
	ok(true, "100 rounds, tables of %u, events %d", table, event);
}

static void both_ways(void)
{
	arrives(0, false);
	arrives(8, false);
	arrives(0, true);
	arrives(8, true);
}

static void no_room(void)
{
	begin(8, 0, false);
	ok(add(3, 3, bytes) && !add(2, 1, bytes) && add(1, 1, bytes + 1), "8 descriptors");
	ok(!add(1, 0, bytes), "and no more");
	begin(8, 4, false);
	for (unsigned i = 0; i < 7; i++)
		mir_check(add(2, 2, bytes + i));
	ok(!add(3, 2, bytes), "longer than a table, and no room for a chain");
	ok(add(2, 2, bytes + 7) && !add(1, 0, bytes), "8 tables");
	begin(512, 0, false);
	for (unsigned i = 0; i < MIR_VQ_MAX; i++)
		mir_check(add(1, 0, bytes));
	ok(!add(1, 0, bytes), "of a long ring, only some is in use");
}

static void any_order(void)
{
	struct fake_chain c[4];
	uint32_t len;
	bool right = true;

	begin(8, 0, true);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 4; i++)
			mir_check(add(1, 1, &bytes[i]));
		mir_vq_publish(&q);
		for (unsigned i = 0; i < 4; i++)
			mir_check(fake_pop(0, &c[i]));
		for (unsigned i = 0; i < 4; i++)
			fake_push(0, c[(i * 3 + round) % 4].head, 0);
		for (unsigned i = 0; i < 4; i++)
			right &= mir_vq_take(&q, &len) == &bytes[(i * 3 + round) % 4];
	}
	ok(right && q.n_free == 8, "buffers come back in any order");
}

static void telling(void)
{
	begin(8, 0, false);
	ok(!mir_vq_publish(&q), "nothing was added");
	add(1, 0, bytes);
	ok(mir_vq_publish(&q), "the device wants to be told");
	fake_put16(q.used, 1);
	add(1, 0, bytes);
	ok(!mir_vq_publish(&q), "and now not");
	ok(fake_16(q.available) == 1, "no interrupt is asked for");
	ok(!mir_vq_arm(&q) && fake_16(q.available) == 0, "and now it is");
	mir_vq_disarm(&q);
	fake_push(0, 0, 0);
	ok(mir_vq_arm(&q), "but one would come late");

	begin(8, 0, true);
	ok(fake_16(q.available + 4 + 16) == 0xffff, "no event is near");
	fake_put16(q.used + 4 + 64, 1); /* the device: tell me when you go past 1 */
	add(1, 0, bytes);
	ok(!mir_vq_publish(&q), "the first passes silently");
	add(1, 0, bytes);
	add(1, 0, bytes);
	ok(mir_vq_publish(&q), "a burst that passes the event does not");
	add(1, 0, bytes);
	ok(!mir_vq_publish(&q), "nor does it twice");
	mir_vq_arm(&q);
	ok(fake_16(q.available + 4 + 16) == 0, "the next one is the event");
}

static void lies(void)
{
	uint32_t len;

	begin(8, 0, false);
	fake_push(0, 0, 0);
	ok(!mir_vq_take(&q, &len) && q.broke, "more than it has");
	begin(8, 0, false);
	add(1, 0, bytes);
	fake_push(0, 8, 0);
	ok(!mir_vq_take(&q, &len) && q.broke, "a number beyond");
	begin(8, 0, false);
	add(1, 1, bytes);
	fake_push(0, 1, 0);
	ok(!mir_vq_take(&q, &len) && q.broke, "not a first one");
	begin(8, 0, false);
	add(1, 0, bytes);
	add(1, 0, bytes);
	fake_push(0, 0, 0);
	fake_push(0, 0, 0);
	ok(mir_vq_take(&q, &len) && !mir_vq_take(&q, &len) && q.broke, "one twice");
	begin(8, 0, false);
	add(0, 2, bytes);
	fake_push(0, 0, 4);
	ok(!mir_vq_take(&q, &len) && q.broke, "too long");
	ok(!add(1, 0, bytes) && !mir_vq_publish(&q) && !mir_vq_ready(&q), "then nothing goes on");
	ok(mir_vq_reclaim(&q) == bytes && !mir_vq_reclaim(&q), "what it had comes back");
}

int main(void)
{
	RUN_PLAIN(both_ways);
	RUN_PLAIN(no_room);
	RUN_PLAIN(any_order);
	RUN_PLAIN(telling);
	RUN_PLAIN(lies);
	return mir_test_end();
}
