/* tree.c: which store a path leads to, and what is there (tree.h). */
#include <errno.h>
#include <fcntl.h>
#include <mir/kv_mem.h>
#include <mir/log.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

MIR_LOG_SOURCE(posix);

enum { MOUNTS = 64, TMP_SIZE = 16 * 1024 * 1024 };

static struct mir_mount root = { .name = "", .id = 1 };
static struct mir_mount dev = { .name = "dev", .id = 2 };
static struct mir_mount mounts[MOUNTS];
static unsigned n_mounts;
static struct mir_kv_mem tmp;
static bool started;

char mir_tree_cwd[MIR_PATH_MAX] = "/";

struct mir_mount *mir_tree_mount(unsigned i)
{
	return i == 0 ? &dev : i <= n_mounts ? &mounts[i - 1] : NULL;
}

bool mir_tree_is_root(const struct mir_mount *m)
{
	return m == &root;
}

bool mir_tree_is_dev(const struct mir_mount *m)
{
	return m == &dev;
}

bool mir_tree_is_own(struct mir_str key)
{
	size_t from = key.len;

	while (from > 0 && key.p[from - 1] != '/')
		from--;
	return key.len - from >= strlen(MIR_TREE_OWN) &&
	       memcmp(key.p + from, MIR_TREE_OWN, strlen(MIR_TREE_OWN)) == 0;
}

static struct mir_mount *mount_of(const char *name, size_t len)
{
	struct mir_mount *m;

	for (unsigned i = 0; (m = mir_tree_mount(i)) != NULL; i++)
		if (strlen(m->name) == len && memcmp(m->name, name, len) == 0)
			return m;
	return NULL;
}

static int add(const char *name, struct mir_kv *kv)
{
	if (strcmp(name, "root") == 0 && !root.kv) {
		root.kv = kv;
		return 0;
	}
	if (mount_of(name, strlen(name)))
		return MIR_EEXIST;
	if (n_mounts == MOUNTS)
		return MIR_ELIMIT;
	mounts[n_mounts] = (struct mir_mount){ name, kv, n_mounts + 3 };
	n_mounts++;
	return 0;
}

/* Files without a name that an image left when it ended before they were closed. */
static int find_left(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	char *out = arg;

	if (kind != MIR_KV_VALUE || !mir_tree_is_own(key) || key.len > MIR_KV_KEY_MAX)
		return 0;
	memcpy(out, key.p, key.len);
	out[key.len] = '\0';
	return 1;
}

static void remove_left(struct mir_kv *kv)
{
	char key[MIR_KV_KEY_MAX + 1];

	if (!mir_kv_writable(kv))
		return;
	while (mir_kv_list(kv, mir_str("/"), find_left, key) == 1)
		if (mir_kv_remove(kv, mir_str(key)) < 0)
			return;
}

static int start_tmp(uint64_t size)
{
	struct mir_kv_mem_config config = { .size = size, .name = "tmp" };
	int rc;

	if (mount_of("tmp", 3))
		return 0;
	rc = mir_kv_mem_start(&tmp, &config);
	return rc < 0 ? rc : add("tmp", &tmp.kv);
}

int mir_tree_start(const struct mir_posix_device *devices, unsigned n, uint64_t tmp_size)
{
	int rc = 0;

	started = true;
	for (unsigned i = 0; rc == 0 && i < n; i++) {
		if (devices[i].block)
			rc = mir_dev_add(devices[i].name, devices[i].block);
		else
			rc = add(devices[i].name, devices[i].kv);
		if (rc == MIR_EEXIST)
			mir_error("'%s' is no name for a store or a disk: there is such a %s",
			    devices[i].name, devices[i].block ? "device" : "folder");
		if (rc == 0 && devices[i].kv)
			remove_left(devices[i].kv);
	}
	if (rc == 0 && !mount_of("etc", 3))
		rc = add("etc", &mir_posix_etc);
	return rc == 0 ? start_tmp(tmp_size) : rc;
}

void mir_tree_stop(void)
{
	if (tmp.kv.ops)
		mir_kv_mem_stop(&tmp);
	tmp = (struct mir_kv_mem){ .count = 0 };
	n_mounts = 0;
	root.kv = NULL;
	started = false;
	memcpy(mir_tree_cwd, "/", 2);
	mir_dev_reset();
}

int mir_tree_kind(struct mir_kv *kv, struct mir_str key)
{
	struct mir_slice some;
	int64_t rc;

	if (key.len > MIR_KV_KEY_MAX)
		return -ENAMETOOLONG;
	if (key.len == 1)
		return MIR_PLACE_FOLDER;
	rc = mir_kv_view(kv, key, 0, 1, &some);
	if (rc >= 0)
		mir_slice_unref(&some);
	if (rc == MIR_EISDIR)
		return MIR_PLACE_FOLDER;
	if (rc == MIR_ENOENT || rc == MIR_ENOTDIR)
		return MIR_PLACE_NONE;
	return rc < 0 ? (int)mir_posix_error(rc) : MIR_PLACE_FILE;
}

/* Nothing is there: is there the folder that it would be in? */
static int look_above(struct mir_kv *kv, struct mir_str key)
{
	size_t len = mir_path_parent(key.p, key.len), first = len;
	int kind = mir_tree_kind(kv, (struct mir_str){ key.p, len });

	while (kind == MIR_PLACE_NONE) {
		len = mir_path_parent(key.p, len);
		kind = mir_tree_kind(kv, (struct mir_str){ key.p, len });
	}
	return kind < 0 ? kind : kind == MIR_PLACE_FILE ? -ENOTDIR : len == first ? 0 : -ENOENT;
}

