/* reassembly.c: fragments in every order, and hostile ones. */
#include <mir/reassembly.h>
#include <mir/test.h>
#include <mir/bytes.h>
#include <mir/hash.h>

enum { UDP = 17, TCP = 6, MORE = 0x2000 };

static struct mir_reassembly r;

/* A fragment of payload bytes start..end of a datagram, whose n-th byte is n * 7 + id. */
static struct mir_packet *fragment(
    uint16_t id, uint8_t proto, unsigned start, unsigned end, bool more)
{
	struct mir_packet *p = mir_packet_new();
	uint8_t *h = mir_packet_put(p, 20), *b;
	struct mir_slice s = { NULL, end - start, NULL };

	memset(h, 0, 20);
	h[0] = 0x45;
	mir_put_be16(h + 2, (uint16_t)(20 + end - start));
	mir_put_be16(h + 4, id);
	mir_put_be16(h + 6, (uint16_t)(start / 8 | (more ? MORE : 0)));
	h[8] = 64;
	h[9] = proto;
	mir_put_be32(h + 12, 0x0a000002);
	mir_put_be32(h + 16, 0x0a000001);
	if (end == start)
		return p;
	s.owner = mir_mem_new(end - start, &b);
	for (unsigned i = start; i < end; i++)
		b[i - start] = (uint8_t)(i * 7 + id);
	s.p = b;
	mir_packet_append(p, &s);
	return p;
}

static struct mir_packet *put(uint16_t id, unsigned start, unsigned end, bool more)
{
	return mir_reassembly_input(&r, fragment(id, UDP, start, end, more), 0);
}

static bool right(struct mir_packet *p, uint16_t id, unsigned len)
{
	uint8_t b;

	if (!p || p->total != 20 + len || mir_be16(p->data + 2) != 20 + len ||
	    mir_be16(p->data + 6) != 0)
		return false;
	for (unsigned i = 0; i < len; i++) {
		mir_packet_copy(p, 20 + i, &b, 1);
		if (b != (uint8_t)(i * 7 + id))
			return false;
	}
	mir_packet_unref(p);
	return true;
}

static void orders(void)
{
	static const uint8_t order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };

	mir_reassembly_init(&r);
	for (uint16_t i = 0; i < 6; i++) {
		struct mir_packet *p = NULL;

		for (unsigned j = 0; j < 3; j++) {
			unsigned n = order[i][j];

			ok(p == NULL, "not whole yet");
			p = put(i, n * 800, n == 2 ? 1700 : n * 800 + 800, n != 2);
		}
		ok(right(p, i, 1700), "order %u%u%u", order[i][0], order[i][1], order[i][2]);
	}
	ok(r.used == 0 && r.budget.used == 0 && r.stats.done == 6, "nothing is kept");
}

/* RFC 3168 section 5.3. */
static void marks(void)
{
	static const struct {
		uint8_t first, last, whole;
	} cases[] = { { 2, 2, 2 }, { 2, 3, 3 }, { 3, 1, 3 }, { 3, 3, 3 }, { 0, 0, 0 },
		{ 0, 2, 0 } };

	mir_reassembly_init(&r);
	for (uint16_t i = 0; i < MIR_COUNT(cases); i++) {
		struct mir_packet *a = fragment(i, UDP, 0, 800, true),
				  *b = fragment(i, UDP, 800, 900, false);

		a->data[1] = 0xb8 | cases[i].first;
		b->data[1] = 0xb8 | cases[i].last;
		ok(!mir_reassembly_input(&r, a, 0), "not whole yet");
		a = mir_reassembly_input(&r, b, 0);
		ok(a && a->data[1] == (0xb8 | cases[i].whole), "%u and %u: %u", cases[i].first,
		    cases[i].last, cases[i].whole);
		mir_packet_unref(a);
	}
	for (uint16_t i = 0; i < 2; i++) {
		struct mir_packet *a = fragment(i, UDP, 0, 800, true),
				  *b = fragment(i, UDP, 800, 900, false);

		a->data[1] = i ? 3 : 0;
		b->data[1] = i ? 0 : 3;
		mir_reassembly_input(&r, a, 0);
		ok(!mir_reassembly_input(&r, b, 0) && r.stats.bad_ecn == i + 1u, "not both");
	}
	mir_reassembly_clear(&r);
	ok(r.budget.used == 0, "nothing is kept");
}

static void shuffled(void)
{
	uint8_t at[47];
	struct mir_packet *p = NULL;

	mir_reassembly_init(&r);
	for (unsigned round = 0; round < 20; round++) {
		unsigned n = sizeof(at);

		for (uint8_t i = 0; i < sizeof(at); i++)
			at[i] = i;
		while (n > 0) {
			unsigned k = mir_random_below(n);
			unsigned start = at[k] * 1424u, end = MIR_MIN(start + 1424, 65507u);

			at[k] = at[--n];
			p = put(9, start, end, end != 65507);
			if (n > 3 && n % 5 == 0)
				put(9, start, end, end != 65507);
		}
		if (!right(p, 9, 65507))
			ok(false, "round %u", round);
	}
	ok(r.stats.done == 20 && r.stats.duplicates > 0, "64 kB, duplicates, any order");
	ok(r.used == 0 && r.budget.used == 0, "nothing is kept");
}

