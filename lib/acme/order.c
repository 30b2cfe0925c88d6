/* order.c: does what the engine wants: requests, challenges, waiting. */
#include "internal.h"

#include <mir/format.h>
#include <mir/http_server.h>
#include <mir/log.h>
#include <stdlib.h>

MIR_LOG_SOURCE(acme);

enum { RETRY_AFTER_MAX = 86400 };

struct body {
	const char *p;
	size_t len;
};

static int body(void *arg, struct mir_slice *out, unsigned max)
{
	struct body *b = arg;

	(void)max;
	if (!b->len)
		return 0;
	out[0] = mir_slice_copy(b->p, b->len);
	b->len = 0;
	return out[0].owner ? 1 : MIR_ENOMEM;
}

/* A header's value, zero-ended; "" where there is none, or it does not fit. */
static void copy(const struct mir_http_answer *a, const char *name, char *out, size_t cap)
{
	struct mir_str s = mir_http_answer_header(a, name);
	size_t n = s.p && s.len < cap ? s.len : 0;

	if (n)
		memcpy(out, s.p, n);
	out[n] = 0;
}

/* Seconds, or a date (RFC 9110 section 10.2.3); -1: not said. */
static int64_t retry_after(const struct mir_http_answer *a)
{
	int64_t now = mir_wall() / MIR_SECOND(1), then, n = 0;
	struct mir_str s = mir_http_answer_header(a, "retry-after");

	if (!s.p || !s.len)
		return -1;
	if (mir_http_date_parse(s, now, &then) == 0)
		return MIR_MAX(0, MIR_MIN(then - now, RETRY_AFTER_MAX));
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		n = MIR_MIN(n * 10 + (s.p[i] - '0'), RETRY_AFTER_MAX);
	}
	return n;
}

/* Asks as the engine wants, and tells it. */
static int request(struct mir_acme_device *d, const struct mir_http_fetch *f)
{
	struct mir_acme_account *a = d->account;
	struct mir_acme_engine *e = &a->engine;
	char nonce[MIR_ACME_NONCE], location[MIR_ACME_URL];
	struct mir_acme_answer answer = { .nonce = nonce, .location = location };
	struct mir_http_answer *got;
	char *text = NULL;
	int rc;

	d->stats.requests++;
	mir_debug("%s %s", f->method, e->url);
	rc = mir_http_fetch(d->config.client, e->url, f, &got);
	if (rc == 0) {
		copy(got, "replay-nonce", nonce, sizeof(nonce));
		copy(got, "location", location, sizeof(location));
		answer.status = got->status;
		answer.retry_after = retry_after(got);
		rc = mir_http_answer_text(got, sizeof(a->pem) - 1, &text, &answer.len);
		mir_http_answer_close(got);
	}
	if (rc == MIR_ECANCELED)
		return rc;
	if (rc < 0) {
		mir_acme_unanswered(e, mir_strerror(rc), mir_now());
		return 0;
	}
	answer.body = text;
	mir_acme_answered(e, &answer, mir_now());
	if (e->want == MIR_ACME_DONE) {
		memcpy(a->pem, text, answer.len + 1);
		a->pem_len = answer.len;
	}
	free(text);
	return 0;
}

static int post(struct mir_acme_device *d)
{
	struct mir_acme_account *a = d->account;
	struct mir_acme_engine *e = &a->engine;
	struct mir_http_header type = { mir_str("Content-Type"), mir_str("application/jose+json") };
	int len = mir_acme_sign(a->key, e->by_key ? "" : e->account, e->nonce, e->url, e->payload,
	    a->jws, sizeof(a->jws));
	struct body b = { a->jws, len < 0 ? 0 : (size_t)len };
	struct mir_http_fetch f = { .method = "POST",
		.headers = &type,
		.nheaders = 1,
		.body = body,
		.body_arg = &b,
		.body_length = len };

	e->nonce[0] = 0; /* it is good for once */
	return len < 0 ? len : request(d, &f);
}

static void hide(struct mir_acme_device *d)
{
	free(d->token);
	free(d->authorization);
	d->token = d->authorization = NULL;
	if (strcmp(d->config.acme_challenge, "tls-alpn-01") == 0)
		d->config.tls->ops->challenge(d->config.tls, "", NULL, NULL);
}

