/* internal.h: between the files of lib/ipv4. */
#ifndef MIR_IPV4_INTERNAL_H
#define MIR_IPV4_INTERNAL_H

#include <mir/checksum.h>
#include <mir/ipv4.h>
#include "wire.h"

static inline struct mir_ipv4 *mir_ipv4_of(struct mir_ip *ip)
{
	return mir_container(ip, struct mir_ipv4, ip);
}

static inline bool mir_ipv4_is_loopback(uint32_t addr)
{
	return addr >> 24 == 127;
}

static inline bool mir_ipv4_is_multicast(uint32_t addr)
{
	return addr >> 28 == 14;
}

/* ipv4.c */
bool mir_ipv4_is_own(const struct mir_ipv4 *, uint32_t addr);
/* 255.255.255.255, or the broadcast address of a network of ours. */
bool mir_ipv4_is_broadcast(const struct mir_ipv4 *, uint32_t addr);
void mir_ipv4_notify(struct mir_ipv4 *, enum mir_ip_event, struct mir_cidr);

/* route.c */
enum mir_ipv4_way { MIR_IPV4_LOCAL, MIR_IPV4_NEIGHBOUR, MIR_IPV4_TO_ALL, MIR_IPV4_TO_GROUP };

struct mir_ipv4_path {
	enum mir_ipv4_way way;
	uint32_t src;      /* what a source of "any" becomes; 0: there is no address */
	uint32_t next_hop; /* of MIR_IPV4_NEIGHBOUR */
	unsigned mtu;
	bool locked; /* see struct mir_ipv4_pmtu */
};

/* MIR_ENETUNREACH. */
int mir_ipv4_path(struct mir_ipv4 *, uint32_t dst, struct mir_ipv4_path *);
int mir_ipv4_add_route(struct mir_ipv4 *, uint32_t net, uint8_t len, uint32_t gateway);
int mir_ipv4_remove_route(struct mir_ipv4 *, uint32_t net, uint8_t len);

/* pmtu.c */
/* The path MTU to dst, no more than `link`. */
unsigned mir_ipv4_pmtu(struct mir_ipv4 *, uint32_t dst, unsigned link, bool *locked);
/* A router says that only mtu bytes fit, 68 or more. */
void mir_ipv4_pmtu_lower(struct mir_ipv4 *, uint32_t dst, unsigned mtu);
/* The next lower plateau for a router that names no MTU (RFC 1191 section 7). */
unsigned mir_ipv4_pmtu_plateau(unsigned total);

/* output.c */
int mir_ipv4_send(struct mir_ip *, const struct mir_ip_tx *, struct mir_packet *p /* take */);

/* input.c */
void mir_ipv4_input(void *arg, struct mir_packet *p /* take */, const struct mir_mac *src);
/* One of our own datagrams, back at once; header at p->data. */
void mir_ipv4_loop(struct mir_ipv4 *, struct mir_packet *p /* take */);
void mir_ipv4_loop_run(struct mir_task *);
void mir_ipv4_reassembly_fire(struct mir_timer *);
/* The handler of a protocol, or -1. */
int mir_ipv4_proto(const struct mir_ipv4 *, uint8_t number);

/* icmp_errors.c */
void mir_ipv4_report(struct mir_ip *, enum mir_ip_error_kind, const struct mir_packet *p);
/* A received ICMP message: true if it was an error, wrong or to be ignored, and is dealt with. */
bool mir_ipv4_icmp(struct mir_ipv4 *, struct mir_packet *p, const struct mir_ip_rx *);
/* A packet of ours found no next hop; header at p->data. */
void mir_ipv4_unreachable(void *arg, struct mir_packet *p /* take */);

#endif
