/* ipv4.h: the IP device for IPv4 (RFC 791, 1122 section 3), ICMP errors included. */
#ifndef MIR_IPV4_H
#define MIR_IPV4_H

#include <mir/arp.h>
#include <mir/bucket.h>
#include <mir/ethernet.h>
#include <mir/hash.h>
#include <mir/ip.h>
#include <mir/loop.h>
#include <mir/reassembly.h>
#include <mir/timer.h>

enum {
	MIR_IPV4_ADDRESSES = 16,
	MIR_IPV4_ROUTES = 64,
	MIR_IPV4_PROTOS = 8,
	MIR_IPV4_PMTUS = 256,   /* destinations whose path MTU is below the link's */
	MIR_IPV4_IDS = 256,     /* counters of the identification field */
	MIR_IPV4_LOOPED = 256,  /* packets on their way to ourselves */
	MIR_IPV4_PMTU_MIN = 552 /* nobody can talk us into smaller packets, only out of DF */
};

#define MIR_IPV4_PMTU_NS MIR_SECOND(600) /* RFC 1191 section 6.3 */

struct mir_ipv4_config {
	struct mir_ethernet *eth;
	struct mir_arp *arp;
	struct mir_cidr ipv4;           /* all zero: none yet */
	struct mir_ipaddr ipv4_gateway; /* any: none */
	const char *name;
};

struct mir_ipv4_stats {
	uint64_t rx, rx_delivered, tx;
	uint64_t rx_malformed;    /* version, header length, total length */
	uint64_t rx_checksum;     /* of the header */
	uint64_t rx_bad_source;   /* cannot be the address of a host elsewhere */
	uint64_t rx_land;         /* source and destination are the same address of ours */
	uint64_t rx_not_ours;     /* to another host */
	uint64_t rx_bad_cast;     /* unicast to us in a link-layer broadcast (RFC 1122 3.3.6) */
	uint64_t rx_options;      /* malformed options */
	uint64_t rx_source_route; /* refused */
	uint64_t rx_no_proto;     /* nobody listens */
	uint64_t tx_no_route, tx_too_big, tx_no_memory;
	uint64_t tx_fragments, tx_looped, tx_loop_dropped;
	uint64_t tx_checksums;      /* completed here, since the interface does not */
	uint64_t unreachable;       /* packets whose next hop did not answer */
	uint64_t icmp_checksum;     /* received ICMP, wrong */
	uint64_t icmp_rx_errors;    /* handed to a protocol */
	uint64_t icmp_rx_bad;       /* errors about what we did not send, or malformed */
	uint64_t icmp_rx_ignored;   /* source quench, redirect */
	uint64_t icmp_tx_errors;    /* sent */
	uint64_t icmp_tx_forbidden; /* not sent: RFC 1122 section 3.2.2 */
	uint64_t icmp_tx_limited;   /* not sent: rate */
	uint64_t pmtu_lowered, pmtu_refused;
};

struct mir_ipv4_address {
	uint32_t addr, mask;
	uint8_t len;
};

struct mir_ipv4_route {
	uint32_t net, mask;
	uint32_t gateway; /* 0: on the link */
	uint8_t len;
};

struct mir_ipv4_pmtu {
	uint32_t dst; /* 0: free */
	uint16_t mtu;
	bool locked; /* the path's MTU is below MIR_IPV4_PMTU_MIN: send without DF */
	int64_t expires;
};

struct mir_ipv4 {
	struct mir_ip ip; /* the object */
	struct mir_ethernet *eth;
	struct mir_arp *arp;
	struct mir_ipv4_address address[MIR_IPV4_ADDRESSES];
	struct mir_ipv4_route route[MIR_IPV4_ROUTES]; /* the longest prefixes first */
	unsigned naddresses, nroutes, npmtus;
	struct {
		const struct mir_ip_proto *proto; /* NULL: free */
		void *arg;
		uint8_t number;
	} proto[MIR_IPV4_PROTOS];
	struct mir_ip_watch *watches;

	struct mir_hash_key key;
	uint16_t id[MIR_IPV4_IDS];
	struct mir_ipv4_pmtu pmtu[MIR_IPV4_PMTUS];

	struct mir_packet *looped, **looped_end;
	unsigned nlooped;
	struct mir_task loop_task;

	struct mir_reassembly reassembly;
	struct mir_timer reassembly_timer;
	struct mir_bucket error_rate;
	struct mir_ipv4_stats stats;
};

/* Takes the address and the default route of the configuration, if there are any.  Does not block.
 * MIR_EINVAL: the address cannot be a host's. */
int mir_ipv4_start(struct mir_ipv4 *, const struct mir_ipv4_config *);

/* Drops what is in reassembly or on its way to ourselves. */
void mir_ipv4_stop(struct mir_ipv4 *);

#endif
