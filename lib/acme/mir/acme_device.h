/* acme_device.h: gets certificates for the names of an image and renews them (RFC 8555).
 *
 * The store holds /acme/account.pem, the key that orders, and for each certificate a dictionary
 * /acme-SECONDS with fullchain.pem and privkey.pem, which TLS takes from there.
 */
#ifndef MIR_ACME_DEVICE_H
#define MIR_ACME_DEVICE_H

#include <mir/acme.h>
#include <mir/fiber.h>
#include <mir/http_client.h>
#include <mir/kv.h>
#include <mir/tls.h>

struct mir_acme_device_config {
	struct mir_kv *store; /* certificates are written there */
	struct mir_kv *ca;    /* with ca.pem, the authorities of the directory; NULL: the store's */
	struct mir_tls *tls;
	struct mir_http_client *client;
	const char *acme_names; /* comma separated */
	const char *acme_directory;
	const char *acme_email;
	bool acme_agree; /* to the terms of the directory */
	const char *acme_challenge;
	const char *acme_eab_kid, *acme_eab_key;
	int64_t
	    acme_renew; /* nanoseconds after which a certificate is renewed; 0: 2/3 of its life */
	int64_t acme_retry; /* nanoseconds after a first failure; 0: 1 min */
	const char *name;
};

struct mir_acme_stats {
	uint64_t issued, failed, requests;
};

struct mir_acme_engine;
struct mir_acme_account;

struct mir_acme_device {
	struct mir_acme acme;
	struct mir_acme_device_config config;
	struct mir_acme_account *account; /* keys and texts */
	struct mir_fiber *fiber;
	char *token, *authorization; /* of the challenge that is open; NULL: none is */
	unsigned failures;           /* in a row */
	struct mir_acme_stats stats;
};

/* MIR_EINVAL: a key's value, which is logged; MIR_EROFS: the store cannot be written; MIR_ENOMEM.
 * Orders are made by a fiber of its own.  Blocks. */
int mir_acme_device_start(struct mir_acme_device *, const struct mir_acme_device_config *);
void mir_acme_device_stop(struct mir_acme_device *);

#endif
