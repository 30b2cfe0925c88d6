/* block.c: the file or device behind a disk. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tender.h"

enum { SECTOR = 512, SECTOR_MAX = 32768 };

/* What is open already: an image may have a file twice, two processes may not. */
static struct {
	dev_t dev;
	ino_t ino;
	bool block;
} opened[TENDER_DEVICES];
static unsigned n_opened;

static bool open_already(const struct stat *st)
{
	bool block = S_ISBLK(st->st_mode);
	dev_t dev = block ? st->st_rdev : st->st_dev;
	ino_t ino = block ? 0 : st->st_ino;

	for (unsigned i = 0; i < n_opened; i++)
		if (opened[i].dev == dev && opened[i].ino == ino && opened[i].block == block)
			return true;
	if (n_opened < TENDER_DEVICES) {
		opened[n_opened].dev = dev;
		opened[n_opened].ino = ino;
		opened[n_opened++].block = block;
	}
	return false;
}

static uint32_t block_size(const struct attach *a)
{
	unsigned long size = SECTOR;
	char *end;

	if (!a->sector)
		return SECTOR;
	errno = 0;
	size = strtoul(a->sector, &end, 10);
	if (a->sector[0] < '0' || a->sector[0] > '9' || *end != '\0' || errno != 0 ||
	    size < SECTOR || size > SECTOR_MAX || (size & (size - 1)))
		die("--block-sector-size:%s=%s: a power of two from %d to %d is wanted", a->name,
		    a->sector, SECTOR, SECTOR_MAX);
	return (uint32_t)size;
}

/* Reading only, where the image understands that and nothing else is allowed. */
static int open_disk(const struct attach *a, bool extended, bool *readonly)
{
	int fd, flags;

	*readonly = false;
	if (a->what[0] == '@') {
		char option[MIR_MFT_NAME + 8];

		snprintf(option, sizeof(option), "--block:%s", a->name);
		fd = take_descriptor(option, a->what);
		flags = fcntl(fd, F_GETFL);
		*readonly = (flags & O_ACCMODE) != O_RDWR;
		if (flags & O_APPEND) /* writes at the end, wherever it is told to: it would grow */
			die("%s=%s: it is open with O_APPEND: open it without", option, a->what);
		if (*readonly && !extended)
			die("%s=%s: it is not open for reading and writing", option, a->what);
		return fd;
	}
	fd = open(a->what, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && extended && (errno == EACCES || errno == EROFS || errno == EPERM)) {
		fd = open(a->what, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		*readonly = fd >= 0;
	}
	if (fd < 0)
		die("--block:%s=%s: %s", a->name, a->what, strerror(errno));
	return fd;
}

static uint64_t capacity(const struct attach *a, int fd, const struct stat *st)
{
	uint64_t size = 0;

	if (S_ISREG(st->st_mode))
		return (uint64_t)st->st_size;
	if (!S_ISBLK(st->st_mode))
		die("--block:%s=%s: neither a file nor a block device", a->name, a->what);
	if (ioctl(fd, BLKGETSIZE64, &size) < 0)
		die("--block:%s=%s: %s", a->name, a->what, strerror(errno));
	return size;
}

void block_attach(
    const struct attach *a, struct mir_mft_entry *e, bool extended, struct device *out)
{
	struct block_device *d = &out->block;
	struct stat st;
	bool readonly;

	*out = (struct device){ .type = MIR_MFT_BLOCK };
	d->block_size = block_size(a);
	d->fd = open_disk(a, extended, &readonly);
	if (fstat(d->fd, &st) < 0)
		die("--block:%s=%s: %s", a->name, a->what, strerror(errno));
	d->capacity = capacity(a, d->fd, &st);
	if (d->capacity < d->block_size || d->capacity % d->block_size != 0)
		die("--block:%s=%s: its size, %llu bytes, is not a multiple of %u bytes: use "
		    "'truncate -s' or --block-sector-size:%s=N",
		    a->name, a->what, (unsigned long long)d->capacity, d->block_size, a->name);
	if (!open_already(&st) && flock(d->fd, (readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0 &&
	    errno == EWOULDBLOCK)
		die("--block:%s=%s: in use by another process", a->name, a->what);
	d->features = MIR_EXT_BLOCK_FLUSH | MIR_EXT_BLOCK_DISCARD;
	if (readonly)
		d->features = MIR_EXT_BLOCK_READONLY;
	e->u.block.capacity = d->capacity;
	e->u.block.block_size = (uint16_t)d->block_size;
}
