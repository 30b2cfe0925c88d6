/* socket_udp.c: datagram sockets of IPv4. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "socket.h"
#include "socket_tcp.h"

enum { SMALL = 2048, MOST = 65507 };

/* A datagram that waits: small ones are copied, so that they do not hold a receive buffer. */
struct datagram {
	struct datagram *next;
	struct mir_packet *packet; /* NULL: the bytes are here */
	struct mir_endpoint from, to;
	uint32_t len, cost;
	uint8_t bytes[];
};

struct udp {
	struct mir_socket socket;  /* first */
	struct mir_udp_port *port; /* NULL: not bound */
	struct mir_endpoint local, peer;
	bool connected, read_shut, write_shut;
	struct datagram *first, **end;
	uint32_t queued; /* bytes of memory */
};

static const struct mir_socket_ops ops;

static struct udp *udp_of(struct mir_socket *s)
{
	return mir_container(s, struct udp, socket);
}

struct mir_socket *mir_socket_udp(void)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	mir_socket_init(&u->socket, &ops, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	u->end = &u->first;
	return &u->socket;
}

/* ---- from the loop ---- */

static uint32_t cost_of(const struct mir_packet *p)
{
	uint32_t cost = sizeof(*p);

	for (unsigned i = 0; i < p->nslices; i++)
		cost += p->slice[i].owner ? p->slice[i].owner->size : 0;
	return cost;
}

static struct datagram *datagram_of(struct mir_packet *p)
{
	bool small = p->total <= SMALL;
	struct datagram *d = malloc(sizeof(*d) + (small ? p->total : 0));

	if (!d)
		return NULL;
	*d = (struct datagram){ .packet = small ? NULL : mir_packet_ref(p), .len = p->total };
	d->cost = (uint32_t)sizeof(*d) + (small ? p->total : cost_of(p));
	if (small)
		mir_packet_copy(p, 0, d->bytes, p->total);
	return d;
}

static void input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct udp *u = arg;
	struct datagram *d = NULL;

	if (u->connected &&
	    (src->port != u->peer.port || !mir_ipaddr_eq(&src->addr, &u->peer.addr))) {
		mir_packet_unref(p);
		return;
	}
	if (u->queued < (uint32_t)u->socket.receive_buffer && !u->read_shut)
		d = datagram_of(p);
	mir_packet_unref(p);
	if (!d) {
		mir_socket_stats.dropped++;
		return;
	}
	d->from = *src;
	d->to = *dst;
	u->queued += d->cost;
	*u->end = d;
	u->end = &d->next;
	mir_socket_changed(&u->socket);
}

static void error(void *arg, const struct mir_ip_error *e, const struct mir_endpoint *peer)
{
	struct udp *u = arg;

	if (!u->connected || peer->port != u->peer.port ||
	    !mir_ipaddr_eq(&peer->addr, &u->peer.addr))
		return;
	switch (e->kind) {
	case MIR_IP_PORT_UNREACHABLE: u->socket.error = -ECONNREFUSED; break;
	case MIR_IP_HOST_UNREACHABLE: u->socket.error = -EHOSTUNREACH; break;
	case MIR_IP_NET_UNREACHABLE: u->socket.error = -ENETUNREACH; break;
	case MIR_IP_PROHIBITED: u->socket.error = -EACCES; break;
	default: return; /* passing, or the path's affair */
	}
	mir_socket_changed(&u->socket);
}

static const struct mir_udp_handler handler = { input, error };

/* ---- addresses ---- */

static int bind_to(struct udp *u, const struct mir_endpoint *local)
{
	int rc = mir_udp_bind(mir_socket_stack->udp, local, &handler, u, &u->port);

	if (rc == 0)
		u->local = u->port->local;
	return mir_socket_error(rc);
}

static int udp_bind(struct mir_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct mir_endpoint local;
	int rc = mir_socket_endpoint(address, len, &local);

	if (rc < 0)
		return rc;
	return udp_of(s)->port ? -EINVAL : bind_to(udp_of(s), &local);
}

static int bind_any(struct udp *u)
{
	const struct mir_endpoint any = { MIR_IPADDR_ANY, 0 };

	return u->port ? 0 : bind_to(u, &any);
}

static void disconnect(struct udp *u)
{
	u->connected = false;
	if (u->port)
		u->local = u->port->local;
}

/* What comes from others is not for it any more. */
static void drop_others(struct udp *u)
{
	struct datagram **at = &u->first, *d;

	while ((d = *at) != NULL) {
		if (d->from.port == u->peer.port && mir_ipaddr_eq(&d->from.addr, &u->peer.addr)) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		u->queued -= d->cost;
		mir_packet_unref(d->packet);
		free(d);
	}
	u->end = at;
}

