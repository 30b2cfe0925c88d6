/* resolver_device.h: a stub resolver (RFC 1034 section 5.3.1): asks name servers that recurse. */
#ifndef MIR_RESOLVER_DEVICE_H
#define MIR_RESOLVER_DEVICE_H

#include <mir/fiber.h>
#include <mir/hash.h>
#include <mir/resolver.h>
#include <mir/stack.h>

struct mir_resolver_device_config {
	struct mir_stack *stack;
	const char *dns_server; /* "ADDRESS[:PORT], ..."; "" or NULL: those that the stack knows */
	const char *hosts;      /* "ADDRESS NAME ..., ..."; NULL or "": none */
	int64_t dns_timeout;    /* nanoseconds for the first answer; 0: 2 s */
	int64_t dns_tries;      /* rounds over the servers; 0: 3 */
	int64_t dns_cache;      /* answers that are kept; 0: none */
	const char *name;
};

struct mir_dns_entry;

struct mir_dns_cache {
	struct mir_dns_entry *entry;
	unsigned n;
	uint64_t clock; /* of its use */
	struct mir_hash_key key;
};

struct mir_resolver_stats {
	uint64_t lookups, cached; /* asked of us; answered from the cache */
	uint64_t questions, tcp;  /* sent to servers; of them over TCP */
	uint64_t failed;          /* lookups without a result */
	uint64_t strays;          /* datagrams from others than who was asked */
};

struct mir_dns_pending;
struct mir_dns_host;

struct mir_resolver_device {
	struct mir_resolver resolver;
	struct mir_resolver_device_config config;
	struct mir_endpoint server[4]; /* of the key; else the stack's */
	unsigned n_servers;
	struct mir_dns_host *hosts;
	struct mir_dns_cache cache;
	struct mir_dns_pending *pending; /* under way */
	unsigned n_pending;
	struct mir_resolver_stats stats;
};

/* MIR_EINVAL: a key's value, which is logged; MIR_ENOMEM. */
int mir_resolver_device_start(
    struct mir_resolver_device *, const struct mir_resolver_device_config *);
/* Nobody asks any more. */
void mir_resolver_device_stop(struct mir_resolver_device *);

#endif
