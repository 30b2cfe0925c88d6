/* file.c: system calls on descriptors.  0, 1 and 2 are the console. */
#include <errno.h>
#include <limits.h>

#include "file.h"
#include "libc.h"

enum { IOV = 1024 };

static struct mir_libc_file standard[3] = { { &mir_libc_console }, { &mir_libc_console },
	{ &mir_libc_console } };

/* NULL: nothing has that number. */
static struct mir_libc_file *file_of(int fd)
{
	if (fd < 0 || fd >= (int)MIR_COUNT(standard) || !standard[fd].ops)
		return NULL;
	return &standard[fd];
}

long mir_sys_read(int fd, void *buf, size_t len)
{
	struct mir_libc_file *f = file_of(fd);

	return f ? f->ops->read(f, buf, len) : -EBADF;
}

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

long mir_sys_readv(int fd, const struct iovec *iov, int n)
{
	struct mir_libc_file *f = file_of(fd);
	long done = 0, all = length(iov, n);

	if (!f)
		return -EBADF;
	for (int i = 0; all > 0 && i < n; i++) {
		long got = iov[i].iov_len ? f->ops->read(f, iov[i].iov_base, iov[i].iov_len) : 0;

		if (got < 0)
			return done ? done : got;
		done += got;
		if ((size_t)got < iov[i].iov_len)
			break;
	}
	return all < 0 ? all : done;
}

long mir_sys_write(int fd, const void *buf, size_t len)
{
	union {
		const void *from;
		void *base;
	} data = { buf };
	struct iovec iov = { data.base, len };

	return mir_sys_writev(fd, &iov, 1);
}

long mir_sys_writev(int fd, const struct iovec *iov, int n)
{
	struct mir_libc_file *f = file_of(fd);
	long len = length(iov, n);

	if (!f)
		return -EBADF;
	return len > 0 ? f->ops->write(f, iov, n) : len;
}

long mir_sys_lseek(int fd, int64_t offset, int whence)
{
	struct mir_libc_file *f = file_of(fd);

	return f ? f->ops->seek(f, offset, whence) : -EBADF;
}

long mir_sys_ioctl(int fd, int request, void *arg)
{
	struct mir_libc_file *f = file_of(fd);

	return f ? f->ops->ioctl(f, request, arg) : -EBADF;
}

long mir_sys_close(int fd)
{
	struct mir_libc_file *f = file_of(fd);

	if (!f)
		return -EBADF;
	f->ops = NULL;
	return 0;
}
