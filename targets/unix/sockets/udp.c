/* udp.c: UDP of the host, with the address that a datagram was sent to and the ICMP errors that
 * ours met. */
#define _GNU_SOURCE
#include "host.h"

#include <mir/mem.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <linux/errqueue.h>

enum { BURST = 64, IOVECS = 64 };

struct host_port {
	struct mir_udp_port port;
	struct mir_poll_fd poll;
	struct mir_udp_handler handler;
	void *arg;
	bool in_event, closed; /* closed by its own handler */
};

union control {
	struct cmsghdr align;
	char bytes[512];
};

static struct mir_host_stack *host_of(struct host_port *p)
{
	return mir_container(p->port.udp, struct mir_host_stack, udp);
}

/* The packet of a datagram of len bytes that lies in small, then in the stack's scratch. */
static struct mir_packet *packet_of(
    struct mir_host_stack *h, struct mir_mem *small /* take */, const uint8_t *p, size_t len)
{
	struct mir_packet *packet = mir_packet_new();
	struct mir_slice s = { p, MIR_MIN(len, (size_t)MIR_MEM_SMALL), small };

	if (!packet) {
		mir_mem_unref(small);
		return NULL;
	}
	if (len <= mir_packet_tailroom(packet)) {
		memcpy(mir_packet_put(packet, len), p, len);
		mir_mem_unref(small);
		return packet;
	}
	mir_packet_append(packet, &s);
	if (len > MIR_MEM_SMALL) {
		s = (struct mir_slice){ h->scratch_p, len - MIR_MEM_SMALL, h->scratch };
		mir_packet_append(packet, &s);
		h->scratch = NULL;
	}
	return packet;
}

static struct mir_ipaddr pktinfo(struct msghdr *m, struct mir_ipaddr otherwise)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in_pktinfo info;

		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		return mir_ip4(ntohl(info.ipi_addr.s_addr));
	}
	return otherwise;
}

/* Receives one datagram and hands it up; whether there may be more. */
static bool receive_one(struct host_port *port)
{
	struct mir_host_stack *h = host_of(port);
	union control control;
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct iovec v[2];
	struct msghdr m = { &a, sizeof(a), v, 2, &control, sizeof(control), 0 };
	struct mir_endpoint src, dst = port->port.local;
	struct mir_packet *packet = NULL;
	uint8_t *p;
	struct mir_mem *small = mir_mem_pooled(MIR_MEM_SMALL, &p);
	ssize_t n;

	if (small && !h->scratch)
		h->scratch = mir_mem_pooled(MIR_MEM_BIG, &h->scratch_p);
	if (!small || !h->scratch) {
		mir_mem_unref(small);
		n = recv(port->poll.fd, NULL, 0, MSG_DONTWAIT);
		h->stats.udp_dropped += n >= 0;
		return n >= 0;
	}
	v[0] = (struct iovec){ p, MIR_MEM_SMALL };
	v[1] = (struct iovec){ h->scratch_p, MIR_MEM_BIG };
	n = recvmsg(port->poll.fd, &m, MSG_DONTWAIT);
	if (n < 0) {
		mir_mem_unref(small);
		return errno != EAGAIN && errno != EWOULDBLOCK;
	}
	src = mir_host_endpoint(&a);
	dst.addr = pktinfo(&m, dst.addr);
	packet = packet_of(h, small, p, (size_t)n);
	if (!packet)
		h->stats.udp_dropped++;
	else
		port->handler.input(port->arg, packet, &src, &dst);
	return true;
}

static enum mir_ip_error_kind kind_of(uint8_t type, uint8_t code)
{
	if (type == ICMP_TIME_EXCEEDED)
		return MIR_IP_TIME_EXCEEDED;
	if (type == ICMP_PARAMETERPROB)
		return MIR_IP_PARAMETER;
	switch (code) {
	case ICMP_HOST_UNREACH:
	case ICMP_HOST_UNKNOWN:
	case ICMP_HOST_UNR_TOS: return MIR_IP_HOST_UNREACHABLE;
	case ICMP_PROT_UNREACH: return MIR_IP_PROTO_UNREACHABLE;
	case ICMP_PORT_UNREACH: return MIR_IP_PORT_UNREACHABLE;
	case ICMP_FRAG_NEEDED: return MIR_IP_TOO_BIG;
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED: return MIR_IP_PROHIBITED;
	default: return MIR_IP_NET_UNREACHABLE;
	}
}

static void report(
    struct host_port *port, const struct sock_extended_err *e, const struct sockaddr_in *to)
{
	struct mir_endpoint peer = mir_host_endpoint(to);
	struct mir_ip_error error = { .src = port->port.local.addr, .dst = peer.addr };
	struct sockaddr_in reporter;

