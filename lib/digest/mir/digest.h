/* digest.h: SHA-256 as FIPS 180-4 section 6.2 defines it.
 *
 * The state is the caller's memory; nothing is allocated and nothing blocks.
 */
#ifndef MIR_DIGEST_H
#define MIR_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define MIR_SHA256_LEN 32 /* bytes of a digest */

struct mir_sha256 {
	uint32_t state[8];
	uint64_t len;      /* bytes taken so far */
	uint8_t block[64]; /* the last, incomplete block: len % 64 bytes */
};

/* Begin a digest. */
void mir_sha256_init(struct mir_sha256 *);

/* Take the next len bytes of the message; they are borrowed for the call. */
void mir_sha256_update(struct mir_sha256 *, const void *data, size_t len);

/* Write the digest of all that was taken. The state is used up: init it again. */
void mir_sha256_final(struct mir_sha256 *, uint8_t out[MIR_SHA256_LEN]);

/* The digest of one run of bytes. */
void mir_sha256(const void *data, size_t len, uint8_t out[MIR_SHA256_LEN]);

#endif