static int kind_in_dev(struct mir_str key)
{
	const char *name;

	if (key.len == 1)
		return MIR_PLACE_FOLDER;
	for (unsigned i = 0; (name = mir_dev_name(i)) != NULL; i++) {
		size_t len = strlen(name);

		if (len > key.len - 1 || memcmp(name, key.p + 1, len) != 0)
			continue;
		if (len == key.len - 1)
			return MIR_PLACE_DEVICE;
		if (key.p[1 + len] == '/')
			return -ENOTDIR;
	}
	return memchr(key.p + 1, '/', key.len - 1) ? -ENOENT : MIR_PLACE_NONE;
}

static int kind_in(const struct mir_mount *m, struct mir_str key)
{
	int kind;

	if (m == &dev)
		return kind_in_dev(key);
	if (!m->kv)
		return key.len == 1                          ? MIR_PLACE_FOLDER
		       : memchr(key.p + 1, '/', key.len - 1) ? -ENOENT
							     : MIR_PLACE_NONE;
	kind = mir_tree_kind(m->kv, key);
	if (kind == MIR_PLACE_NONE) {
		int above = look_above(m->kv, key);

		return above < 0 ? above : kind;
	}
	return kind;
}

/* The store of a path: by its first name; in /etc, the root's where that has it. */
static struct mir_mount *choose(struct mir_path *p, size_t *skip)
{
	size_t first = strcspn(p->text + 1, "/");
	struct mir_mount *m = mount_of(p->text + 1, first);

	*skip = 0;
	if (!m)
		return &root;
	if (m->kv == &mir_posix_etc && root.kv &&
	    mir_tree_kind(root.kv, (struct mir_str){ p->text, p->len }) > MIR_PLACE_NONE)
		return &root;
	*skip = first + 1;
	return m;
}

static void place_at(struct mir_place *out, struct mir_mount *m, size_t skip)
{
	out->mount = m;
	out->key = out->path.len > skip ? out->path.text + skip : "/";
	out->len = out->path.len > skip ? out->path.len - skip : 1;
}

/* Fills in mount, key and kind for the path. */
static int locate(struct mir_place *out)
{
	size_t skip;
	struct mir_mount *m = choose(&out->path, &skip);
	int kind;

	place_at(out, m, skip);
	if (out->len > MIR_KV_KEY_MAX)
		return -ENAMETOOLONG;
	if (m->kv && mir_kv_writable(m->kv) && mir_tree_is_own(mir_place_key(out)))
		return -EACCES;
	kind = kind_in(m, mir_place_key(out));
	/* What made-up /etc has not, may be made in the root's. */
	if (kind == MIR_PLACE_NONE && m->kv == &mir_posix_etc && root.kv) {
		place_at(out, &root, 0);
		kind = kind_in(&root, mir_place_key(out));
	}
	if (kind < 0)
		return kind;
	out->kind = (enum mir_place_kind)kind;
	return 0;
}

static int is_folder(void *arg, const char *path, size_t len)
{
	struct mir_place *scratch = arg;
	int rc;

	memcpy(scratch->path.text, path, len + 1);
	scratch->path.len = len;
	rc = locate(scratch);
	if (rc < 0)
		return rc;
	return scratch->kind == MIR_PLACE_FOLDER ? 0
	       : scratch->kind == MIR_PLACE_NONE ? -ENOENT
						 : -ENOTDIR;
}

/* The path of an open folder. */
static int base_of(int dirfd, char out[MIR_PATH_MAX])
{
	struct mir_file *f = mir_fd_get(dirfd);
	struct mir_node *n = f ? mir_folder_node(f) : NULL;
	size_t name;

	if (!f)
		return -EBADF;
	if (!n)
		return -ENOTDIR;
	name = strlen(n->mount->name);
	if (1 + name + n->len >= MIR_PATH_MAX)
		return -ENAMETOOLONG;
	out[0] = '/';
	memcpy(out + 1, n->mount->name, name);
	if (n->len == 1)
		out[1 + name] = '\0';
	else
		memcpy(out + (name ? 1 + name : 0), n->key, n->len + 1);
	return 0;
}

int mir_tree_find(int dirfd, const char *path, struct mir_place *out)
{
	struct mir_place *scratch = NULL;
	char *base = mir_tree_cwd;
	int rc = started ? 0 : mir_tree_start(NULL, 0, TMP_SIZE);

	if (rc < 0)
		return (int)mir_posix_error(rc);
	if (!path)
		return -EFAULT;
	/* On the heap: fibers have small stacks. */
	if (strstr(path, "..") || (dirfd != AT_FDCWD && *path != '/')) {
		scratch = malloc(sizeof(*scratch) + MIR_PATH_MAX);
		if (!scratch)
			return -ENOMEM;
	}
	if (dirfd != AT_FDCWD && *path != '/') {
		base = (char *)(scratch + 1);
		rc = base_of(dirfd, base);
	}
	if (rc == 0)
		rc = mir_path_resolve(&out->path, base, path, is_folder, scratch);
	free(scratch);
	if (rc == 0)
		rc = locate(out);
	if (rc == 0 && out->path.folder && out->kind != MIR_PLACE_FOLDER &&
	    out->kind != MIR_PLACE_NONE)
		rc = -ENOTDIR;
	return rc;
}

int mir_tree_may_change(const struct mir_place *p)
{
	if (!p->mount->kv || !mir_kv_writable(p->mount->kv))
		return -EROFS;
	return mir_tree_is_own(mir_place_key(p)) ? -EACCES : 0;
}
