/* session.h: one connection's TLS, bytes in and bytes out; no flow, no clock, no fiber.
 *
 * Bytes of the peer are put in `in`; what is for the peer comes out of `out`.  OpenSSL keeps the
 * rest.
 */
#ifndef MIR_TLS_SESSION_H
#define MIR_TLS_SESSION_H

#include <mir/err.h>
#include <mir/slice.h>
#include <openssl/ssl.h>

enum {
	MIR_TLS_RECORD = 16384,         /* plain bytes in a record (RFC 8446 section 5.1) */
	MIR_TLS_IN = 8,                 /* pieces */
	MIR_TLS_OUT = 16,               /* pieces */
	MIR_TLS_OUT_BYTES = 128 * 1024, /* what a peer can make us answer before it reads */
};

struct mir_tls_session {
	SSL *ssl;
	struct mir_slice in[MIR_TLS_IN];
	unsigned n_in;
	bool in_ended; /* the peer's stream ended */
	struct mir_slice out[MIR_TLS_OUT];
	unsigned n_out;
	size_t out_bytes;
};

/* Once, before all: 0, or MIR_ENOMEM. */
int mir_tls_library(void);

/* MIR_ENOMEM. */
int mir_tls_session_init(struct mir_tls_session *, SSL_CTX *, bool server);
void mir_tls_session_release(struct mir_tls_session *);

/* Takes the peer's bytes; there must be room (n_in < MIR_TLS_IN). */
void mir_tls_session_put(struct mir_tls_session *, struct mir_slice /* take */);

/* 0: done; MIR_EAGAIN: it needs more of the peer's bytes; or what went wrong, with a text in *why
 * that lives until the next call. */
int mir_tls_session_handshake(struct mir_tls_session *, const char **why);

/* Plain bytes: how many, at most MIR_TLS_RECORD at once; 0: the peer has ended its stream;
 * MIR_EAGAIN: none yet; MIR_ECONNRESET: the stream was cut off; MIR_EPROTO. */
int64_t mir_tls_session_read(struct mir_tls_session *, void *buf, size_t cap);

/* Makes records of at most `record` plain bytes of buf; all of it, or an error for good. */
int mir_tls_session_write(struct mir_tls_session *, const void *buf, size_t len, size_t record);

/* Tells the peer that nothing follows. */
void mir_tls_session_close(struct mir_tls_session *);

/* Are there plain bytes, or an end, without more of the peer's bytes? */
bool mir_tls_session_readable(struct mir_tls_session *);

/* The error in OpenSSL's queue as one of ours, with its text in `why`; empties the queue. */
int mir_tls_error(const SSL *, const char **why);

#endif
