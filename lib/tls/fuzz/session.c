/* session.c: a server and a client whose peer sends what it likes, in the middle of a handshake or
 * after it.
 *
 * The first byte says which side is under attack and how many flights are honest before it. */
#include <mir/panic.h>
#include <stdlib.h>

#include "../session.h"
#include "../tests/authority.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { READS_MAX = 1000 };

static SSL_CTX *contexts[2]; /* server, client */

static void begin(void)
{
	struct authority a = authority_new("fuzz");

	mir_check(mir_tls_library() == 0);
	contexts[0] = SSL_CTX_new(TLS_server_method());
	contexts[1] = SSL_CTX_new(TLS_client_method());
	SSL_CTX_use_certificate(contexts[0], a.cert);
	SSL_CTX_use_PrivateKey(contexts[0], a.key);
	SSL_CTX_set_verify(contexts[1], SSL_VERIFY_NONE, NULL);
	authority_free(&a);
}

/* What one side has for the other. */
static void deliver(struct mir_tls_session *from, struct mir_tls_session *to)
{
	for (unsigned i = 0; i < from->n_out; i++) {
		if (to->n_in < MIR_TLS_IN)
			mir_tls_session_put(to, from->out[i]);
		else
			mir_slice_unref(&from->out[i]);
	}
	from->n_out = 0;
	from->out_bytes = 0;
}

static void attack(struct mir_tls_session *s, const uint8_t *data, size_t size)
{
	uint8_t plain[4096];
	const char *why;
	int64_t len = 1;
	int rc;

	mir_slices_unref(s->in, s->n_in);
	s->n_in = 0;
	mir_tls_session_put(s, mir_slice_copy(data, size));
	s->in_ended = true;
	rc = SSL_is_init_finished(s->ssl) ? 0 : mir_tls_session_handshake(s, &why);
	if (rc == 0)
		for (int i = 0; i < READS_MAX && len > 0; i++)
			len = mir_tls_session_read(s, plain, sizeof(plain));
	mir_tls_session_readable(s);
	mir_tls_session_close(s);
	mir_check(s->out_bytes <= MIR_TLS_OUT_BYTES && s->n_out <= MIR_TLS_OUT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mir_tls_session s[2];
	const char *why;

	if (!contexts[0])
		begin();
	if (size < 2)
		return 0;
	mir_check(mir_tls_session_init(&s[0], contexts[0], true) == 0);
	mir_check(mir_tls_session_init(&s[1], contexts[1], false) == 0);
	for (unsigned i = 0; i < (data[0] >> 1) % 5u; i++) {
		unsigned side = 1 - i % 2;

		mir_tls_session_handshake(&s[side], &why);
		deliver(&s[side], &s[1 - side]);
	}
	attack(&s[data[0] & 1], data + 1, size - 1);
	mir_tls_session_release(&s[0]);
	mir_tls_session_release(&s[1]);
	return 0;
}
