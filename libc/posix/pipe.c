/* pipe.c: pipes.
 *
 * A write of at most PIPE_BUF bytes is done wholly or not at all; a longer one goes as far as there
 * is room, and waits for more where it may.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "calls.h"
#include "file.h"

enum { SIZE = 65536, ATOMIC = 4096 };

struct pipe {
	struct mir_file read_end, write_end;
	bool reads, writes; /* the ends are open */
	uint8_t *data;
	size_t from, len;
	uint64_t ino;
};

static struct pipe *of_reader(struct mir_file *f)
{
	return mir_container(f, struct pipe, read_end);
}

static struct pipe *of_writer(struct mir_file *f)
{
	return mir_container(f, struct pipe, write_end);
}

static void copy_out(struct pipe *p, uint8_t *to, size_t len)
{
	size_t first = MIR_MIN(len, (size_t)SIZE - p->from);

	memcpy(to, p->data + p->from, first);
	memcpy(to + first, p->data, len - first);
	p->from = (p->from + len) % (size_t)SIZE;
	p->len -= len;
}

static void copy_in(struct pipe *p, const uint8_t *from, size_t len)
{
	size_t at = (p->from + p->len) % (size_t)SIZE, first = MIR_MIN(len, (size_t)SIZE - at);

	memcpy(p->data + at, from, first);
	memcpy(p->data, from + first, len - first);
	p->len += len;
}

static long pipe_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct pipe *p = of_reader(f);
	long done = 0, rc = 0;

	(void)at;
	while (rc == 0 && p->len == 0 && p->writes)
		rc = mir_file_block(f);
	if (rc < 0)
		return rc;
	for (int i = 0; i < n && p->len > 0; i++) {
		size_t len = MIR_MIN(iov[i].iov_len, p->len);

		copy_out(p, iov[i].iov_base, len);
		done += (long)len;
	}
	if (done > 0)
		mir_file_changed(&p->write_end);
	return done;
}

/* Waits until there is room for so much. */
static long room(struct pipe *p, size_t wanted)
{
	struct mir_file *f = &p->write_end;
	long rc = 0;

	while (rc == 0 && p->reads && (size_t)SIZE - p->len < wanted)
		rc = mir_file_block(f);
	return p->reads ? rc : -EPIPE;
}

static long broken(void)
{
	if (mir_posix_sigpipe)
		mir_posix_sigpipe();
	return -EPIPE;
}

static long pipe_write(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct pipe *p = of_writer(f);
	size_t all = 0;
	long done = 0, rc = 0;
	bool whole;

	(void)at;
	for (int i = 0; i < n; i++)
		all += iov[i].iov_len;
	whole = all <= ATOMIC;
	if (whole)
		rc = room(p, all);
	for (int i = 0; rc == 0 && i < n; i++) {
		const uint8_t *from = iov[i].iov_base;
		size_t left = iov[i].iov_len;

		while (left > 0 && (whole || (rc = room(p, 1)) == 0)) {
			size_t len = MIR_MIN(left, (size_t)SIZE - p->len);

			copy_in(p, from, len);
			mir_file_changed(&p->read_end);
			from += len;
			left -= len;
			done += (long)len;
		}
	}
	if (rc == -EPIPE)
		rc = broken();
	return done > 0 ? done : rc;
}

static unsigned read_ready(struct mir_file *f)
{
	struct pipe *p = of_reader(f);

	return (p->len > 0 ? (unsigned)POLLIN : 0) | (p->writes ? 0 : (unsigned)POLLHUP);
}

static unsigned write_ready(struct mir_file *f)
{
	struct pipe *p = of_writer(f);

	if (!p->reads)
		return POLLOUT | POLLERR;
	return (size_t)SIZE - p->len >= ATOMIC ? (unsigned)POLLOUT : 0;
}

static long pipe_ioctl(struct pipe *p, int request, void *arg)
{
	if ((unsigned)request != FIONREAD)
		return -ENOTTY;
	*(int *)arg = (int)p->len;
	return 0;
}

static long read_ioctl(struct mir_file *f, int request, void *arg)
{
	return pipe_ioctl(of_reader(f), request, arg);
}

static long write_ioctl(struct mir_file *f, int request, void *arg)
{
	return pipe_ioctl(of_writer(f), request, arg);
}

static long pipe_stat(struct pipe *p, struct stat *out)
{
	out->st_dev = UINT_MAX;
	out->st_ino = p->ino;
	out->st_nlink = 1;
	out->st_mode = S_IFIFO | 0600;
	out->st_blksize = ATOMIC;
	return 0;
}

static long read_stat(struct mir_file *f, struct stat *out)
{
	return pipe_stat(of_reader(f), out);
}

static long write_stat(struct mir_file *f, struct stat *out)
{
	return pipe_stat(of_writer(f), out);
}

static void end(struct pipe *p)
{
	if (p->reads || p->writes)
		return;
	free(p->data);
	free(p);
}

static void read_close(struct mir_file *f)
{
	struct pipe *p = of_reader(f);

	p->reads = false;
	if (p->writes)
		mir_file_changed(&p->write_end);
	end(p);
}

static void write_close(struct mir_file *f)
{
	struct pipe *p = of_writer(f);

	p->writes = false;
	if (p->reads)
		mir_file_changed(&p->read_end);
	end(p);
}

static const struct mir_file_ops read_ops = { .read = pipe_read,
	.ioctl = read_ioctl,
	.stat = read_stat,
	.ready = read_ready,
	.close = read_close };
static const struct mir_file_ops write_ops = { .write = pipe_write,
	.ioctl = write_ioctl,
	.stat = write_stat,
	.ready = write_ready,
	.close = write_close };

static struct pipe *pipe_new(int flags)
{
	static uint64_t last;
	struct pipe *p = calloc(1, sizeof(*p));

	if (!p || !(p->data = malloc(SIZE))) {
		free(p);
		return NULL;
	}
	mir_file_init(&p->read_end, &read_ops, O_RDONLY | (flags & O_NONBLOCK));
	mir_file_init(&p->write_end, &write_ops, O_WRONLY | (flags & O_NONBLOCK));
	p->reads = p->writes = true;
	p->ino = ++last;
	return p;
}

long mir_sys_pipe2(int out[2], int flags)
{
	struct pipe *p;
	int from, to;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	p = pipe_new(flags);
	if (!p)
		return -ENOMEM;
	/* The other end keeps the pipe when there is no number for one. */
	from = mir_fd_new(&p->read_end, flags, 0);
	if (from < 0) {
		mir_file_unref(&p->write_end);
		return from;
	}
	to = mir_fd_new(&p->write_end, flags, 0);
	if (to < 0) {
		mir_sys_close(from);
		return to;
	}
	out[0] = from;
	out[1] = to;
	return 0;
}

long mir_sys_pipe(int out[2])
{
	return mir_sys_pipe2(out, 0);
}
