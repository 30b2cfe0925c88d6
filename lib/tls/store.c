/* store.c: values of the store. */
#include "internal.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUE_MAX = 1 << 20 };

static int key_of(char *key, size_t room, const char *dir, const char *name)
{
	int n = snprintf(key, room, "%s%s/%s", dir[0] ? "/" : "", dir, name);

	return n > 0 && (size_t)n < room ? 0 : MIR_EINVAL;
}

int mir_tls_value(
    struct mir_tls_device *d, const char *dir, const char *name, char **text, size_t *len)
{
	char key[MIR_KV_KEY_MAX];

	if (!d->config.store || key_of(key, sizeof(key), dir, name) < 0)
		return MIR_ENOENT;
	return mir_kv_get(d->config.store, mir_str(key), VALUE_MAX, text, len);
}

void mir_tls_value_free(char *text, size_t len)
{
	if (text)
		OPENSSL_cleanse(text, len);
	free(text);
}

bool mir_tls_has(struct mir_tls_device *d, const char *dir, const char *name)
{
	char key[MIR_KV_KEY_MAX];
	struct mir_kv_stat stat;

	return d->config.store && key_of(key, sizeof(key), dir, name) == 0 &&
	       mir_kv_stat(d->config.store, mir_str(key), &stat) == 0 && stat.kind == MIR_KV_VALUE;
}
