/* stat.c: what is known of files, and the changes of it that there are. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "tree.h"

enum { BLOCK = 4096, SECTOR = 512, MAGIC = 0x6d697261 };
enum { EACCESS_FLAG = 0x200 }; /* AT_EACCESS */

static void set_time(struct timespec *out, int64_t ns)
{
	out->tv_sec = ns / MIR_SECOND(1);
	out->tv_nsec = ns % MIR_SECOND(1);
}

long mir_posix_stat_key(
    struct mir_mount *m, struct mir_str key, enum mir_place_kind kind, struct stat *out)
{
	bool writable = m->kv && mir_kv_writable(m->kv);
	struct mir_kv_stat st = { .size = BLOCK };
	int rc = 0;

	if (kind == MIR_PLACE_FILE)
		rc = mir_kv_stat(m->kv, key, &st);
	if (rc < 0)
		return mir_posix_error(rc);
	out->st_dev = m->id;
	out->st_ino = mir_node_ino(m, key);
	out->st_nlink = kind == MIR_PLACE_FILE ? 1 : 2;
	out->st_mode = kind == MIR_PLACE_FILE ? S_IFREG | (writable ? 0644 : 0444)
					      : S_IFDIR | (writable ? 0755 : 0555);
	out->st_size = (off_t)st.size;
	out->st_blksize = BLOCK;
	out->st_blocks = (blkcnt_t)((st.size + SECTOR - 1) / SECTOR);
	set_time(&out->st_mtim, st.mtime_ns);
	out->st_atim = out->st_ctim = out->st_mtim;
	return 0;
}

static long stat_place(const struct mir_place *p, struct stat *out)
{
	switch (p->kind) {
	case MIR_PLACE_NONE: return -ENOENT;
	case MIR_PLACE_DEVICE: return mir_dev_stat(p->key + 1, out);
	default: return mir_posix_stat_key(p->mount, mir_place_key(p), p->kind, out);
	}
}

long mir_sys_fstat(int fd, struct stat *out)
{
	struct mir_file *f = mir_fd_get(fd);
	long rc;

	if (!f)
		return -EBADF;
	memset(out, 0, sizeof(*out));
	mir_file_ref(f);
	rc = f->ops->stat ? f->ops->stat(f, out) : 0;
	mir_file_unref(f);
	return rc;
}

long mir_sys_newfstatat(int dirfd, const char *path, struct stat *out, int flags)
{
	struct mir_place *p;
	long rc;

	if (path && !*path && flags & AT_EMPTY_PATH && dirfd != AT_FDCWD)
		return mir_sys_fstat(dirfd, out);
	p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	rc = mir_tree_find(dirfd, path && !*path && flags & AT_EMPTY_PATH ? "." : path, p);
	if (rc == 0) {
		memset(out, 0, sizeof(*out));
		rc = stat_place(p, out);
	}
	free(p);
	return rc;
}

long mir_sys_stat(const char *path, struct stat *out)
{
	return mir_sys_newfstatat(AT_FDCWD, path, out, 0);
}

long mir_sys_lstat(const char *path, struct stat *out)
{
	return mir_sys_newfstatat(AT_FDCWD, path, out, 0);
}

/* Finds what is there, for calls that change nothing about it.  0, and may it be written? */
static long look(int dirfd, const char *path, bool *writable, mode_t *mode)
{
	struct mir_place *p = malloc(sizeof(*p));
	struct stat st = { .st_mode = 0 };
	long rc;

	if (!p)
		return -ENOMEM;
	rc = mir_tree_find(dirfd, path, p);
	if (rc == 0)
		rc = stat_place(p, &st);
	*writable = rc == 0 && (p->kind == MIR_PLACE_DEVICE || mir_tree_may_change(p) == 0);
	*mode = st.st_mode;
	free(p);
	return rc;
}

long mir_sys_faccessat(int dirfd, const char *path, int mode)
{
	bool writable;
	mode_t st_mode;
	long rc;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	rc = look(dirfd, path, &writable, &st_mode);
	if (rc == 0 && mode & W_OK && !writable)
		return -EROFS;
	return rc == 0 && mode & X_OK && !S_ISDIR(st_mode) ? -EACCES : rc;
}

