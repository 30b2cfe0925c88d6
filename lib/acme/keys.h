/* keys.h: keys, signatures and certificates of ACME, by OpenSSL. */
#ifndef MIR_ACME_KEYS_H
#define MIR_ACME_KEYS_H

#include "engine.h"

#include <openssl/evp.h>

enum {
	MIR_ACME_THUMBPRINT = 44,
	MIR_ACME_AUTHORIZATION = MIR_ACME_TOKEN + MIR_ACME_THUMBPRINT + 1,
	MIR_ACME_CSR = 6144,
	MIR_ACME_JWS = 16384,
	MIR_ACME_PEM = 65536,
};

/* base64url without padding (RFC 7515 section 2), zero-ended: its length; MIR_ERANGE. */
int mir_acme_base64url(const void *p, size_t len, char *out, size_t cap);
/* The reverse: bytes; MIR_EINVAL, MIR_ERANGE. */
int mir_acme_unbase64url(const char *text, uint8_t *out, size_t cap);

/* A fresh key on P-256; NULL: out of memory. */
EVP_PKEY *mir_acme_key_new(void);
/* Keys as texts in PEM; the length, or an error. */
int mir_acme_key_write(EVP_PKEY *, char *out, size_t cap);
EVP_PKEY *mir_acme_key_read(const char *text, size_t len);

/* The public half (RFC 7517), and its SHA-256 (RFC 7638). */
int mir_acme_jwk(EVP_PKEY *, char *out, size_t cap);
int mir_acme_thumbprint(EVP_PKEY *, char out[static MIR_ACME_THUMBPRINT]);

/* A signed request (RFC 8555 section 6.2): its length; account "": by the key itself. */
int mir_acme_sign(EVP_PKEY *, const char *account, const char *nonce, const char *url,
    const char *payload, char *out, size_t cap);

/* What binds the key to an account that the CA knows by other means (section 7.3.4): JSON.  mac:
 * base64url.  MIR_EINVAL. */
int mir_acme_binding(
    EVP_PKEY *, const char *kid, const char *mac, const char *url, char *out, size_t cap);

/* The request for a certificate (RFC 2986) for the plan's names, in base64url. */
int mir_acme_request(EVP_PKEY *, const struct mir_acme_plan *, char *out, size_t cap);

/* The certificate that answers tls-alpn-01 (RFC 8737 section 3): in PEM; the length. */
int mir_acme_alpn_certificate(
    EVP_PKEY *, const char *host, const char *authorization, char *out, size_t cap);

/* Looks at a chain in PEM: 0 and in *from, *until (seconds since 1970) when it holds, if its first
 * certificate is for all names of the plan, and (key not NULL) for that key.  MIR_EPROTO. */
int mir_acme_check(const char *pem, size_t len, EVP_PKEY *key, const struct mir_acme_plan *,
    int64_t *from, int64_t *until);

#endif
