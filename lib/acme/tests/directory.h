/* directory.h: an ACME server of a few lines, and an authority: what it is asked it checks loosely,
 * and answers as it is told: for tests. */
#ifndef MIR_ACME_TESTS_DIRECTORY_H
#define MIR_ACME_TESTS_DIRECTORY_H

#include <mir/test.h>
#include <stdio.h>
#include <string.h>

#include "../../tls/tests/authority.h"
#include "../keys.h"

/* What it does wrong, and what it has seen. */
struct directory {
	struct authority authority;
	unsigned bad_nonces; /* so many requests are refused for their nonce */
	bool no_nonces, rate_limit, invalid, processing, no_challenge, other_key, garbage;
	unsigned nonce, accounts, orders, challenges, finalized, looks;
	char csr[8192];
	char body[16384], nonce_text[32], location[64];
	char last_payload[8192];
};

/* The value of a member of the JWS, from base64url; "" if it is none. */
static inline void directory_part(
    const char *jws, size_t len, const char *name, char *out, size_t cap)
{
	static char text[16384];
	struct mir_json v, m;
	int n = 0;

	if (mir_json_parse(jws, len, &v) == 0 && mir_json_member(v, name, &m) &&
	    mir_json_text(m, text, sizeof(text)) >= 0)
		n = mir_acme_unbase64url(text, (uint8_t *)out, cap - 1);
	out[MIR_MAX(n, 0)] = 0;
}

static inline unsigned directory_say(struct directory *d, unsigned status, const char *body)
{
	if (body != d->body)
		snprintf(d->body, sizeof(d->body), "%s", body);
	return status;
}

/* The certificate for the request that came, signed by the authority. */
static inline unsigned directory_issue(struct directory *d)
{
	static uint8_t der[8192];
	int n = mir_acme_unbase64url(d->csr, der, sizeof(der));
	const uint8_t *p = der;
	X509_REQ *req = n > 0 ? d2i_X509_REQ(NULL, &p, n) : NULL;
	STACK_OF(X509_EXTENSION) *all = req ? X509_REQ_get_extensions(req) : NULL;
	EVP_PKEY *other = mir_acme_key_new();
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (!all || X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) != 1) {
		ok(false, "the request for a certificate");
		return directory_say(d, 400, "{}");
	}
	X509_set_version(cert, X509_VERSION_3);
	ASN1_TIME_set(X509_getm_notBefore(cert), mir_wall() / MIR_SECOND(1));
	ASN1_TIME_set(X509_getm_notAfter(cert), mir_wall() / MIR_SECOND(1) + 90 * 86400);
	X509_set_pubkey(cert, d->other_key ? other : X509_REQ_get0_pubkey(req));
	for (int i = 0; i < sk_X509_EXTENSION_num(all); i++)
		X509_add_ext(cert, sk_X509_EXTENSION_value(all, i), -1);
	X509_set_issuer_name(cert, X509_get_subject_name(d->authority.cert));
	X509_sign(cert, d->authority.key, EVP_sha256());
	PEM_write_bio_X509(bio, cert);
	len = BIO_get_mem_data(bio, &text);
	snprintf(d->body, sizeof(d->body), "%.*s", (int)len, text);
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	X509_REQ_free(req);
	X509_free(cert);
	EVP_PKEY_free(other);
	BIO_free(bio);
	return directory_say(d, 200, d->body);
}

static inline unsigned directory_order(struct directory *d)
{
	const char *status =
	    d->finalized ? d->processing && d->looks++ < 3 ? "processing" : "valid" : "pending";

	snprintf(d->body, sizeof(d->body),
	    "{\"status\":\"%s\",\"authorizations\":[\"https://ca.test/authz\"],\"finalize\":"
	    "\"https://ca.test/finalize\"%s}",
	    status, d->finalized ? ",\"certificate\":\"https://ca.test/cert\"" : "");
	return directory_say(d, d->orders == 1 ? 201 : 200, d->body);
}

