/* checksum.c: the Internet checksum (RFC 1071), eight bytes at a time.
 *
 * A one's complement sum does not mind the order of bytes (RFC 1071 section 2 (B)): words are added
 * as the CPU loads them, and the folded result is turned into network order once.
 */
#include <mir/checksum.h>

static uint64_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* a + b with the carry added back. */
static uint64_t add(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

/* In the CPU's order, folded. */
static uint64_t native_sum(const uint8_t *p, size_t len)
{
	uint64_t a = 0, b = 0, tail = 0;

	for (; len >= 32; p += 32, len -= 32) {
		a = add(a, load64(p));
		b = add(b, load64(p + 8));
		a = add(a, load64(p + 16));
		b = add(b, load64(p + 24));
	}
	for (; len >= 8; p += 8, len -= 8)
		a = add(a, load64(p));
	if (len > 0)
		memcpy(&tail, p, len);
	return fold(add(add(a, b), tail));
}

static uint64_t to_network(uint64_t folded)
{
	uint8_t bytes[2];
	uint16_t word = (uint16_t)folded;

	memcpy(bytes, &word, sizeof(bytes));
	return mir_be16(bytes);
}

uint64_t mir_sum(const void *p, size_t len, uint64_t sum)
{
	return sum + to_network(native_sum(p, len));
}

uint16_t mir_sum_fold(uint64_t sum)
{
	return (uint16_t)fold(sum);
}

uint16_t mir_sum_finish(uint64_t sum)
{
	return (uint16_t)~fold(sum);
}

uint64_t mir_sum_pseudo(
    const struct mir_ipaddr *src, const struct mir_ipaddr *dst, uint8_t proto, size_t len)
{
	size_t skip = mir_ipaddr_is4(src) && mir_ipaddr_is4(dst) ? 12 : 0;
	uint64_t sum = mir_sum(src->b + skip, 16 - skip, proto + (uint64_t)len);

	return mir_sum(dst->b + skip, 16 - skip, sum);
}

/* Adds a run of bytes that begins at an odd or even place. */
static uint64_t add_run(uint64_t sum, const uint8_t *p, size_t len, bool odd)
{
	uint64_t part = to_network(native_sum(p, len));

	return sum + (odd ? (part << 8 & 0xff00) + (part >> 8) : part);
}

uint64_t mir_sum_packet(const struct mir_packet *p, size_t off, uint64_t sum)
{
	bool odd = false;

	if (off < p->len) {
		sum = add_run(sum, p->data + off, p->len - off, odd);
		odd = (p->len - off) & 1;
		off = p->len;
	}
	off -= p->len;
	for (unsigned i = 0; i < p->nslices; i++) {
		const struct mir_slice *s = &p->slice[i];
		size_t len = s->len - MIR_MIN(off, s->len);

		sum = add_run(sum, s->p + (s->len - len), len, odd);
		odd ^= len & 1;
		off -= s->len - len;
	}
	return sum;
}
