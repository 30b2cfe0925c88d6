/* stack.c: the host's sockets as a STACK: start, end, addresses, errors. */
#include "host.h"

#include <mir/log.h>
#include <stdlib.h>
#include <sys/resource.h>

MIR_LOG_SOURCE(sockets);

int mir_host_error(int number)
{
	switch (-number) {
#define X(name, value, text)                                                                       \
	case MIR_##name: return MIR_##name;
		MIR_ERR_MAP(X)
#undef X
	case -EPROTO:
	case -ENOPROTOOPT: return MIR_EPROTO;
	case -ENOBUFS: return MIR_ENOMEM;
	case -EMFILE:
	case -ENFILE: return MIR_ELIMIT;
	case -EHOSTDOWN: return MIR_EHOSTUNREACH;
	default: return MIR_EIO;
	}
}

int mir_host_address(const struct mir_endpoint *e, struct sockaddr_in *out)
{
	*out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(e->port) };
	if (mir_ipaddr_is_any(&e->addr))
		return 0;
	if (!mir_ipaddr_is4(&e->addr))
		return MIR_EADDRNOTAVAIL;
	out->sin_addr.s_addr = htonl(mir_ip4_of(&e->addr));
	return 0;
}

struct mir_endpoint mir_host_endpoint(const struct sockaddr_in *a)
{
	return (struct mir_endpoint){ mir_ip4(ntohl(a->sin_addr.s_addr)), ntohs(a->sin_port) };
}

static void raise_file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r))
		mir_warn("cannot raise the limit of open files; 'ulimit -n' shows it");
}

int mir_host_stack_start(struct mir_host_stack *h, const struct mir_host_stack_config *config)
{
	(void)config;
	*h = (struct mir_host_stack){
		.stack = { .name = "host sockets", .name_servers = mir_host_name_servers },
		.tcp = { &mir_host_tcp_ops },
		.udp = { &mir_host_udp_ops },
		.icmp = { &mir_host_icmp_ops },
	};
	h->stack.tcp = &h->tcp;
	h->stack.udp = &h->udp;
	h->stack.icmp = &h->icmp;
	raise_file_limit();
	return 0;
}

void mir_host_stack_stop(struct mir_host_stack *h)
{
	mir_mem_unref(h->scratch);
	h->scratch = NULL;
}
