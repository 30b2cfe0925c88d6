/* store.c: account and certificates in the store. */
#include "internal.h"

#include <mir/format.h>
#include <mir/log.h>
#include <openssl/crypto.h>
#include <stdlib.h>

MIR_LOG_SOURCE(acme);

enum { KEY_PEM = 1024, CA_MAX = 1 << 20, DIRS_MAX = 64, DIR_NAME = 64 };

static const char prefix[] = "/acme-";

int mir_acme_account_load(struct mir_acme_device *d)
{
	struct mir_acme_account *a = d->account;
	char *text = NULL, pem[KEY_PEM];
	size_t len = 0;
	int rc = mir_kv_get(d->config.store, mir_str("/acme/account.pem"), KEY_PEM, &text, &len);

	if (rc == 0) {
		a->key = mir_acme_key_read(text, len);
		OPENSSL_cleanse(text, len);
		free(text);
		if (!a->key) {
			mir_error("/acme/account.pem: not a private key on P-256 in PEM");
			return MIR_EINVAL;
		}
		return mir_acme_thumbprint(a->key, a->thumbprint) < 0 ? MIR_ENOMEM : 0;
	}
	if (rc != MIR_ENOENT)
		return rc;
	if (!(a->key = mir_acme_key_new()) || mir_acme_thumbprint(a->key, a->thumbprint) < 0 ||
	    (rc = mir_acme_key_write(a->key, pem, sizeof(pem))) < 0)
		return MIR_ENOMEM;
	rc = mir_kv_set(d->config.store, mir_str("/acme/account.pem"), pem, (size_t)rc);
	OPENSSL_cleanse(pem, sizeof(pem));
	if (rc < 0)
		mir_error("/acme/account.pem: %s", mir_strerror(rc));
	return rc;
}

/* Dictionaries of certificates, as they are found. */
struct dirs {
	char name[DIRS_MAX][DIR_NAME];
	unsigned n;
};

static int visit(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	struct dirs *all = arg;

	if (kind != MIR_KV_DICT || key.len >= DIR_NAME || key.len < sizeof(prefix) ||
	    memcmp(key.p, prefix, sizeof(prefix) - 1) != 0 || all->n == DIRS_MAX)
		return 0;
	memcpy(all->name[all->n], key.p, key.len);
	all->name[all->n++][key.len] = 0;
	return 0;
}

static struct dirs *list(struct mir_acme_device *d)
{
	struct dirs *all = calloc(1, sizeof(*all));

	if (all && mir_kv_list(d->config.store, mir_str("/"), visit, all) < 0)
		all->n = 0;
	return all;
}

static int check_dir(struct mir_acme_device *d, const char *dir, int64_t *from, int64_t *until)
{
	char key[DIR_NAME + 16], *chain = NULL, *pem = NULL;
	size_t chain_len = 0, pem_len = 0;
	EVP_PKEY *private = NULL;
	int rc;

	mir_format(key, sizeof(key), "%s/fullchain.pem", dir);
	rc = mir_kv_get(d->config.store, mir_str(key), MIR_ACME_PEM, &chain, &chain_len);
	mir_format(key, sizeof(key), "%s/privkey.pem", dir);
	if (rc == 0)
		rc = mir_kv_get(d->config.store, mir_str(key), KEY_PEM, &pem, &pem_len);
	if (rc == 0 && !(private = mir_acme_key_read(pem, pem_len)))
		rc = MIR_EPROTO;
	if (rc == 0)
		rc = mir_acme_check(chain, chain_len, private, &d->account->plan, from, until);
	EVP_PKEY_free(private);
	if (pem)
		OPENSSL_cleanse(pem, pem_len);
	free(pem);
	free(chain);
	return rc;
}

int mir_acme_stored(struct mir_acme_device *d, int64_t *from, int64_t *until)
{
	struct dirs *all = list(d);
	int rc = MIR_ENOENT;

	*from = *until = 0;
	for (unsigned i = 0; all && i < all->n; i++) {
		int64_t f, u;

		if (check_dir(d, all->name[i], &f, &u) == 0 && f >= *from) {
			*from = f;
			*until = u;
			rc = 0;
		}
	}
	free(all);
	return rc;
}

/* The key is written first: TLS takes no notice of a dictionary without fullchain.pem. */
int mir_acme_store(struct mir_acme_device *d, EVP_PKEY *key)
{
	struct mir_acme_account *a = d->account;
	struct dirs *old = list(d);
	char name[DIR_NAME + 16], dir[DIR_NAME], pem[KEY_PEM];
	int64_t now = mir_wall() / MIR_MS(1);
	int rc = mir_acme_key_write(key, pem, sizeof(pem));

	mir_format(dir, sizeof(dir), "%s%lld", prefix, (long long)now);
	mir_format(name, sizeof(name), "%s/privkey.pem", dir);
	if (rc > 0)
		rc = mir_kv_set(d->config.store, mir_str(name), pem, (size_t)rc);
	OPENSSL_cleanse(pem, sizeof(pem));
	mir_format(name, sizeof(name), "%s/fullchain.pem", dir);
	if (rc == 0)
		rc = mir_kv_set(d->config.store, mir_str(name), a->pem, a->pem_len);
	/* Half of one is of no use, and takes what the next try needs. */
	if (rc < 0)
		mir_kv_remove(d->config.store, mir_str(dir));
	for (unsigned i = 0; rc == 0 && old && i < old->n; i++)
		if (strcmp(old->name[i], dir) != 0)
			mir_kv_remove(d->config.store, mir_str(old->name[i]));
	free(old);
	return rc;
}

int mir_acme_trust(struct mir_acme_device *d)
{
	struct mir_kv_stat stat;
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (!d->config.ca || mir_kv_stat(d->config.store, mir_str("/ca.pem"), &stat) == 0)
		return 0;
	rc = mir_kv_get(d->config.ca, mir_str("/ca.pem"), CA_MAX, &text, &len);
	if (rc == 0)
		rc = mir_kv_set(d->config.store, mir_str("/ca.pem"), text, len);
	free(text);
	if (rc < 0) {
		mir_error("ca.pem of acme-ca: %s", mir_strerror(rc));
		return rc;
	}
	return d->config.tls->ops->reload(d->config.tls);
}
