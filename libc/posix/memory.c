/* memory.c: memory as in libc/memory.c, and files in it. */
#include <sys/types.h>

static long map_file(void *at, size_t len, int prot, int flags, int fd, long offset);

#define MIR_MAP_FILE map_file
#include "../memory.c"
#undef MIR_MAP_FILE

#include <fcntl.h>

#include "calls.h"
#include "file.h"
#include "signals.h"

/* 1: the handlers have run, and it goes on; a fiber that is cancelled for good does not. */
static long interrupted(void)
{
	mir_posix_again(-EINTR);
	return mir_cancelled() ? -EINTR : 1;
}

/* All that the file has of it; behind that, zeroes stay. */
static long read_in(struct mir_file *f, uint8_t *to, size_t len, long offset)
{
	size_t done = 0;
	long got = 1;

	while (done < len && got > 0) {
		struct iovec iov = { to + done, len - done };

		got = f->ops->read(f, &iov, 1, offset + (long)done);
		if (got == -EINTR)
			got = interrupted();
		else if (got > 0)
			done += (size_t)got;
	}
	return got < 0 ? got : 0;
}

static long may_map(const struct mir_file *f, int prot, int flags, long offset)
{
	if (offset < 0 || offset % MIR_PAGE)
		return -EINVAL;
	if (!(flags & (MAP_PRIVATE | MAP_SHARED)))
		return -EINVAL;
	if ((f->flags & O_ACCMODE) == O_WRONLY)
		return -EACCES;
	if (!f->ops->seek || !f->ops->read)
		return -ENODEV;
	/* What is written there would not come into the file. */
	return flags & MAP_SHARED && prot & PROT_WRITE ? -ENODEV : 0;
}

/* A copy of the file as it is now: MAP_SHARED differs only for what is written to it later. */
static long map_file(void *at, size_t len, int prot, int flags, int fd, long offset)
{
	struct mir_file *f = mir_fd_hold(fd);
	long rc, memory;

	if (!f)
		return -EBADF;
	rc = may_map(f, prot, flags, offset);
	if (rc < 0) {
		mir_file_unref(f);
		return rc;
	}
	memory = mir_sys_mmap(at, len, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	if (memory > 0 || memory < -4095) {
		union {
			long number;
			void *p;
		} to = { memory };

		rc = read_in(f, to.p, len, offset);
		if (rc == 0 && !(prot & PROT_WRITE))
			protect(to.p, pages_of(len), access_of(prot));
		if (rc < 0)
			mir_sys_munmap(to.p, len);
	} else {
		rc = memory;
	}
	mir_file_unref(f);
	return rc < 0 ? rc : memory;
}

/* Nothing was shared: there is nothing to write back. */
long mir_sys_msync(void *at, size_t len, int flags)
{
	(void)flags;
	if (!aligned(at))
		return -EINVAL;
	return len == 0 || mir_pages_used(mir_target_pages(), at, pages_of(len)) ? 0 : -ENOMEM;
}
