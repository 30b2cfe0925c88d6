/* engine.c: see engine.h. */
#include "engine.h"

#include <mir/format.h>
#include <string.h>

enum state {
	DIRECTORY,
	ACCOUNT,
	ORDER,
	AUTHORIZATION, /* of the at-th name: what is asked of us */
	CHALLENGE,     /* the server is told that it may look */
	LOOKED,        /* has it? */
	FINALIZE,
	ISSUED, /* is it? */
	CERTIFICATE,
};

enum { RETRY_MAX_S = 86400, POLL_S = 2, CHALLENGES = 32 /* that are looked at */ };

static void fail(struct mir_acme_engine *e, int64_t until, const char *what, const char *detail)
{
	e->want = MIR_ACME_FAILED;
	e->until = until;
	mir_format(e->why, sizeof(e->why), "%s%s%s", what, detail && *detail ? ": " : "",
	    detail ? detail : "");
}

static void post(struct mir_acme_engine *e, enum state state, const char *url)
{
	e->state = state;
	e->by_key = state == ACCOUNT;
	memmove(e->target, url, strlen(url) + 1);
	if (e->nonce[0]) {
		e->want = MIR_ACME_POST;
		memcpy(e->url, e->target, sizeof(e->url));
	} else {
		e->want = MIR_ACME_HEAD;
		memcpy(e->url, e->new_nonce, sizeof(e->url));
	}
}

static bool add(struct mir_acme_engine *e, size_t *len, const char *raw, const char *quoted)
{
	size_t n = strlen(raw);

	if (n >= sizeof(e->payload) - *len)
		return false;
	memcpy(e->payload + *len, raw, n + 1);
	*len += n;
	return !quoted || mir_json_quote(quoted, e->payload, len, sizeof(e->payload));
}

/* ---- what is asked ---- */

static bool ask_account(struct mir_acme_engine *e)
{
	char contact[300];
	size_t len = 0;
	bool ok = add(e, &len, "{\"termsOfServiceAgreed\":true", NULL);

	if (e->plan.email[0]) {
		mir_format(contact, sizeof(contact), "mailto:%s", e->plan.email);
		ok = ok && add(e, &len, ",\"contact\":[", contact) && add(e, &len, "]", NULL);
	}
	if (e->plan.bind) {
		ok = ok && add(e, &len, ",\"externalAccountBinding\":", NULL) &&
		     e->plan.bind(e->plan.bind_arg, e->new_account, e->payload + len,
			 sizeof(e->payload) - len);
		len = strlen(e->payload);
	}
	ok = ok && add(e, &len, "}", NULL);
	post(e, ACCOUNT, e->new_account);
	return ok;
}

static bool ask_order(struct mir_acme_engine *e)
{
	size_t len = 0;
	bool ok = add(e, &len, "{\"identifiers\":[", NULL);

	for (unsigned i = 0; ok && i < e->plan.n; i++)
		ok = add(e, &len,
			 i ? ",{\"type\":\"dns\",\"value\":" : "{\"type\":\"dns\",\"value\":",
			 e->plan.name[i]) &&
		     add(e, &len, "}", NULL);
	post(e, ORDER, e->new_order);
	return ok && add(e, &len, "]}", NULL);
}

static bool ask_finalize(struct mir_acme_engine *e)
{
	size_t len = 0;

	post(e, FINALIZE, e->finalize);
	return add(e, &len, "{\"csr\":", e->plan.csr) && add(e, &len, "}", NULL);
}

static void look(struct mir_acme_engine *e, enum state state, const char *url)
{
	e->payload[0] = 0;
	post(e, state, url);
}

/* ---- what is answered ---- */

static bool url_of(struct mir_json v, const char *name, char out[static MIR_ACME_URL])
{
	struct mir_json member;

	return mir_json_member(v, name, &member) && mir_json_text(member, out, MIR_ACME_URL) > 0 &&
	       strncmp(out, "http", 4) == 0;
}

static bool is(struct mir_json v, const char *name, const char *text)
{
	struct mir_json member;
	char got[64];

	return mir_json_member(v, name, &member) && mir_json_text(member, got, sizeof(got)) >= 0 &&
	       strcmp(got, text) == 0;
}

static void on_directory(struct mir_acme_engine *e, struct mir_json v, int64_t now)
{
	if (!url_of(v, "newNonce", e->new_nonce) || !url_of(v, "newAccount", e->new_account) ||
	    !url_of(v, "newOrder", e->new_order))
		fail(e, now, "the directory is none of ACME", NULL);
	else if (!ask_account(e))
		fail(e, now, "the request for an account is too long", NULL);
}