long mir_sys_faccessat2(int dirfd, const char *path, int mode, int flags)
{
	if (flags & ~(EACCESS_FLAG | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	return mir_sys_faccessat(dirfd, path, mode);
}

long mir_sys_access(const char *path, int mode)
{
	return mir_sys_faccessat(AT_FDCWD, path, mode);
}

/* ---- owners and modes: one user, who may do all; accepted where there is such a file ---- */

static long accept_change(int dirfd, const char *path)
{
	bool writable;
	mode_t mode;
	long rc = look(dirfd, path, &writable, &mode);

	return rc == 0 && !writable ? -EROFS : rc;
}

static long accept_open(int fd)
{
	return mir_fd_get(fd) ? 0 : -EBADF;
}

long mir_sys_fchmodat(int dirfd, const char *path, unsigned mode)
{
	(void)mode;
	return accept_change(dirfd, path);
}

long mir_sys_chmod(const char *path, unsigned mode)
{
	return mir_sys_fchmodat(AT_FDCWD, path, mode);
}

long mir_sys_fchmod(int fd, unsigned mode)
{
	(void)mode;
	return accept_open(fd);
}

long mir_sys_fchownat(int dirfd, const char *path, unsigned uid, unsigned gid, int flags)
{
	(void)uid;
	(void)gid;
	(void)flags;
	return accept_change(dirfd, path);
}

long mir_sys_chown(const char *path, unsigned uid, unsigned gid)
{
	return mir_sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long mir_sys_lchown(const char *path, unsigned uid, unsigned gid)
{
	return mir_sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long mir_sys_fchown(int fd, unsigned uid, unsigned gid)
{
	(void)uid;
	(void)gid;
	return accept_open(fd);
}

long mir_sys_umask(unsigned mask)
{
	static unsigned now = 022;
	unsigned before = now;

	now = mask & 0777;
	return (long)before;
}

/* Stores keep the time of the last change themselves: no other can be set. */
long mir_sys_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
	bool now = !times || times[1].tv_nsec == UTIME_NOW || times[1].tv_nsec == UTIME_OMIT;
	long rc;

	(void)flags;
	rc = path ? accept_change(dirfd, path) : accept_open(dirfd);
	return rc < 0 ? rc : now ? 0 : -EPERM;
}

/* ---- sizes ---- */

long mir_sys_ftruncate(int fd, int64_t size)
{
	struct mir_file *f = mir_fd_hold(fd);
	long rc;

	if (!f)
		return -EBADF;
	if (size < 0 || (f->flags & O_ACCMODE) == O_RDONLY || !f->ops->truncate)
		rc = -EINVAL;
	else
		rc = f->ops->truncate(f, size);
	mir_file_unref(f);
	return rc;
}

long mir_sys_truncate(const char *path, int64_t size)
{
	long fd = mir_sys_open(path, O_WRONLY, 0), rc;

	if (fd < 0)
		return fd;
	rc = mir_sys_ftruncate((int)fd, size);
	mir_sys_close((int)fd);
	return rc;
}

/* Room is not set aside: what is promised is the size. */
long mir_sys_fallocate(int fd, int mode, int64_t offset, int64_t len)
{
	struct stat st;
	long rc = mir_sys_fstat(fd, &st);

	if (rc < 0)
		return rc;
	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (mode != 0)
		return -EOPNOTSUPP;
	if (!S_ISREG(st.st_mode))
		return -ENODEV;
	if (offset > INT64_MAX - len)
		return -EFBIG;
	return offset + len > st.st_size ? mir_sys_ftruncate(fd, offset + len) : 0;
}

long mir_sys_fadvise64(int fd, int64_t offset, int64_t len, int advice)
{
	struct mir_file *f = mir_fd_get(fd);

	(void)offset;
	if (!f)
		return -EBADF;
	if (!f->ops->seek)
		return -ESPIPE;
	return len < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

/* ---- file systems: how much a store may still take is not known ---- */

static void fill(struct statfs *out, bool writable)
{
	memset(out, 0, sizeof(*out));
	out->f_type = MAGIC;
	out->f_bsize = out->f_frsize = BLOCK;
	out->f_namelen = MIR_PATH_NAME;
	out->f_flags = writable ? 0 : 1; /* ST_RDONLY */
}

long mir_sys_statfs(const char *path, struct statfs *out)
{
	bool writable;
	mode_t mode;
	long rc = look(AT_FDCWD, path, &writable, &mode);

	if (rc == 0)
		fill(out, writable);
	return rc;
}

long mir_sys_fstatfs(int fd, struct statfs *out)
{
	struct mir_file *f = mir_fd_get(fd);
	struct mir_node *n;

	if (!f)
		return -EBADF;
	n = mir_store_node(f);
	if (!n)
		n = mir_folder_node(f);
	fill(out, !n || (n->mount->kv && mir_kv_writable(n->mount->kv)));
	return 0;
}
