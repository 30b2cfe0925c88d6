/* random.c: ChaCha20 (RFC 8439 section 2.3) as a generator.
 *
 * Each refill makes BLOCKS blocks; the first 32 bytes replace the key at once and what is handed
 * out is wiped, so that nobody who reads the memory later learns earlier numbers.  After RESEED
 * bytes fresh entropy of the target is mixed into the key.
 */
#include <mir/hash.h>
#include <mir/err.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <string.h>

#include "internal.h"

enum { KEY_WORDS = 8, BLOCK = 64, BLOCKS = 8, RESEED = 1 << 20 };

static struct {
	uint32_t key[KEY_WORDS];
	uint8_t out[BLOCKS * BLOCK];
	size_t used;   /* of out */
	uint64_t made; /* bytes since entropy was mixed in */
	bool seeded;
} rng;

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d ^= *a;
	*d = *d << 16 | *d >> 16;
	*c += *d;
	*b ^= *c;
	*b = *b << 12 | *b >> 20;
	*a += *b;
	*d ^= *a;
	*d = *d << 8 | *d >> 24;
	*c += *d;
	*b ^= *c;
	*b = *b << 7 | *b >> 25;
}

static void chacha_block(const uint32_t key[KEY_WORDS], uint32_t counter, uint8_t out[BLOCK])
{
	uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, x[16];

	memcpy(in + 4, key, KEY_WORDS * sizeof(key[0]));
	in[12] = counter;
	memcpy(x, in, sizeof(x));
	for (int i = 0; i < 10; i++) {
		quarter(&x[0], &x[4], &x[8], &x[12]);
		quarter(&x[1], &x[5], &x[9], &x[13]);
		quarter(&x[2], &x[6], &x[10], &x[14]);
		quarter(&x[3], &x[7], &x[11], &x[15]);
		quarter(&x[0], &x[5], &x[10], &x[15]);
		quarter(&x[1], &x[6], &x[11], &x[12]);
		quarter(&x[2], &x[7], &x[8], &x[13]);
		quarter(&x[3], &x[4], &x[9], &x[14]);
	}
	for (int i = 0; i < 16; i++) {
		uint32_t v = x[i] + in[i];

		for (int j = 0; j < 4; j++)
			out[4 * i + j] = (uint8_t)(v >> (8 * j));
	}
}

static void mix_entropy(void)
{
	uint32_t fresh[KEY_WORDS];

	if (mir_target_entropy(fresh, sizeof(fresh)) < 0)
		mir_panic("random: %s", mir_strerror(MIR_ENOENTROPY));
	for (int i = 0; i < KEY_WORDS; i++)
		rng.key[i] ^= fresh[i];
	rng.seeded = true;
	rng.made = 0;
}

static void refill(void)
{
	if (!rng.seeded || rng.made >= RESEED)
		mix_entropy();
	for (uint32_t i = 0; i < BLOCKS; i++)
		chacha_block(rng.key, i, rng.out + i * BLOCK);
	memcpy(rng.key, rng.out, sizeof(rng.key));
	memset(rng.out, 0, sizeof(rng.key));
	rng.used = sizeof(rng.key);
	rng.made += sizeof(rng.out);
}

void mir_random(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len > 0) {
		size_t part;

		if (!rng.seeded || rng.used == sizeof(rng.out))
			refill();
		part = MIR_MIN(len, sizeof(rng.out) - rng.used);
		memcpy(p, rng.out + rng.used, part);
		memset(rng.out + rng.used, 0, part);
		rng.used += part;
		p += part;
		len -= part;
	}
}

uint32_t mir_random_u32(void)
{
	uint32_t v;

	mir_random(&v, sizeof(v));
	return v;
}

uint32_t mir_random_below(uint32_t n)
{
	uint32_t rest = (uint32_t)(-n) % n; /* 2^32 mod n: these many values are too many */
	uint32_t v;

	do
		v = mir_random_u32();
	while (v < rest);
	return v % n;
}

void mir_random_reset(void)
{
	memset(&rng, 0, sizeof(rng));
}
