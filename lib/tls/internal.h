/* internal.h: what the files of lib/tls know of each other. */
#ifndef MIR_TLS_INTERNAL_H
#define MIR_TLS_INTERNAL_H

#include <mir/tls_device.h>

#include "session.h"

/* turn.c: waits until one more handshake may be under way on `below`.  Blocks, until `until`.
 * MIR_ELIMIT: too many wait; MIR_ETIMEDOUT, MIR_ECANCELED. */
int mir_tls_turn_take(
    struct mir_tls_turn *, struct mir_tls_device *, struct mir_flow *below, int64_t until);
void mir_tls_turn_give(struct mir_tls_turn *, struct mir_tls_device *);

/* handshake.c: a handshake, and the flow that comes of it.  server_name: of a client; NULL: a
 * server. */
int mir_tls_handshake(struct mir_tls_device *, struct mir_flow *below, SSL_CTX *,
    const char *server_name, const struct mir_tls_options *, struct mir_tls_flow **out);

/* alpn.c: "h2 http/1.1" as bytes behind their lengths; how many bytes, 0: no such list. */
enum { MIR_TLS_ALPN_MAX = 128 };
size_t mir_tls_alpn_wire(const char *list, uint8_t out[static MIR_TLS_ALPN_MAX]);
/* Of a server. */
int mir_tls_alpn_select(SSL *, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg);

/* context.c: what every SSL_CTX has. NULL: out of memory, or no such ciphers. */
SSL_CTX *mir_tls_context_new(struct mir_tls_device *, bool server);

/* identity.c: a certificate with its key, and what goes with it. */
struct mir_tls_identity {
	struct mir_tls_identity *next;
	SSL_CTX *context;
	uint8_t *ocsp; /* DER, or NULL */
	size_t ocsp_len;
	char name[MIR_TLS_NAME]; /* its dictionary in the store */
};

/* All identities of the store; what is wrong is logged and left out.  MIR_ENOMEM, or the store's
 * error.  Blocks. */
int mir_tls_identities_load(struct mir_tls_device *, struct mir_tls_identity **out);
void mir_tls_identities_free(struct mir_tls_identity *);
/* The one of that name; NULL. */
struct mir_tls_identity *mir_tls_identity_named(struct mir_tls_device *, const char *name);
/* A callback of a server's context: the identity for the name that the client asks for. */
int mir_tls_identity_select(SSL *, int *alert, void *arg);
/* From texts in PEM; NULL: *why says what is wrong. */
struct mir_tls_identity *mir_tls_identity_new(struct mir_tls_device *, const char *name,
    const char *chain, size_t chain_len, const char *key, size_t key_len, const char **why);

/* challenge.c: as mir_tls_ops.challenge. */
int mir_tls_challenge_set(
    struct mir_tls_device *, const char *host, const char *chain, const char *key);
/* A callback of a server's context, before all others: is this a client of acme-tls/1? */
int mir_tls_challenge_hello(SSL *, int *alert, void *arg);
/* Is it?  Then also what it is shown; NULL: nothing. */
bool mir_tls_is_challenge(SSL *);
struct mir_tls_identity *mir_tls_challenge_identity(struct mir_tls_device *, const char *host);

/* selfsigned.c: an identity of no authority for these names (comma separated), valid for a year;
 * kept in the store where it can be written.  Blocks. */
int mir_tls_self_signed(struct mir_tls_device *, const char *names, struct mir_tls_identity **out);

/* trust.c: authorities and revocations of the store into a context; false: the store has none, or
 * bad ones (logged).  Blocks. */
bool mir_tls_trust_load(struct mir_tls_device *, SSL_CTX *);

/* store.c: a value, with a zero behind it; the caller frees with mir_tls_value_free.  Blocks. */
int mir_tls_value(
    struct mir_tls_device *, const char *dir, const char *name, char **text, size_t *len);
void mir_tls_value_free(char *text, size_t len);
/* Does the store have that value?  Blocks. */
bool mir_tls_has(struct mir_tls_device *, const char *dir, const char *name);

/* ticket.c: session tickets under keys that change. */
int mir_tls_ticket_key(SSL *, unsigned char name[16], unsigned char iv[16], EVP_CIPHER_CTX *,
    EVP_MAC_CTX *, int encrypt);

/* cache.c: sessions that clients may resume. */
int mir_tls_cache_new(SSL *, SSL_SESSION *);
SSL_SESSION *mir_tls_cache_find(struct mir_tls_device *, const char *server_name);
void mir_tls_cache_clear(struct mir_tls_device *);

/* context.c: the device of a context. */
struct mir_tls_device *mir_tls_of_context(const SSL_CTX *);
void mir_tls_context_belongs(SSL_CTX *, struct mir_tls_device *);
/* Versions and ciphers as the device's keys say: OpenSSL takes a server's from the context of its
 * identity. */
bool mir_tls_context_level(struct mir_tls_device *, SSL_CTX *);

#endif
