/* socket_netlink.c: rtnetlink, as far as a C library asks it for interfaces and addresses
 * (rtnetlink(7)).  A request is answered at once; the answers wait to be received. */
#include <errno.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "socket.h"

enum {
	HEADER = 16, /* of a message: length, type, flags, sequence, port */
	REQUEST_MOST = 4096,
	ANSWERS = 16384,
	DONE = 3,
	ERROR = 2,
	MULTI = 2,
	FLAG_REQUEST = 1,
	FLAG_ACK = 4,
	FLAG_DUMP = 0x300,
	NEWLINK = 16,
	GETLINK = 18,
	NEWADDR = 20,
	GETADDR = 22,
	PORT = 1,
	UP_STATE = 6,
};

/* Attributes. */
enum { LINK_ADDRESS = 1, LINK_BROADCAST, LINK_NAME, LINK_MTU, LINK_STATE = 16 };
enum { ADDRESS = 1, LOCAL, LABEL, BROADCAST };

struct netlink {
	struct mir_socket socket; /* first */
	uint8_t *answers;         /* whole messages, one part of a dump behind the other */
	size_t len, at;
	bool lost; /* there was no room for all answers */
};

struct request {
	uint16_t type, flags;
	uint32_t seq;
	uint8_t family;
};

static const struct mir_socket_ops ops;

static struct netlink *netlink_of(struct mir_socket *s)
{
	return mir_container(s, struct netlink, socket);
}

struct mir_socket *mir_socket_netlink(int type)
{
	struct netlink *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	mir_socket_init(&n->socket, &ops, AF_NETLINK, type, 0);
	return &n->socket;
}

/* ---- answers ---- */

/* Numbers are in the order of the machine, as all of netlink is. */
static void put(struct netlink *n, const void *p, size_t len)
{
	n->lost |= ANSWERS - n->len < len;
	if (n->lost)
		return;
	memcpy(n->answers + n->len, p, len);
	n->len += len;
}

static void align(struct netlink *n)
{
	static const uint8_t zero[4];

	put(n, zero, -n->len & 3);
}

static void attribute(struct netlink *n, uint16_t type, const void *p, size_t len)
{
	const uint16_t head[2] = { (uint16_t)(4 + len), type };

	put(n, head, sizeof(head));
	put(n, p, len);
	align(n);
}

static size_t begin(struct netlink *n, const struct request *r, uint16_t type, uint16_t flags)
{
	const struct {
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, port;
	} head = { 0, type, flags, r->seq, PORT };
	size_t at = n->len;

	put(n, &head, sizeof(head));
	return at;
}

/* A message for which there was no room is none, nor are those behind it. */
static void end(struct netlink *n, size_t at)
{
	uint32_t len = (uint32_t)(n->len - at);

	if (n->lost)
		n->len = at;
	else
		memcpy(n->answers + at, &len, sizeof(len));
}

static void put_link(struct netlink *n, const struct request *r, const struct mir_interface *i)
{
	static const uint8_t none[6], all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const bool loopback = i->index == 1;
	const struct {
		uint8_t family, pad;
		uint16_t type;
		int32_t index;
		uint32_t flags, change;
	} info = { 0, 0, loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER, i->index, i->flags, 0 };
	const uint8_t state = UP_STATE;
	size_t at = begin(n, r, NEWLINK, MULTI);

	put(n, &info, sizeof(info));
	attribute(n, LINK_NAME, i->name, strlen(i->name) + 1);
	attribute(n, LINK_MTU, &i->mtu, sizeof(i->mtu));
	attribute(n, LINK_STATE, &state, sizeof(state));
	attribute(n, LINK_ADDRESS, none, sizeof(none));
	attribute(n, LINK_BROADCAST, loopback ? none : all, sizeof(all));
	end(n, at);
}

static void put_address(struct netlink *n, const struct request *r, const struct mir_interface *i,
    const struct mir_cidr *c)
{
	const struct {
		uint8_t family, len, flags, scope;
		uint32_t index;
	} info = { AF_INET, c->len, 0x80, i->index == 1 ? 254 : 0, (uint32_t)i->index };
	uint8_t all[4];
	size_t at = begin(n, r, NEWADDR, MULTI);

	mir_put_be32(all, mir_ip4_of(&c->addr) | ~mir_mask4(c->len));
	put(n, &info, sizeof(info));
	attribute(n, ADDRESS, c->addr.b + 12, 4);
	attribute(n, LOCAL, c->addr.b + 12, 4);
	if (i->index != 1 && c->len < 31)
		attribute(n, BROADCAST, all, 4);
	attribute(n, LABEL, i->name, strlen(i->name) + 1);
	end(n, at);
}

static void put_error(struct netlink *n, const struct request *r, const uint8_t *head, int error)
{
	size_t at = begin(n, r, ERROR, 0);
	const int32_t number = error;

	put(n, &number, sizeof(number));
	put(n, head, HEADER);
	end(n, at);
}

