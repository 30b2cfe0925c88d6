/* host_stack.h: STACK by the sockets of the host (IPv4).
 *
 * TCP, UDP and ICMP echo; stack.ip is NULL.  Descriptors are watched edge-triggered, once for each
 * connection; a connection that waits holds no fiber and no buffer.
 */
#ifndef MIR_HOST_STACK_H
#define MIR_HOST_STACK_H

#include <mir/stack.h>

struct mir_host_stack_config {
	const char *name;
};

struct mir_host_stats {
	uint64_t accepted;
	uint64_t starved; /* times that accepting stopped for want of descriptors or memory */
	uint64_t flows, ports, listeners; /* open now */
	uint64_t udp_dropped;             /* datagrams that found no memory */
};

struct mir_host_stack {
	struct mir_stack stack;
	struct mir_tcp tcp;
	struct mir_udp udp;
	struct mir_icmp icmp;
	struct mir_host_stats stats;
	struct mir_mem *scratch; /* for datagrams over 2 kB */
	uint8_t *scratch_p;
};

/* Raises the limit of open files to what the host allows.  0. */
int mir_host_stack_start(struct mir_host_stack *, const struct mir_host_stack_config *);

/* Everything that was opened has been closed before. */
void mir_host_stack_stop(struct mir_host_stack *);

#endif
