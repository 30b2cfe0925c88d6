/* icmp.h: ICMP for applications: echo (RFC 792, 1122 section 3.2.2.6).  Errors reach their
 * users through IP, UDP and TCP. */
#ifndef MIR_ICMP_H
#define MIR_ICMP_H

#include <mir/addr.h>
#include <mir/err.h>

struct mir_icmp;

struct mir_icmp_reply {
	int64_t rtt_ns;
	struct mir_ipaddr from;
	uint8_t ttl;  /* 0: not known (host sockets may hide it) */
	uint16_t len; /* payload bytes that came back */
};

struct mir_icmp_ops {
	const char *name;

	/* Sends one echo request with `len` payload bytes and waits for its reply.  Blocks.
	 * MIR_ETIMEDOUT (the fiber's deadline), MIR_ECANCELED, MIR_EHOSTUNREACH, MIR_ENETUNREACH,
	 * MIR_EMSGSIZE, MIR_EACCES (host sockets without permission). */
	int (*echo)(struct mir_icmp *, struct mir_ipaddr dst, uint16_t seq, uint16_t len,
	    struct mir_icmp_reply *out);
};

struct mir_icmp {
	const struct mir_icmp_ops *ops;
};

static inline int mir_icmp_echo(struct mir_icmp *i, struct mir_ipaddr dst, uint16_t seq,
    uint16_t len, struct mir_icmp_reply *out)
{
	return i->ops->echo(i, dst, seq, len, out);
}

#endif