static void answer(struct netlink *n, const struct request *r, const uint8_t *head)
{
	const int32_t none = 0;
	struct mir_interface i;
	struct mir_cidr c;
	size_t at;

	if ((r->type != GETLINK && r->type != GETADDR) || (r->flags & FLAG_DUMP) != FLAG_DUMP) {
		put_error(n, r, head, -EOPNOTSUPP);
		return;
	}
	for (unsigned k = 0; mir_interface(k, &i) == 0; k++) {
		if (r->type == GETLINK) {
			put_link(n, r, &i);
			continue;
		}
		if (r->family != AF_UNSPEC && r->family != AF_INET)
			continue;
		for (unsigned a = 0; mir_interface_address(&i, a, &c) == 0; a++)
			put_address(n, r, &i, &c);
	}
	at = begin(n, r, DONE, MULTI);
	put(n, &none, sizeof(none));
	end(n, at);
}

/* ---- requests ---- */

static void ask(struct netlink *n, const uint8_t *p, size_t len)
{
	while (len >= HEADER) {
		struct request r;
		uint32_t size;

		memcpy(&size, p, sizeof(size));
		if (size < HEADER || size > len)
			return;
		memcpy(&r.type, p + 4, sizeof(r.type));
		memcpy(&r.flags, p + 6, sizeof(r.flags));
		memcpy(&r.seq, p + 8, sizeof(r.seq));
		r.family = size > HEADER ? p[HEADER] : (uint8_t)AF_UNSPEC;
		if (r.flags & FLAG_REQUEST && r.type >= NEWLINK)
			answer(n, &r, p);
		size = MIR_MIN((size + 3) & ~3u, (uint32_t)len);
		p += size;
		len -= size;
	}
}

static long netlink_send(struct mir_socket *s, const struct msghdr *m, size_t skip, int flags)
{
	struct netlink *n = netlink_of(s);
	size_t len = mir_iovec_length(m->msg_iov, m->msg_iovlen);
	uint8_t request[REQUEST_MOST];

	(void)skip;
	(void)flags;
	if (len > sizeof(request))
		return -EMSGSIZE;
	/* Who asks again before it has read is told that answers were lost. */
	if (n->len - n->at > ANSWERS / 2)
		return -ENOBUFS;
	if (!n->answers)
		n->answers = malloc(ANSWERS);
	if (!n->answers)
		return -ENOMEM;
	memmove(n->answers, n->answers + n->at, n->len - n->at);
	n->len -= n->at;
	n->at = 0;
	n->lost = false;
	mir_iovec_gather(m->msg_iov, m->msg_iovlen, 0, request, len);
	ask(n, request, len);
	if (n->lost)
		s->error = -ENOBUFS;
	mir_socket_changed(s);
	return (long)len;
}

/* As many whole messages as there is room for, one at least. */
static size_t batch(const struct netlink *n, size_t room)
{
	size_t len = 0;
	uint32_t size;

	while (n->at + len + HEADER <= n->len) {
		memcpy(&size, n->answers + n->at + len, sizeof(size));
		size = (size + 3) & ~3u;
		if (len > 0 && len + size > room)
			break;
		len += size;
	}
	return len;
}

static long netlink_receive(struct mir_socket *s, struct msghdr *m, size_t skip, int flags)
{
	struct netlink *n = netlink_of(s);
	size_t room = mir_iovec_length(m->msg_iov, m->msg_iovlen), len = batch(n, room), put_len;
	const uint8_t name[12] = { AF_NETLINK };

	(void)skip;
	if (s->error)
		return mir_socket_take_error(s);
	if (len == 0)
		return -EAGAIN;
	put_len = MIR_MIN(len, room);
	mir_iovec_scatter(m->msg_iov, m->msg_iovlen, 0, n->answers + n->at, put_len);
	if (m->msg_name) {
		memcpy(m->msg_name, name, sizeof(name));
		m->msg_namelen = sizeof(name);
	}
	m->msg_controllen = 0;
	if (put_len < len)
		m->msg_flags |= MSG_TRUNC;
	if (!(flags & MSG_PEEK))
		n->at += len;
	return (long)(flags & MSG_TRUNC ? len : put_len);
}

/* ---- the rest ---- */

static int netlink_bind(struct mir_socket *s, const struct sockaddr *address, socklen_t len)
{
	(void)s;
	if (!address || len < 12 || address->sa_family != AF_NETLINK)
		return -EINVAL;
	return 0;
}

static int netlink_name(
    struct mir_socket *s, bool peer, struct sockaddr_storage *out, socklen_t *len)
{
	const uint32_t name[3] = { AF_NETLINK, peer ? 0 : PORT, 0 };

	(void)s;
	memcpy(out, name, sizeof(name));
	*len = sizeof(name);
	return 0;
}

static unsigned netlink_ready(struct mir_socket *s)
{
	const struct netlink *n = netlink_of(s);

	return POLLOUT | POLLWRNORM | (n->at < n->len ? POLLIN | POLLRDNORM : 0u);
}

static void netlink_close(struct mir_socket *s)
{
	struct netlink *n = netlink_of(s);

	free(n->answers);
	free(n);
}

static const struct mir_socket_ops ops = {
	.bind = netlink_bind,
	.name = netlink_name,
	.send = netlink_send,
	.receive = netlink_receive,
	.ready = netlink_ready,
	.close = netlink_close,
};
