/* authority.h: certificates of all kinds, good and bad ones, made on the spot: for tests. */
#ifndef MIR_TLS_TESTS_AUTHORITY_H
#define MIR_TLS_TESTS_AUTHORITY_H

#include <mir/kv_mem.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct authority {
	EVP_PKEY *key;
	X509 *cert;
	long serial;
};

/* What a certificate says. */
struct wish {
	const char *name; /* common name */
	const char *san;  /* "DNS:a.example"; NULL: none */
	long from, to;    /* seconds from now; both 0: a day around */
	const char *use;  /* "serverAuth"; NULL: any */
	bool ca;
};

static inline void wish_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

/* by NULL: signed by its own key. */
static inline X509 *wish_certificate(const struct wish *w, EVP_PKEY *key, struct authority *by)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), by ? ++by->serial : 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), w->to ? w->from : -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), w->to ? w->to : 86400);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_UTF8, (const unsigned char *)w->name, -1, -1, 0);
	X509_set_issuer_name(cert, by ? X509_get_subject_name(by->cert) : name);
	X509_set_pubkey(cert, key);
	wish_extension(cert, NID_basic_constraints, w->ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (w->san)
		wish_extension(cert, NID_subject_alt_name, w->san);
	if (w->use)
		wish_extension(cert, NID_ext_key_usage, w->use);
	X509_sign(cert, by ? by->key : key, EVP_sha256());
	return cert;
}

static inline struct authority authority_new(const char *name)
{
	struct authority a = { .key = EVP_EC_gen("P-256") };

	a.cert = wish_certificate(&(struct wish){ .name = name, .ca = true }, a.key, NULL);
	return a;
}

static inline void authority_free(struct authority *a)
{
	EVP_PKEY_free(a->key);
	X509_free(a->cert);
}

static inline void put_bio(struct mir_kv *kv, const char *key, BIO *bio)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	mir_kv_set(kv, mir_str(key), text, (size_t)len);
	BIO_free(bio);
}

static inline void put_certificate(struct mir_kv *kv, const char *key, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, cert);
	put_bio(kv, key, bio);
}

/* An identity in the store's dictionary; returns the certificate's number. */
static inline long put_identity(
    struct mir_kv *kv, const char *dir, const struct wish *w, struct authority *by)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = wish_certificate(w, key, by);
	BIO *bio = BIO_new(BIO_s_mem());
	char path[128];

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	snprintf(path, sizeof(path), "/%s/privkey.pem", dir);
	put_bio(kv, path, bio);
	snprintf(path, sizeof(path), "/%s/fullchain.pem", dir);
	put_certificate(kv, path, cert);
	X509_free(cert);
	EVP_PKEY_free(key);
	return by->serial;
}

/* The authority takes back what it gave; 0: a list of nothing. */
static inline void put_revocation(struct mir_kv *kv, struct authority *by, long serial)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *later = X509_gmtime_adj(NULL, 86400);
	BIO *bio = BIO_new(BIO_s_mem());

	ASN1_INTEGER_set(number, serial);
	X509_REVOKED_set_serialNumber(entry, number);
	X509_REVOKED_set_revocationDate(entry, now);
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(by->cert));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, later);
	if (serial)
		X509_CRL_add0_revoked(crl, entry);
	else
		X509_REVOKED_free(entry);
	X509_CRL_sort(crl);
	X509_CRL_sign(crl, by->key, EVP_sha256());
	PEM_write_bio_X509_CRL(bio, crl);
	put_bio(kv, "/crl.pem", bio);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(now);
	ASN1_TIME_free(later);
	X509_CRL_free(crl);
}

#endif
