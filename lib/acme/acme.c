/* acme.c: the device: when a certificate is got, and what is shown of challenges. */
#include "internal.h"

#include <mir/format.h>
#include <mir/hash.h>
#include <mir/log.h>
#include <openssl/crypto.h>
#include <stdlib.h>

MIR_LOG_SOURCE(acme);

enum { BACKOFF_MAX = 10, DAY_S = 86400 };

static int http01(struct mir_acme *acme, struct mir_str token, char *out, size_t cap)
{
	struct mir_acme_device *d = mir_container(acme, struct mir_acme_device, acme);
	size_t n;

	if (!d->token || strcmp(d->config.acme_challenge, "http-01") != 0 ||
	    strlen(d->token) != token.len || memcmp(d->token, token.p, token.len) != 0)
		return MIR_ENOENT;
	n = strlen(d->authorization);
	if (n >= cap)
		return MIR_ERANGE;
	memcpy(out, d->authorization, n + 1);
	return (int)n;
}

static const struct mir_acme_ops acme_ops = { "acme", http01 };

/* ns, a tenth more or less: many images that start together do not come together. */
static int64_t jittered(int64_t ns)
{
	int64_t fifth = ns / 5 / MIR_MS(1);

	return ns - ns / 10 + MIR_MS(mir_random_below((uint32_t)MIR_MIN(fifth, DAY_S * 1000) + 1));
}

/* How long until the certificate of the store is to be renewed; 0: now. */
static int64_t remaining(struct mir_acme_device *d)
{
	int64_t now = mir_wall() / MIR_SECOND(1), from, until, due;

	if (mir_acme_stored(d, &from, &until) < 0)
		return 0;
	due = from + (until - from) / 3 * 2;
	due -= (int64_t)mir_random_below((uint32_t)MIR_MIN((until - from) / 20 + 1, DAY_S));
	if (d->config.acme_renew > 0)
		due = MIR_MIN(due, from + d->config.acme_renew / MIR_SECOND(1));
	return due > now ? MIR_SECOND(due - now) : 0;
}

/* How long after a failure: twice as long each time, a day at most. */
static int64_t patience(struct mir_acme_device *d, int64_t until)
{
	int64_t ns = d->config.acme_retry << MIR_MIN(d->failures, (unsigned)BACKOFF_MAX);

	if (d->failures <= BACKOFF_MAX)
		d->failures++;
	ns = jittered(MIR_MIN(ns, MIR_SECOND(DAY_S)));
	return MIR_MAX(ns, until - mir_now());
}

static void run(void *arg)
{
	struct mir_acme_device *d = arg;
	int64_t wait = remaining(d), until;

	/* The servers that are to answer challenges start first. */
	if (wait == 0)
		wait = MIR_MS(500);
	for (;;) {
		if (mir_sleep(wait) < 0)
			return;
		wait = remaining(d);
		/* Clocks of hosts are set, and a day is a step that no timer minds. */
		if (wait > 0) {
			wait = MIR_MIN(wait, MIR_SECOND(DAY_S));
			continue;
		}
		mir_info("getting a certificate for %s from %s", d->config.acme_names,
		    d->config.acme_directory);
		if (mir_acme_order(d, &until) == 0) {
			d->stats.issued++;
			d->failures = 0;
			/* At least a while, whatever its lifetime. */
			wait = MIR_MAX(remaining(d), d->config.acme_retry);
			mir_info("certificate for %s", d->config.acme_names);
		} else {
			d->stats.failed++;
			wait = patience(d, until);
			mir_info("again in %lld s", (long long)(wait / MIR_SECOND(1)));
		}
	}
}

/* "a.example, *.b.example": names in small letters. */
static int read_names(const char *text, struct mir_acme_plan *plan)
{
	while (*text) {
		size_t len = strcspn(text, ", ");
		char *name = plan->name[plan->n];
		bool dot = false;

		if (len == 0) {
			text++;
			continue;
		}
		if (plan->n == MIR_ACME_NAMES || len >= MIR_ACME_NAME)
			return MIR_EINVAL;
		for (size_t i = 0; i < len; i++) {
			char c = text[i];

			c = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
			if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
				c == '.' || (c == '*' && i == 0)))
				return MIR_EINVAL;
			dot |= c == '.';
			name[i] = c;
		}
		name[len] = 0;
		if (!dot)
			return MIR_EINVAL;
		plan->n++;
		text += len;
	}
	return plan->n ? 0 : MIR_EINVAL;
}

static int check_config(struct mir_acme_device *d)
{
	const struct mir_acme_device_config *c = &d->config;

	if (read_names(c->acme_names, &d->account->plan) < 0) {
		mir_error("--acme-names=%s: expected up to %d names of hosts, comma separated",
		    c->acme_names, MIR_ACME_NAMES);
		return MIR_EINVAL;
	}
	if (!c->acme_agree) {
		mir_error("--acme-agree=yes is missing: say that you agree to the terms of %s",
		    c->acme_directory);
		return MIR_EINVAL;
	}
	if (!mir_kv_writable(c->store)) {
		mir_error(
		    "the store of tls-store cannot be written: certificates need one that can");
		return MIR_EROFS;
	}
	return 0;
}

int mir_acme_device_start(struct mir_acme_device *d, const struct mir_acme_device_config *config)
{
	struct mir_acme_plan *plan;
	int rc;

	*d = (struct mir_acme_device){ .acme = { &acme_ops }, .config = *config };
	if (!(d->account = calloc(1, sizeof(*d->account))))
		return MIR_ENOMEM;
	d->config.acme_retry = config->acme_retry > 0 ? config->acme_retry : MIR_SECOND(60);
	if (!d->config.acme_challenge)
		d->config.acme_challenge = "http-01";
	plan = &d->account->plan;
	plan->directory = config->acme_directory;
	plan->email = config->acme_email ? config->acme_email : "";
	plan->challenge = d->config.acme_challenge;
	rc = check_config(d);
	if (rc == 0)
		rc = mir_acme_trust(d);
	if (rc == 0)
		rc = mir_acme_account_load(d);
	if (rc == 0 && !(d->fiber = mir_spawn_joinable("acme", run, d)))
		rc = MIR_ENOMEM;
	if (rc < 0)
		mir_acme_device_stop(d);
	return rc;
}

void mir_acme_device_stop(struct mir_acme_device *d)
{
	if (d->fiber) {
		mir_cancel(d->fiber);
		mir_join(d->fiber);
	}
	if (d->account) {
		EVP_PKEY_free(d->account->key);
		free(d->account);
	}
	free(d->token);
	free(d->authorization);
	*d = (struct mir_acme_device){ .acme = d->acme };
}
