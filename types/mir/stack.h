/* stack.h: STACK, everything that an application needs of one network. */
#ifndef MIR_STACK_H
#define MIR_STACK_H

#include <mir/dhcp.h>
#include <mir/icmp.h>
#include <mir/ip.h>
#include <mir/tcp.h>
#include <mir/udp.h>

struct mir_stack {
	const char *name; /* "direct service", "host sockets" */
	struct mir_tcp *tcp;
	struct mir_udp *udp;
	struct mir_icmp *icmp;
	struct mir_ip *ip;     /* NULL on host sockets */
	struct mir_dhcp *dhcp; /* NULL on host sockets */

	/* The name servers that the network or the host names at present: how many, 0..max.  NULL:
	 * none is ever named.  May wait for a lease.  Blocks. */
	unsigned (*name_servers)(struct mir_stack *, struct mir_ipaddr *out, unsigned max);
};

#endif
