/* internal.h: what the files of lib/acme share. */
#ifndef MIR_ACME_INTERNAL_H
#define MIR_ACME_INTERNAL_H

#include <mir/acme_device.h>

#include "keys.h"

struct mir_acme_account {
	EVP_PKEY *key;
	char thumbprint[MIR_ACME_THUMBPRINT];
	struct mir_acme_plan plan;
	struct mir_acme_engine engine;
	char csr[MIR_ACME_CSR];
	char jws[MIR_ACME_JWS];
	char pem[MIR_ACME_PEM]; /* a certificate that came, with its chain */
	size_t pem_len;
};

/* store.c: what the store has.  All block. */

/* The key that orders, made if there is none. */
int mir_acme_account_load(struct mir_acme_device *);
/* When the newest certificate for the plan's names is to be renewed, and ends (seconds since 1970);
 * MIR_ENOENT: there is none. */
int mir_acme_stored(struct mir_acme_device *, int64_t *from, int64_t *until);
/* Keeps a certificate and its key, and removes those before it. */
int mir_acme_store(struct mir_acme_device *, EVP_PKEY *key);
/* The directory's authorities for TLS, if the store has none. */
int mir_acme_trust(struct mir_acme_device *);

/* order.c: one certificate from the directory into the store.  Blocks.  MIR_EACCES: the server said
 * no, *until: not again before; or what else went wrong. */
int mir_acme_order(struct mir_acme_device *, int64_t *until);

#endif
