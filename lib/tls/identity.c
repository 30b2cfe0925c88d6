/* identity.c: certificates with their keys, and which is shown to whom. */
#include "internal.h"

#include <mir/log.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

MIR_LOG_SOURCE(tls);

enum { CHAIN_MAX = 16, IDENTITIES_MAX = 1024 };

/* ---- one ---- */

static bool use_chain(SSL_CTX *c, BIO *bio, const char **why)
{
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	bool ok = cert && SSL_CTX_use_certificate(c, cert) == 1;

	*why = cert ? "the certificate cannot be used (is its key too short?)"
		    : "there is no certificate in PEM";
	X509_free(cert);
	for (unsigned i = 0; ok && i < CHAIN_MAX; i++) {
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (!cert)
			break;
		if (SSL_CTX_add0_chain_cert(c, cert) != 1) {
			X509_free(cert);
			*why = "an intermediate certificate cannot be used";
			ok = false;
		}
	}
	return ok;
}

static bool use_key(SSL_CTX *c, BIO *bio, const char **why)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	bool ok = key && SSL_CTX_use_PrivateKey(c, key) == 1;

	*why = key ? "the key is not that of the certificate" : "there is no private key in PEM";
	EVP_PKEY_free(key);
	return ok;
}

/* The authority's word on the certificate, if a client wants it (RFC 6066 section 8). */
static int status(SSL *ssl, void *arg)
{
	struct mir_tls_device *d = arg;
	const SSL_CTX *c = SSL_get_SSL_CTX(ssl);
	uint8_t *copy;

	for (struct mir_tls_identity *id = d->identities; id; id = id->next) {
		if (id->context != c || !id->ocsp)
			continue;
		if (!(copy = OPENSSL_memdup(id->ocsp, id->ocsp_len)))
			break;
		SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)id->ocsp_len);
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

struct mir_tls_identity *mir_tls_identity_new(struct mir_tls_device *d, const char *name,
    const char *chain, size_t chain_len, const char *key, size_t key_len, const char **why)
{
	struct mir_tls_identity *id = calloc(1, sizeof(*id));
	SSL_CTX *c = SSL_CTX_new(TLS_method());
	BIO *chain_bio = BIO_new_mem_buf(chain, (int)chain_len);
	BIO *key_bio = BIO_new_mem_buf(key, (int)key_len);
	bool ok = id && c && chain_bio && key_bio;

	*why = "out of memory";
	if (ok) {
		SSL_CTX_set_security_level(c, 2);
		ok = mir_tls_context_level(d, c) && use_chain(c, chain_bio, why) &&
		     use_key(c, key_bio, why);
	}
	BIO_free(chain_bio);
	BIO_free(key_bio);
	ERR_clear_error();
	if (!ok) {
		SSL_CTX_free(c);
		free(id);
		return NULL;
	}
	mir_tls_context_belongs(c, d);
	SSL_CTX_set_alpn_select_cb(c, mir_tls_alpn_select, NULL);
	SSL_CTX_set_tlsext_status_cb(c, status);
	SSL_CTX_set_tlsext_status_arg(c, d);
	id->context = c;
	snprintf(id->name, sizeof(id->name), "%s", name);
	return id;
}

void mir_tls_identities_free(struct mir_tls_identity *id)
{
	struct mir_tls_identity *next;

	for (; id; id = next) {
		next = id->next;
		SSL_CTX_free(id->context);
		free(id->ocsp);
		free(id);
	}
}

/* ---- those of the store ---- */

static struct mir_tls_identity *load(struct mir_tls_device *d, const char *dir)
{
	struct mir_tls_identity *id = NULL;
	char *chain = NULL, *key = NULL, *ocsp = NULL;
	size_t chain_len = 0, key_len = 0, ocsp_len = 0;
	const char *why = NULL;
	int rc = mir_tls_value(d, dir, "fullchain.pem", &chain, &chain_len);

	if (rc == 0)
		rc = mir_tls_value(d, dir, "privkey.pem", &key, &key_len);
	if (rc < 0)
		why = mir_strerror(rc);
	else
		id = mir_tls_identity_new(d, dir, chain, chain_len, key, key_len, &why);
	mir_tls_value_free(chain, chain_len);
	mir_tls_value_free(key, key_len);
	if (!id) {
		mir_error("/%s: fullchain.pem and privkey.pem are not used: %s", dir, why);
		return NULL;
	}
	if (mir_tls_value(d, dir, "ocsp.der", &ocsp, &ocsp_len) == 0) {
		id->ocsp = (uint8_t *)ocsp;
		id->ocsp_len = ocsp_len;
	}
	return id;
}

struct loading {
	struct mir_tls_device *device;
	struct mir_tls_identity **end;
	unsigned n;
};

static int visit(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	struct loading *l = arg;
	char dir[MIR_TLS_NAME];

	if (kind != MIR_KV_DICT || key.len < 2 || key.len > sizeof(dir))
		return 0;
	memcpy(dir, key.p + 1, key.len - 1);
	dir[key.len - 1] = 0;
	if (!mir_tls_has(l->device, dir, "fullchain.pem"))
		return 0;
	if (l->n++ == IDENTITIES_MAX) {
		mir_error("more than %d certificates: the others are not used", IDENTITIES_MAX);
		return 1;
	}
	if ((*l->end = load(l->device, dir)))
		l->end = &(*l->end)->next;
	return 0;
}

int mir_tls_identities_load(struct mir_tls_device *d, struct mir_tls_identity **out)
{
	struct loading l = { .device = d, .end = out };
	int rc;

	*out = NULL;
	if (!d->config.store)
		return 0;
	rc = mir_kv_list(d->config.store, mir_str("/"), visit, &l);
	return MIR_MIN(rc, 0);
}

/* ---- the choice ---- */

struct mir_tls_identity *mir_tls_identity_named(struct mir_tls_device *d, const char *name)
{
	for (struct mir_tls_identity *id = d->identities; id; id = id->next)
		if (strcmp(id->name, name) == 0)
			return id;
	return NULL;
}

static bool is_for(const struct mir_tls_identity *id, const char *host)
{
	return X509_check_host(SSL_CTX_get0_certificate(id->context), host, 0,
		   X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

int mir_tls_identity_select(SSL *ssl, int *alert, void *arg)
{
	struct mir_tls_device *d = arg;
	const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct mir_tls_identity *id = d->identities;

	if (mir_tls_is_challenge(ssl)) {
		if (!(id = mir_tls_challenge_identity(d, host ? host : ""))) {
			*alert = SSL_AD_UNRECOGNIZED_NAME;
			return SSL_TLSEXT_ERR_ALERT_FATAL;
		}
		SSL_set_SSL_CTX(ssl, id->context);
		return SSL_TLSEXT_ERR_OK;
	}
	for (struct mir_tls_identity *i = id; host && i; i = i->next)
		if (is_for(i, host)) {
			id = i;
			break;
		}
	if (!id) {
		mir_error("there is no certificate to show");
		*alert = SSL_AD_INTERNAL_ERROR;
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	SSL_set_SSL_CTX(ssl, id->context);
	if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) {
		SSL_set1_verify_cert_store(ssl, SSL_CTX_get_cert_store(d->server));
		SSL_set0_CA_list(ssl, SSL_dup_CA_list(SSL_CTX_get_client_CA_list(d->server)));
	}
	return SSL_TLSEXT_ERR_OK;
}
