/* file.c: a disk in a file of the host. */
#define _GNU_SOURCE
#include <mir/block_file.h>

#include <mir/fiber.h>
#include <mir/log.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

MIR_LOG_SOURCE(block);

enum { SECTOR = 512, IOVECS = 64 };

static struct mir_block_file *file_of(struct mir_block *b)
{
	return mir_container(b, struct mir_block_file, block);
}

static int error_of(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT: return MIR_ENOSPC;
	case EROFS:
	case EBADF: return MIR_EROFS;
	case ENODEV:
	case ENXIO: return MIR_EDISCONN;
	default: return MIR_EIO;
	}
}

typedef ssize_t mover(int fd, const struct iovec *v, int n, off_t at);

/* Moves all of iov, from byte `at` of the file on, in as many calls as the host wants. */
static int move(
    struct mir_block_file *f, mover *call, uint64_t at, const struct mir_iov *iov, unsigned n)
{
	size_t skip = 0; /* bytes of iov[0] that are done */

	while (n) {
		struct iovec v[IOVECS];
		unsigned k = MIR_MIN(n, (unsigned)IOVECS);
		ssize_t done;

		for (unsigned i = 0; i < k; i++)
			v[i] = (struct iovec){ iov[i].base, iov[i].len };
		v[0].iov_base = (char *)v[0].iov_base + skip;
		v[0].iov_len -= skip;
		done = call(f->fd, v, (int)k, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return error_of(errno);
		if (done == 0 && v[0].iov_len)
			return MIR_EIO; /* the file has become shorter */
		at += (uint64_t)done;
		skip += (size_t)done;
		while (n && skip >= iov->len) {
			skip -= iov->len;
			iov++;
			n--;
		}
	}
	return 0;
}

static int file_read(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	int rc = mir_yield();

	return rc ? rc : move(file_of(b), preadv, sector * b->sector_size, iov, n);
}

static int file_write(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	int rc = mir_yield();

	return rc ? rc : move(file_of(b), pwritev, sector * b->sector_size, iov, n);
}

static int file_barrier(struct mir_block *b)
{
	int rc = mir_yield();

	if (rc == 0 && fdatasync(file_of(b)->fd) < 0)
		rc = error_of(errno);
	return rc;
}

static int file_discard(struct mir_block *b, uint64_t sector, uint64_t count)
{
	struct mir_block_file *f = file_of(b);
	uint64_t range[2] = { sector * b->sector_size, count * b->sector_size };
	int rc;

	if ((rc = mir_yield()) < 0 || !count)
		return rc;
	rc = f->regular ? fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)range[0], (off_t)range[1])
			: ioctl(f->fd, BLKDISCARD, range);
	if (rc < 0)
		return errno == EOPNOTSUPP || errno == ENOSYS ? MIR_ENOSYS : error_of(errno);
	return 0;
}

static const struct mir_block_ops ops = {
	.name = "file",
	.read = file_read,
	.write = file_write,
	.barrier = file_barrier,
	.discard = file_discard,
};

/* How large the open file is, and its sectors. */
static int measure(struct mir_block_file *f)
{
	uint64_t bytes;
	int sector = SECTOR;
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return MIR_EIO;
	f->regular = S_ISREG(st.st_mode);
	bytes = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(f->fd, BLKGETSIZE64, &bytes) < 0 || ioctl(f->fd, BLKSSZGET, &sector) < 0)
			return MIR_EIO;
	} else if (!f->regular) {
		return MIR_EINVAL;
	}
	f->block.sector_size = (uint32_t)sector;
	f->block.sectors = bytes / (uint32_t)sector;
	return f->block.sectors ? 0 : MIR_EINVAL;
}

/* Makes the file of that size; the descriptor, or an errno value negated. */
static int create(const char *path, uint64_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0) {
		rc = -errno;
		close(fd);
		unlink(path);
		return rc;
	}
	return fd;
}

static int open_file(struct mir_block_file *f, const struct mir_block_file_config *c)
{
	int fd = open(c->file, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	f->block.writable = true;
	if (fd < 0 && errno == ENOENT && c->size) {
		fd = create(c->file, c->size);
		errno = fd < 0 ? -fd : 0;
	} else if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM)) {
		f->block.writable = false;
		fd = open(c->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0)
		return errno == ENOENT   ? MIR_ENOENT
		       : errno == EISDIR ? MIR_EINVAL
		       : errno == EACCES ? MIR_EACCES
					 : MIR_EIO;
	f->fd = fd;
	if (flock(fd, (f->block.writable ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? MIR_EBUSY : MIR_EIO;
	return measure(f);
}

int mir_block_file_start(struct mir_block_file *f, const struct mir_block_file_config *c)
{
	int rc = MIR_EINVAL;

	*f = (struct mir_block_file){ .block = { .ops = &ops, .name = c->name }, .fd = -1 };
	if (!c->file || !*c->file) {
		mir_error("%s: no file is named: --block:%s=FILE", c->name, c->name);
		return rc;
	}
	rc = open_file(f, c);
	if (rc < 0) {
		mir_error("%s: cannot use %s as a disk: %s", c->name, c->file,
		    rc == MIR_EBUSY    ? "another image uses it"
		    : rc == MIR_ENOENT ? "it is not there; give its size to have it made"
		    : rc == MIR_EINVAL ? "not a file or block device of one sector or more"
				       : mir_strerror(rc));
		mir_block_file_stop(f);
	}
	return rc;
}

void mir_block_file_stop(struct mir_block_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
