/* udp.h: UDP, datagrams between ports (RFC 768, 1122 section 4.1). */
#ifndef MIR_UDP_H
#define MIR_UDP_H

#include <mir/ip.h>

struct mir_udp;
struct mir_udp_port;

/* What happens at a bound port.  Neither function blocks. */
struct mir_udp_handler {
	/* A datagram; dst tells to which of our addresses (or a broadcast address) it came. */
	void (*input)(void *arg, struct mir_packet *p /* take */, const struct mir_endpoint *src,
	    const struct mir_endpoint *dst);

	/* A datagram that we sent to `peer` got an ICMP error.  May be NULL. */
	void (*error)(void *arg, const struct mir_ip_error *, const struct mir_endpoint *peer);
};

struct mir_udp_ops {
	const char *name;

	/* Binds local (any address: all; port 0: a free one, unpredictable, RFC 6056).
	 * MIR_EADDRINUSE, MIR_EADDRNOTAVAIL (no port left), MIR_ELIMIT. */
	int (*bind)(struct mir_udp *, const struct mir_endpoint *local,
	    const struct mir_udp_handler *, void *arg, struct mir_udp_port **out);

	/* Sends the slices as one datagram; src any: chosen by route.  Never blocks.
	 * MIR_EMSGSIZE (over 65507 bytes), MIR_ENETUNREACH, MIR_ENOMEM. */
	int (*send)(struct mir_udp_port *, const struct mir_ipaddr *src,
	    const struct mir_endpoint *dst, struct mir_slice *data /* take */, unsigned n);

	/* Gives the port back; the handler is not called any more, and the pointer is dead. */
	void (*close)(struct mir_udp_port *);
};

struct mir_udp {
	const struct mir_udp_ops *ops;
};

/* Embedded first in an implementation's port. */
struct mir_udp_port {
	struct mir_udp *udp;
	struct mir_endpoint local;
};

static inline int mir_udp_bind(struct mir_udp *u, const struct mir_endpoint *local,
    const struct mir_udp_handler *h, void *arg, struct mir_udp_port **out)
{
	return u->ops->bind(u, local, h, arg, out);
}

static inline int mir_udp_send(struct mir_udp_port *p, const struct mir_ipaddr *src,
    const struct mir_endpoint *dst, struct mir_slice *data, unsigned n)
{
	return p->udp->ops->send(p, src, dst, data, n);
}

static inline void mir_udp_close(struct mir_udp_port *p)
{
	p->udp->ops->close(p);
}

#endif