static int show_over_tls(struct mir_acme_device *d, EVP_PKEY *key)
{
	struct mir_acme_engine *e = &d->account->engine;
	char chain[4096], private[1024];
	int rc = mir_acme_alpn_certificate(key, e->host, d->authorization, chain, sizeof(chain));

	if (rc > 0)
		rc = mir_acme_key_write(key, private, sizeof(private));
	if (rc > 0)
		rc = d->config.tls->ops->challenge(d->config.tls, e->host, chain, private);
	OPENSSL_cleanse(private, sizeof(private));
	return MIR_MIN(rc, 0);
}

/* Makes the answer to a challenge visible (RFC 8555 section 8.1). */
static int show(struct mir_acme_device *d, EVP_PKEY *key)
{
	struct mir_acme_engine *e = &d->account->engine;
	char text[MIR_ACME_AUTHORIZATION];
	int rc = 0;

	hide(d);
	mir_format(text, sizeof(text), "%s.%s", e->token, d->account->thumbprint);
	d->token = strdup(e->token);
	d->authorization = strdup(text);
	if (!d->token || !d->authorization)
		rc = MIR_ENOMEM;
	else if (strcmp(d->config.acme_challenge, "tls-alpn-01") == 0)
		rc = show_over_tls(d, key);
	if (rc == 0)
		mir_acme_shown(e);
	return rc;
}

static int step(struct mir_acme_device *d, EVP_PKEY *key)
{
	struct mir_acme_engine *e = &d->account->engine;
	int rc;

	switch (e->want) {
	case MIR_ACME_GET: return request(d, &(struct mir_http_fetch){ .method = "GET" });
	case MIR_ACME_HEAD: return request(d, &(struct mir_http_fetch){ .method = "HEAD" });
	case MIR_ACME_POST: return post(d);
	case MIR_ACME_SHOW: return show(d, key);
	case MIR_ACME_SLEEP:
		rc = mir_sleep_until(e->until);
		mir_acme_slept(e);
		return rc;
	default: return 0;
	}
}

static int take(struct mir_acme_device *d, EVP_PKEY *key)
{
	struct mir_acme_account *a = d->account;
	int64_t from, until;
	int rc = mir_acme_check(a->pem, a->pem_len, key, &a->plan, &from, &until);

	if (rc < 0) {
		mir_error("what was issued is no certificate for our key and names");
		return rc;
	}
	rc = mir_acme_store(d, key);
	if (rc < 0)
		mir_error("the certificate cannot be kept: %s", mir_strerror(rc));
	return rc < 0 ? rc : d->config.tls->ops->reload(d->config.tls);
}

static bool bind(void *arg, const char *url, char *out, size_t cap)
{
	struct mir_acme_device *d = arg;

	return mir_acme_binding(d->account->key, d->config.acme_eab_kid, d->config.acme_eab_key,
		   url, out, cap) > 0;
}

int mir_acme_order(struct mir_acme_device *d, int64_t *until)
{
	struct mir_acme_account *a = d->account;
	struct mir_acme_engine *e = &a->engine;
	EVP_PKEY *key = mir_acme_key_new();
	int rc = key ? mir_acme_request(key, &a->plan, a->csr, sizeof(a->csr)) : MIR_ENOMEM;

	*until = 0;
	if (rc > 0) {
		rc = 0;
		a->plan.csr = a->csr;
		if (d->config.acme_eab_kid && d->config.acme_eab_kid[0]) {
			a->plan.bind = bind;
			a->plan.bind_arg = d;
		}
		mir_acme_begin(e, &a->plan);
	}
	while (rc == 0 && e->want != MIR_ACME_DONE && e->want != MIR_ACME_FAILED)
		rc = step(d, key);
	hide(d);
	if (rc == 0 && e->want == MIR_ACME_FAILED) {
		*until = e->until;
		mir_error("no certificate: %s", e->why);
		rc = MIR_EACCES;
	} else if (rc == 0) {
		rc = take(d, key);
	} else if (rc != MIR_ECANCELED) {
		mir_error("no certificate: %s", mir_strerror(rc));
	}
	EVP_PKEY_free(key);
	return rc;
}
