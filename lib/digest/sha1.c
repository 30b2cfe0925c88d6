/* sha1.c: SHA-1, FIPS 180-4 sections 4.1.1, 4.2.1, 5.1.1, 5.3.1 and 6.1.2; small rather than fast:
 * it digests a line of text for each handshake. */
#include <mir/bytes.h>
#include <string.h>

#include "mir/sha1.h"

enum { BLOCK = 64 };

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

/* The function and the constant of round t. */
static uint32_t mix(unsigned t, uint32_t b, uint32_t c, uint32_t d)
{
	if (t < 20)
		return ((b & c) ^ (~b & d)) + 0x5a827999;
	if (t < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (t < 60)
		return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void compress(uint32_t state[5], const uint8_t *p)
{
	uint32_t w[80], s[5];

	for (unsigned t = 0; t < 16; t++)
		w[t] = mir_be32(p + 4 * t);
	for (unsigned t = 16; t < 80; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	memcpy(s, state, sizeof(s));
	for (unsigned t = 0; t < 80; t++) {
		uint32_t next = rotate(s[0], 5) + mix(t, s[1], s[2], s[3]) + s[4] + w[t];

		s[4] = s[3];
		s[3] = s[2];
		s[2] = rotate(s[1], 30);
		s[1] = s[0];
		s[0] = next;
	}
	for (unsigned i = 0; i < 5; i++)
		state[i] += s[i];
}

void mir_sha1(const void *data, size_t len, uint8_t out[MIR_SHA1_LEN])
{
	uint32_t state[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t last[2 * BLOCK] = { 0 };
	const uint8_t *p = data;
	size_t rest = len % BLOCK, end = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;

	for (size_t i = 0; i < len / BLOCK; i++)
		compress(state, p + i * BLOCK);
	if (rest)
		memcpy(last, p + len - rest, rest);
	last[rest] = 0x80;
	mir_put_be32(last + end - 8, (uint32_t)((uint64_t)len >> 29));
	mir_put_be32(last + end - 4, (uint32_t)(len << 3));
	for (size_t i = 0; i < end; i += BLOCK)
		compress(state, last + i);
	for (unsigned i = 0; i < 5; i++)
		mir_put_be32(out + 4 * i, state[i]);
}
