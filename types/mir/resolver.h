/* resolver.h: RESOLVER, the addresses that a name stands for.
 *
 * Implemented by lib/resolver, which asks name servers.
 */
#ifndef MIR_RESOLVER_H
#define MIR_RESOLVER_H

#include <mir/addr.h>
#include <mir/err.h>

struct mir_resolver;

enum { MIR_RESOLVER_NAME = 256, MIR_RESOLVER_ADDRESSES = 8 };

struct mir_resolver_ops {
	const char *name;

	/* The addresses of a host, those that the stack can reach, in the order in which they are
	 * to be tried: how many, 1..max.  `host` is a name as "www.example.com", with or without a
	 * dot at its end, or an address as text.  Blocks.  MIR_ENOENT: there is no such name, or it
	 * has no address; MIR_EINVAL: not a name; MIR_ENETUNREACH: no name server is known;
	 * MIR_ETIMEDOUT: none answered; MIR_EPROTO: none had an answer to use; MIR_ELIMIT: too many
	 * questions at once; MIR_ECANCELED. */
	int (*addresses)(
	    struct mir_resolver *, const char *host, struct mir_ipaddr *out, unsigned max);
};

struct mir_resolver {
	const struct mir_resolver_ops *ops;
};

static inline int mir_resolver_addresses(
    struct mir_resolver *r, const char *host, struct mir_ipaddr *out, unsigned max)
{
	return r->ops->addresses(r, host, out, max);
}

#endif
