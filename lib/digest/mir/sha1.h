/* sha1.h: SHA-1 (FIPS 180-4 section 6.1), for protocols that name it where nothing hangs on its
 * strength: the answer of a WebSocket handshake (RFC 6455 section 4.2.2).  Collisions are made in
 * practice: never use it for anything else; <mir/digest.h> has SHA-256.
 */
#ifndef MIR_SHA1_H
#define MIR_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define MIR_SHA1_LEN 20 /* bytes of a digest */

/* The digest of one run of bytes, which is borrowed for the call. */
void mir_sha1(const void *data, size_t len, uint8_t out[MIR_SHA1_LEN]);

#endif
