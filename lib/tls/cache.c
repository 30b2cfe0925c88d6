/* cache.c: sessions that this image's clients may resume, by the server's name. */
#include "internal.h"

static void drop(struct mir_tls_device *d, unsigned i)
{
	SSL_SESSION_free(d->sessions[i].session);
	d->sessions[i].session = NULL;
	d->sessions[i].name[0] = 0;
}

int mir_tls_cache_new(SSL *ssl, SSL_SESSION *session)
{
	struct mir_tls_device *d = mir_tls_of_context(SSL_get_SSL_CTX(ssl));
	const char *name = SSL_get_app_data(ssl);
	unsigned oldest = 0;

	if (!name || strlen(name) >= MIR_TLS_NAME)
		return 0;
	for (unsigned i = 0; i < MIR_TLS_SESSIONS; i++) {
		if (strcmp(d->sessions[i].name, name) == 0) {
			oldest = i;
			break;
		}
		if (d->sessions[i].used < d->sessions[oldest].used)
			oldest = i;
	}
	drop(d, oldest);
	memcpy(d->sessions[oldest].name, name, strlen(name) + 1);
	d->sessions[oldest].session = session;
	d->sessions[oldest].used = ++d->clock;
	return 1;
}

SSL_SESSION *mir_tls_cache_find(struct mir_tls_device *d, const char *server_name)
{
	for (unsigned i = 0; i < MIR_TLS_SESSIONS; i++) {
		if (!d->sessions[i].session || strcmp(d->sessions[i].name, server_name) != 0)
			continue;
		d->sessions[i].used = ++d->clock;
		return d->sessions[i].session;
	}
	return NULL;
}

void mir_tls_cache_clear(struct mir_tls_device *d)
{
	for (unsigned i = 0; i < MIR_TLS_SESSIONS; i++)
		drop(d, i);
}
