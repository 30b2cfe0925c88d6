/* names.c: making, moving and removing files and folders. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "tree.h"

/* What keeps a folder that has no file. */
#define KEEPER MIR_TREE_OWN "folder"

enum { NOREPLACE = 1 }; /* of renameat2 */

static long set_keeper(struct mir_kv *kv, struct mir_str folder)
{
	char key[MIR_KV_KEY_MAX + sizeof("/" KEEPER)];
	size_t len = folder.len > 1 ? folder.len : 0;

	memcpy(key, folder.p, len);
	memcpy(key + len, "/" KEEPER, sizeof("/" KEEPER));
	if (strlen(key) > MIR_KV_KEY_MAX)
		return -ENAMETOOLONG;
	return mir_posix_error(mir_kv_set(kv, mir_str(key), "", 0));
}

long mir_tree_keep_folder(struct mir_mount *m, struct mir_str key)
{
	if (key.len == 1 || mir_tree_kind(m->kv, key) != MIR_PLACE_NONE)
		return 0;
	return set_keeper(m->kv, key);
}

static struct mir_str parent_of(struct mir_str key)
{
	return (struct mir_str){ key.p, mir_path_parent(key.p, key.len) };
}

/* Finds a place in fresh memory, which the caller frees, on failure too. */
static long find(int dirfd, const char *path, struct mir_place **out)
{
	*out = malloc(sizeof(**out));
	return *out ? mir_tree_find(dirfd, path, *out) : -ENOMEM;
}

static long make_folder(struct mir_place *p)
{
	long rc;

	if (p->kind != MIR_PLACE_NONE)
		return -EEXIST;
	rc = mir_tree_may_change(p);
	return rc < 0 ? rc : set_keeper(p->mount->kv, mir_place_key(p));
}

long mir_sys_mkdirat(int dirfd, const char *path, int mode)
{
	struct mir_place *p;
	long rc = find(dirfd, path, &p);

	(void)mode;
	if (rc == 0)
		rc = make_folder(p);
	free(p);
	return rc;
}

long mir_sys_mkdir(const char *path, int mode)
{
	return mir_sys_mkdirat(AT_FDCWD, path, mode);
}

static int find_child(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	(void)arg;
	return kind == MIR_KV_DICT || !mir_tree_is_own(key);
}

/* 1: nothing is in it that a program has made. */
static long is_empty(struct mir_mount *m, struct mir_str key)
{
	int rc = mir_kv_list(m->kv, key, find_child, NULL);

	return rc < 0 ? mir_posix_error(rc) : rc == 0;
}

static long remove_folder(struct mir_place *p)
{
	struct mir_str key = mir_place_key(p);
	long rc;

	if (p->kind != MIR_PLACE_FOLDER)
		return p->kind == MIR_PLACE_NONE ? -ENOENT : -ENOTDIR;
	if (p->len == 1)
		return -EBUSY;
	rc = mir_tree_may_change(p);
	if (rc == 0)
		rc = is_empty(p->mount, key);
	if (rc <= 0)
		return rc < 0 ? rc : -ENOTEMPTY;
	rc = mir_posix_error(mir_kv_remove(p->mount->kv, key));
	return rc < 0 ? rc : mir_tree_keep_folder(p->mount, parent_of(key));
}

/* A file that is open stays, under a name of our own. */
static long hide(struct mir_node *n, bool copy)
{
	long rc;

	n->refs++;
	rc = mir_node_lock(n);
	if (rc == 0) {
		rc = n->gone ? 0 : mir_node_hide(n, copy);
		mir_node_unlock(n);
	}
	mir_node_unref(n);
	return rc;
}

static long remove_file(struct mir_place *p)
{
	struct mir_str key = mir_place_key(p);
	struct mir_node *open;
	long rc;

	if (p->kind == MIR_PLACE_NONE)
		return -ENOENT;
	if (p->kind == MIR_PLACE_FOLDER)
		return -EISDIR;
	rc = mir_tree_may_change(p);
	if (rc < 0)
		return rc;
	open = mir_node_find(p->mount, key);
	rc = open ? hide(open, false) : mir_posix_error(mir_kv_remove(p->mount->kv, key));
	return rc < 0 ? rc : mir_tree_keep_folder(p->mount, parent_of(key));
}

long mir_sys_unlinkat(int dirfd, const char *path, int flags)
{
	struct mir_place *p = NULL;
	long rc = flags & ~AT_REMOVEDIR ? -EINVAL : find(dirfd, path, &p);

	if (rc == 0)
		rc = flags & AT_REMOVEDIR ? remove_folder(p) : remove_file(p);
	free(p);
	return rc;
}

long mir_sys_unlink(const char *path)
{
	return mir_sys_unlinkat(AT_FDCWD, path, 0);
}

/* The name's own rule: neither "." nor ".." nor what ends so. */
long mir_sys_rmdir(const char *path)
{
	size_t len = path ? strlen(path) : 0;

	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len > 0 && path[len - 1] == '.' && (len == 1 || path[len - 2] == '/'))
		return -EINVAL;
	return mir_sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

static bool is_inside(const struct mir_place *p, const struct mir_place *folder)
{
	return p->len > folder->len && memcmp(p->key, folder->key, folder->len) == 0 &&
	       p->key[folder->len] == '/';
}

