/* arp_engine.h: ARP without a clock and without an interface (RFC 826, 1122 section 2.3.2, 5227).
 *
 * Packets, wishes and the time go in; what is to happen comes out through the effects, and the
 * time of the next call to mir_arp_engine_timeout through `next`.  Addresses are IPv4 in host
 * order.
 */
#ifndef MIR_ARP_ENGINE_H
#define MIR_ARP_ENGINE_H

#include <mir/addr.h>
#include <mir/bucket.h>
#include <mir/hash.h>
#include <mir/mem.h>

enum {
	MIR_ARP_LEN = 28,                 /* bytes of an ARP message for IPv4 over Ethernet */
	MIR_ARP_ENTRIES = 256,            /* the least recently used makes room */
	MIR_ARP_UNRESOLVED = 128,         /* of these may be unresolved at once */
	MIR_ARP_QUEUE = 8,                /* packets that wait for one address */
	MIR_ARP_QUEUE_BYTES = 512 * 1024, /* packets that wait, all together */
	MIR_ARP_OWN = 16,                 /* addresses that we answer for */
	MIR_ARP_PROBES = 4,               /* probes at once */
	MIR_ARP_TRIES = 3                 /* requests before an address counts as dead */
};

#define MIR_ARP_RETRY_NS    MIR_SECOND(1)  /* RFC 1122 section 2.3.2.1: one a second */
#define MIR_ARP_LIFE_NS     MIR_SECOND(60) /* then it is asked again, or forgotten if unused */
#define MIR_ARP_FAILED_NS   MIR_SECOND(1)  /* packets to a dead address are refused for so long */
#define MIR_ARP_LOCK_NS     MIR_SECOND(1)  /* a confirmed address is not changed for so long */
#define MIR_ARP_DEFEND_NS   MIR_SECOND(10) /* RFC 5227 section 2.4 DEFEND_INTERVAL */
#define MIR_ARP_ANNOUNCE_NS MIR_SECOND(2)  /* RFC 5227 section 2.3 ANNOUNCE_INTERVAL */

enum mir_arp_state {
	MIR_ARP_FREE,
	MIR_ARP_INCOMPLETE, /* asked by broadcast; packets wait */
	MIR_ARP_FRESH,      /* known */
	MIR_ARP_REFRESHING, /* known, and asked again by unicast */
	MIR_ARP_FAILED      /* did not answer */
};

struct mir_arp_entry {
	struct mir_arp_entry *chain; /* of the hash bucket */
	uint32_t addr;
	struct mir_mac mac;
	uint8_t state; /* enum mir_arp_state */
	uint8_t tries;
	uint8_t queued;
	bool wanted; /* we have sent to it since it was confirmed */
	struct mir_packet *first, *last;
	int64_t deadline, used, confirmed;
};

struct mir_arp_own {
	uint32_t addr;         /* 0: free */
	uint8_t announcements; /* still to be sent */
	int64_t deadline, defended;
};

struct mir_arp_probe {
	uint32_t addr; /* 0: free */
	bool second_sent, taken;
	int64_t second_at, deadline;
};

struct mir_arp_stats {
	uint64_t rx, rx_malformed, rx_ignored;
	uint64_t requests, replies, announcements, probes;
	uint64_t resolved, failed;    /* addresses */
	uint64_t conflicts, defences; /* RFC 5227 section 2.4 */
	uint64_t evicted;             /* entries that made room for others */
	uint64_t locked;              /* changes of a confirmed address refused */
	uint64_t queue_dropped;       /* packets: too many wait */
	uint64_t refused;             /* packets: too many addresses are unresolved */
	uint64_t replies_limited;     /* requests beyond the rate that is answered */
};

/* What an engine does to the world. None may call the engine. */
struct mir_arp_effects {
	/* Sends an ARP message. */
	void (*message)(void *arg, const struct mir_mac *dst, const uint8_t msg[MIR_ARP_LEN]);
	/* Sends an IPv4 packet to its next hop. */
	int (*deliver)(void *arg, const struct mir_mac *dst, struct mir_packet *p /* take */);
	/* The next hop of this packet did not answer. */
	void (*failed)(void *arg, struct mir_packet *p /* take */);
	/* An entry was resolved or has failed. */
	void (*settled)(void *arg);
	/* Another host uses our address. */
	void (*conflict)(void *arg, uint32_t addr, const struct mir_mac *claimant);
};

struct mir_arp_engine {
	struct mir_mac mac;
	const struct mir_arp_effects *effects;
	void *arg;
	struct mir_hash_key key;
	int64_t next; /* when to call mir_arp_engine_timeout; MIR_NEVER */
	struct mir_arp_entry entry[MIR_ARP_ENTRIES];
	struct mir_arp_entry *bucket[MIR_ARP_ENTRIES];
	struct mir_arp_entry *recent; /* the entry of the last packet */
	unsigned unresolved;
	struct mir_arp_own own[MIR_ARP_OWN];
	struct mir_arp_probe probe[MIR_ARP_PROBES];
	struct mir_budget budget;
	struct mir_bucket reply_rate;
	struct mir_arp_stats stats;
};

void mir_arp_engine_init(struct mir_arp_engine *, const struct mir_mac *,
    const struct mir_hash_key *, const struct mir_arp_effects *, void *arg);

/* Drops all packets that wait, silently. */
void mir_arp_engine_clear(struct mir_arp_engine *);

/* One received message of len bytes (padding allowed). */
void mir_arp_engine_input(struct mir_arp_engine *, const uint8_t *msg, size_t len, int64_t now);

/* Delivers p to addr, now or later.  MIR_EHOSTUNREACH: it did not answer lately.  MIR_ELIMIT. */
int mir_arp_engine_send(
    struct mir_arp_engine *, uint32_t addr, struct mir_packet *p /* take */, int64_t now);

/* Asks for addr: 1 and *mac, if it is known; 0: not yet (effects->settled tells when to ask again);
 * MIR_EHOSTUNREACH, MIR_ELIMIT. */
int mir_arp_engine_query(struct mir_arp_engine *, uint32_t addr, struct mir_mac *mac, int64_t now);

/* Answers for addr from now on; announces it now and once more.  MIR_ELIMIT. */
int mir_arp_engine_add(struct mir_arp_engine *, uint32_t addr, int64_t now);
void mir_arp_engine_remove(struct mir_arp_engine *, uint32_t addr);

/* Sends a probe now and one after half of wait_ns.  The place of the probe; MIR_ELIMIT. */
int mir_arp_engine_probe(struct mir_arp_engine *, uint32_t addr, int64_t wait_ns, int64_t now);
/* 0: still going on; 1: over, nobody has it; MIR_EADDRINUSE.  Ends the probe unless 0. */
int mir_arp_engine_probed(struct mir_arp_engine *, int place, int64_t now);
void mir_arp_engine_probe_end(struct mir_arp_engine *, int place);

/* Does what is due at `now`, and sets `next`. */
void mir_arp_engine_timeout(struct mir_arp_engine *, int64_t now);

#endif
