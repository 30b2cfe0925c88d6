/* context.c: what all connections have in common: versions, ciphers, limits. */
#include "internal.h"

#include <mir/log.h>
#include <openssl/err.h>

MIR_LOG_SOURCE(tls);

/* Mozilla's "intermediate" and "modern" server configurations, version 5.7. */
static const struct {
	const char *name;
	int min_version;
	const char *ciphers;
} levels[] = {
	{ "intermediate", TLS1_2_VERSION,
	    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
	    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305" },
	{ "modern", TLS1_3_VERSION, NULL },
};

static const struct {
	const char *name;
	int mode;
} client_certs[] = {
	{ "none", SSL_VERIFY_NONE },
	{ "ask", SSL_VERIFY_PEER },
	{ "require", SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT },
};

static int context_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

struct mir_tls_device *mir_tls_of_context(const SSL_CTX *context)
{
	return SSL_CTX_get_ex_data(context, context_index());
}

void mir_tls_context_belongs(SSL_CTX *context, struct mir_tls_device *d)
{
	SSL_CTX_set_ex_data(context, context_index(), d);
}

static void key_log(const SSL *ssl, const char *line)
{
	(void)ssl;
	mir_app("key log: %s", line);
}

bool mir_tls_context_level(struct mir_tls_device *d, SSL_CTX *c)
{
	const char *wanted = d->config.tls_ciphers;

	for (unsigned i = 0; i < MIR_COUNT(levels); i++) {
		if (strcmp(levels[i].name, wanted) != 0)
			continue;
		return SSL_CTX_set_min_proto_version(c, levels[i].min_version) == 1 &&
		       (!levels[i].ciphers || SSL_CTX_set_cipher_list(c, levels[i].ciphers) == 1);
	}
	mir_error(
	    "--tls-ciphers=%s: there are intermediate (TLS 1.2 and 1.3) and modern (1.3)", wanted);
	return false;
}

static bool set_client_cert(struct mir_tls_device *d, SSL_CTX *c)
{
	for (unsigned i = 0; i < MIR_COUNT(client_certs); i++) {
		if (strcmp(client_certs[i].name, d->config.tls_client_cert) != 0)
			continue;
		SSL_CTX_set_verify(c, client_certs[i].mode, NULL);
		return true;
	}
	mir_error(
	    "--tls-client-cert=%s: there are none, ask and require", d->config.tls_client_cert);
	return false;
}

static bool set_server(struct mir_tls_device *d, SSL_CTX *c)
{
	static const unsigned char id[] = "mirage";

	SSL_CTX_set_options(c, SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(c, mir_tls_ticket_key);
	SSL_CTX_set_client_hello_cb(c, mir_tls_challenge_hello, d);
	SSL_CTX_set_tlsext_servername_callback(c, mir_tls_identity_select);
	SSL_CTX_set_tlsext_servername_arg(c, d);
	return SSL_CTX_set_session_id_context(c, id, sizeof(id) - 1) == 1 && set_client_cert(d, c);
}

static void set_client(SSL_CTX *c)
{
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(c, mir_tls_cache_new);
}

SSL_CTX *mir_tls_context_new(struct mir_tls_device *d, bool server)
{
	SSL_CTX *c = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	bool ok = c != NULL;

	if (!ok) {
		mir_error("cannot start TLS: %s", ERR_reason_error_string(ERR_peek_error()));
		ERR_clear_error();
		return NULL;
	}
	mir_tls_context_belongs(c, d);
	SSL_CTX_set_security_level(c, 2);
	SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(c, 64 * 1024);
	if (d->config.tls_key_log)
		SSL_CTX_set_keylog_callback(c, key_log);
	ok = mir_tls_context_level(d, c);
	if (ok && server)
		ok = set_server(d, c);
	else if (ok)
		set_client(c);
	if (!ok) {
		ERR_clear_error();
		SSL_CTX_free(c);
		return NULL;
	}
	return c;
}
