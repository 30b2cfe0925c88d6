/* reassembly.c: fragments of any offset, length and order.
 *
 * What comes out whole must be what the fragments said: each byte tells its offset and datagram.
 * Each record: id and flags, offset, length.
 */
#include <mir/bytes.h>
#include <mir/panic.h>
#include <mir/reassembly.h>
#include <mir/test.h>

enum { IP = 20 };

static const uint8_t *input;
static size_t left;
static struct mir_reassembly r;

static uint8_t take(void)
{
	return left ? (left--, *input++) : 0;
}

static uint8_t byte_of(uint16_t id, size_t at)
{
	return (uint8_t)(at * 13 + (at >> 8) + id * 31);
}

static struct mir_packet *fragment(uint16_t id, uint16_t field, size_t len)
{
	struct mir_packet *p = mir_packet_new();
	uint8_t *h = mir_packet_put(p, IP), *b;
	struct mir_slice s = { NULL, len, NULL };

	memset(h, 0, IP);
	h[0] = 0x45;
	mir_put_be16(h + 2, (uint16_t)(IP + len));
	mir_put_be16(h + 4, id);
	mir_put_be16(h + 6, field);
	h[9] = id & 1 ? 6 : 17;
	if (len == 0)
		return p;
	s.owner = mir_mem_new(len, &b);
	for (size_t i = 0; i < len; i++)
		b[i] = byte_of(id, (field & 0x1fffu) * 8 + i);
	s.p = b;
	mir_packet_append(p, &s);
	return p;
}

static void check(struct mir_packet *p)
{
	uint16_t id = mir_be16(p->data + 4);
	uint8_t b;

	mir_check(p->total <= 65535 && mir_be16(p->data + 2) == p->total);
	mir_check(mir_be16(p->data + 6) == 0);
	for (size_t i = IP; i < p->total; i++) {
		mir_packet_copy(p, i, &b, 1);
		mir_check(b == byte_of(id, i - IP));
	}
	mir_packet_unref(p);
}

static void run(void)
{
	int64_t now = 0;
	struct mir_packet *p;

	mir_reassembly_init(&r);
	while (left) {
		uint8_t flags = take();
		uint16_t offset = take();
		size_t len = take();

		if (flags & 32)
			offset = (uint16_t)(offset << 5 | take());
		if (flags & 16)
			len *= 8;
		p = mir_reassembly_input(&r,
		    fragment(
			flags & 7, (uint16_t)((offset & 0x1fff) | (flags & 8 ? 0x2000 : 0)), len),
		    now);
		if (p)
			check(p);
		if (flags & 64)
			now += MIR_SECOND(7);
		while (mir_reassembly_expire(&r, now, &p))
			mir_packet_unref(p);
		mir_check(r.budget.used <= r.budget.limit);
		mir_check(mir_reassembly_next(&r) > now);
	}
	mir_reassembly_clear(&r);
	mir_check(r.budget.used == 0 && r.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
	mir_test_fuzz(run);
	return 0;
}
