/* fastopen.h: what TCP Fast Open remembers (RFC 7413): the key of the cookies that we give, and the
 * cookies that others gave us. */
#ifndef MIR_TCP_FASTOPEN_H
#define MIR_TCP_FASTOPEN_H

#include "wire.h"

#include <mir/hash.h>

enum {
	MIR_TCP_FAST_COOKIE = 8,   /* bytes of ours */
	MIR_TCP_FAST_SERVERS = 64, /* whose cookies are kept; the one used longest ago makes room */
	MIR_TCP_FAST_PENDING = 256 /* connections at once that opened fast and are not confirmed */
};

struct mir_tcp_fast_server {
	struct mir_ipaddr addr;
	struct mir_tcp_cookie cookie; /* len 0: none */
	uint16_t mss;                 /* that it offered */
	int64_t used_at;              /* 0: the entry is free */
	int64_t banned_until;         /* the path swallows such SYNs */
};

struct mir_tcp_fast {
	struct mir_hash_key key[2]; /* the present one, the one before */
	int64_t changed_at;
	uint32_t pending;
	struct mir_tcp_fast_server servers[MIR_TCP_FAST_SERVERS];
};

/* The cookie of who comes from tuple->peer (section 4.1.2). */
struct mir_tcp_cookie mir_tcp_fast_cookie(
    struct mir_tcp_fast *, const struct mir_tcp_tuple *, int64_t now);
bool mir_tcp_fast_is_good(struct mir_tcp_fast *, const struct mir_tcp_tuple *,
    const struct mir_tcp_cookie *, int64_t now);

/* What is known of a server; NULL: nothing, or it is not to be tried now (section 4.1.3). */
const struct mir_tcp_fast_server *mir_tcp_fast_find(
    struct mir_tcp_fast *, const struct mir_ipaddr *, int64_t now);
bool mir_tcp_fast_banned(struct mir_tcp_fast *, const struct mir_ipaddr *, int64_t now);
void mir_tcp_fast_learn(struct mir_tcp_fast *, const struct mir_ipaddr *,
    const struct mir_tcp_cookie *, uint16_t mss, int64_t now);
/* A SYN with text was lost: not for a while. */
void mir_tcp_fast_ban(struct mir_tcp_fast *, const struct mir_ipaddr *, int64_t now);

#endif
