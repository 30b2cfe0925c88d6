/* host.h: what the files of the host's stack share. */
#ifndef MIR_HOST_H
#define MIR_HOST_H

#include <mir/host_stack.h>
#include <netinet/in.h>

#include "../watch.h"

extern const struct mir_tcp_ops mir_host_tcp_ops;
extern const struct mir_udp_ops mir_host_udp_ops;
extern const struct mir_icmp_ops mir_host_icmp_ops;
extern const struct mir_flow_ops mir_host_flow_ops;

/* What the system call said, as an error of ours. */
int mir_host_error(int number);

/* MIR_EADDRNOTAVAIL: not an IPv4 address. */
int mir_host_address(const struct mir_endpoint *, struct sockaddr_in *out);
struct mir_endpoint mir_host_endpoint(const struct sockaddr_in *);

/* A connection over a connected descriptor, which it owns; NULL: out of memory, fd is closed. */
struct mir_tcp_flow *mir_host_flow_new(struct mir_host_stack *, int fd,
    const struct mir_endpoint *local, const struct mir_endpoint *peer);

/* mir_stack.name_servers: what /etc/resolv.conf says now. */
unsigned mir_host_name_servers(struct mir_stack *, struct mir_ipaddr *out, unsigned max);

/* mir_tcp_ops.set of a connection. */
int mir_host_tcp_set(struct mir_tcp_flow *, enum mir_tcp_option, int64_t value, const char *name);

/* Options of a socket that the connections accepted from it inherit. */
void mir_host_tcp_options(int fd, const struct mir_tcp_options *);

static inline struct mir_host_stack *mir_host_of_tcp(struct mir_tcp *t)
{
	return mir_container(t, struct mir_host_stack, tcp);
}

#endif
