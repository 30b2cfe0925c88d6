/* acme.h: ACME, certificates that an image gets for itself (RFC 8555).
 *
 * Implemented by lib/acme; a server of HTTP asks it for the answers to challenges.
 */
#ifndef MIR_ACME_H
#define MIR_ACME_H

#include <mir/err.h>
#include <mir/kv.h>

struct mir_acme;

struct mir_acme_ops {
	const char *name;

	/* The answer to the http-01 challenge `token` (the rest of the path behind
	 * /.well-known/acme-challenge/), zero-ended: its length.  Does not block.  MIR_ENOENT: no
	 * such challenge is open; MIR_ERANGE. */
	int (*http01)(struct mir_acme *, struct mir_str token, char *out, size_t cap);
};

struct mir_acme {
	const struct mir_acme_ops *ops;
};

static inline int mir_acme_http01(struct mir_acme *a, struct mir_str token, char *out, size_t cap)
{
	return a->ops->http01(a, token, out, cap);
}

#endif
