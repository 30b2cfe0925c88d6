/* checksum.h: the Internet checksum (RFC 1071), incremental and split. */
#ifndef MIR_CHECKSUM_H
#define MIR_CHECKSUM_H

#include <mir/ip.h>

/* The unfolded sum of len bytes added to `sum`; p any alignment.  A run of odd length may only be
 * last. */
uint64_t mir_sum(const void *p, size_t len, uint64_t sum);

/* The 16-bit one's complement of a sum, host order, to be stored with mir_put_be16. */
uint16_t mir_sum_finish(uint64_t sum);

/* Folded to 16 bits, not complemented: what MIR_CSUM_PARTIAL wants in the field. */
uint16_t mir_sum_fold(uint64_t sum);

/* The pseudo-header of TCP and UDP over IPv4. */
uint64_t mir_sum_pseudo(
    const struct mir_ipaddr *src, const struct mir_ipaddr *dst, uint8_t proto, size_t len);

/* The sum over a packet's bytes from offset off to its end, slices of odd lengths included. */
uint64_t mir_sum_packet(const struct mir_packet *, size_t off, uint64_t sum);

#endif
