/* device.c: the device: start, stop, and what the store brings later. */
#include "internal.h"

#include <mir/log.h>
#include <openssl/err.h>
#include <stdlib.h>

MIR_LOG_SOURCE(tls);

static struct mir_tls_device *device_of(struct mir_tls *t)
{
	return mir_container(t, struct mir_tls_device, tls);
}

static int tls_server(struct mir_tls *t, struct mir_flow *below,
    const struct mir_tls_options *options, struct mir_tls_flow **out)
{
	struct mir_tls_device *d = device_of(t);

	return mir_tls_handshake(d, below, d->server, NULL, options, out);
}

static int tls_client(struct mir_tls *t, struct mir_flow *below, const char *server_name,
    const struct mir_tls_options *options, struct mir_tls_flow **out)
{
	struct mir_tls_device *d = device_of(t);

	return mir_tls_handshake(d, below, d->client, server_name, options, out);
}

static int tls_challenge(struct mir_tls *t, const char *host, const char *chain, const char *key)
{
	return mir_tls_challenge_set(device_of(t), host, chain, key);
}

static int tls_reload(struct mir_tls *t)
{
	return mir_tls_device_reload(device_of(t));
}

static const struct mir_tls_ops tls_ops = {
	.name = "openssl",
	.server = tls_server,
	.client = tls_client,
	.challenge = tls_challenge,
	.reload = tls_reload,
};

/* What a look at the store gives. */
struct look {
	struct mir_tls_identity *identities;
	SSL_CTX *server, *client;
};

static void look_free(struct look *l)
{
	mir_tls_identities_free(l->identities);
	SSL_CTX_free(l->server);
	SSL_CTX_free(l->client);
}

static int look_at_store(struct mir_tls_device *d, struct look *l)
{
	int rc;

	if (!(l->server = mir_tls_context_new(d, true)) ||
	    !(l->client = mir_tls_context_new(d, false)))
		return MIR_EINVAL;
	if (!mir_tls_trust_load(d, l->client) && mir_tls_has(d, "", "ca.pem"))
		return MIR_EINVAL;
	if (strcmp(d->config.tls_client_cert, "none") != 0 && !mir_tls_trust_load(d, l->server)) {
		mir_error("--tls-client-cert=%s needs authorities: /ca.pem in the store",
		    d->config.tls_client_cert);
		return MIR_EINVAL;
	}
	rc = mir_tls_identities_load(d, &l->identities);
	if (rc == 0 && !l->identities && !d->identities && d->config.tls_self_signed &&
	    d->config.tls_self_signed[0])
		rc = mir_tls_self_signed(d, d->config.tls_self_signed, &l->identities);
	return rc;
}

static void take(struct mir_tls_device *d, struct look *l)
{
	struct look before = { d->identities, d->server, d->client };

	d->identities = l->identities;
	d->server = l->server;
	d->client = l->client;
	mir_tls_cache_clear(d); /* what was trusted then may not be now */
	look_free(&before);
}

int mir_tls_device_reload(struct mir_tls_device *d)
{
	struct look l = { 0 };
	uint8_t digest[MIR_KV_DIGEST] = { 0 };
	int rc = d->config.store ? mir_kv_digest(d->config.store, mir_str("/"), digest) : 0;

	if (rc == 0 && memcmp(digest, d->digest, sizeof(digest)) == 0 && d->server)
		return 0;
	rc = look_at_store(d, &l);
	memcpy(d->digest, digest, sizeof(digest)); /* what is wrong is told once */
	if (rc == 0 && !l.identities && d->identities) {
		mir_debug("the store has no certificate: the old ones are kept");
		rc = MIR_ENOENT;
	}
	if (rc < 0) {
		look_free(&l);
		return rc;
	}
	take(d, &l);
	d->stats.reloads++;
	return 0;
}

static void watch(void *arg)
{
	struct mir_tls_device *d = arg;

	while (mir_sleep(d->config.tls_reload) == 0)
		mir_tls_device_reload(d);
}

static void set_defaults(struct mir_tls_device_config *c)
{
	if (!c->tls_ciphers)
		c->tls_ciphers = "intermediate";
	if (!c->tls_client_cert)
		c->tls_client_cert = "none";
	if (c->tls_handshakes <= 0)
		c->tls_handshakes = 256;
	if (c->tls_handshake_timeout <= 0)
		c->tls_handshake_timeout = MIR_SECOND(10);
}

int mir_tls_device_start(struct mir_tls_device *d, const struct mir_tls_device_config *config)
{
	int rc = mir_tls_library();

	*d = (struct mir_tls_device){ .tls = { &tls_ops, config->name }, .config = *config };
	set_defaults(&d->config);
	if (rc == 0 && !(d->room = malloc(MIR_TLS_RECORD)))
		rc = MIR_ENOMEM;
	if (rc == 0)
		rc = mir_tls_device_reload(d);
	if (rc == 0 && d->config.tls_reload > 0 &&
	    !(d->watcher = mir_spawn_joinable("tls", watch, d)))
		rc = MIR_ENOMEM;
	if (rc < 0)
		mir_tls_device_stop(d);
	return rc;
}

void mir_tls_device_stop(struct mir_tls_device *d)
{
	struct look all = { d->identities, d->server, d->client };

	if (d->watcher) {
		mir_cancel(d->watcher);
		mir_join(d->watcher);
	}
	mir_tls_cache_clear(d);
	mir_tls_challenge_set(d, "", NULL, NULL);
	look_free(&all);
	mir_mem_unref(d->spare);
	free(d->room);
	OPENSSL_cleanse(d->tickets, sizeof(d->tickets));
	*d = (struct mir_tls_device){ .tls = d->tls };
}