static void on_account(struct mir_acme_engine *e, const struct mir_acme_answer *a, int64_t now)
{
	if (!a->location[0] || strlen(a->location) >= sizeof(e->account)) {
		fail(e, now, "the server names no account", NULL);
		return;
	}
	memcpy(e->account, a->location, strlen(a->location) + 1);
	if (!ask_order(e))
		fail(e, now, "too many names", NULL);
}

static void on_order(
    struct mir_acme_engine *e, const struct mir_acme_answer *a, struct mir_json v, int64_t now)
{
	struct mir_json list, url;

	e->authorizations = 0;
	if (!a->location[0] || strlen(a->location) >= sizeof(e->order) ||
	    !url_of(v, "finalize", e->finalize) || !mir_json_member(v, "authorizations", &list)) {
		fail(e, now, "an order that cannot be followed", NULL);
		return;
	}
	memcpy(e->order, a->location, strlen(a->location) + 1);
	while (mir_json_element(list, e->authorizations, &url)) {
		if (e->authorizations == MIR_ACME_NAMES ||
		    mir_json_text(url, e->authorization[e->authorizations], MIR_ACME_URL) <= 0) {
			fail(e, now, "more authorizations than names", NULL);
			return;
		}
		e->authorizations++;
	}
	e->at = 0;
	if (e->authorizations)
		look(e, AUTHORIZATION, e->authorization[0]);
	else if (!ask_finalize(e))
		fail(e, now, "the request for a certificate is too long", NULL);
}

static void next_authorization(struct mir_acme_engine *e, int64_t now)
{
	e->polls = 0;
	if (++e->at < e->authorizations)
		look(e, AUTHORIZATION, e->authorization[e->at]);
	else if (!ask_finalize(e))
		fail(e, now, "the request for a certificate is too long", NULL);
}

