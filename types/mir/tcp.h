/* tcp.h: TCP, reliable streams between ports (RFC 9293).
 *
 * Implemented by lib/tcp over IP, and by the host's sockets on unix.
 */
#ifndef MIR_TCP_H
#define MIR_TCP_H

#include <mir/addr.h>
#include <mir/flow.h>

struct mir_tcp;
struct mir_tcp_listener;

/* A flow with addresses.  Embedded first in an implementation's connection. */
struct mir_tcp_flow {
	struct mir_flow flow;
	struct mir_tcp *tcp;
	struct mir_endpoint local, peer;
};

/* How a connection behaves; all zero is right for most. */
struct mir_tcp_options {
	bool nodelay;                  /* no Nagle: small writes leave at once */
	int64_t keepalive_idle_ns;     /* 0: no keep-alive (RFC 9293 section 3.8.4) */
	int64_t keepalive_interval_ns; /* 0: 75 s */
	unsigned keepalive_probes;     /* 0: 9 */
	int64_t user_timeout_ns; /* give up when data is unacknowledged for so long; 0: 5 min */
	/* Text of who connects, borrowed: goes with the SYN where the device's key
	 * tcp-fast-open and the peer allow it, and may come twice then; else after it. */
	struct mir_slice first;
	bool tell_timeout;       /* the peer is told, and heard if it asks for more (RFC 5482) */
	const char *congestion;  /* congestion control, which outlives us; NULL: the device's key */
	uint32_t send_buffer;    /* bytes queued before write blocks; 0: the device's key */
	uint32_t receive_buffer; /* largest window; 0: the device's key */
};

/* What can be changed of a connection that there is; each as in the options above. */
enum mir_tcp_option {
	MIR_TCP_SET_NODELAY,            /* 0 or 1 */
	MIR_TCP_SET_KEEPALIVE_IDLE,     /* ns; 0: no keep-alive */
	MIR_TCP_SET_KEEPALIVE_INTERVAL, /* ns */
	MIR_TCP_SET_KEEPALIVE_PROBES,
	MIR_TCP_SET_USER_TIMEOUT, /* ns */
	MIR_TCP_SET_TELL_TIMEOUT, /* 0 or 1 */
	MIR_TCP_SET_CONGESTION,   /* by name */
};

/* A connection was accepted: established, and yours.  Called from the event loop: must not block;
 * keep it (mir_flow_when_readable) or spawn a fiber for it. */
typedef void mir_tcp_accept(void *arg, struct mir_tcp_flow *flow);

struct mir_tcp_ops {
	const char *name;

	/* Connects from local (NULL, or any parts zero: chosen) to peer.  Blocks. MIR_ECONNREFUSED,
	 * MIR_ETIMEDOUT (no answer, or the fiber's deadline), MIR_ECANCELED, MIR_EHOSTUNREACH and
	 * MIR_ENETUNREACH (ICMP errors too), MIR_EADDRNOTAVAIL (no port left), MIR_EADDRINUSE,
	 * MIR_ELIMIT.  After a failure nothing is left of the attempt. */
	int (*connect)(struct mir_tcp *, const struct mir_endpoint *local,
	    const struct mir_endpoint *peer, const struct mir_tcp_options *,
	    struct mir_tcp_flow **out);

	/* Accepts connections to local (any address: all; port 0: a free one, told by
	 * mir_tcp_listener.local). backlog: connections in handshake at once, 0: 1024; past it the
	 * oldest half-open one makes room. options is copied; may be NULL.  MIR_EADDRINUSE,
	 * MIR_EACCES. */
	int (*listen)(struct mir_tcp *, const struct mir_endpoint *local, unsigned backlog,
	    const struct mir_tcp_options *, mir_tcp_accept *accept, void *arg,
	    struct mir_tcp_listener **out);

	/* Stops accepting and frees the listener; accepted connections live on. */
	void (*unlisten)(struct mir_tcp_listener *);

	/* Takes the pressure off: a paused listener leaves new connections waiting (host) or drops
	 * their SYN (own stack), until resumed. */
	void (*pause)(struct mir_tcp_listener *, bool paused);

	/* Changes an option of a connection: a number, or a name.  MIR_EINVAL: a value that cannot
	 * be, a name of nothing; MIR_ENOSYS: not offered here. */
	int (*set)(struct mir_tcp_flow *, enum mir_tcp_option, int64_t value, const char *name);
};

struct mir_tcp {
	const struct mir_tcp_ops *ops;
};

/* Embedded first in an implementation's listener. */
struct mir_tcp_listener {
	struct mir_tcp *tcp;
	struct mir_endpoint local;
};

static inline int mir_tcp_connect(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	return t->ops->connect(t, local, peer, o, out);
}

static inline int mir_tcp_listen(struct mir_tcp *t, const struct mir_endpoint *local,
    unsigned backlog, const struct mir_tcp_options *o, mir_tcp_accept *accept, void *arg,
    struct mir_tcp_listener **out)
{
	return t->ops->listen(t, local, backlog, o, accept, arg, out);
}

static inline void mir_tcp_unlisten(struct mir_tcp_listener *l)
{
	l->tcp->ops->unlisten(l);
}

static inline void mir_tcp_pause(struct mir_tcp_listener *l, bool paused)
{
	l->tcp->ops->pause(l, paused);
}

static inline int mir_tcp_set(struct mir_tcp_flow *f, enum mir_tcp_option o, int64_t value)
{
	return f->tcp->ops->set(f, o, value, NULL);
}

static inline int mir_tcp_set_congestion(struct mir_tcp_flow *f, const char *name)
{
	return f->tcp->ops->set(f, MIR_TCP_SET_CONGESTION, 0, name);
}

#endif
