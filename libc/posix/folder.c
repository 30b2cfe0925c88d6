/* folder.c: folders as open files, and what is in them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

enum { HEAD = 19, ROUND = 8, FIRST = 4096 }; /* of an entry of getdents64 */

/* What is in it is looked up when it is first read, and again after rewinddir(). */
struct folder_file {
	struct mir_file file;
	struct mir_node *node;
	uint8_t *entries;
	size_t len, cap, at;
	bool listed, failed;
};

static struct folder_file *of(struct mir_file *f)
{
	return mir_container(f, struct folder_file, file);
}

static void add(struct folder_file *d, const char *name, size_t len, uint64_t ino, uint8_t type)
{
	size_t size = (HEAD + len + 1 + ROUND - 1) / ROUND * ROUND;
	uint8_t *p = d->entries;
	uint16_t size16 = (uint16_t)size;
	uint64_t next = d->len + size;

	if (d->failed || len > MIR_PATH_NAME)
		return;
	if (d->cap - d->len < size) {
		d->cap = MIR_MAX((size_t)FIRST, d->cap * 2);
		p = realloc(d->entries, d->cap);
		d->failed = !p;
		if (!p)
			return;
		d->entries = p;
	}
	p += d->len;
	memset(p, 0, size);
	memcpy(p, &ino, sizeof(ino));
	memcpy(p + 8, &next, sizeof(next));
	memcpy(p + 16, &size16, sizeof(size16));
	p[18] = type;
	memcpy(p + HEAD, name, len);
	d->len += size;
}

static int add_key(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	struct folder_file *d = arg;
	size_t from = key.len;

	if (mir_tree_is_own(key))
		return 0;
	while (from > 0 && key.p[from - 1] != '/')
		from--;
	add(d, key.p + from, key.len - from, mir_node_ino(d->node->mount, key),
	    kind == MIR_KV_DICT ? DT_DIR : DT_REG);
	return d->failed ? -ENOMEM : 0;
}

static void add_devices(struct folder_file *d)
{
	const char *name;

	for (unsigned i = 0; (name = mir_dev_name(i)) != NULL; i++)
		add(d, name, strlen(name), i + 2, mir_dev_is_block(name) ? DT_BLK : DT_CHR);
}

/* Folders of the root that are stores of their own, but for those that it has too. */
static void add_mounts(struct folder_file *d)
{
	struct mir_mount *m;

	for (unsigned i = 0; (m = mir_tree_mount(i)) != NULL; i++) {
		char key[MIR_PATH_NAME + 2] = "/";
		size_t len = strlen(m->name);

		if (len > MIR_PATH_NAME)
			continue;
		memcpy(key + 1, m->name, len + 1);
		if (!d->node->mount->kv ||
		    mir_tree_kind(d->node->mount->kv, mir_str(key)) == MIR_PLACE_NONE)
			add(d, m->name, len, mir_node_ino(m, mir_str("/")), DT_DIR);
	}
}

static long look(struct folder_file *d)
{
	struct mir_mount *m = d->node->mount;
	char key[MIR_KV_KEY_MAX + 1];
	int rc = 0;

	d->len = d->at = 0;
	d->failed = false;
	add(d, ".", 1, d->node->ino, DT_DIR);
	add(d, "..", 2, d->node->ino, DT_DIR);
	memcpy(key, d->node->key, d->node->len);
	if (mir_tree_is_dev(m))
		add_devices(d);
	else if (m->kv)
		rc = mir_kv_list(m->kv, (struct mir_str){ key, d->node->len }, add_key, d);
	if (mir_tree_is_root(m) && d->node->len == 1)
		add_mounts(d);
	/* An empty store need not know its root; a folder that is gone is empty. */
	if (rc == MIR_ENOENT)
		rc = 0;
	if (d->failed)
		rc = -ENOMEM;
	d->listed = rc == 0;
	return mir_posix_error(rc);
}

static uint16_t size_at(const struct folder_file *d, size_t at)
{
	uint16_t size;

	memcpy(&size, d->entries + at + 16, sizeof(size));
	return size;
}

static long folder_list(struct mir_file *f, void *buf, size_t len)
{
	struct folder_file *d = of(f);
	size_t from = d->at, end = d->at;
	long rc = d->listed ? 0 : look(d);

	if (rc < 0)
		return rc;
	from = end = d->at;
	while (end < d->len && end + size_at(d, end) - from <= len)
		end += size_at(d, end);
	if (end == from && end < d->len)
		return -EINVAL;
	memcpy(buf, d->entries + from, end - from);
	d->at = end;
	return (long)(end - from);
}

/* To the beginning, or to where an entry begins (telldir). */
static long folder_seek(struct mir_file *f, int64_t offset, int whence)
{
	struct folder_file *d = of(f);
	size_t at = 0;

	if (whence == SEEK_CUR && offset == 0)
		return (long)d->at;
	if (whence != SEEK_SET || offset < 0)
		return -EINVAL;
	if (offset == 0)
		d->listed = false;
	else
		while (d->listed && at < d->len && at < (uint64_t)offset)
			at += size_at(d, at);
	d->at = at;
	return (long)at;
}

static long folder_stat(struct mir_file *f, struct stat *st)
{
	struct mir_node *n = of(f)->node;
	long rc = mir_posix_stat_key(n->mount, mir_node_key(n), MIR_PLACE_FOLDER, st);

	st->st_ino = n->ino;
	return rc;
}

static long folder_sync(struct mir_file *f)
{
	(void)f;
	return 0;
}

static void folder_close(struct mir_file *f)
{
	struct folder_file *d = of(f);

	mir_node_unref(d->node);
	free(d->entries);
	free(d);
}

static const struct mir_file_ops folder_ops = {
	.seek = folder_seek,
	.stat = folder_stat,
	.sync = folder_sync,
	.list = folder_list,
	.close = folder_close,
};

struct mir_node *mir_folder_node(struct mir_file *f)
{
	return f->ops == &folder_ops ? of(f)->node : NULL;
}

long mir_folder_open(struct mir_node *n, int flags, struct mir_file **out)
{
	struct folder_file *d = calloc(1, sizeof(*d));

	if (!d) {
		mir_node_unref(n);
		return -ENOMEM;
	}
	mir_file_init(&d->file, &folder_ops, flags);
	d->node = n;
	*out = &d->file;
	return 0;
}