static void hostile(void)
{
	mir_reassembly_init(&r);
	put(1, 0, 800, true);
	put(1, 792, 1600, true);
	ok(r.stats.overlaps == 1, "an overlap by 8 bytes");
	ok(!put(1, 800, 1600, false) && r.stats.done == 0, "kills the datagram for good");
	put(2, 800, 1600, true);
	put(2, 0, 808, true);
	ok(r.stats.overlaps == 2, "an overlap from below");
	put(3, 0, 800, true);
	put(3, 0, 808, true);
	ok(r.stats.overlaps == 3, "the same start, another length");
	put(4, 800, 1600, false);
	put(4, 1600, 2400, true);
	ok(r.stats.overlaps == 4, "data behind the end");
	put(5, 1600, 2400, true);
	put(5, 800, 1600, false);
	ok(r.stats.overlaps == 5, "an end before the data");
	put(6, 800, 1600, false);
	put(6, 800, 1592, false);
	ok(r.stats.overlaps == 6, "two ends");
	put(7, 800, 1600, false);
	put(7, 792, 1600, true);
	ok(r.stats.overlaps == 7, "the end again, with more to come");
	put(8, 0, 801, true);
	ok(r.stats.malformed == 1, "more to come at an odd length");
	put(8, 8, 8, false);
	ok(r.stats.malformed == 2, "no data");
	put(9, 65528, 65536, false);
	ok(r.stats.too_long == 1, "past 65535 (the ping of death)");
	mir_reassembly_input(&r, fragment(10, TCP, 0, 16, true), 0);
	ok(r.stats.tiny == 1, "a tiny first fragment (RFC 1858)");
	mir_reassembly_input(&r, fragment(10, TCP, 8, 800, false), 0);
	ok(r.stats.tiny == 2, "a fragment over the TCP flags (RFC 3128)");
	mir_reassembly_clear(&r);
	ok(r.budget.used == 0, "all given back");
}

static void limits(void)
{
	unsigned i;

	mir_reassembly_init(&r);
	for (i = 0; i <= MIR_REASSEMBLY_FRAGMENTS; i++)
		put(1, i * 16, i * 16 + 8, true);
	ok(r.stats.too_many == 1, "fragments of a datagram");
	for (i = 0; i < MIR_REASSEMBLY_DATAGRAMS + 10; i++)
		put((uint16_t)(100 + i), 8, 16, true);
	ok(r.stats.evicted == 11 && r.used == MIR_REASSEMBLY_DATAGRAMS, "datagrams");
	mir_reassembly_clear(&r);
	for (i = 0; i < 60 * 60; i++)
		put((uint16_t)(i % 60), i / 60 * 1000, i / 60 * 1000 + 1000, true);
	ok(r.budget.used <= MIR_REASSEMBLY_BYTES && r.stats.refused > 0, "bytes");
	mir_reassembly_clear(&r);
	ok(r.budget.used == 0, "all given back");
}

static void memory(void)
{
	uint8_t *b;
	struct mir_packet *p = fragment(1, UDP, 0, 0, true);
	struct mir_slice s = { NULL, 8, mir_mem_pooled(MIR_MEM_BIG, &b) };

	mir_reassembly_init(&r);
	memset(b, 0, 8);
	s.p = b;
	mir_packet_append(p, &s);
	mir_reassembly_input(&r, p, 0);
	ok(r.budget.used < 2048, "a small fragment does not hold a large buffer");
	mir_mem_fail_at(3);
	ok(!put(1, 8, 16, false), "no memory for the whole");
	mir_mem_fail_at(0);
	ok(r.stats.refused == 1, "counted");
	mir_reassembly_clear(&r);
}

static void expires(void)
{
	struct mir_packet *first;

	mir_reassembly_init(&r);
	ok(mir_reassembly_next(&r) == MIR_NEVER, "no timer");
	put(1, 0, 8, true);
	put(2, 8, 16, true);
	ok(mir_reassembly_next(&r) == MIR_REASSEMBLY_NS, "30 s");
	ok(!mir_reassembly_expire(&r, MIR_REASSEMBLY_NS - 1, &first), "not before");
	ok(mir_reassembly_expire(&r, MIR_REASSEMBLY_NS, &first) && first, "its first fragment");
	mir_packet_unref(first);
	ok(mir_reassembly_expire(&r, MIR_REASSEMBLY_NS, &first) && !first, "it never came");
	ok(!mir_reassembly_expire(&r, MIR_REASSEMBLY_NS, &first) && r.stats.expired == 2, "all");
	ok(r.used == 0 && r.budget.used == 0, "nothing is kept");
}

int main(void)
{
	RUN(orders);
	RUN(marks);
	RUN(shuffled);
	RUN(hostile);
	RUN(limits);
	RUN(memory);
	RUN(expires);
	return mir_test_end();
}
