/* handshake.c: the beginning of a session over a flow: what is asked for, agreed on and told. */
#include "flow.h"

#include <mir/log.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

MIR_LOG_SOURCE(tls);

static int handshake(struct mir_tls_conn *t, const char **why)
{
	int rc, sent;

	for (;;) {
		rc = mir_tls_session_handshake(&t->session, why);
		sent = mir_tls_flow_flush(t);
		if (rc != MIR_EAGAIN)
			return rc;
		if (sent < 0) {
			*why = mir_strerror(sent);
			return sent;
		}
		rc = mir_tls_flow_fill(t);
		if (rc < 0) {
			*why = mir_strerror(rc);
			return rc;
		}
	}
}

static void describe(struct mir_tls_conn *t, bool server)
{
	SSL *ssl = t->session.ssl;
	const unsigned char *alpn;
	unsigned len;
	const char *name = server ? SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) : NULL;
	X509 *peer = SSL_get0_peer_certificate(ssl);

	t->tls.version = SSL_get_version(ssl);
	t->tls.cipher = SSL_get_cipher_name(ssl);
	t->tls.resumed = SSL_session_reused(ssl);
	SSL_get0_alpn_selected(ssl, &alpn, &len);
	if (len < sizeof(t->tls.alpn))
		memcpy(t->tls.alpn, alpn ? alpn : (const unsigned char *)"", len);
	if (name && strlen(name) < sizeof(t->tls.server_name))
		memcpy(t->tls.server_name, name, strlen(name) + 1);
	if (peer && server)
		X509_NAME_oneline(
		    X509_get_subject_name(peer), t->tls.peer, (int)sizeof(t->tls.peer));
	else if (peer && SSL_get0_peername(ssl))
		snprintf(t->tls.peer, sizeof(t->tls.peer), "%s", SSL_get0_peername(ssl));
}

static int begin(struct mir_tls_conn *t, struct mir_tls_device *d, bool server)
{
	const char *why = "";
	int rc = handshake(t, &why);

	if (rc < 0) {
		d->stats.failed++;
		mir_info("handshake as %s: %s", server ? "server" : "client", why);
		return rc;
	}
	d->stats.handshakes++;
	describe(t, server);
	d->stats.resumed += t->tls.resumed;
	mir_debug("%s %s%s%s%s %s", t->tls.version, t->tls.cipher, t->tls.resumed ? " resumed" : "",
	    t->tls.alpn[0] ? " " : "", t->tls.alpn, t->tls.server_name);
	return 0;
}

/* What a client asks for and insists on.  own: it shows a certificate, so that its session is for
 * nobody else. */
static int prepare_client(struct mir_tls_conn *t, const char *name, bool own)
{
	SSL *ssl = t->session.ssl;
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	SSL_SESSION *before = own ? NULL : mir_tls_cache_find(t->device, name);

	if (strlen(name) == 0 || strlen(name) >= sizeof(t->tls.server_name))
		return MIR_EINVAL;
	memcpy(t->tls.server_name, name, strlen(name) + 1);
	SSL_set_app_data(ssl, own ? NULL : t->tls.server_name);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, name) != 1) {
		/* Common names are not names of hosts (RFC 9525 section 2). */
		X509_VERIFY_PARAM_set_hostflags(param,
		    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
		if (SSL_set_tlsext_host_name(ssl, t->tls.server_name) != 1 ||
		    SSL_set1_host(ssl, name) != 1)
			return MIR_EINVAL;
	}
	if (before)
		SSL_set_session(ssl, before);
	return 0;
}

static int prepare(
    struct mir_tls_conn *t, const char *server_name, const struct mir_tls_options *options)
{
	SSL *ssl = t->session.ssl;
	uint8_t alpn[MIR_TLS_ALPN_MAX];
	struct mir_tls_identity *own = NULL;
	size_t len = 0;

	if (!server_name) {
		SSL_set_app_data(ssl, (void *)(uintptr_t)(options ? options->alpn : NULL));
		return 0;
	}
	if (options && options->alpn && !(len = mir_tls_alpn_wire(options->alpn, alpn)))
		return MIR_EINVAL;
	if (len && SSL_set_alpn_protos(ssl, alpn, (unsigned)len) != 0)
		return MIR_ENOMEM;
	if (options && options->store) {
		if (!(own = mir_tls_identity_named(t->device, options->store)))
			return MIR_ENOENT;
		SSL_use_certificate(ssl, SSL_CTX_get0_certificate(own->context));
		SSL_use_PrivateKey(ssl, SSL_CTX_get0_privatekey(own->context));
	}
	return prepare_client(t, server_name, own != NULL);
}

static int shake(struct mir_tls_device *d, struct mir_flow *below, SSL_CTX *context,
    const char *server_name, const struct mir_tls_options *options, struct mir_tls_flow **out)
{
	struct mir_tls_conn *t = calloc(1, sizeof(*t));
	int rc;

	if (t && mir_tls_session_init(&t->session, context, !server_name) < 0) {
		free(t);
		t = NULL;
	}
	if (!t) {
		mir_flow_abort(below);
		return MIR_ENOMEM;
	}
	t->device = d;
	t->below = below;
	t->tls.flow.ops = &mir_tls_flow_ops;
	t->task.run = mir_tls_flow_run;
	rc = prepare(t, server_name, options);
	if (rc == 0)
		rc = begin(t, d, !server_name);
	if (rc < 0) {
		mir_tls_flow_destroy(t, t->dead != 0); /* an alert that was sent is to arrive */
		return rc;
	}
	/* Who verifies that we have a name has seen it. */
	if (!server_name && mir_tls_is_challenge(t->session.ssl)) {
		mir_flow_close(&t->tls.flow);
		return MIR_ECONNRESET;
	}
	*out = &t->tls;
	return 0;
}

int mir_tls_handshake(struct mir_tls_device *d, struct mir_flow *below, SSL_CTX *context,
    const char *server_name, const struct mir_tls_options *options, struct mir_tls_flow **out)
{
	int64_t until = mir_time_add(mir_now(), d->config.tls_handshake_timeout);
	int64_t outer = mir_deadline_set(until);
	struct mir_tls_turn turn;
	int rc = mir_tls_turn_take(&turn, d, below, MIR_MIN(until, outer));

	if (rc < 0) {
		mir_flow_abort(below);
	} else {
		rc = shake(d, below, context, server_name, options, out);
		mir_tls_turn_give(&turn, d);
	}
	mir_deadline_restore(outer);
	return rc;
}
