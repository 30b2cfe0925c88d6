/* open.c: opening files by name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "tree.h"

enum { KEPT = O_ACCMODE | O_APPEND | O_NONBLOCK | O_PATH };

enum { TMPFILE = O_TMPFILE & ~O_DIRECTORY };

static bool writes(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY;
}

/* There is nothing, and O_CREAT.  0, also where another fiber was faster: -EEXIST with O_EXCL. */
static long create(struct mir_place *p, int flags)
{
	long rc = mir_tree_may_change(p);

	if (p->path.folder)
		return -EISDIR;
	if (rc < 0)
		return rc;
	rc = mir_kv_allocate(p->mount->kv, mir_place_key(p), 0);
	if (rc == MIR_EEXIST && !(flags & O_EXCL))
		rc = 0;
	p->kind = MIR_PLACE_FILE;
	return mir_posix_error(rc);
}

static long open_node(struct mir_place *p, int flags, struct mir_file **out)
{
	struct mir_node *n = mir_node_open(p);
	long rc = 0;

	if (!n)
		return -ENOMEM;
	if (p->kind == MIR_PLACE_FILE && flags & O_TRUNC) {
		rc = mir_store_truncate(n, 0);
		if (rc < 0) {
			mir_node_unref(n);
			return rc;
		}
	}
	return p->kind == MIR_PLACE_FOLDER ? mir_folder_open(n, flags & KEPT, out)
					   : mir_store_open(n, flags & KEPT, out);
}

/* What is there may be opened so. */
static long check(const struct mir_place *p, int flags)
{
	if (flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	if (p->kind == MIR_PLACE_FOLDER)
		return writes(flags) || flags & (O_CREAT | O_TRUNC) ? -EISDIR : 0;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if (p->kind == MIR_PLACE_FILE && (writes(flags) || flags & O_TRUNC))
		return mir_tree_may_change(p);
	return 0;
}

/* A file without a name in the store that the folder is in. */
static long open_unnamed(struct mir_place *p, int flags, struct mir_file **out)
{
	struct mir_node *n;
	long rc = mir_tree_may_change(p);
	int made;

	if (p->kind != MIR_PLACE_FOLDER)
		return p->kind == MIR_PLACE_NONE ? -ENOENT : -ENOTDIR;
	if (!writes(flags))
		return -EINVAL;
	if (rc < 0)
		return rc;
	mir_node_own_key(p->path.text, sizeof(p->path.text));
	p->key = p->path.text;
	p->len = strlen(p->key);
	p->kind = MIR_PLACE_FILE;
	made = mir_kv_set(p->mount->kv, mir_place_key(p), "", 0);
	if (made < 0)
		return mir_posix_error(made);
	n = mir_node_open(p);
	if (!n) {
		mir_kv_remove(p->mount->kv, mir_place_key(p));
		return -ENOMEM;
	}
	n->gone = true;
	return mir_store_open(n, flags & KEPT, out);
}

static long open_place(struct mir_place *p, int flags, struct mir_file **out)
{
	long rc;

	if (flags & TMPFILE)
		return open_unnamed(p, flags, out);
	if (p->kind == MIR_PLACE_NONE) {
		if (!(flags & O_CREAT))
			return -ENOENT;
		rc = create(p, flags);
		flags &= ~O_TRUNC;
	} else {
		rc = check(p, flags);
	}
	if (rc < 0)
		return rc;
	return p->kind == MIR_PLACE_DEVICE ? mir_dev_open(p->key + 1, flags & KEPT, out)
					   : open_node(p, flags, out);
}

long mir_sys_openat(int dirfd, const char *path, int flags, int mode)
{
	struct mir_place *p = malloc(sizeof(*p));
	struct mir_file *f = NULL;
	long rc;

	(void)mode;
	if (!p)
		return -ENOMEM;
	/* With O_PATH, no others but these count. */
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_CLOEXEC;
	rc = mir_tree_find(dirfd, path, p);
	if (rc == 0 && (flags & O_ACCMODE) == O_ACCMODE)
		rc = -EINVAL;
	if (rc == 0)
		rc = open_place(p, flags, &f);
	free(p);
	return rc < 0 ? rc : mir_fd_new(f, flags, 0);
}

long mir_sys_open(const char *path, int flags, int mode)
{
	return mir_sys_openat(AT_FDCWD, path, flags, mode);
}

long mir_sys_creat(const char *path, int mode)
{
	return mir_sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