static bool may_reach(const struct mir_socket *s, const struct mir_ipaddr *to)
{
	struct mir_cidr own;
	uint32_t v4 = mir_ip4_of(to);
	bool broadcast = v4 == INADDR_BROADCAST;

	for (unsigned i = 0; !mir_interface_own(i, &own); i++)
		broadcast |= own.len < 31 && v4 == (mir_ip4_of(&own.addr) | ~mir_mask4(own.len));
	return s->broadcast || !broadcast;
}

static int udp_connect(struct mir_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct udp *u = udp_of(s);
	struct mir_ip *ip = mir_socket_stack->ip;
	struct mir_endpoint peer;
	int rc;

	if (address && len >= sizeof(address->sa_family) && address->sa_family == AF_UNSPEC) {
		disconnect(u);
		return 0;
	}
	rc = mir_socket_endpoint(address, len, &peer);
	if (rc == 0)
		rc = bind_any(u);
	if (rc < 0)
		return rc;
	if (mir_ipaddr_is_any(&peer.addr))
		peer.addr = mir_ip4(INADDR_LOOPBACK);
	if (!may_reach(s, &peer.addr))
		return -EACCES;
	u->local = u->port->local;
	if (ip && mir_ipaddr_is_any(&u->local.addr)) {
		rc = ip->ops->source(ip, peer.addr, &u->local.addr);
		if (rc < 0)
			return mir_socket_error(rc);
	}
	u->peer = peer;
	u->connected = true;
	drop_others(u);
	return 0;
}

static int udp_connected(struct mir_socket *s)
{
	(void)s;
	return 0;
}

static int udp_name(struct mir_socket *s, bool peer, struct sockaddr_storage *out, socklen_t *len)
{
	struct udp *u = udp_of(s);

	if (peer && !u->connected)
		return -ENOTCONN;
	mir_socket_address(peer ? &u->peer : &u->local, out, len);
	return 0;
}

/* ---- sending ---- */

/* Where to, as the message says or connect() has. */
static int target(struct udp *u, const struct msghdr *m, struct mir_endpoint *to)
{
	int rc;

	if (!m->msg_name || !m->msg_namelen) {
		*to = u->peer;
		return u->connected ? 0 : -EDESTADDRREQ;
	}
	rc = mir_socket_endpoint(m->msg_name, m->msg_namelen, to);
	if (rc < 0)
		return rc;
	if (to->port == 0)
		return -EINVAL;
	if (mir_ipaddr_is_any(&to->addr))
		to->addr = mir_ip4(INADDR_LOOPBACK);
	return may_reach(&u->socket, &to->addr) ? 0 : -EACCES;
}

/* IP_PKTINFO: the source that the datagram is to have. */
static int source(const struct msghdr *m, struct mir_ipaddr *src)
{
	const uint8_t *p = m->msg_control;
	size_t left = p ? m->msg_controllen : 0, step;
	struct in_pktinfo info;
	struct cmsghdr head;

	while (left >= sizeof(head)) {
		memcpy(&head, p, sizeof(head));
		if (head.cmsg_len < CMSG_LEN(0) || head.cmsg_len > left)
			return -EINVAL;
		if (head.cmsg_level != IPPROTO_IP || head.cmsg_type != IP_PKTINFO ||
		    head.cmsg_len < CMSG_LEN(sizeof(info)))
			return -EINVAL;
		memcpy(&info, p + CMSG_LEN(0), sizeof(info));
		if (info.ipi_spec_dst.s_addr)
			*src = mir_ip4(ntohl(info.ipi_spec_dst.s_addr));
		step = MIR_MIN(left, (size_t)CMSG_ALIGN(head.cmsg_len));
		left -= step;
		p += step;
	}
	return 0;
}

static long udp_send(struct mir_socket *s, const struct msghdr *m, size_t skip, int flags)
{
	struct udp *u = udp_of(s);
	struct mir_ipaddr src = MIR_IPADDR_ANY;
	size_t len = mir_iovec_length(m->msg_iov, m->msg_iovlen);
	struct mir_slice slice = { .len = len };
	struct mir_endpoint to;
	uint8_t *p;
	int rc;

	(void)skip;
	(void)flags;
	if (u->write_shut)
		return -EPIPE;
	if (len > MOST)
		return -EMSGSIZE;
	rc = target(u, m, &to);
	if (rc == 0)
		rc = source(m, &src);
	if (rc == 0)
		rc = bind_any(u);
	if (rc < 0)
		return rc;
	slice.owner = mir_mem_new(len, &p);
	if (!slice.owner)
		return -ENOBUFS;
	slice.p = p;
	mir_iovec_gather(m->msg_iov, m->msg_iovlen, 0, p, len);
	if (u->connected && mir_ipaddr_is_any(&src))
		src = u->local.addr;
	rc = mir_udp_send(u->port, &src, &to, &slice, 1);
	return rc < 0 ? mir_socket_error(rc) : (long)len;
}

