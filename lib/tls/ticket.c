/* ticket.c: session tickets (RFC 5077, RFC 8446 section 4.6.1) under keys that change.
 *
 * A ticket under the key before the present one is still taken, and renewed; under older ones it is
 * not, so that what was recorded stays secret when an image is taken over later.
 */
#include "internal.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

static const int64_t lifetime_ns = MIR_SECOND(12 * 3600);

static bool make(struct mir_tls_ticket_keys *k)
{
	k->until = mir_time_add(mir_now(), lifetime_ns);
	return RAND_bytes(k->name, sizeof(k->name)) == 1 &&
	       RAND_priv_bytes(k->cipher, sizeof(k->cipher)) == 1 &&
	       RAND_priv_bytes(k->mac, sizeof(k->mac)) == 1;
}

/* The present key; NULL: no entropy. */
static struct mir_tls_ticket_keys *present(struct mir_tls_device *d)
{
	struct mir_tls_ticket_keys *k = d->tickets, fresh;

	if (mir_now() < k->until)
		return k;
	if (!make(&fresh))
		return NULL;
	k[1] = k[0];
	if (mir_now() >= mir_time_add(k[1].until, lifetime_ns))
		OPENSSL_cleanse(&k[1], sizeof(k[1]));
	k[0] = fresh;
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	return k;
}

static bool set_mac(EVP_MAC_CTX *mac, struct mir_tls_ticket_keys *k)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, k->mac, sizeof(k->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* OpenSSL's contract: 0 no such key, 1 fine, 2 fine and to be renewed, -1 an error. */
int mir_tls_ticket_key(SSL *ssl, unsigned char name[16], unsigned char iv[16],
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
	struct mir_tls_device *d = mir_tls_of_context(SSL_get_SSL_CTX(ssl));
	struct mir_tls_ticket_keys *k = present(d);

	if (!k)
		return -1;
	if (encrypt) {
		memcpy(name, k->name, sizeof(k->name));
		return RAND_bytes(iv, 16) == 1 &&
			       EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->cipher, iv) ==
				   1 &&
			       set_mac(mac, k)
			   ? 1
			   : -1;
	}
	for (unsigned i = 0; i < MIR_TLS_TICKET_KEYS; i++) {
		if (!k[i].until || CRYPTO_memcmp(name, k[i].name, sizeof(k[i].name)) != 0)
			continue;
		if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, k[i].cipher, iv) != 1 ||
		    !set_mac(mac, &k[i]))
			return -1;
		/* TLS 1.3 uses a ticket once. */
		return i || SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1;
	}
	return 0;
}
