/* challenge.c: the certificate that proves to an ACME server that a name is ours (RFC 8737): shown
 * to those who ask for the protocol acme-tls/1, and to nobody else. */
#include "internal.h"

#include <stdlib.h>

/* The protocol that such a connection agrees on; its address marks it. */
static const char protocol[] = "acme-tls/1";

/* ALPN's list: its length, then names behind theirs; just this one name is in it. */
static bool asks_for_it(const unsigned char *p, size_t len)
{
	size_t n = sizeof(protocol) - 1;

	return len == 3 + n && p[0] == 0 && p[1] == 1 + n && p[2] == n &&
	       memcmp(p + 3, protocol, n) == 0;
}

int mir_tls_challenge_hello(SSL *ssl, int *alert, void *arg)
{
	struct mir_tls_device *d = arg;
	const unsigned char *p;
	size_t len;

	(void)alert;
	if (d->challenge &&
	    SSL_client_hello_get0_ext(
		ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &p, &len) == 1 &&
	    asks_for_it(p, len)) {
		SSL_set_app_data(ssl, (void *)(uintptr_t)protocol);
		/* Who is not asked for a certificate must not come back by a ticket as one who
		 * was. */
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
		SSL_set_options(ssl, SSL_OP_NO_TICKET);
		SSL_set_num_tickets(ssl, 0);
	}
	return SSL_CLIENT_HELLO_SUCCESS;
}

bool mir_tls_is_challenge(SSL *ssl)
{
	return SSL_get_app_data(ssl) == (void *)(uintptr_t)protocol;
}

struct mir_tls_identity *mir_tls_challenge_identity(struct mir_tls_device *d, const char *host)
{
	return d->challenge && strcmp(d->challenge_host, host) == 0 ? d->challenge : NULL;
}

int mir_tls_challenge_set(
    struct mir_tls_device *d, const char *host, const char *chain, const char *key)
{
	struct mir_tls_identity *id = NULL;
	const char *why;

	if (strlen(host) >= sizeof(d->challenge_host))
		return MIR_EINVAL;
	if (chain &&
	    !(id = mir_tls_identity_new(d, protocol, chain, strlen(chain), key, strlen(key), &why)))
		return MIR_EINVAL;
	mir_tls_identities_free(d->challenge);
	d->challenge = id;
	memcpy(d->challenge_host, host, strlen(host) + 1);
	return 0;
}
