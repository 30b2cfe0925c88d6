/* alpn.c: which protocol the application speaks (RFC 7301). */
#include "internal.h"

#include <stdint.h>

size_t mir_tls_alpn_wire(const char *list, uint8_t out[static MIR_TLS_ALPN_MAX])
{
	size_t at = 0;

	while (*list) {
		size_t len = strcspn(list, " ");

		if (len >= MIR_TLS_ALPN || at + 1 + len > MIR_TLS_ALPN_MAX)
			return 0;
		if (len) {
			out[at++] = (uint8_t)len;
			memcpy(out + at, list, len);
			at += len;
		}
		list += len + (list[len] == ' ');
	}
	return at;
}

int mir_tls_alpn_select(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	const char *wanted = SSL_get_app_data(ssl);
	uint8_t ours[MIR_TLS_ALPN_MAX];
	size_t len = wanted ? mir_tls_alpn_wire(wanted, ours) : 0;

	(void)arg;
	if (!len)
		return SSL_TLSEXT_ERR_NOACK;
	for (size_t i = 0; i < len; i += 1u + ours[i])
		for (unsigned j = 0; j < in_len && j + in[j] < in_len; j += 1u + in[j])
			if (in[j] == ours[i] && memcmp(in + j + 1, ours + i + 1, in[j]) == 0) {
				*out = in + j + 1;
				*out_len = in[j];
				return SSL_TLSEXT_ERR_OK;
			}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}
