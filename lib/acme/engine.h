/* engine.h: how a certificate is got (RFC 8555 section 7), as a state machine: answers and the time
 * in, what is to be done next out.  Pure: no I/O, no keys, no clock.
 */
#ifndef MIR_ACME_ENGINE_H
#define MIR_ACME_ENGINE_H

#include <mir/time.h>

#include "json.h"

enum {
	MIR_ACME_NAMES = 16, /* of a certificate */
	MIR_ACME_NAME = 254,
	MIR_ACME_URL = 512,
	MIR_ACME_TOKEN = 256,
	MIR_ACME_NONCE = 256,
	MIR_ACME_PAYLOAD = 8192,
	MIR_ACME_WHY = 256,
	MIR_ACME_NONCES = 10, /* times that a nonce may be refused in a row */
	MIR_ACME_POLLS = 60,  /* looks at what the server has still to do */
};

/* What is wanted; the texts live as long as the engine. */
struct mir_acme_plan {
	const char *directory; /* URL */
	const char *email;     /* of who is responsible; "": none */
	const char *challenge; /* "http-01", "tls-alpn-01" */
	const char *csr;       /* the request for the certificate: DER in base64url */
	/* Writes what goes into externalAccountBinding, JSON; NULL: no such account. */
	bool (*bind)(void *arg, const char *url, char *out, size_t cap);
	void *bind_arg;
	char name[MIR_ACME_NAMES][MIR_ACME_NAME];
	unsigned n;
};

enum mir_acme_want {
	MIR_ACME_GET,    /* url */
	MIR_ACME_HEAD,   /* url */
	MIR_ACME_POST,   /* url: payload, signed with nonce by the key itself or by account */
	MIR_ACME_SHOW,   /* the answer to a challenge: token, for host; then mir_acme_shown */
	MIR_ACME_SLEEP,  /* until; then mir_acme_slept */
	MIR_ACME_DONE,   /* the last answer's body is the certificate with its chain, in PEM */
	MIR_ACME_FAILED, /* why; not again before until */
};

struct mir_acme_answer {
	unsigned status;
	const char *nonce, *location; /* header fields; "": none */
	int64_t retry_after;          /* seconds; -1: none */
	const char *body;
	size_t len;
};

struct mir_acme_engine {
	struct mir_acme_plan plan;
	enum mir_acme_want want;
	char url[MIR_ACME_URL];
	char payload[MIR_ACME_PAYLOAD]; /* "": as GET, but signed */
	bool by_key;                    /* signed by the key: there is no account yet */
	char nonce[MIR_ACME_NONCE];
	char account[MIR_ACME_URL];
	char token[MIR_ACME_TOKEN], host[MIR_ACME_NAME];
	int64_t until;
	char why[MIR_ACME_WHY];

	int state;
	char new_nonce[MIR_ACME_URL], new_account[MIR_ACME_URL], new_order[MIR_ACME_URL];
	char order[MIR_ACME_URL], finalize[MIR_ACME_URL], challenge[MIR_ACME_URL];
	char authorization[MIR_ACME_NAMES][MIR_ACME_URL];
	char target[MIR_ACME_URL]; /* of the POST that waits for a nonce */
	unsigned authorizations, at, nonces, polls;
};

void mir_acme_begin(struct mir_acme_engine *, const struct mir_acme_plan *);

/* An answer to what was asked. */
void mir_acme_answered(struct mir_acme_engine *, const struct mir_acme_answer *, int64_t now);
/* There was none: the text says why. */
void mir_acme_unanswered(struct mir_acme_engine *, const char *why, int64_t now);
void mir_acme_shown(struct mir_acme_engine *);
void mir_acme_slept(struct mir_acme_engine *);

#endif
