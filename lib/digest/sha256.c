/* sha256.c: SHA-256, FIPS 180-4 sections 4.1.2, 4.2.2, 5.1.1, 5.3.3 and 6.2.
 *
 * The message schedule is kept as a window of 16 words, so that the compiler
 * holds most of the state in registers; sixteen rounds are written as one
 * step that renames the working variables instead of moving them.
 */
#include <string.h>

#include "mir/digest.h"

#define BLOCK sizeof((struct mir_sha256 *)0)->block

static const uint32_t round_constant[64] = {
	0x428a2f98,
	0x71374491,
	0xb5c0fbcf,
	0xe9b5dba5,
	0x3956c25b,
	0x59f111f1,
	0x923f82a4,
	0xab1c5ed5,
	0xd807aa98,
	0x12835b01,
	0x243185be,
	0x550c7dc3,
	0x72be5d74,
	0x80deb1fe,
	0x9bdc06a7,
	0xc19bf174,
	0xe49b69c1,
	0xefbe4786,
	0x0fc19dc6,
	0x240ca1cc,
	0x2de92c6f,
	0x4a7484aa,
	0x5cb0a9dc,
	0x76f988da,
	0x983e5152,
	0xa831c66d,
	0xb00327c8,
	0xbf597fc7,
	0xc6e00bf3,
	0xd5a79147,
	0x06ca6351,
	0x14292967,
	0x27b70a85,
	0x2e1b2138,
	0x4d2c6dfc,
	0x53380d13,
	0x650a7354,
	0x766a0abb,
	0x81c2c92e,
	0x92722c85,
	0xa2bfe8a1,
	0xa81a664b,
	0xc24b8b70,
	0xc76c51a3,
	0xd192e819,
	0xd6990624,
	0xf40e3585,
	0x106aa070,
	0x19a4c116,
	0x1e376c08,
	0x2748774c,
	0x34b0bcb5,
	0x391c0cb3,
	0x4ed8aa4a,
	0x5b9cca4f,
	0x682e6ff3,
	0x748f82ee,
	0x78a5636f,
	0x84c87814,
	0x8cc70208,
	0x90befffa,
	0xa4506ceb,
	0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store32(uint8_t *p, uint32_t x)
{
	p[0] = (uint8_t)(x >> 24);
	p[1] = (uint8_t)(x >> 16);
	p[2] = (uint8_t)(x >> 8);
	p[3] = (uint8_t)x;
}

/* One round: only the fourth and the eighth variable change; the caller passes the others on. */
static inline void one_round(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e,
    uint32_t f, uint32_t g, uint32_t *h, uint32_t schedule, uint32_t constant)
{
	uint32_t t1 = *h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
		      constant + schedule;
	uint32_t t2 =
	    (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

	*d += t1;
	*h = t1 + t2;
}

static inline void eight_rounds(uint32_t s[8], const uint32_t *w, const uint32_t *k)
{
	one_round(s[0], s[1], s[2], &s[3], s[4], s[5], s[6], &s[7], w[0], k[0]);
	one_round(s[7], s[0], s[1], &s[2], s[3], s[4], s[5], &s[6], w[1], k[1]);
	one_round(s[6], s[7], s[0], &s[1], s[2], s[3], s[4], &s[5], w[2], k[2]);
	one_round(s[5], s[6], s[7], &s[0], s[1], s[2], s[3], &s[4], w[3], k[3]);
	one_round(s[4], s[5], s[6], &s[7], s[0], s[1], s[2], &s[3], w[4], k[4]);
	one_round(s[3], s[4], s[5], &s[6], s[7], s[0], s[1], &s[2], w[5], k[5]);
	one_round(s[2], s[3], s[4], &s[5], s[6], s[7], s[0], &s[1], w[6], k[6]);
	one_round(s[1], s[2], s[3], &s[4], s[5], s[6], s[7], &s[0], w[7], k[7]);
}

/* Words t+16 .. t+31 of the schedule from words t .. t+15. */
static inline void extend(uint32_t w[16])
{
	for (unsigned i = 0; i < 16; i++) {
		uint32_t w15 = w[(i + 1) & 15], w2 = w[(i + 14) & 15];

		w[i] += (rotate(w15, 7) ^ rotate(w15, 18) ^ w15 >> 3) + w[(i + 9) & 15] +
			(rotate(w2, 17) ^ rotate(w2, 19) ^ w2 >> 10);
	}
}

static void compress(uint32_t state[8], const uint8_t *p, size_t blocks)
{
	uint32_t s[8], w[16];

	for (; blocks; blocks--, p += BLOCK) {
		memcpy(s, state, sizeof s);
		for (unsigned i = 0; i < 16; i++)
			w[i] = load32(p + 4 * i);
		for (unsigned t = 0;;) {
			eight_rounds(s, w, round_constant + t);
			eight_rounds(s, w + 8, round_constant + t + 8);
			t += 16;
			if (t == 64)
				break;
			extend(w);
		}
		for (unsigned i = 0; i < 8; i++)
			state[i] += s[i];
	}
}

void mir_sha256_init(struct mir_sha256 *c)
{
	static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(c->state, initial, sizeof initial);
	c->len = 0;
}

void mir_sha256_update(struct mir_sha256 *c, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t have = c->len % BLOCK;

	if (len == 0)
		return;
	c->len += len;
	if (have) {
		size_t n = BLOCK - have < len ? BLOCK - have : len;

		memcpy(c->block + have, p, n);
		if (have + n < BLOCK)
			return;
		compress(c->state, c->block, 1);
		p += n;
		len -= n;
	}
	compress(c->state, p, len / BLOCK);
	memcpy(c->block, p + len / BLOCK * BLOCK, len % BLOCK);
}

void mir_sha256_final(struct mir_sha256 *c, uint8_t out[MIR_SHA256_LEN])
{
	size_t have = c->len % BLOCK;
	uint64_t bits = c->len * 8;

	c->block[have++] = 0x80;
	if (have > BLOCK - 8) {
		memset(c->block + have, 0, BLOCK - have);
		compress(c->state, c->block, 1);
		have = 0;
	}
	memset(c->block + have, 0, BLOCK - 8 - have);
	store32(c->block + BLOCK - 8, (uint32_t)(bits >> 32));
	store32(c->block + BLOCK - 4, (uint32_t)bits);
	compress(c->state, c->block, 1);
	for (unsigned i = 0; i < 8; i++)
		store32(out + 4 * i, c->state[i]);
}

void mir_sha256(const void *data, size_t len, uint8_t out[MIR_SHA256_LEN])
{
	struct mir_sha256 c;

	mir_sha256_init(&c);
	mir_sha256_update(&c, data, len);
	mir_sha256_final(&c, out);
}