/* Tokens become part of paths: base64url and nothing else (section 8.3). */
static bool token_ok(const char *t)
{
	size_t n = strspn(t, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return n > 0 && !t[n];
}

static bool read_challenge(struct mir_acme_engine *e, struct mir_json v)
{
	struct mir_json list, challenge, member;

	if (!mir_json_member(v, "identifier", &member) ||
	    !mir_json_member(member, "value", &member) ||
	    mir_json_text(member, e->host, sizeof(e->host)) <= 0 ||
	    !mir_json_member(v, "challenges", &list))
		return false;
	for (unsigned i = 0; i < CHALLENGES && mir_json_element(list, i, &challenge); i++)
		if (is(challenge, "type", e->plan.challenge))
			return url_of(challenge, "url", e->challenge) &&
			       mir_json_member(challenge, "token", &member) &&
			       mir_json_text(member, e->token, sizeof(e->token)) > 0 &&
			       token_ok(e->token);
	return false;
}

static void on_authorization(struct mir_acme_engine *e, struct mir_json v, int64_t now)
{
	if (is(v, "status", "valid"))
		next_authorization(e, now);
	else if (!is(v, "status", "pending"))
		fail(e, now, "an authorization that is not pending", NULL);
	else if (!read_challenge(e, v))
		fail(e, now, "the server offers no such challenge", e->plan.challenge);
	else
		e->want = MIR_ACME_SHOW;
}

/* The error of a challenge, or of an order, if it names one. */
static void detail_of(struct mir_json v, char out[static MIR_ACME_WHY])
{
	struct mir_json list, challenge, error, detail;

	out[0] = 0;
	if (!mir_json_member(v, "error", &error)) {
		if (!mir_json_member(v, "challenges", &list))
			return;
		for (unsigned i = 0; i < CHALLENGES && mir_json_element(list, i, &challenge); i++)
			if (mir_json_member(challenge, "error", &error))
				goto found;
		return;
	}
found:
	if (mir_json_member(error, "detail", &detail) &&
	    mir_json_text(detail, out, MIR_ACME_WHY) < 0)
		out[0] = 0;
}

/* The server is not done: again later. */
static void wait(struct mir_acme_engine *e, const struct mir_acme_answer *a, int64_t now)
{
	int64_t s = a->retry_after > 0 ? MIR_MIN(a->retry_after, 300) : POLL_S;

	if (++e->polls > MIR_ACME_POLLS) {
		fail(e, now, "the server does not come to an end", NULL);
		return;
	}
	e->want = MIR_ACME_SLEEP;
	e->until = mir_time_add(now, MIR_SECOND(s));
}

static void on_looked(
    struct mir_acme_engine *e, const struct mir_acme_answer *a, struct mir_json v, int64_t now)
{
	char detail[MIR_ACME_WHY];

	if (is(v, "status", "valid")) {
		next_authorization(e, now);
	} else if (is(v, "status", "pending") || is(v, "status", "processing")) {
		wait(e, a, now);
	} else {
		detail_of(v, detail);
		fail(e, now, "the challenge was not met", detail);
	}
}

static void on_issued(
    struct mir_acme_engine *e, const struct mir_acme_answer *a, struct mir_json v, int64_t now)
{
	char url[MIR_ACME_URL], detail[MIR_ACME_WHY];

	if (is(v, "status", "valid") && url_of(v, "certificate", url)) {
		look(e, CERTIFICATE, url);
	} else if (is(v, "status", "processing") || is(v, "status", "ready")) {
		e->state = ISSUED;
		wait(e, a, now);
	} else {
		detail_of(v, detail);
		fail(e, now, "no certificate is issued", detail);
	}
}

/* A problem document (RFC 7807). */
static void on_problem(struct mir_acme_engine *e, const struct mir_acme_answer *a, bool json,
    struct mir_json v, int64_t now)
{
	static const char bad_nonce[] = "urn:ietf:params:acme:error:badNonce";
	char detail[MIR_ACME_WHY] = "";
	struct mir_json member;
	char status[32];
	int64_t s = a->retry_after > 0 ? MIR_MIN(a->retry_after, RETRY_MAX_S) : 0;

	if (json && e->want == MIR_ACME_POST && is(v, "type", bad_nonce) &&
	    ++e->nonces <= MIR_ACME_NONCES) {
		post(e, (enum state)e->state, e->target);
		return;
	}
	if (json && mir_json_member(v, "detail", &member) &&
	    mir_json_text(member, detail, sizeof(detail)) < 0)
		detail[0] = 0;
	mir_format(status, sizeof(status), "answer %u", a->status);
	fail(e, mir_time_add(now, MIR_SECOND(s)), status, detail);
}

void mir_acme_begin(struct mir_acme_engine *e, const struct mir_acme_plan *plan)
{
	*e = (struct mir_acme_engine){ .plan = *plan, .want = MIR_ACME_GET, .state = DIRECTORY };
	mir_format(e->url, sizeof(e->url), "%s", plan->directory);
}

static void take_nonce(struct mir_acme_engine *e, const struct mir_acme_answer *a)
{
	size_t n = strlen(a->nonce);

	e->nonce[0] = 0;
	if (n < sizeof(e->nonce))
		memcpy(e->nonce, a->nonce, n + 1);
	/* It is written into JSON as it is (RFC 8555 section 6.5.1). */
	if (!token_ok(e->nonce))
		e->nonce[0] = 0;
}

void mir_acme_answered(struct mir_acme_engine *e, const struct mir_acme_answer *a, int64_t now)
{
	bool json, fine = a->status >= 200 && a->status < 300;
	struct mir_json v;

	take_nonce(e, a);
	if (e->want == MIR_ACME_HEAD) {
		if (fine && e->nonce[0])
			post(e, (enum state)e->state, e->target);
		else
			fail(e, now, "the server gives no nonce", NULL);
		return;
	}
	if (fine && e->state == CERTIFICATE) {
		e->want = MIR_ACME_DONE;
		return;
	}
	json = mir_json_parse(a->body, a->len, &v) == 0;
	if (!fine) {
		on_problem(e, a, json, v, now);
		return;
	}
	e->nonces = 0;
	if (!json) {
		fail(e, now, "an answer that is not JSON", NULL);
		return;
	}
	switch ((enum state)e->state) {
	case DIRECTORY: on_directory(e, v, now); break;
	case ACCOUNT: on_account(e, a, now); break;
	case ORDER: on_order(e, a, v, now); break;
	case AUTHORIZATION: on_authorization(e, v, now); break;
	case CHALLENGE: look(e, LOOKED, e->authorization[e->at]); break;
	case LOOKED: on_looked(e, a, v, now); break;
	case FINALIZE:
	case ISSUED: on_issued(e, a, v, now); break;
	case CERTIFICATE: break;
	}
}

void mir_acme_unanswered(struct mir_acme_engine *e, const char *why, int64_t now)
{
	char url[MIR_ACME_URL];

	memcpy(url, e->url, sizeof(url));
	fail(e, now, url, why);
}

void mir_acme_shown(struct mir_acme_engine *e)
{
	size_t len = 0;

	add(e, &len, "{}", NULL);
	post(e, CHALLENGE, e->challenge);
}

void mir_acme_slept(struct mir_acme_engine *e)
{
	if (e->state == LOOKED)
		look(e, LOOKED, e->authorization[e->at]);
	else
		look(e, ISSUED, e->order);
}
