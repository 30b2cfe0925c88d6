/* toobig.h: what a router does with a packet that the next link cannot carry. */
#ifndef MIR_TOOBIG_H
#define MIR_TOOBIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIR_TOOBIG_REPLY_LEN (14 + 40 + 1240) /* the largest answer */

/* Write into out the answer to a frame that was too big: ICMP "fragmentation
 * needed" (RFC 792, RFC 1191 section 4) with DF set, or ICMPv6 "packet too big"
 * (RFC 4443 section 3.2), as if from the packet's destination.  Returns its
 * length; 0: nothing may be sent (no DF, not IP, an ICMP error, multicast). */
size_t mir_toobig_reply(
    const uint8_t *frame, size_t len, unsigned mtu, uint8_t out[static MIR_TOOBIG_REPLY_LEN]);

/* Cut an IPv4 packet without DF into fragments (RFC 791 section 3.2), all with
 * the options of the whole, each handed to `emit`.  False: not possible, nothing was emitted. */
bool mir_toobig_fragment(const uint8_t *frame, size_t len, unsigned mtu,
    void (*emit)(void *arg, const uint8_t *frame, size_t len), void *arg);

#endif
