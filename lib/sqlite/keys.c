/* keys.c: a database as a value of a key-value store, journal and log as values beside it. */
#include "store.h"

#include <mir/format.h>
#include <stdlib.h>

struct keys {
	struct store store;
	struct mir_kv *kv;
	struct mir_str key[SQLITE_PARTS];
	char *text;
};

static struct keys *keys_of(struct store *s)
{
	return mir_container(s, struct keys, store);
}

static int keys_load(struct store *s, enum sqlite_part part, uint64_t at, void *to, size_t len)
{
	struct keys *k = keys_of(s);
	struct mir_slice view;
	uint8_t *p = to;

	while (len) {
		int64_t n = mir_kv_view(k->kv, k->key[part], at, len, &view);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return MIR_EIO; /* shorter than it was */
		memcpy(p, view.p, view.len);
		p += view.len;
		at += view.len;
		len -= view.len;
		mir_slice_unref(&view);
	}
	return 0;
}

static int keys_save(
    struct store *s, enum sqlite_part part, uint64_t at, const void *from, size_t len)
{
	return mir_kv_set_partial(keys_of(s)->kv, keys_of(s)->key[part], at, from, len);
}

static int keys_room(struct store *s, enum sqlite_part part, uint64_t size)
{
	(void)part;
	(void)size;
	return mir_kv_writable(keys_of(s)->kv) ? 0 : MIR_EROFS;
}

/* A shorter value is written anew: stores cannot cut. */
static int keys_cut(struct store *s, enum sqlite_part part, uint64_t size)
{
	struct keys *k = keys_of(s);
	char *value = NULL;
	size_t len;
	int rc;

	if (size == 0 && part != SQLITE_DATABASE) {
		rc = mir_kv_remove(k->kv, k->key[part]);
		rc = rc == MIR_ENOENT ? 0 : rc;
	} else {
		rc = mir_kv_get(k->kv, k->key[part], SIZE_MAX, &value, &len);
		if (rc == 0)
			rc = mir_kv_set(k->kv, k->key[part], value, MIR_MIN((size_t)size, len));
		free(value);
	}
	if (rc == 0)
		s->size[part] = size;
	return rc;
}

/* What a store has set is durable. */
static int keys_commit(struct store *s)
{
	(void)s;
	return 0;
}

static void keys_free(struct store *s)
{
	free(keys_of(s)->text);
	free(keys_of(s));
}

static const struct store_ops keys_ops = {
	.load = keys_load,
	.save = keys_save,
	.room = keys_room,
	.cut = keys_cut,
	.commit = keys_commit,
	.free = keys_free,
};

/* The three keys, one after the other in k->text. */
static bool name_keys(struct keys *k, struct mir_str key)
{
	static const char *const behind[SQLITE_PARTS] = { "", "-journal", "-wal" };
	size_t room = key.len + sizeof("-journal");
	char *p = k->text = malloc(SQLITE_PARTS * room);

	for (int i = 0; p && i < SQLITE_PARTS; i++, p += room) {
		size_t n = strlen(behind[i]);

		memcpy(p, key.p, key.len);
		memcpy(p + key.len, behind[i], n);
		k->key[i] = (struct mir_str){ p, key.len + n };
	}
	return k->text != NULL;
}

int mir_sqlite_keys_open(struct mir_kv *kv, struct mir_str key, struct store **out)
{
	struct keys *k = calloc(1, sizeof(*k));
	int rc = 0;

	if (!k || !name_keys(k, key)) {
		free(k);
		return MIR_ENOMEM;
	}
	k->store.ops = &keys_ops;
	k->store.unit = 1;
	k->kv = kv;
	for (int i = 0; i < SQLITE_PARTS && rc == 0; i++) {
		struct mir_kv_stat stat;

		rc = mir_kv_stat(kv, k->key[i], &stat);
		if (rc == 0 && stat.kind != MIR_KV_VALUE)
			rc = MIR_EISDIR;
		if (rc == 0)
			k->store.size[i] = stat.size;
		rc = rc == MIR_ENOENT ? 0 : rc;
	}
	if (rc < 0) {
		keys_free(&k->store);
		return rc;
	}
	*out = &k->store;
	return 0;
}
