/* selfsigned.c: a certificate of no authority, for a first start. */
#include "internal.h"

#include <mir/log.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

MIR_LOG_SOURCE(tls);

enum { VALID_S = 365 * 86400, SAN_MAX = 2048 };

#define DIR "self-signed"

/* "a.example,10.0.0.2" as OpenSSL's "DNS:a.example,IP:10.0.0.2". */
static bool alternative_names(const char *names, char *out, size_t room)
{
	size_t at = 0;

	while (*names) {
		size_t len = strcspn(names, ",");
		bool address = strspn(names, "0123456789.") == len || memchr(names, ':', len);
		int n = snprintf(out + at, room - at, "%s%s:%.*s", at ? "," : "",
		    address ? "IP" : "DNS", (int)len, names);

		if (n < 0 || (size_t)n >= room - at)
			return false;
		at += (size_t)n;
		names += len + (names[len] == ',');
	}
	return at > 0;
}

static bool extend(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool fill_in(X509 *cert, EVP_PKEY *key, const char *names)
{
	char san[SAN_MAX];
	unsigned char first[64];
	uint64_t serial;
	size_t len = MIR_MIN(strcspn(names, ","), sizeof(first));
	X509_NAME *subject = X509_get_subject_name(cert);

	memcpy(first, names, len);
	return alternative_names(names, san, sizeof(san)) &&
	       RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
	       X509_set_version(cert, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), VALID_S) &&
	       X509_NAME_add_entry_by_NID(
		   subject, NID_commonName, MBSTRING_UTF8, first, (int)len, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 &&
	       extend(cert, NID_subject_alt_name, san) &&
	       extend(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       extend(cert, NID_ext_key_usage, "serverAuth") &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

/* Keeps it, so that it is the same after the next start. */
static void keep(struct mir_tls_device *d, BIO *chain, BIO *key)
{
	char *text;
	long len;
	int rc;

	if (!d->config.store || !mir_kv_writable(d->config.store))
		return;
	len = BIO_get_mem_data(key, &text);
	rc = mir_kv_set(d->config.store, mir_str("/" DIR "/privkey.pem"), text, (size_t)len);
	if (rc == 0) {
		len = BIO_get_mem_data(chain, &text);
		rc = mir_kv_set(
		    d->config.store, mir_str("/" DIR "/fullchain.pem"), text, (size_t)len);
	}
	if (rc < 0)
		mir_warn("the self-signed certificate cannot be kept: %s", mir_strerror(rc));
}

static struct mir_tls_identity *write_out(struct mir_tls_device *d, X509 *cert, EVP_PKEY *key)
{
	BIO *chain_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
	struct mir_tls_identity *id = NULL;
	const char *why;
	char *chain_text, *key_text;
	long chain_len, key_len;

	if (chain_bio && key_bio && PEM_write_bio_X509(chain_bio, cert) == 1 &&
	    PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		chain_len = BIO_get_mem_data(chain_bio, &chain_text);
		key_len = BIO_get_mem_data(key_bio, &key_text);
		id = mir_tls_identity_new(
		    d, DIR, chain_text, (size_t)chain_len, key_text, (size_t)key_len, &why);
		if (id)
			keep(d, chain_bio, key_bio);
		OPENSSL_cleanse(key_text, (size_t)key_len);
	}
	BIO_free(chain_bio);
	BIO_free(key_bio);
	return id;
}

int mir_tls_self_signed(struct mir_tls_device *d, const char *names, struct mir_tls_identity **out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	*out = NULL;
	if (key && cert && fill_in(cert, key, names))
		*out = write_out(d, cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (!*out) {
		mir_error("--tls-self-signed=%s: no certificate could be made for that", names);
		return MIR_EINVAL;
	}
	mir_warn("no certificate in the store: one without an authority was made for %s", names);
	return 0;
}
