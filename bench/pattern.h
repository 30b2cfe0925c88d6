/* pattern.h: the bytes that the transfer example generates: the numbers of xorshift64*,
 * least significant byte first.
 */
#ifndef MIR_BENCH_PATTERN_H
#define MIR_BENCH_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PATTERN_PIECE 65536u

struct pattern {
	uint64_t state;
};

static inline void pattern_start(struct pattern *p, uint64_t seed)
{
	p->state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static inline uint64_t pattern_word(struct pattern *p)
{
	p->state ^= p->state >> 12;
	p->state ^= p->state << 25;
	p->state ^= p->state >> 27;
	return p->state * UINT64_C(0x2545f4914f6cdd1d);
}

/* The next bytes; len is a multiple of 8 in all calls but the last. */
static inline void pattern_next(struct pattern *p, uint8_t *out, size_t len)
{
	uint8_t *end = out + len / 8 * 8;
	uint64_t n;

	for (; out < end; out += 8) {
		n = pattern_word(p); /* one store, in the compiler's eyes */
		out[0] = (uint8_t)n;
		out[1] = (uint8_t)(n >> 8);
		out[2] = (uint8_t)(n >> 16);
		out[3] = (uint8_t)(n >> 24);
		out[4] = (uint8_t)(n >> 32);
		out[5] = (uint8_t)(n >> 40);
		out[6] = (uint8_t)(n >> 48);
		out[7] = (uint8_t)(n >> 56);
	}
	if (len % 8 == 0)
		return;
	n = pattern_word(p);
	for (size_t i = 0; i < len % 8; i++)
		out[i] = (uint8_t)(n >> 8 * i);
}

/* The size of the next piece of `left` bytes. */
static inline size_t pattern_piece(uint64_t left)
{
	return left < PATTERN_PIECE ? (size_t)left : PATTERN_PIECE;
}

#endif
