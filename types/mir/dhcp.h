/* dhcp.h: DHCP, what the network tells a host about itself (RFC 2131, 2132).
 *
 * Addresses and routes that it gives are found at IP; here is the rest.
 */
#ifndef MIR_DHCP_H
#define MIR_DHCP_H

#include <mir/addr.h>
#include <mir/err.h>

struct mir_dhcp;

struct mir_dhcp_ops {
	const char *name;

	/* Waits until there is a lease; returns at once if the client is not at work.  Blocks.
	 * MIR_ETIMEDOUT, MIR_ECANCELED. */
	int (*wait)(struct mir_dhcp *);

	/* The i-th name server of the lease.  MIR_ENOENT past the last. */
	int (*name_server)(struct mir_dhcp *, unsigned i, struct mir_ipaddr *out);

	/* The domain of the lease, "" if none.  Valid until the lease changes. */
	const char *(*domain)(struct mir_dhcp *);
};

struct mir_dhcp {
	const struct mir_dhcp_ops *ops;
	bool enabled; /* the client is at work: wanted, and no address was given */
};

static inline int mir_dhcp_wait(struct mir_dhcp *d)
{
	return d->ops->wait(d);
}

#endif