static inline unsigned directory_authorization(struct directory *d)
{
	const char *status = !d->challenges ? "pending" : d->invalid ? "invalid" : "valid";

	snprintf(d->body, sizeof(d->body),
	    "{\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"},\"status\":\"%s\","
	    "\"challenges\":[{\"type\":\"dns-01\",\"url\":\"https://ca.test/x\",\"token\":\"x\"},"
	    "{\"type\":\"%s\",\"url\":\"https://ca.test/challenge\",\"token\":\"the-token_1\"%s}]}",
	    status, d->no_challenge ? "none-01" : "http-01",
	    d->invalid ? ",\"error\":{\"detail\":\"no \\u00fc there\"}" : "");
	return directory_say(d, 200, d->body);
}

/* An answer to METHOD path with that body; the header fields are in d. */
static inline unsigned directory_answer(
    struct directory *d, const char *method, const char *path, const char *body, size_t len)
{
	char protected[4096];

	snprintf(d->nonce_text, sizeof(d->nonce_text), d->no_nonces ? "%.0u" : "nonce%u",
	    d->no_nonces ? 0 : ++d->nonce);
	d->location[0] = 0;
	if (d->garbage)
		return directory_say(d, 200, "<html>");
	if (strcmp(path, "/dir") == 0)
		return directory_say(d, 200,
		    "{\"newNonce\":\"https://ca.test/nonce\",\"newAccount\":\"https://ca.test/"
		    "account\",\"newOrder\":\"https://ca.test/order\",\"meta\":{\"x\":[1,2.5e3,"
		    "true,null]}}");
	if (strcmp(path, "/nonce") == 0)
		return directory_say(d, 200, "");
	directory_part(body, len, "protected", protected, sizeof(protected));
	directory_part(body, len, "payload", d->last_payload, sizeof(d->last_payload));
	if (strcmp(method, "POST") != 0 || !strstr(protected, "\"alg\":\"ES256\"") ||
	    !strstr(protected, path) || !strstr(protected, "\"nonce\":\"nonce"))
		return directory_say(d, 400, "{\"type\":\"malformed\",\"detail\":\"no\"}");
	if (d->bad_nonces && d->bad_nonces--)
		return directory_say(d, 400,
		    "{\"type\":\"urn:ietf:params:acme:error:badNonce\",\"detail\":\"again\"}");
	if (d->rate_limit)
		return directory_say(d, 429,
		    "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"too "
		    "many\"}");
	if (strcmp(path, "/account") == 0) {
		d->accounts++;
		snprintf(d->location, sizeof(d->location), "https://ca.test/me");
		return directory_say(d, 201, "{\"status\":\"valid\"}");
	}
	if (!strstr(protected, "\"kid\":\"https://ca.test/me\""))
		return directory_say(d, 401, "{}");
	if (strcmp(path, "/order") == 0) {
		d->orders++;
		d->challenges = d->finalized = d->looks = 0;
		snprintf(d->location, sizeof(d->location), "https://ca.test/order/1");
		return directory_order(d);
	}
	if (strcmp(path, "/order/1") == 0)
		return directory_order(d);
	if (strcmp(path, "/authz") == 0)
		return directory_authorization(d);
	if (strcmp(path, "/challenge") == 0) {
		d->challenges++;
		return directory_say(d, 200, "{\"status\":\"processing\"}");
	}
	if (strcmp(path, "/finalize") == 0) {
		struct mir_json v, m;

		if (mir_json_parse(d->last_payload, strlen(d->last_payload), &v) < 0 ||
		    !mir_json_member(v, "csr", &m) || mir_json_text(m, d->csr, sizeof(d->csr)) < 0)
			return directory_say(d, 400, "{}");
		d->finalized++;
		return directory_order(d);
	}
	if (strcmp(path, "/cert") == 0)
		return directory_issue(d);
	return directory_say(d, 404, "{}");
}

#endif
