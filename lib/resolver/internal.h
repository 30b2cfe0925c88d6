/* internal.h: what the files of lib/resolver share. */
#ifndef MIR_RESOLVER_INTERNAL_H
#define MIR_RESOLVER_INTERNAL_H

#include "cache.h"
#include "lookup.h"

/* names.c: names that are known without asking. */
struct mir_dns_host {
	struct mir_dns_host *next;
	struct mir_ipaddr address;
	char name[];
};

/* Reads "10.0.0.1 a b, 10.0.0.2 c".  MIR_EINVAL, MIR_ENOMEM; what was read is in *out. */
int mir_dns_hosts_parse(const char *text, struct mir_dns_host **out);
void mir_dns_hosts_free(struct mir_dns_host *);

/* Reads "10.0.0.1, 10.0.0.2:5353": how many; MIR_EINVAL. */
int mir_dns_servers_parse(const char *text, struct mir_endpoint out[MIR_DNS_SERVERS]);

/* Names that mean the same everywhere (RFC 6761, 7686), and the hosts: addresses, MIR_ENOENT, or 0:
 * a name server knows. */
int mir_dns_known(
    const struct mir_dns_host *, const char *name, struct mir_ipaddr *out, unsigned max);

/* exchange.c: asks servers until there is a result, which is in the lookup.  Blocks. MIR_ECANCELED,
 * MIR_ETIMEDOUT (the fiber's deadline): there is none. */
int mir_dns_exchange(struct mir_resolver_device *, struct mir_dns_lookup *);

#endif
