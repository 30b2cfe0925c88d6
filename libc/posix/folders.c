/* folders.c: the present folder, the entries of folders, and what makes files durable. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "tree.h"

long mir_sys_getdents64(int fd, void *buf, size_t len)
{
	struct mir_file *f = mir_fd_hold(fd);
	long rc;

	if (!f)
		return -EBADF;
	rc = f->ops->list ? f->ops->list(f, buf, len) : -ENOTDIR;
	mir_file_unref(f);
	return rc;
}

long mir_sys_getcwd(char *buf, size_t size)
{
	size_t len = strlen(mir_tree_cwd) + 1;

	if (size < len)
		return -ERANGE;
	memcpy(buf, mir_tree_cwd, len);
	return (long)len;
}

static long change(int dirfd, const char *path)
{
	struct mir_place *p = malloc(sizeof(*p));
	long rc;

	if (!p)
		return -ENOMEM;
	rc = mir_tree_find(dirfd, path, p);
	if (rc == 0 && p->kind != MIR_PLACE_FOLDER)
		rc = p->kind == MIR_PLACE_NONE ? -ENOENT : -ENOTDIR;
	if (rc == 0)
		memcpy(mir_tree_cwd, p->path.text, p->path.len + 1);
	free(p);
	return rc;
}

long mir_sys_chdir(const char *path)
{
	return change(AT_FDCWD, path);
}

long mir_sys_fchdir(int fd)
{
	return change(fd, ".");
}

long mir_sys_chroot(const char *path)
{
	(void)path;
	return -EPERM;
}

long mir_sys_fsync(int fd)
{
	struct mir_file *f = mir_fd_hold(fd);
	long rc;

	if (!f)
		return -EBADF;
	rc = f->ops->sync ? f->ops->sync(f) : -EINVAL;
	mir_file_unref(f);
	return rc;
}

long mir_sys_fdatasync(int fd)
{
	return mir_sys_fsync(fd);
}

long mir_sys_syncfs(int fd)
{
	long rc = mir_sys_fsync(fd);

	return rc == -EINVAL ? 0 : rc;
}

/* What stores were given is durable; disks are synced by who has them open. */
long mir_sys_sync(void)
{
	return 0;
}
