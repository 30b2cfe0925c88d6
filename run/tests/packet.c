/* Packets, their slices and the memory below. */
#include <mir/fiber.h>
#include <mir/hash.h>
#include <mir/mem.h>
#include <mir/panic.h>
#include <mir/test.h>

/* A packet of `linear` bytes and slices of the lengths given (ended by a -1), byte i being i. */
static struct mir_packet *make(size_t linear, const int *lens)
{
	struct mir_packet *p = mir_packet_new();
	uint8_t *bytes = mir_packet_put(p, linear), next = 0;

	for (size_t i = 0; i < linear; i++)
		bytes[i] = next++;
	for (; *lens >= 0; lens++) {
		struct mir_slice s = { NULL, (size_t)*lens, NULL };
		uint8_t *buf;

		s.owner = mir_mem_new(s.len, &buf);
		s.p = buf;
		for (size_t i = 0; i < s.len; i++)
			buf[i] = next++;
		mir_check(mir_packet_append(p, &s));
	}
	return p;
}

/* Whether the packet holds bytes from, from + 1, ... of the given total, consistently. */
static bool holds(const struct mir_packet *p, uint8_t from, size_t total)
{
	size_t sum = p->len;

	for (unsigned i = 0; i < p->nslices; i++)
		sum += p->slice[i].len;
	if (p->total != total || sum != total)
		return false;
	for (size_t i = 0; i < total; i++) {
		uint8_t c;

		mir_packet_copy(p, i, &c, 1);
		if (c != (uint8_t)(from + i))
			return false;
	}
	return true;
}

static void pulling(void)
{
	static const int lens[] = { 10, 0, 20, 30, -1 };

	for (size_t n = 0; n <= 100; n++) {
		struct mir_packet *p = make(40, lens);
		bool can = mir_packet_pull_up(p, n);

		if (!can || p->len < n || !holds(p, 0, 100))
			ok(false, "pull up %zu", n);
		mir_packet_unref(p);
	}
	ok(true, "0 to 100 bytes can be made linear");
	{
		struct mir_packet *p = make(40, lens);

		ok(!mir_packet_pull_up(p, 101) && holds(p, 0, 100), "more than there are cannot");
		mir_packet_unref(p);
	}
}

static void pulling_far(void)
{
	static const int lens[] = { 200, 200, -1 };
	struct mir_packet *p = make(100, lens), *twin;

	p->l3 = (uint16_t)(p->data + 14 - p->head);
	p->csum_start = (uint16_t)(p->data + 34 - p->head);
	twin = mir_packet_ref(p);
	ok(!mir_packet_pull_up(p, 200) && holds(p, 0, 500), "shared bytes stay where they are");
	mir_packet_unref(twin);
	ok(mir_packet_pull_up(p, 200) && p->len == 200 && holds(p, 0, 500),
	    "room in front is used");
	ok(p->head[p->l3] == 14 && p->head[p->csum_start] == 34, "offsets follow");
	ok(mir_packet_pull_up(p, MIR_PACKET_HEAD) && holds(p, 0, 500), "the whole head");
	ok(!mir_packet_pull_up(p, MIR_PACKET_HEAD + 1), "and no more");
	mir_packet_unref(p);
}

static void shortening(void)
{
	static const int lens[] = { 10, 0, 20, 30, -1 };
	unsigned wrong = 0;

	for (size_t n = 0; n <= 100; n++) {
		struct mir_packet *p = make(40, lens);

		mir_packet_trim(p, n);
		wrong += !holds(p, 0, n);
		mir_packet_unref(p);
		p = make(40, lens);
		mir_packet_drop(p, n);
		wrong += !holds(p, (uint8_t)n, 100 - n);
		mir_packet_unref(p);
	}
	ok(wrong == 0, "trim and drop at every length");
}

