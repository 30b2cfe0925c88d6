/* sendfile.c: from a file to a descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <mir/slice.h>
#include <stdio.h>

#include "signals.h"
#include "socket.h"
#include "socket_calls.h"

enum { CHUNK = 64 * 1024, MOST = 0x7ffff000 };

/* Reads up to `len` bytes into fresh memory. */
static long read_slice(struct mir_file *in, int64_t at, size_t len, struct mir_slice *out)
{
	uint8_t *p;
	struct mir_mem *mem = mir_mem_new(len, &p);
	struct iovec iov = { p, len };
	long n;

	if (!mem)
		return -ENOMEM;
	n = in->ops->read(in, &iov, 1, at);
	if (n <= 0) {
		mir_mem_unref(mem);
		return n;
	}
	*out = (struct mir_slice){ p, (size_t)n, mem };
	return n;
}

/* To a socket that takes slices as they lie, else as bytes. What it did not take is lost: the
 * caller reads that again. */
static long write_slice(struct mir_file *out, struct mir_slice *slice /* take */)
{
	struct mir_socket *s = out->ops == &mir_socket_file_ops ? mir_socket_of(out) : NULL;
	union {
		const void *from;
		void *base;
	} data = { slice->p };
	struct iovec iov = { data.base, slice->len };
	long n = -EAGAIN;

	if (s && s->ops->send_slice && !s->error)
		n = s->ops->send_slice(
		    s, &(struct mir_slice){ slice->p, slice->len, mir_mem_ref(slice->owner) });
	if (n == -EAGAIN) {
		mir_file_move(out);
		n = out->ops->write(out, &iov, 1, -1);
		mir_file_moved(out);
	}
	mir_slice_unref(slice);
	return n;
}

static long copy(struct mir_file *out, struct mir_file *in, int64_t *at, size_t len)
{
	size_t done = 0;
	long n = 0;

	len = MIR_MIN(len, (size_t)MOST);
	while (done < len) {
		size_t part = MIR_MIN(len - done, (size_t)CHUNK);
		struct mir_slice slice;
		long got = read_slice(in, *at + (int64_t)done, part, &slice);

		if (got <= 0) {
			n = got;
			break;
		}
		n = write_slice(out, &slice);
		if (n < 0)
			break;
		done += (size_t)n;
		if (n < got && out->flags & O_NONBLOCK)
			break;
	}
	*at += (int64_t)done;
	return done || n >= 0 ? (long)done : n;
}

static long send_file(struct mir_file *out, struct mir_file *in, int64_t *offset, size_t len)
{
	int64_t at;
	long rc;

	/* Where the file stands has to be known, and can be set. */
	if (!in->ops->seek || !in->ops->read || !out->ops->write || (out->flags & O_APPEND))
		return -EINVAL;
	if ((in->flags & O_ACCMODE) == O_WRONLY || (out->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (offset && *offset < 0)
		return -EINVAL;
	at = offset ? *offset : in->ops->seek(in, 0, SEEK_CUR);
	if (at < 0)
		return (long)at;
	rc = copy(out, in, &at, len);
	if (offset)
		*offset = at;
	else
		in->ops->seek(in, at, SEEK_SET);
	return rc;
}

long mir_sys_sendfile(int out, int in, int64_t *offset, size_t len)
{
	struct mir_file *from = mir_fd_hold(in), *to = mir_fd_hold(out);
	long rc = -EBADF;

	if (from && to) {
		do
			rc = send_file(to, from, offset, len);
		while (mir_posix_again(rc));
	}
	if (from)
		mir_file_unref(from);
	if (to)
		mir_file_unref(to);
	return rc;
}

/* Pages are not moved between descriptors: callers fall back to reading and writing, as for files
 * of which Linux says this. */
long mir_sys_splice(int in, int64_t *from, int out, int64_t *to, size_t len, unsigned flags)
{
	(void)from;
	(void)to;
	(void)len;
	(void)flags;
	return mir_fd_get(in) && mir_fd_get(out) ? -EINVAL : -EBADF;
}

long mir_sys_tee(int in, int out, size_t len, unsigned flags)
{
	return mir_sys_splice(in, NULL, out, NULL, len, flags);
}

long mir_sys_vmsplice(int fd, const struct iovec *iov, size_t n, unsigned flags)
{
	(void)iov;
	(void)n;
	(void)flags;
	return mir_fd_get(fd) ? -EINVAL : -EBADF;
}
