/* dev.c: /dev. */
#include <errno.h>
#include <fcntl.h>
#include <mir/hash.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "tree.h"

enum { DISKS = 16, DISK_MAJOR = 254, FIXED = MIR_DEV_DISK_INO - 2 };

static struct disk {
	const char *name;
	struct mir_block *block;
} disks[DISKS];
static unsigned n_disks;

/* ---- null, zero, full, random ---- */

static long length(const struct iovec *iov, int n)
{
	long len = 0;

	for (int i = 0; i < n; i++)
		len += (long)iov[i].iov_len;
	return len;
}

static long nothing_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	(void)f;
	(void)iov;
	(void)n;
	(void)at;
	return 0;
}

static long zero_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	(void)f;
	(void)at;
	for (int i = 0; i < n; i++)
		memset(iov[i].iov_base, 0, iov[i].iov_len);
	return length(iov, n);
}

static long random_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	(void)f;
	(void)at;
	for (int i = 0; i < n; i++)
		mir_random(iov[i].iov_base, iov[i].iov_len);
	return length(iov, n);
}

static long all_written(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	(void)f;
	(void)at;
	return length(iov, n);
}

static long full_write(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	(void)f;
	(void)iov;
	(void)n;
	(void)at;
	return -ENOSPC;
}

static long no_seek(struct mir_file *f, int64_t offset, int whence)
{
	(void)f;
	(void)offset;
	(void)whence;
	return 0;
}

static void device_close(struct mir_file *f)
{
	free(f);
}

static long null_stat(struct mir_file *, struct stat *);
static long zero_stat(struct mir_file *, struct stat *);
static long full_stat(struct mir_file *, struct stat *);
static long random_stat(struct mir_file *, struct stat *);

static const struct mir_file_ops null_ops = { .read = nothing_read,
	.write = all_written,
	.seek = no_seek,
	.stat = null_stat,
	.close = device_close };
static const struct mir_file_ops zero_ops = { .read = zero_read,
	.write = all_written,
	.seek = no_seek,
	.stat = zero_stat,
	.close = device_close };
static const struct mir_file_ops full_ops = { .read = zero_read,
	.write = full_write,
	.seek = no_seek,
	.stat = full_stat,
	.close = device_close };
static const struct mir_file_ops random_ops = { .read = random_read,
	.write = all_written,
	.seek = no_seek,
	.stat = random_stat,
	.close = device_close };

/* Numbers as Linux has them.  fd: what stands for a standard stream. */
static const struct device {
	const char *name;
	const struct mir_file_ops *ops;
	unsigned major, minor;
	int fd;
} devices[FIXED] = {
	{ "null", &null_ops, 1, 3, -1 },
	{ "zero", &zero_ops, 1, 5, -1 },
	{ "full", &full_ops, 1, 7, -1 },
	{ "random", &random_ops, 1, 8, -1 },
	{ "urandom", &random_ops, 1, 9, -1 },
	{ "console", &mir_posix_console, 5, 1, -1 },
	{ "tty", &mir_posix_console, 5, 0, -1 },
	{ "stdin", NULL, 5, 1, 0 },
	{ "stdout", NULL, 5, 1, 1 },
	{ "stderr", NULL, 5, 1, 2 },
};

static long describe(const char *name, struct stat *out)
{
	for (unsigned i = 0; i < FIXED; i++) {
		if (strcmp(devices[i].name, name) != 0)
			continue;
		out->st_dev = 2;
		out->st_ino = i + 2;
		out->st_nlink = 1;
		out->st_mode = S_IFCHR | 0666;
		out->st_rdev = makedev(devices[i].major, devices[i].minor);
		out->st_blksize = 4096;
		return 0;
	}
	return -ENOENT;
}

static long null_stat(struct mir_file *f, struct stat *out)
{
	(void)f;
	return describe("null", out);
}

static long zero_stat(struct mir_file *f, struct stat *out)
{
	(void)f;
	return describe("zero", out);
}

static long full_stat(struct mir_file *f, struct stat *out)
{
	(void)f;
	return describe("full", out);
}

static long random_stat(struct mir_file *f, struct stat *out)
{
	(void)f;
	return describe("urandom", out);
}

/* ---- by name ---- */

const char *mir_dev_name(unsigned i)
{
	if (i < FIXED)
		return devices[i].name;
	return i - FIXED < n_disks ? disks[i - FIXED].name : NULL;
}

static int disk_of(const char *name)
{
	for (unsigned i = 0; i < n_disks; i++)
		if (strcmp(disks[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool mir_dev_is_block(const char *name)
{
	return disk_of(name) >= 0;
}

int mir_dev_add(const char *name, struct mir_block *block)
{
	const char *other;

	for (unsigned i = 0; (other = mir_dev_name(i)) != NULL; i++)
		if (strcmp(name, other) == 0)
			return MIR_EEXIST;
	if (n_disks == DISKS)
		return MIR_ELIMIT;
	disks[n_disks++] = (struct disk){ name, block };
	return 0;
}

void mir_dev_reset(void)
{
	n_disks = 0;
}

/* A file that all who open it share, as dup would. */
static long share(int fd, struct mir_file **out)
{
	*out = mir_fd_hold(fd);
	return *out ? 0 : -ENOENT;
}

static long open_device(const struct device *d, int flags, struct mir_file **out)
{
	struct mir_file *f;

	if (d->fd >= 0)
		return share(d->fd, out);
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	mir_file_init(f, d->ops, flags);
	*out = f;
	return 0;
}

long mir_dev_open(const char *name, int flags, struct mir_file **out)
{
	int disk = disk_of(name);

	for (unsigned i = 0; i < FIXED; i++)
		if (strcmp(devices[i].name, name) == 0)
			return open_device(&devices[i], flags, out);
	return disk < 0 ? -ENOENT
			: mir_block_open(
			      disks[disk].block, makedev(DISK_MAJOR, (unsigned)disk), flags, out);
}

long mir_dev_stat(const char *name, struct stat *out)
{
	int disk = disk_of(name);

	if (disk < 0)
		return describe(name, out);
	out->st_dev = 2;
	out->st_ino = MIR_DEV_DISK_INO + (unsigned)disk;
	out->st_nlink = 1;
	out->st_mode = S_IFBLK | (disks[disk].block->writable ? 0660 : 0440);
	out->st_rdev = makedev(DISK_MAJOR, (unsigned)disk);
	out->st_blksize = disks[disk].block->sector_size;
	out->st_size = (off_t)(disks[disk].block->sectors * disks[disk].block->sector_size);
	return 0;
}