/* ---- receiving ---- */

static void take(struct udp *u)
{
	struct datagram *d = u->first;

	u->first = d->next;
	if (!u->first)
		u->end = &u->first;
	u->queued -= d->cost;
	mir_packet_unref(d->packet);
	free(d);
}

/* A packet's bytes, as far as there is room. */
static void scatter_packet(const struct mir_packet *p, const struct msghdr *m, size_t len)
{
	size_t at = MIR_MIN((size_t)p->len, len);

	mir_iovec_scatter(m->msg_iov, m->msg_iovlen, 0, p->data, at);
	for (unsigned i = 0; i < p->nslices && at < len; i++) {
		size_t part = MIR_MIN(p->slice[i].len, len - at);

		mir_iovec_scatter(m->msg_iov, m->msg_iovlen, at, p->slice[i].p, part);
		at += part;
	}
}

static void put_control(const struct mir_socket *s, struct msghdr *m, const struct datagram *d)
{
	size_t room = m->msg_controllen;
	struct in_pktinfo info = { .ipi_ifindex = 2 };

	m->msg_controllen = 0;
	if (!s->packet_info)
		return;
	if (mir_ip4_of(&d->to.addr) >> 24 == 127)
		info.ipi_ifindex = 1;
	info.ipi_addr.s_addr = info.ipi_spec_dst.s_addr = htonl(mir_ip4_of(&d->to.addr));
	mir_control_put(m, room, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static long udp_receive(struct mir_socket *s, struct msghdr *m, size_t skip, int flags)
{
	struct udp *u = udp_of(s);
	struct datagram *d = u->first;
	size_t room = mir_iovec_length(m->msg_iov, m->msg_iovlen), len;

	(void)skip;
	if (s->error)
		return mir_socket_take_error(s);
	if (!d) {
		if (u->read_shut)
			m->msg_controllen = 0;
		return u->read_shut ? 0 : -EAGAIN;
	}
	len = MIR_MIN((size_t)d->len, room);
	if (d->packet)
		scatter_packet(d->packet, m, len);
	else
		mir_iovec_scatter(m->msg_iov, m->msg_iovlen, 0, d->bytes, len);
	if (m->msg_name)
		mir_socket_address(&d->from, m->msg_name, &m->msg_namelen);
	put_control(s, m, d);
	if (d->len > room)
		m->msg_flags |= MSG_TRUNC;
	if (flags & MSG_TRUNC)
		len = d->len;
	if (!(flags & MSG_PEEK))
		take(u);
	return (long)len;
}

static long udp_pending(struct mir_socket *s)
{
	const struct udp *u = udp_of(s);

	return u->first ? u->first->len : 0;
}

static unsigned udp_ready(struct mir_socket *s)
{
	const struct udp *u = udp_of(s);
	unsigned ready = POLLOUT | POLLWRNORM;

	if (u->first || u->read_shut)
		ready |= POLLIN | POLLRDNORM;
	if (u->read_shut)
		ready |= POLLRDHUP | (u->write_shut ? POLLHUP : 0u);
	return ready;
}

/* ---- the rest ---- */

static int udp_shutdown(struct mir_socket *s, int how)
{
	struct udp *u = udp_of(s);

	if (!u->connected)
		return -ENOTCONN;
	u->read_shut |= how != SHUT_WR;
	u->write_shut |= how != SHUT_RD;
	mir_socket_changed(s);
	return 0;
}

static int udp_set(struct mir_socket *s, int level, int name, const void *value, socklen_t len)
{
	return level == IPPROTO_IP ? mir_socket_ip_set(s, name, value, len) : -ENOPROTOOPT;
}

static int udp_get(struct mir_socket *s, int level, int name, void *value, socklen_t *len)
{
	return level == IPPROTO_IP ? mir_socket_ip_get(s, name, value, len) : -ENOPROTOOPT;
}

static void udp_close(struct mir_socket *s)
{
	struct udp *u = udp_of(s);

	if (u->port)
		mir_udp_close(u->port);
	while (u->first)
		take(u);
	free(u);
}

static const struct mir_socket_ops ops = {
	.bind = udp_bind,
	.connect = udp_connect,
	.connected = udp_connected,
	.shutdown = udp_shutdown,
	.name = udp_name,
	.send = udp_send,
	.receive = udp_receive,
	.set = udp_set,
	.get = udp_get,
	.pending = udp_pending,
	.ready = udp_ready,
	.close = udp_close,
};
