/* dhcp.h: DHCP, what the network tells a host about itself (RFC 2131, 2132).
 *
 * The client puts addresses and routes into IP by itself; whoever wants to know what it was told
 * asks here.
 */
#ifndef MIR_DHCP_H
#define MIR_DHCP_H

#include <mir/addr.h>
#include <mir/err.h>

enum { MIR_DHCP_NAME_SERVERS = 4 };

/* What a server has granted. */
struct mir_dhcp_grant {
	struct mir_cidr address;
	struct mir_ipaddr server;
	struct mir_ipaddr gateway; /* any: none was named */
	struct mir_ipaddr name_server[MIR_DHCP_NAME_SERVERS];
	unsigned n_name_servers;
	const char *domain; /* "" if none was named; valid until the grant changes */
	int64_t renew_at;   /* monotonic ns: T1; MIR_NEVER */
	int64_t expires_at; /* monotonic ns; MIR_NEVER: granted for ever */
};

struct mir_dhcp;

struct mir_dhcp_ops {
	const char *name;

	/* Waits until there is an address; returns at once if the client is not at work.  Blocks.
	 * MIR_ETIMEDOUT, MIR_ECANCELED. */
	int (*wait)(struct mir_dhcp *);

	/* What holds now.  MIR_ENOENT: nothing is granted. */
	int (*grant)(struct mir_dhcp *, struct mir_dhcp_grant *out);
};

struct mir_dhcp {
	const struct mir_dhcp_ops *ops;
	bool enabled; /* the client is at work: wanted, and no address was given */
};

static inline int mir_dhcp_wait(struct mir_dhcp *d)
{
	return d->ops->wait(d);
}

static inline int mir_dhcp_grant(struct mir_dhcp *d, struct mir_dhcp_grant *out)
{
	return d->ops->grant(d, out);
}

#endif
