/* keys.c: keys and signatures: JWS with ES256 (RFC 7515, 7518), thumbprints, external accounts. */
#include "keys.h"

#include <mir/format.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <string.h>

enum { COORDINATE = 32, MAC_MAX = 128 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int mir_acme_base64url(const void *bytes, size_t len, char *out, size_t cap)
{
	const uint8_t *p = bytes;
	size_t n = 0;

	if (cap < len / 3 * 4 + 5)
		return MIR_ERANGE;
	for (size_t i = 0; i < len; i += 3) {
		size_t have = MIR_MIN(len - i, (size_t)3);
		uint32_t v = (uint32_t)p[i] << 16;

		v |= have > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= have > 2 ? p[i + 2] : 0;
		for (size_t j = 0; j <= have; j++)
			out[n++] = alphabet[v >> (18 - 6 * j) & 63];
	}
	out[n] = 0;
	return (int)n;
}

int mir_acme_unbase64url(const char *text, uint8_t *out, size_t cap)
{
	uint32_t v = 0;
	unsigned bits = 0;
	size_t n = 0;

	for (; *text && *text != '='; text++) {
		const char *at = strchr(alphabet, *text);

		if (!at)
			return MIR_EINVAL;
		v = v << 6 | (uint32_t)(at - alphabet);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == cap)
			return MIR_ERANGE;
		out[n++] = (uint8_t)(v >> bits);
	}
	return (int)n;
}

EVP_PKEY *mir_acme_key_new(void)
{
	return EVP_EC_gen("P-256");
}

int mir_acme_key_write(EVP_PKEY *key, char *out, size_t cap)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int rc = MIR_ENOMEM;
	char *text;
	long len;

	if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		len = BIO_get_mem_data(bio, &text);
		rc = (size_t)len < cap ? (int)len : MIR_ERANGE;
		if (rc > 0) {
			memcpy(out, text, (size_t)len);
			out[len] = 0;
		}
		OPENSSL_cleanse(text, (size_t)len);
	}
	BIO_free(bio);
	return rc;
}

EVP_PKEY *mir_acme_key_read(const char *text, size_t len)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	if (key && (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_bits(key) != 8 * COORDINATE)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static int coordinate(EVP_PKEY *key, const char *name, char out[static 48])
{
	uint8_t bytes[COORDINATE];
	BIGNUM *n = NULL;
	int rc = MIR_ENOMEM;

	if (EVP_PKEY_get_bn_param(key, name, &n) == 1 &&
	    BN_bn2binpad(n, bytes, COORDINATE) == COORDINATE)
		rc = mir_acme_base64url(bytes, COORDINATE, out, 48);
	BN_free(n);
	return rc;
}

/* The members in the order that a thumbprint wants (RFC 7638 section 3.2). */
int mir_acme_jwk(EVP_PKEY *key, char *out, size_t cap)
{
	char x[48], y[48];
	int n;

	if (coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x) < 0 ||
	    coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, y) < 0)
		return MIR_ENOMEM;
	n = mir_format(
	    out, cap, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	return (size_t)n < cap ? n : MIR_ERANGE;
}

int mir_acme_thumbprint(EVP_PKEY *key, char out[static MIR_ACME_THUMBPRINT])
{
	char jwk[256];
	uint8_t digest[32];
	char text[48];
	int n = mir_acme_jwk(key, jwk, sizeof(jwk));

	if (n < 0 || EVP_Digest(jwk, (size_t)n, digest, NULL, EVP_sha256(), NULL) != 1)
		return MIR_ENOMEM;
	n = mir_acme_base64url(digest, sizeof(digest), text, sizeof(text));
	memcpy(out, text, MIR_ACME_THUMBPRINT);
	return n;
}

/* r and s, each 32 bytes, of a signature in DER (RFC 7518 section 3.4). */
static bool raw_signature(const uint8_t *der, size_t len, uint8_t out[2 * COORDINATE])
{
	const uint8_t *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, COORDINATE) == COORDINATE &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + COORDINATE, COORDINATE) == COORDINATE;

	ECDSA_SIG_free(sig);
	return ok;
}

