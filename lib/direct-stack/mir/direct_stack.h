/* direct_stack.h: the STACK of our own protocols over one interface. */
#ifndef MIR_DIRECT_STACK_H
#define MIR_DIRECT_STACK_H

#include <mir/stack.h>
#include <mir/time.h>

struct mir_direct_stack_config {
	struct mir_ip *ip;
	struct mir_icmp *icmp;
	struct mir_udp *udp;
	struct mir_tcp *tcp;
	struct mir_dhcp *dhcp;
	const char *name;
};

struct mir_direct_stack {
	struct mir_stack stack; /* the object */
	const char *name;
};

/* How long start waits for a lease before it goes on without one. */
#define MIR_DIRECT_STACK_WAIT_NS MIR_SECOND(10)

/* Puts the parts together.  Where DHCP is at work it waits for the lease, ten seconds at most, and
 * says so; services start in any case, and find the address when it comes.  Blocks.
 * MIR_ECANCELED. */
int mir_direct_stack_start(struct mir_direct_stack *, const struct mir_direct_stack_config *);
void mir_direct_stack_stop(struct mir_direct_stack *);

/* Waits until the stack has an address, until `deadline`.  Blocks.  MIR_ENETDOWN: none is
 * configured, and none is asked for.  MIR_ETIMEDOUT, MIR_ECANCELED. */
int mir_direct_stack_wait_ready(struct mir_direct_stack *, int64_t deadline);

#endif
