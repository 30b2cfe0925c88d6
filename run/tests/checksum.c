/* Checksums against the definition in RFC 1071. */
#include <mir/checksum.h>
#include <mir/hash.h>
#include <mir/slice.h>
#include <mir/test.h>

static uint16_t naive(const uint8_t *p, size_t len, uint64_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint64_t)p[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void runs(void)
{
	static uint8_t buf[70000];
	unsigned wrong = 0;

	mir_random(buf, sizeof(buf));
	for (size_t off = 0; off < 9; off++) {
		for (size_t len = 0; len < 300; len++)
			wrong += mir_sum_finish(mir_sum(buf + off, len, len)) !=
				 naive(buf + off, len, len);
	}
	ok(wrong == 0, "every length and alignment");
	ok(mir_sum_finish(mir_sum(buf, 65535, 0)) == naive(buf, 65535, 0), "64 kB");
	memset(buf, 0xff, sizeof(buf));
	ok(mir_sum_finish(mir_sum(buf, sizeof(buf), 0)) == 0, "all ones");
	ok(mir_sum_finish(mir_sum(buf, 0, 0)) == 0xffff, "nothing");
	ok(mir_sum_finish(mir_sum(buf, 1, 0)) == 0x00ff, "one byte is the high one");
}

/* RFC 1071 section 3. */
static void example(void)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	ok(mir_sum_fold(mir_sum(bytes, sizeof(bytes), 0)) == 0xddf2, "the example of RFC 1071");
	ok(mir_sum_fold(mir_sum(bytes + 4, 4, mir_sum(bytes, 4, 0))) == 0xddf2, "in two parts");
}

static void packets(void)
{
	static uint8_t flat[4096];
	unsigned wrong = 0;

	for (unsigned n = 0; n < 500; n++) {
		struct mir_packet *p = mir_packet_new();
		size_t linear = mir_random_below(150);

		mir_random(mir_packet_put(p, linear), linear);
		for (unsigned slices = mir_random_below(6); slices > 0; slices--) {
			struct mir_slice s = { NULL, mir_random_below(99), NULL };
			uint8_t *buf;

			s.owner = mir_mem_new(s.len, &buf);
			mir_random(buf, s.len);
			s.p = buf;
			mir_packet_append(p, &s);
		}
		mir_packet_copy(p, 0, flat, p->total);
		for (unsigned k = 0; k < 20; k++) {
			size_t off = mir_random_below(p->total + 1);

			wrong += mir_sum_finish(mir_sum_packet(p, off, 7)) !=
				 naive(flat + off, p->total - off, 7);
		}
		mir_packet_unref(p);
	}
	ok(wrong == 0, "slices of odd lengths, from any offset");
}

static void pseudo(void)
{
	struct mir_ipaddr a = mir_ip4(0xc0a80001), b = mir_ip4(0x0a0000ff), c, d;
	uint8_t header4[12] = { 192, 168, 0, 1, 10, 0, 0, 255, 0, 6, 0x12, 0x34 };
	uint8_t header6[40] = { 0 };

	ok(mir_sum_finish(mir_sum_pseudo(&a, &b, 6, 0x1234)) == naive(header4, 12, 0), "IPv4");
	mir_ipaddr_parse("2001:db8::1", &c);
	mir_ipaddr_parse("fe80::abcd", &d);
	memcpy(header6, c.b, 16);
	memcpy(header6 + 16, d.b, 16);
	mir_put_be32(header6 + 32, 70000);
	header6[39] = 17;
	ok(mir_sum_finish(mir_sum_pseudo(&c, &d, 17, 70000)) == naive(header6, 40, 0), "IPv6");
}

int main(void)
{
	RUN(runs);
	RUN(example);
	RUN(packets);
	RUN(pseudo);
	return mir_test_end();
}