	if (e->ee_origin != SO_EE_ORIGIN_ICMP && e->ee_origin != SO_EE_ORIGIN_LOCAL)
		return;
	error.kind = e->ee_errno == EMSGSIZE ? MIR_IP_TOO_BIG : kind_of(e->ee_type, e->ee_code);
	if (error.kind == MIR_IP_TOO_BIG)
		error.mtu = (uint16_t)MIR_MAX(68u, MIR_MIN(e->ee_info, 65535u));
	memcpy(&reporter, e + 1, sizeof(reporter));
	if (e->ee_origin == SO_EE_ORIGIN_ICMP && reporter.sin_family == AF_INET)
		error.from = mir_ip4(ntohl(reporter.sin_addr.s_addr));
	if (port->handler.error)
		port->handler.error(port->arg, &error, &peer);
}

/* Takes the errors that the host has noted. */
static void take_errors(struct host_port *port)
{
	for (unsigned i = 0; i < BURST && !port->closed; i++) {
		union {
			struct sock_extended_err error;
			char bytes[sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in)];
		} e;
		union control control;
		struct sockaddr_in to = { .sin_family = AF_INET };
		struct msghdr m = { &to, sizeof(to), NULL, 0, &control, sizeof(control), 0 };

		if (recvmsg(port->poll.fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
			if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR ||
			    c->cmsg_len < CMSG_LEN(sizeof(e)))
				continue;
			memcpy(&e, CMSG_DATA(c), sizeof(e));
			report(port, &e.error, &to);
			break;
		}
	}
}

static void port_free(struct host_port *port)
{
	host_of(port)->stats.ports--;
	free(port);
}

static void on_event(struct mir_poll_fd *p, unsigned events)
{
	struct host_port *port = mir_container(p, struct host_port, poll);

	port->in_event = true;
	if (events & MIR_POLL_ERR)
		take_errors(port);
	for (unsigned i = 0; i < BURST && !port->closed && receive_one(port); i++)
		;
	port->in_event = false;
	if (port->closed)
		port_free(port);
}

static int udp_bind(struct mir_udp *u, const struct mir_endpoint *local,
    const struct mir_udp_handler *handler, void *arg, struct mir_udp_port **out)
{
	struct host_port *port;
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int one = 1, fd, rc;

	if ((rc = mir_host_address(local, &a)) < 0)
		return rc;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return mir_host_error(errno);
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0) {
		rc = mir_host_error(errno);
		close(fd);
		return rc;
	}
	if (!(port = calloc(1, sizeof(*port)))) {
		close(fd);
		return MIR_ENOMEM;
	}
	*port = (struct host_port){
		.port = { u, { local->addr, ntohs(a.sin_port) } },
		.poll = { fd, MIR_POLL_IN, on_event },
		.handler = *handler,
		.arg = arg,
	};
	if ((rc = mir_poll_add(&port->poll)) < 0) {
		close(fd);
		free(port);
		return rc;
	}
	host_of(port)->stats.ports++;
	*out = &port->port;
	return 0;
}

static int send_now(struct host_port *port, const struct msghdr *m)
{
	/* An error of an earlier datagram is told in place of sending this one. */
	for (unsigned i = 0; i < 8; i++) {
		if (sendmsg(port->poll.fd, m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != ECONNREFUSED && errno != EINTR && errno != EHOSTUNREACH)
			break;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return MIR_ENOMEM;
	return mir_host_error(errno);
}

static int udp_send(struct mir_udp_port *p, const struct mir_ipaddr *src,
    const struct mir_endpoint *dst, struct mir_slice *data, unsigned n)
{
	struct host_port *port = mir_container(p, struct host_port, port);
	struct sockaddr_in to;
	struct iovec v[IOVECS];
	struct in_pktinfo info = { 0 };
	union control control = { .bytes = { 0 } };
	struct msghdr m = { &to, sizeof(to), v, n, NULL, 0, 0 };
	int rc = mir_host_address(dst, &to);

	if (rc == 0 && n > IOVECS)
		rc = MIR_ELIMIT;
	if (rc == 0 && mir_slices_len(data, n) > 65507)
		rc = MIR_EMSGSIZE;
	if (rc == 0) {
		for (unsigned i = 0; i < n; i++)
			v[i] = (struct iovec){ (void *)(uintptr_t)data[i].p, data[i].len };
		if (src && mir_ipaddr_is4(src)) {
			struct cmsghdr *c = &control.align;

			info.ipi_spec_dst.s_addr = htonl(mir_ip4_of(src));
			c->cmsg_level = IPPROTO_IP;
			c->cmsg_type = IP_PKTINFO;
			c->cmsg_len = CMSG_LEN(sizeof(info));
			memcpy(CMSG_DATA(c), &info, sizeof(info));
			m.msg_control = &control;
			m.msg_controllen = CMSG_SPACE(sizeof(info));
		}
		rc = send_now(port, &m);
	}
	mir_slices_unref(data, n);
	return rc;
}

static void udp_close(struct mir_udp_port *p)
{
	struct host_port *port = mir_container(p, struct host_port, port);

	mir_poll_remove(&port->poll);
	close(port->poll.fd);
	port->closed = true;
	if (!port->in_event)
		port_free(port);
}

const struct mir_udp_ops mir_host_udp_ops = { "host", udp_bind, udp_send, udp_close };
