/* trust.c: whom peers' certificates must come from, and which were revoked. */
#include "internal.h"

#include <mir/log.h>
#include <openssl/err.h>
#include <openssl/pem.h>

MIR_LOG_SOURCE(tls);

static unsigned add_authorities(SSL_CTX *c, BIO *bio)
{
	X509_STORE *store = SSL_CTX_get_cert_store(c);
	unsigned n = 0;
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (X509_STORE_add_cert(store, cert) == 1)
			n++;
		SSL_CTX_add_client_CA(c, cert);
		X509_free(cert);
	}
	return n;
}

static unsigned add_revocations(SSL_CTX *c, BIO *bio)
{
	X509_STORE *store = SSL_CTX_get_cert_store(c);
	unsigned n = 0;
	X509_CRL *crl;

	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
		if (X509_STORE_add_crl(store, crl) == 1)
			n++;
		X509_CRL_free(crl);
	}
	if (n)
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	return n;
}

/* 1: added; 0: there is no such value; -1: it holds nothing, or is not to be had. */
static int add(
    struct mir_tls_device *d, SSL_CTX *c, const char *name, unsigned (*add_all)(SSL_CTX *, BIO *))
{
	char *text = NULL;
	size_t len = 0;
	BIO *bio = NULL;
	unsigned n = 0;
	int rc = mir_tls_value(d, "", name, &text, &len);

	if (rc == MIR_ENOENT)
		return 0;
	if (rc == 0 && (bio = BIO_new_mem_buf(text, (int)len)))
		n = add_all(c, bio);
	BIO_free(bio);
	mir_tls_value_free(text, len);
	ERR_clear_error();
	if (n)
		return 1;
	mir_error("/%s: %s", name, rc < 0 ? mir_strerror(rc) : "there is nothing in PEM in it");
	return -1;
}

bool mir_tls_trust_load(struct mir_tls_device *d, SSL_CTX *c)
{
	int authorities = add(d, c, "ca.pem", add_authorities);
	int revocations = add(d, c, "crl.pem", add_revocations);

	return authorities > 0 && revocations >= 0;
}
