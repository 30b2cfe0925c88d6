/* block.c: disks as files of bytes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "tree.h"

enum { PIECE = 128 * 1024 };

#ifndef BLKGETSIZE64
#define BLKGETSIZE64 _IOR(0x12, 114, size_t)
#endif
#ifndef BLKSSZGET
#define BLKSSZGET _IO(0x12, 104)
#endif
#ifndef BLKFLSBUF
#define BLKFLSBUF _IO(0x12, 97)
#endif

struct block_file {
	struct mir_file file;
	struct mir_block *block;
	unsigned number;
	int64_t at;
};

/* Who changes part of a sector reads it before: nobody else may meanwhile. */
static struct mir_waitq idle;
static bool busy;

static struct block_file *of(struct mir_file *f)
{
	return mir_container(f, struct block_file, file);
}

static int64_t size_of(const struct mir_block *b)
{
	return (int64_t)MIR_MIN(b->sectors, (uint64_t)INT64_MAX / b->sector_size) * b->sector_size;
}

/* One run of sectors through memory of our own, aligned as drivers like it.  The run begins at or
 * before `at`; how many bytes of the caller's it holds. */
struct run {
	uint64_t sector;
	size_t skip, len;
	struct mir_iov iov;
};

static struct run run_at(const struct mir_block *b, uint8_t *memory, int64_t at, size_t len)
{
	size_t skip = (size_t)(at % b->sector_size);
	size_t take = MIR_MIN(len, (size_t)PIECE - skip);
	size_t whole = (skip + take + b->sector_size - 1) / b->sector_size * b->sector_size;

	return (struct run){ (uint64_t)at / b->sector_size, skip, take, { memory, whole } };
}

static int read_run(struct mir_block *b, const struct run *r, void *to)
{
	int rc = mir_block_read(b, r->sector, &r->iov, 1);

	if (rc == 0)
		memcpy(to, (uint8_t *)r->iov.base + r->skip, r->len);
	return rc;
}

static int write_run(struct mir_block *b, const struct run *r, void *from)
{
	bool part = r->skip > 0 || r->len < r->iov.len;
	int rc = part ? mir_block_read(b, r->sector, &r->iov, 1) : 0;

	if (rc < 0)
		return rc;
	memcpy((uint8_t *)r->iov.base + r->skip, from, r->len);
	return mir_block_write(b, r->sector, &r->iov, 1);
}

/* All of it, or up to the end or an error; the bytes, or the error where there are none. */
static long transfer(struct mir_block *b, const struct iovec *iov, int n, int64_t at,
    int (*run)(struct mir_block *, const struct run *, void *))
{
	size_t cap = PIECE + b->sector_size;
	uint8_t *memory = aligned_alloc(4096, (cap + 4095) / 4096 * 4096);
	int64_t end = size_of(b);
	long done = 0;
	int rc = memory ? 0 : MIR_ENOMEM;

	for (int i = 0; rc == 0 && i < n; i++) {
		uint8_t *p = iov[i].iov_base;
		size_t left = (size_t)MIR_MIN((int64_t)MIR_MIN(iov[i].iov_len, (size_t)INT64_MAX),
		    MIR_MAX(end - at - done, 0));

		while (rc == 0 && left > 0) {
			struct run r = run_at(b, memory, at + done, left);

			rc = run(b, &r, p);
			if (rc < 0)
				break;
			done += (long)r.len;
			p += r.len;
			left -= r.len;
		}
	}
	free(memory);
	return done > 0 ? done : mir_posix_error(rc);
}

static long block_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct block_file *b = of(f);
	long rc = transfer(b->block, iov, n, at < 0 ? b->at : at, read_run);

	if (at < 0 && rc > 0)
		b->at += rc;
	return rc;
}

static long block_write(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct block_file *b = of(f);
	int64_t pos = at < 0 ? b->at : at;
	long rc = 0;

	if (f->flags & O_APPEND)
		pos = size_of(b->block);
	if (pos >= size_of(b->block))
		return -ENOSPC;
	while (rc == 0 && busy)
		rc = mir_posix_wait(&idle, MIR_NEVER);
	if (rc < 0)
		return rc;
	busy = true;
	rc = transfer(b->block, iov, n, pos, write_run);
	busy = false;
	mir_wake_one(&idle);
	if (at < 0 && rc > 0)
		b->at = pos + rc;
	return rc;
}

static long block_seek(struct mir_file *f, int64_t offset, int whence)
{
	struct block_file *b = of(f);
	int64_t base = whence == SEEK_CUR ? b->at : whence == SEEK_END ? size_of(b->block) : 0;

	if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
		return -EINVAL;
	if (offset > INT64_MAX - base)
		return -EOVERFLOW;
	if (base + offset < 0)
		return -EINVAL;
	b->at = base + offset;
	return (long)b->at;
}

static long block_ioctl(struct mir_file *f, int request, void *arg)
{
	struct block_file *b = of(f);
	uint64_t size = (uint64_t)size_of(b->block);

	switch ((unsigned)request) {
	case BLKGETSIZE64: memcpy(arg, &size, sizeof(size)); return 0;
	case BLKSSZGET: *(int *)arg = (int)b->block->sector_size; return 0;
	case BLKFLSBUF: return mir_posix_error(mir_block_barrier(b->block));
	}
	return -ENOTTY;
}

static long block_stat(struct mir_file *f, struct stat *out)
{
	struct block_file *b = of(f);

	out->st_dev = 2;
	out->st_ino = MIR_DEV_DISK_INO + minor(b->number);
	out->st_nlink = 1;
	out->st_mode = S_IFBLK | (b->block->writable ? 0660 : 0440);
	out->st_rdev = b->number;
	out->st_blksize = b->block->sector_size;
	/* Not so on Linux; but a program that takes a disk for its file looks here. */
	out->st_size = (off_t)(b->block->sectors * b->block->sector_size);
	return 0;
}

static long block_sync(struct mir_file *f)
{
	return mir_posix_error(mir_block_barrier(of(f)->block));
}

static void block_close(struct mir_file *f)
{
	if ((f->flags & O_ACCMODE) != O_RDONLY)
		mir_block_barrier(of(f)->block);
	free(of(f));
}

static const struct mir_file_ops block_ops = {
	.read = block_read,
	.write = block_write,
	.seek = block_seek,
	.ioctl = block_ioctl,
	.stat = block_stat,
	.sync = block_sync,
	.close = block_close,
};

long mir_block_open(struct mir_block *block, unsigned number, int flags, struct mir_file **out)
{
	struct block_file *b;

	if ((flags & O_ACCMODE) != O_RDONLY && !block->writable)
		return -EROFS;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	mir_file_init(&b->file, &block_ops, flags);
	b->block = block;
	b->number = number;
	*out = &b->file;
	return 0;
}
