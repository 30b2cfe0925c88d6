/* run_net.h: which addresses the two ends of a tap device get.
 *
 * Pure: decided from what is configured and from the host's networks.
 */
#ifndef CLI_RUN_NET_H
#define CLI_RUN_NET_H

#include "tap.h"

struct cidr4 {
	uint32_t address; /* host order */
	unsigned len;     /* 0: none */
};

/* What is known of one network interface before it is run. */
struct net_wish {
	struct cidr4 image; /* configured, or by boot argument */
	uint32_t gateway;   /* the same, or 0 */
	bool dhcp;          /* the image asks a server */
	struct cidr4 host;  /* --host-ipv4 */
};

struct net_plan {
	struct cidr4 host;  /* of the tap device; len 0: none */
	struct cidr4 image; /* to tell the image; len 0: nothing to tell */
};

/* "10.0.0.2/24", or "10.0.0.2" where `plain` allows it (len is 32 then); false: not one. */
bool cidr4_parse(const char *text, bool plain, struct cidr4 *out);
const char *cidr4_text(struct cidr4);
const char *ip4_text(uint32_t);

/* The addresses for an interface; NULL, or what is wrong. With nothing wished for they are
 * 10.0.N.1/24 and 10.0.N.2/24 with the first N that the host does not use. */
const char *net_choose(const struct net_wish *, const struct host_nets *, struct net_plan *);

/* An address in the network of `taken` that is not it; 0 if there is none. */
uint32_t net_neighbour(struct cidr4 taken);

#endif
