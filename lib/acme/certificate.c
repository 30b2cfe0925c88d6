/* certificate.c: what is asked for and what comes: requests (RFC 2986), the certificates of
 * tls-alpn-01 (RFC 8737), chains. */
#include "keys.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SAN_MAX = MIR_ACME_NAMES * (MIR_ACME_NAME + 5) };

/* id-pe-acmeIdentifier, as OpenSSL reads an extension of its own. */
#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"

static X509_EXTENSION *san(const struct mir_acme_plan *plan)
{
	char text[SAN_MAX];
	size_t len = 0;

	for (unsigned i = 0; i < plan->n; i++) {
		int n = snprintf(
		    text + len, sizeof(text) - len, "%sDNS:%s", i ? "," : "", plan->name[i]);

		if (n < 0 || (size_t)n >= sizeof(text) - len)
			return NULL;
		len += (size_t)n;
	}
	return X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
}

static bool fill_request(X509_REQ *req, EVP_PKEY *key, const struct mir_acme_plan *plan)
{
	STACK_OF(X509_EXTENSION) *all = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *names = san(plan);
	bool ok = all && names && sk_X509_EXTENSION_push(all, names) > 0;

	ok = ok && X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
	     X509_REQ_set_pubkey(req, key) == 1 && X509_REQ_add_extensions(req, all) == 1 &&
	     X509_REQ_sign(req, key, EVP_sha256()) > 0;
	sk_X509_EXTENSION_free(all);
	X509_EXTENSION_free(names);
	return ok;
}

int mir_acme_request(EVP_PKEY *key, const struct mir_acme_plan *plan, char *out, size_t cap)
{
	X509_REQ *req = X509_REQ_new();
	uint8_t *der = NULL;
	int len = req && fill_request(req, key, plan) ? i2d_X509_REQ(req, &der) : -1;
	int rc = len < 0 ? MIR_EINVAL : mir_acme_base64url(der, (size_t)len, out, cap);

	OPENSSL_free(der);
	X509_REQ_free(req);
	ERR_clear_error();
	return rc;
}

/* A critical extension with an OCTET STRING of the digest. */
static bool add_identifier(X509 *cert, const char *authorization)
{
	uint8_t bytes[34] = { 0x04, 32 };
	ASN1_OBJECT *id = OBJ_txt2obj(ACME_IDENTIFIER, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	bool ok = id && value &&
		  EVP_Digest(authorization, strlen(authorization), bytes + 2, NULL, EVP_sha256(),
		      NULL) == 1 &&
		  ASN1_OCTET_STRING_set(value, bytes, sizeof(bytes)) == 1 &&
		  (ext = X509_EXTENSION_create_by_OBJ(NULL, id, 1, value)) &&
		  X509_add_ext(cert, ext, -1) == 1;

	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(id);
	return ok;
}

static bool fill_certificate(
    X509 *cert, EVP_PKEY *key, const struct mir_acme_plan *names, const char *authorization)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	X509_EXTENSION *ext = san(names);
	bool ok = ext && X509_set_version(cert, X509_VERSION_3) == 1 &&
		  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
		  X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
		  X509_gmtime_adj(X509_getm_notAfter(cert), 86400) &&
		  X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
		      (const uint8_t *)"acme challenge", -1, -1, 0) == 1 &&
		  X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 &&
		  X509_add_ext(cert, ext, -1) == 1 && add_identifier(cert, authorization) &&
		  X509_sign(cert, key, EVP_sha256()) > 0;

	X509_EXTENSION_free(ext);
	return ok;
}

int mir_acme_alpn_certificate(
    EVP_PKEY *key, const char *host, const char *authorization, char *out, size_t cap)
{
	struct mir_acme_plan names = { .n = 1 };
	BIO *bio = BIO_new(BIO_s_mem());
	X509 *cert = X509_new();
	int rc = MIR_EINVAL;
	char *text;
	long len;

	snprintf(names.name[0], sizeof(names.name[0]), "%s", host);
	if (bio && cert && fill_certificate(cert, key, &names, authorization) &&
	    PEM_write_bio_X509(bio, cert) == 1) {
		len = BIO_get_mem_data(bio, &text);
		rc = (size_t)len < cap ? (int)len : MIR_ERANGE;
		if (rc > 0) {
			memcpy(out, text, (size_t)len);
			out[len] = 0;
		}
	}
	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

/* Seconds since 1970. */
static bool seconds_of(const ASN1_TIME *t, int64_t *out)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, rest;
	bool ok = epoch && ASN1_TIME_diff(&days, &rest, epoch, t) == 1;

	if (ok)
		*out = (int64_t)days * 86400 + rest;
	ASN1_TIME_free(epoch);
	return ok;
}

int mir_acme_check(const char *pem, size_t len, EVP_PKEY *key, const struct mir_acme_plan *plan,
    int64_t *from, int64_t *until)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = cert && (!key || X509_check_private_key(cert, key) == 1) &&
		  seconds_of(X509_get0_notBefore(cert), from) &&
		  seconds_of(X509_get0_notAfter(cert), until) && *from < *until;

	for (unsigned i = 0; ok && i < plan->n; i++) {
		/* A wildcard is asked for some name below it. */
		const char *name = plan->name[i];
		char below[MIR_ACME_NAME + 2];

		snprintf(below, sizeof(below), "%s%s", name[0] == '*' ? "x" : "",
		    name + (name[0] == '*'));
		ok =
		    X509_check_host(cert, below, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
	}
	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	return ok ? 0 : MIR_EPROTO;
}
