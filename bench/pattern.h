/* pattern.h: the bytes that peer sends: a period of pseudo-random ones, as long as
 * a prime number, so that nothing aligned can be mistaken for its neighbour.
 */
#ifndef MIR_BENCH_PATTERN_H
#define MIR_BENCH_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PATTERN_PERIOD 65521u
#define PATTERN_RUN    (256u << 10) /* bytes that may be sent from any position */

/* The run that begins at stream position `at`: PATTERN_RUN bytes, static. */
static inline const uint8_t *pattern_at(uint64_t at)
{
	static uint8_t bytes[PATTERN_PERIOD + PATTERN_RUN];
	static int made;
	uint32_t x = 2463534242u;

	for (size_t i = 0; !made && i < sizeof bytes; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		bytes[i] = i < PATTERN_PERIOD ? (uint8_t)(x >> 24) : bytes[i - PATTERN_PERIOD];
	}
	made = 1;
	return bytes + at % PATTERN_PERIOD;
}

#endif
