/* io.c: reading and writing descriptors. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mir/cc.h>
#include <sys/ioctl.h>

#include "calls.h"
#include "file.h"
#include "signals.h"

enum { IOV = 1024 };

/* The pieces' lengths together, or -EINVAL. */
static long length(const struct iovec *iov, int n)
{
	long len = 0;

	if (n < 0 || n > IOV)
		return -EINVAL;
	for (int i = 0; i < n; i++) {
		if (iov[i].iov_len > (size_t)(LONG_MAX - len))
			return -EINVAL;
		len += (long)iov[i].iov_len;
	}
	return len;
}

static bool may_read(const struct mir_file *f)
{
	return (f->flags & O_ACCMODE) != O_WRONLY && !(f->flags & O_PATH);
}

static bool may_write(const struct mir_file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY && !(f->flags & O_PATH);
}

static long transfer(struct mir_file *f,
    long (*call)(struct mir_file *, const struct iovec *, int, int64_t), const struct iovec *iov,
    int n, int64_t at)
{
	long rc;

	mir_file_ref(f);
	if (at == -1)
		mir_file_move(f);
	rc = call(f, iov, n, at);
	if (at == -1)
		mir_file_moved(f);
	mir_file_unref(f);
	return rc;
}

/* at: -1: where the file stands. */
static long input_once(int fd, const struct iovec *iov, int n, int64_t at)
{
	struct mir_file *f = mir_fd_get(fd);
	long len = length(iov, n);

	if (!f || !may_read(f))
		return -EBADF;
	if (len < 0)
		return len;
	if (!f->ops->read)
		return f->ops->list ? -EISDIR : -EINVAL;
	if (at != -1 && !f->ops->seek)
		return -ESPIPE;
	if (len == 0)
		return 0;
	return transfer(f, f->ops->read, iov, n, at);
}

static long output_once(int fd, const struct iovec *iov, int n, int64_t at)
{
	struct mir_file *f = mir_fd_get(fd);
	long len = length(iov, n);

	if (!f || !may_write(f))
		return -EBADF;
	if (len < 0)
		return len;
	if (!f->ops->write)
		return -EINVAL;
	if (at != -1 && !f->ops->seek)
		return -ESPIPE;
	if (len == 0)
		return 0;
	return transfer(f, f->ops->write, iov, n, at);
}

static long input(int fd, const struct iovec *iov, int n, int64_t at)
{
	long rc;

	do
		rc = input_once(fd, iov, n, at);
	while (mir_posix_again(rc));
	return rc;
}

static long output(int fd, const struct iovec *iov, int n, int64_t at)
{
	long rc;

	do
		rc = output_once(fd, iov, n, at);
	while (mir_posix_again(rc));
	return rc;
}

long mir_sys_read(int fd, void *buf, size_t len)
{
	struct iovec iov = { buf, len };

	return input(fd, &iov, 1, -1);
}

long mir_sys_readv(int fd, const struct iovec *iov, int n)
{
	return input(fd, iov, n, -1);
}

long mir_sys_pread64(int fd, void *buf, size_t len, int64_t at)
{
	struct iovec iov = { buf, len };

	return at < 0 ? -EINVAL : input(fd, &iov, 1, at);
}

long mir_sys_preadv(int fd, const struct iovec *iov, int n, int64_t at)
{
	return at < 0 ? -EINVAL : input(fd, iov, n, at);
}

static struct iovec piece(const void *buf, size_t len)
{
	union {
		const void *from;
		void *base;
	} data = { buf };

	return (struct iovec){ data.base, len };
}

long mir_sys_write(int fd, const void *buf, size_t len)
{
	struct iovec iov = piece(buf, len);

	return output(fd, &iov, 1, -1);
}

long mir_sys_writev(int fd, const struct iovec *iov, int n)
{
	return output(fd, iov, n, -1);
}

long mir_sys_pwrite64(int fd, const void *buf, size_t len, int64_t at)
{
	struct iovec iov = piece(buf, len);

	return at < 0 ? -EINVAL : output(fd, &iov, 1, at);
}

long mir_sys_pwritev(int fd, const struct iovec *iov, int n, int64_t at)
{
	return at < 0 ? -EINVAL : output(fd, iov, n, at);
}

long mir_sys_lseek(int fd, int64_t offset, int whence)
{
	struct mir_file *f = mir_fd_hold(fd);
	long rc;

	if (!f)
		return -EBADF;
	mir_file_move(f);
	rc = f->ops->seek ? f->ops->seek(f, offset, whence) : -ESPIPE;
	mir_file_moved(f);
	mir_file_unref(f);
	return rc;
}

/* What goes with any file. */
static long common_ioctl(struct mir_file *f, int fd, int request, void *arg)
{
	switch ((unsigned)request) {
	case FIONBIO:
		f->flags = (f->flags & ~O_NONBLOCK) | (*(int *)arg ? O_NONBLOCK : 0);
		return 0;
	case FIOCLEX: return mir_sys_fcntl(fd, F_SETFD, FD_CLOEXEC);
	case FIONCLEX: return mir_sys_fcntl(fd, F_SETFD, 0);
	}
	return f->ops->ioctl ? f->ops->ioctl(f, request, arg) : -ENOTTY;
}

long mir_sys_ioctl(int fd, int request, void *arg)
{
	struct mir_file *f = mir_fd_hold(fd);
	long rc;

	if (!f)
		return -EBADF;
	rc = common_ioctl(f, fd, request, arg);
	mir_file_unref(f);
	return rc;
}
