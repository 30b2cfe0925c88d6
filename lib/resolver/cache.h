/* cache.h: what was answered, for as long as it holds: a table of bounded size. */
#ifndef MIR_RESOLVER_CACHE_H
#define MIR_RESOLVER_CACHE_H

#include "message.h"

#include <mir/resolver_device.h>

/* MIR_ENOMEM. */
int mir_dns_cache_init(struct mir_dns_cache *, unsigned entries);
void mir_dns_cache_free(struct mir_dns_cache *);

/* 1: there is an answer, whose result is in *result; 0: there is none. */
int mir_dns_cache_find(struct mir_dns_cache *, const char *name, int64_t now, int *result,
    struct mir_ipaddr out[MIR_RESOLVER_ADDRESSES]);

/* result: addresses, or MIR_ENOENT.  ttl: seconds.  The entry that was not used for longest makes
 * room. */
void mir_dns_cache_add(struct mir_dns_cache *, const char *name, int64_t now, uint32_t ttl,
    int result, const struct mir_ipaddr *addresses);

#endif