static bool es256(EVP_PKEY *key, const char *text, size_t len, uint8_t out[2 * COORDINATE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	size_t n = sizeof(der);
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestSign(ctx, der, &n, (const uint8_t *)text, len) == 1 &&
		  raw_signature(der, n, out);

	EVP_MD_CTX_free(ctx);
	return ok;
}

/* A text that is put together. */
struct text {
	char *p;
	size_t len, cap;
	bool bad;
};

static void add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->bad || n >= t->cap - t->len) {
		t->bad = true;
		return;
	}
	memcpy(t->p + t->len, s, n + 1);
	t->len += n;
}

static void add_base64(struct text *t, const void *p, size_t len)
{
	int n = t->bad ? -1 : mir_acme_base64url(p, len, t->p + t->len, t->cap - t->len);

	t->bad = n < 0;
	t->len += n < 0 ? 0 : (size_t)n;
}

static void add_quoted(struct text *t, const char *s)
{
	t->bad = t->bad || !mir_json_quote(s, t->p, &t->len, t->cap);
}

/* Both halves with a dot in between are what is signed; a JWS has them apart. */
static int assemble(
    struct text *signed_text, const char *protected, const char *payload, const char **dot)
{
	add_base64(signed_text, protected, strlen(protected));
	*dot = signed_text->p + signed_text->len;
	add(signed_text, ".");
	add_base64(signed_text, payload, strlen(payload));
	return signed_text->bad ? MIR_ERANGE : 0;
}

static int finish(const struct text *signed_text, const char *dot, const uint8_t *signature,
    size_t signature_len, char *out, size_t cap)
{
	struct text t = { out, 0, cap, false };
	size_t first = (size_t)(dot - signed_text->p);

	add(&t, "{\"protected\":\"");
	if (first >= t.cap - t.len)
		return MIR_ERANGE;
	memcpy(t.p + t.len, signed_text->p, first);
	t.len += first;
	add(&t, "\",\"payload\":\"");
	add(&t, dot + 1);
	add(&t, "\",\"signature\":\"");
	add_base64(&t, signature, signature_len);
	add(&t, "\"}");
	return t.bad ? MIR_ERANGE : (int)t.len;
}

int mir_acme_sign(EVP_PKEY *key, const char *account, const char *nonce, const char *url,
    const char *payload, char *out, size_t cap)
{
	char head[2048], jwk[256];
	static char both[MIR_ACME_JWS];
	struct text h = { head, 0, sizeof(head), false };
	struct text t = { both, 0, sizeof(both), false };
	uint8_t signature[2 * COORDINATE];
	const char *dot;
	int rc = mir_acme_jwk(key, jwk, sizeof(jwk));

	if (rc < 0)
		return rc;
	add(&h, "{\"alg\":\"ES256\",");
	if (account[0]) {
		add(&h, "\"kid\":");
		add_quoted(&h, account);
	} else {
		add(&h, "\"jwk\":");
		add(&h, jwk);
	}
	add(&h, ",\"nonce\":");
	add_quoted(&h, nonce);
	add(&h, ",\"url\":");
	add_quoted(&h, url);
	add(&h, "}");
	rc = h.bad ? MIR_ERANGE : assemble(&t, head, payload, &dot);
	if (rc == 0 && !es256(key, both, t.len, signature))
		rc = MIR_ENOMEM;
	return rc < 0 ? rc : finish(&t, dot, signature, sizeof(signature), out, cap);
}

int mir_acme_binding(
    EVP_PKEY *key, const char *kid, const char *mac, const char *url, char *out, size_t cap)
{
	char head[1024], jwk[256], both[2048];
	struct text h = { head, 0, sizeof(head), false };
	struct text t = { both, 0, sizeof(both), false };
	uint8_t secret[MAC_MAX], signature[32];
	const char *dot;
	int n = mir_acme_unbase64url(mac, secret, sizeof(secret));
	int rc = n <= 0 ? MIR_EINVAL : mir_acme_jwk(key, jwk, sizeof(jwk));

	if (rc < 0)
		return rc;
	add(&h, "{\"alg\":\"HS256\",\"kid\":");
	add_quoted(&h, kid);
	add(&h, ",\"url\":");
	add_quoted(&h, url);
	add(&h, "}");
	rc = h.bad ? MIR_ERANGE : assemble(&t, head, jwk, &dot);
	if (rc == 0 &&
	    !HMAC(EVP_sha256(), secret, n, (const uint8_t *)both, t.len, signature, NULL))
		rc = MIR_ENOMEM;
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc < 0 ? rc : finish(&t, dot, signature, sizeof(signature), out, cap);
}
