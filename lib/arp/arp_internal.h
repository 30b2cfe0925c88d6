/* arp_internal.h: between the two halves of the engine: the cache, and our own addresses. */
#ifndef MIR_ARP_INTERNAL_H
#define MIR_ARP_INTERNAL_H

#include <mir/arp_engine.h>

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_message {
	uint16_t op;
	struct mir_mac sender_mac;
	uint32_t sender, target;
};

/* dst NULL: broadcast; target_mac NULL: zero. */
void mir_arp_message(struct mir_arp_engine *, const struct mir_mac *dst, uint16_t op,
    uint32_t sender, uint32_t target, const struct mir_mac *target_mac);

/* The engine's timeout must come at `deadline` or before. */
void mir_arp_at(struct mir_arp_engine *, int64_t deadline);

bool mir_arp_own(const struct mir_arp_engine *, uint32_t addr);

/* Sees whether the message claims an address that is ours or probed by us; true: it does claim ours
 * and has been dealt with (RFC 5227 sections 2.1.1 and 2.4). */
bool mir_arp_claim(struct mir_arp_engine *, const struct arp_message *, int64_t now);

void mir_arp_own_timeout(struct mir_arp_engine *, int64_t now);

#endif