static long may_rename(const struct mir_place *from, const struct mir_place *to, unsigned flags)
{
	long rc;

	if (flags & ~(unsigned)NOREPLACE)
		return -EINVAL;
	if (from->kind == MIR_PLACE_NONE)
		return -ENOENT;
	if (from->mount != to->mount)
		return from->len == 1 || to->len == 1 ? -EBUSY : -EXDEV;
	if (from->len == 1 || to->len == 1)
		return -EBUSY;
	rc = mir_tree_may_change(from);
	if (rc < 0)
		return rc;
	if (from->kind == MIR_PLACE_FOLDER && is_inside(to, from))
		return -EINVAL;
	if (to->kind == MIR_PLACE_NONE)
		return from->kind != MIR_PLACE_FOLDER && to->path.folder ? -ENOTDIR : 0;
	if (flags)
		return -EEXIST;
	if (from->kind == MIR_PLACE_FOLDER)
		return to->kind == MIR_PLACE_FOLDER ? 0 : -ENOTDIR;
	return to->kind == MIR_PLACE_FOLDER ? -EISDIR : 0;
}

/* What stands where a file or folder is moved to makes room; 0. */
static long make_room(struct mir_place *to)
{
	struct mir_node *open = mir_node_find(to->mount, mir_place_key(to));
	long rc;

	if (to->kind == MIR_PLACE_FOLDER) {
		rc = is_empty(to->mount, mir_place_key(to));
		if (rc <= 0)
			return rc < 0 ? rc : -ENOTEMPTY;
		return mir_posix_error(mir_kv_remove(to->mount->kv, mir_place_key(to)));
	}
	/* A copy, so that the name is never without a file. */
	return open && to->kind == MIR_PLACE_FILE ? hide(open, true) : 0;
}

static long move(struct mir_place *from, struct mir_place *to)
{
	struct mir_str a = mir_place_key(from), b = mir_place_key(to);
	struct mir_node *open = mir_node_find(from->mount, a);
	long rc = 0;

	if (open) {
		open->refs++;
		rc = mir_node_lock(open);
	}
	if (rc == 0) {
		rc = mir_posix_error(mir_kv_rename(from->mount->kv, a, b));
		if (rc == 0)
			rc = mir_node_moved(from->mount, a, b);
		if (open)
			mir_node_unlock(open);
	}
	if (open)
		mir_node_unref(open);
	return rc < 0 ? rc : mir_tree_keep_folder(from->mount, parent_of(a));
}

static long rename_place(struct mir_place *from, struct mir_place *to, unsigned flags)
{
	long rc = may_rename(from, to, flags);

	if (rc < 0)
		return rc;
	if (from->len == to->len && memcmp(from->key, to->key, to->len) == 0)
		return 0;
	rc = make_room(to);
	return rc < 0 ? rc : move(from, to);
}

long mir_sys_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	struct mir_place *a, *b = NULL;
	long rc = find(from_fd, from, &a);

	if (rc == 0)
		rc = find(to_fd, to, &b);
	if (rc == 0)
		rc = rename_place(a, b, flags);
	free(a);
	free(b);
	return rc;
}

long mir_sys_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return mir_sys_renameat2(from_fd, from, to_fd, to, 0);
}

long mir_sys_rename(const char *from, const char *to)
{
	return mir_sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* ---- what there is not: links and special files ---- */

static long refuse_new(int dirfd, const char *path)
{
	struct mir_place *p;
	long rc = find(dirfd, path, &p);

	if (rc == 0)
		rc = p->kind != MIR_PLACE_NONE ? -EEXIST : mir_tree_may_change(p);
	free(p);
	return rc < 0 ? rc : -EPERM;
}

long mir_sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return target && *target ? refuse_new(dirfd, path) : -ENOENT;
}

long mir_sys_symlink(const char *target, const char *path)
{
	return mir_sys_symlinkat(target, AT_FDCWD, path);
}

long mir_sys_linkat(int from_fd, const char *from, int dirfd, const char *path, int flags)
{
	struct mir_place *p;
	long rc = find(from_fd, from, &p);

	(void)flags;
	if (rc == 0 && p->kind == MIR_PLACE_NONE)
		rc = -ENOENT;
	free(p);
	return rc < 0 ? rc : refuse_new(dirfd, path);
}

long mir_sys_link(const char *from, const char *path)
{
	return mir_sys_linkat(AT_FDCWD, from, AT_FDCWD, path, 0);
}

long mir_sys_readlinkat(int dirfd, const char *path, char *buf, size_t len)
{
	struct mir_place *p;
	long rc = find(dirfd, path, &p);

	(void)buf;
	(void)len;
	if (rc == 0)
		rc = p->kind == MIR_PLACE_NONE ? -ENOENT : -EINVAL;
	free(p);
	return rc;
}

long mir_sys_readlink(const char *path, char *buf, size_t len)
{
	return mir_sys_readlinkat(AT_FDCWD, path, buf, len);
}

/* Only a plain file may be made so. */
long mir_sys_mknodat(int dirfd, const char *path, unsigned mode, unsigned dev)
{
	long fd;

	(void)dev;
	if ((mode & S_IFMT) != S_IFREG && (mode & S_IFMT) != 0)
		return refuse_new(dirfd, path);
	fd = mir_sys_openat(dirfd, path, O_CREAT | O_EXCL | O_WRONLY, 0);
	return fd < 0 ? fd : mir_sys_close((int)fd);
}

long mir_sys_mknod(const char *path, unsigned mode, unsigned dev)
{
	return mir_sys_mknodat(AT_FDCWD, path, mode, dev);
}
