/* session.c: OpenSSL between two queues of bytes. */
#include "session.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>

/* ---- where OpenSSL reads and writes ---- */

static int bio_read(BIO *bio, char *buf, int len)
{
	struct mir_tls_session *s = BIO_get_data(bio);
	struct mir_slice *first = &s->in[0];
	size_t n;

	BIO_clear_retry_flags(bio);
	if (!s->n_in) {
		if (!s->in_ended)
			BIO_set_retry_read(bio);
		return s->in_ended ? 0 : -1;
	}
	n = MIR_MIN((size_t)len, first->len);
	memcpy(buf, first->p, n);
	first->p += n;
	first->len -= n;
	if (!first->len) {
		mir_slice_unref(first);
		s->n_in--;
		memmove(s->in, s->in + 1, s->n_in * sizeof(s->in[0]));
	}
	return (int)n;
}

static int bio_write(BIO *bio, const char *buf, int len)
{
	struct mir_tls_session *s = BIO_get_data(bio);
	struct mir_slice piece;

	BIO_clear_retry_flags(bio);
	if (len <= 0)
		return 0;
	if (s->n_out == MIR_TLS_OUT || s->out_bytes + (size_t)len > MIR_TLS_OUT_BYTES) {
		ERR_raise(ERR_LIB_USER, ERR_R_OPERATION_FAIL);
		return -1;
	}
	piece = mir_slice_copy(buf, (size_t)len);
	if (!piece.owner) {
		ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
		return -1;
	}
	s->out[s->n_out++] = piece;
	s->out_bytes += piece.len;
	return len;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *p)
{
	struct mir_tls_session *s = BIO_get_data(bio);

	(void)num, (void)p;
	switch (cmd) {
	case BIO_CTRL_FLUSH: return 1;
	case BIO_CTRL_EOF: return s->in_ended && !s->n_in;
	default: return 0;
	}
}

static BIO_METHOD *method;

int mir_tls_library(void)
{
	if (method)
		return 0;
	if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
		return MIR_ENOMEM;
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mirage");
	if (!method)
		return MIR_ENOMEM;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return 0;
}

/* ---- errors ---- */

static int verify_error(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID: return MIR_ECERTTIME;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH: return MIR_ECERTNAME;
	case X509_V_ERR_INVALID_PURPOSE: return MIR_ECERTUSE;
	case X509_V_ERR_CERT_REVOKED: return MIR_ECERTREVOKED;
	default: return MIR_ECERT;
	}
}

int mir_tls_error(const SSL *ssl, const char **why)
{
	static char text[160];
	unsigned long e = ERR_peek_error();
	int reason = ERR_GET_REASON(e), rc = MIR_EPROTO;
	const char *says = ERR_reason_error_string(e);

	if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
		long result = SSL_get_verify_result(ssl);

		rc = verify_error(result);
		says = X509_verify_cert_error_string(result);
	} else if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		rc = MIR_ECONNRESET;
		says = "the peer went away";
	} else if (reason == ERR_R_MALLOC_FAILURE) {
		rc = MIR_ENOMEM;
	} else if (e == 0) {
		rc = MIR_ECONNRESET;
	}
	snprintf(text, sizeof(text), "%s", says ? says : mir_strerror(rc));
	ERR_clear_error();
	if (why)
		*why = text;
	return rc;
}

/* ---- a session ---- */

int mir_tls_session_init(struct mir_tls_session *s, SSL_CTX *context, bool server)
{
	BIO *bio = BIO_new(method);

	*s = (struct mir_tls_session){ .ssl = SSL_new(context) };
	if (!bio || !s->ssl) {
		BIO_free(bio);
		SSL_free(s->ssl);
		s->ssl = NULL;
		ERR_clear_error();
		return MIR_ENOMEM;
	}
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	if (server)
		SSL_set_accept_state(s->ssl);
	else
		SSL_set_connect_state(s->ssl);
	return 0;
}

void mir_tls_session_release(struct mir_tls_session *s)
{
	SSL_free(s->ssl);
	mir_slices_unref(s->in, s->n_in);
	mir_slices_unref(s->out, s->n_out);
	s->ssl = NULL;
	s->n_in = s->n_out = 0;
	ERR_clear_error();
}

void mir_tls_session_put(struct mir_tls_session *s, struct mir_slice piece)
{
	if (piece.len)
		s->in[s->n_in++] = piece;
	else
		mir_slice_unref(&piece);
}

int mir_tls_session_handshake(struct mir_tls_session *s, const char **why)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(s->ssl);
	if (rc == 1)
		return 0;
	switch (SSL_get_error(s->ssl, rc)) {
	case SSL_ERROR_WANT_READ: return MIR_EAGAIN;
	default: return mir_tls_error(s->ssl, why);
	}
}

int64_t mir_tls_session_read(struct mir_tls_session *s, void *buf, size_t cap)
{
	size_t len;
	int rc;

	ERR_clear_error();
	rc = SSL_read_ex(s->ssl, buf, cap, &len);
	if (rc == 1)
		return (int64_t)len;
	switch (SSL_get_error(s->ssl, rc)) {
	case SSL_ERROR_WANT_READ: return MIR_EAGAIN;
	case SSL_ERROR_ZERO_RETURN: return 0;
	default: return mir_tls_error(s->ssl, NULL);
	}
}

int mir_tls_session_write(struct mir_tls_session *s, const void *buf, size_t len, size_t record)
{
	size_t done;

	SSL_set_max_send_fragment(s->ssl, (long)record);
	SSL_set_split_send_fragment(
	    s->ssl, (long)record); /* the other sinks with it, but never rises */
	ERR_clear_error();
	if (SSL_write_ex(s->ssl, buf, len, &done) == 1)
		return 0;
	return mir_tls_error(s->ssl, NULL);
}

void mir_tls_session_close(struct mir_tls_session *s)
{
	if (SSL_is_init_finished(s->ssl))
		SSL_shutdown(s->ssl);
	ERR_clear_error();
}

bool mir_tls_session_readable(struct mir_tls_session *s)
{
	uint8_t byte;
	size_t len;
	int rc;

	ERR_clear_error();
	rc = SSL_peek_ex(s->ssl, &byte, 1, &len);
	return rc == 1 || SSL_get_error(s->ssl, rc) != SSL_ERROR_WANT_READ;
}