static void slicing(void)
{
	static const int lens[] = { 10, 0, 20, -1 };
	struct mir_slice out[MIR_PACKET_SLICES + 1];
	struct mir_packet *p = make(5, lens), *twin = mir_packet_ref(p);
	unsigned n = mir_packet_into_slices(p, out);

	ok(n == 3 && mir_slices_len(out, n) == 35, "linear part and two slices");
	ok(out[0].p[0] == 0 && out[1].p[0] == 5 && out[2].p[0] == 15, "in order");
	ok(holds(twin, 0, 35), "another holder keeps the packet whole");
	mir_packet_unref(twin);
	ok(out[0].p[4] == 4 && out[2].p[19] == 34, "the bytes live on");
	mir_slices_unref(out, n);
	p = make(0, lens);
	n = mir_packet_into_slices(p, out);
	ok(n == 2, "no linear part: the packet is gone");
	mir_slices_unref(out, n);
	p = mir_packet_new();
	ok(mir_packet_into_slices(p, out) == 0, "an empty one");
}

static void limits(void)
{
	struct mir_packet *p = mir_packet_new();
	struct mir_slice s = mir_slice_static("x", 1);
	unsigned n = 0;

	while (mir_packet_append(p, &s))
		n++;
	ok(n == MIR_PACKET_SLICES && p->total == n, "%u slices", n);
	mir_packet_unref(p);
	p = mir_packet_new();
	ok(mir_packet_headroom(p) == MIR_PACKET_HEADROOM, "headroom");
	ok(mir_packet_tailroom(p) == MIR_PACKET_HEAD - MIR_PACKET_HEADROOM, "tailroom");
	mir_packet_put(p, mir_packet_tailroom(p));
	mir_packet_push(p, MIR_PACKET_HEADROOM);
	ok(p->len == MIR_PACKET_HEAD && p->data == p->head, "all of the head");
	mir_packet_unref(p);
}

static void memory(void)
{
	struct mir_mem_stats before, after;
	struct mir_mem *m[3];
	struct mir_slice s;
	uint8_t *b;

	mir_mem_stats(&before);
	m[0] = mir_mem_pooled(MIR_MEM_SMALL, &b);
	memset(b, 1, MIR_MEM_SMALL);
	m[1] = mir_mem_pooled(MIR_MEM_BIG, &b);
	memset(b, 1, MIR_MEM_BIG);
	m[2] = mir_mem_pooled(MIR_MEM_BIG + 1, &b);
	memset(b, 1, MIR_MEM_BIG + 1);
	mir_mem_stats(&after);
	ok(after.mems == before.mems + 3, "three");
	ok(after.bytes - before.bytes == (uint64_t)m[0]->size + m[1]->size + m[2]->size, "bytes");
	for (int i = 0; i < 3; i++)
		mir_mem_unref(m[i]);
	mir_mem_stats(&after);
	ok(after.mems == before.mems && after.bytes == before.bytes, "all back");
	s = mir_slice_copy("", 0);
	ok(s.len == 0 && s.owner, "an empty copy");
	mir_slice_unref(&s);
	mir_mem_fail_at(2);
	s = mir_slice_copy("abc", 3);
	ok(s.len == 3 && mir_packet_new() == NULL, "the second allocation fails");
	mir_slice_unref(&s);
	mir_mem_fail_at(1);
	s = mir_slice_copy("abc", 3);
	ok(!s.owner && s.len == 0, "a copy fails");
	mir_mem_stats(&after);
	ok(after.failed == before.failed + 2, "counted");
}

static void budget(void)
{
	struct mir_budget b = { .limit = 100 };

	ok(mir_budget_take(&b, 60) && mir_budget_take(&b, 40), "up to the limit");
	ok(!mir_budget_take(&b, 1) && b.refused == 1 && b.used == 100, "not over it");
	mir_budget_give(&b, 60);
	ok(!mir_budget_take(&b, UINT64_MAX) && mir_budget_take(&b, 60), "no overflow");
}

int main(void)
{
	RUN(pulling);
	RUN(pulling_far);
	RUN(shortening);
	RUN(slicing);
	RUN(limits);
	RUN(memory);
	RUN(budget);
	return mir_test_end();
}
