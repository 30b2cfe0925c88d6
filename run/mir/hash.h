/* hash.h: SipHash-2-4 (Aumasson, Bernstein 2012) under a key drawn at start: table positions and
 * sequence numbers that no peer can foresee. */
#ifndef MIR_HASH_H
#define MIR_HASH_H

#include <mir/cc.h>

struct mir_hash_key {
	uint64_t k[2];
};

uint64_t mir_siphash(const struct mir_hash_key *, const void *p, size_t len);

/* Bytes and numbers nobody can predict: ChaCha20 keyed from the target's entropy, rekeyed as it
 * runs (in sim: from the seed). */
void mir_random(void *buf, size_t len);
uint32_t mir_random_u32(void);
/* Even in 0..n-1, n > 0. */
uint32_t mir_random_below(uint32_t n);

#endif
