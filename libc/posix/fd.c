/* fd.c: the table of descriptors.  0, 1 and 2 are the console. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "calls.h"
#include "file.h"

enum { FIRST = 32, LIVE_FLAGS = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME };
enum { RANGE_CLOEXEC = 4 }; /* of close_range */

struct slot {
	struct mir_file *file;
	bool cloexec;
};

static struct mir_file standard[3] = {
	{ .ops = &mir_posix_console, .refs = 1, .flags = O_RDWR },
	{ .ops = &mir_posix_console, .refs = 1, .flags = O_RDWR },
	{ .ops = &mir_posix_console, .refs = 1, .flags = O_RDWR },
};

static struct slot first[FIRST] = { { .file = &standard[0] }, { .file = &standard[1] },
	{ .file = &standard[2] } };
static struct slot *slots = first;
static int n_slots = FIRST, n_used = MIR_COUNT(standard);

int mir_fd_limit = MIR_FD_DEFAULT;

static bool grow(int n)
{
	int more = MIR_MAX(n, n_slots * 2);
	struct slot *wide = calloc((size_t)more, sizeof(*wide));

	if (!wide)
		return false;
	memcpy(wide, slots, (size_t)n_slots * sizeof(*wide));
	if (slots != first)
		free(slots);
	slots = wide;
	n_slots = more;
	return true;
}

int mir_fd_new(struct mir_file *f, int flags, int lowest)
{
	int fd = lowest, rc = 0;

	while (fd < n_slots && slots[fd].file)
		fd++;
	if (fd >= mir_fd_limit)
		rc = -EMFILE;
	else if (fd >= n_slots && !grow(fd + 1))
		rc = -ENOMEM;
	if (rc < 0) {
		mir_file_unref(f);
		return rc;
	}
	slots[fd] = (struct slot){ f, flags & O_CLOEXEC };
	n_used++;
	return fd;
}

bool mir_fd_left(void)
{
	return n_used < mir_fd_limit;
}

struct mir_file *mir_fd_get(int fd)
{
	return fd >= 0 && fd < n_slots ? slots[fd].file : NULL;
}

struct mir_file *mir_fd_hold(int fd)
{
	struct mir_file *f = mir_fd_get(fd);

	return f && !(f->flags & O_PATH) ? mir_file_ref(f) : NULL;
}

bool mir_fd_is_standard(const struct mir_file *f)
{
	return f >= standard && f < standard + MIR_COUNT(standard);
}

void mir_fd_end(void)
{
	for (int fd = 0; fd < n_slots; fd++) {
		struct mir_file *f = slots[fd].file;

		if (f && (fd >= (int)MIR_COUNT(standard) || !mir_fd_is_standard(f)))
			mir_sys_close(fd);
	}
}

long mir_sys_close(int fd)
{
	struct mir_file *f = mir_fd_get(fd);

	if (!f)
		return -EBADF;
	slots[fd].file = NULL;
	n_used--;
	mir_file_unref(f);
	return 0;
}

long mir_sys_close_range(unsigned from, unsigned to, unsigned flags)
{
	if (from > to || flags & ~(unsigned)RANGE_CLOEXEC)
		return -EINVAL;
	for (unsigned fd = from; fd < (unsigned)n_slots && fd <= to; fd++) {
		if (flags)
			slots[fd].cloexec = true;
		else
			mir_sys_close((int)fd);
	}
	return 0;
}

long mir_sys_dup(int fd)
{
	struct mir_file *f = mir_fd_get(fd);

	return f ? mir_fd_new(mir_file_ref(f), 0, 0) : -EBADF;
}

/* Puts a file at a number, in place of what is there. */
static long put(struct mir_file *f, int to, int flags)
{
	struct mir_file *old;

	if (to < 0 || to >= mir_fd_limit)
		return -EBADF;
	if (to >= n_slots && !grow(to + 1))
		return -ENOMEM;
	old = slots[to].file;
	n_used += !old;
	slots[to] = (struct slot){ mir_file_ref(f), flags & O_CLOEXEC };
	if (old)
		mir_file_unref(old);
	return to;
}

long mir_sys_dup2(int fd, int to)
{
	struct mir_file *f = mir_fd_get(fd);

	if (!f)
		return -EBADF;
	return fd == to ? to : put(f, to, 0);
}

long mir_sys_dup3(int fd, int to, int flags)
{
	struct mir_file *f = mir_fd_get(fd);

	if (flags & ~O_CLOEXEC || fd == to)
		return -EINVAL;
	return f ? put(f, to, flags) : -EBADF;
}

/* One process: no lock is in anybody's way. */
static long lock(int command, struct flock *l)
{
	if (l->l_type != F_RDLCK && l->l_type != F_WRLCK && l->l_type != F_UNLCK)
		return -EINVAL;
	if (l->l_whence != SEEK_SET && l->l_whence != SEEK_CUR && l->l_whence != SEEK_END)
		return -EINVAL;
	if (command == F_GETLK || command == F_OFD_GETLK)
		l->l_type = F_UNLCK;
	return 0;
}

static long set_flags(struct mir_file *f, int flags)
{
	f->flags = (f->flags & ~LIVE_FLAGS) | (flags & LIVE_FLAGS & ~O_ASYNC & ~O_DIRECT);
	return 0;
}

static long duplicate(struct mir_file *f, long lowest, int flags)
{
	if (lowest < 0 || lowest >= mir_fd_limit)
		return -EINVAL;
	return mir_fd_new(mir_file_ref(f), flags, (int)lowest);
}

long mir_sys_fcntl(int fd, int command, long arg)
{
	struct mir_file *f = mir_fd_get(fd);

	if (!f)
		return -EBADF;
	switch (command) {
	case F_DUPFD: return duplicate(f, arg, 0);
	case F_DUPFD_CLOEXEC: return duplicate(f, arg, O_CLOEXEC);
	case F_GETFD: return slots[fd].cloexec ? FD_CLOEXEC : 0;
	case F_SETFD: slots[fd].cloexec = arg & FD_CLOEXEC; return 0;
	case F_GETFL: return f->flags;
	case F_SETFL: return f->flags & O_PATH ? -EBADF : set_flags(f, (int)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW: return lock(command, (struct flock *)arg);
	case F_SETOWN: return 0;
	case F_GETOWN: return 0;
	}
	return -EINVAL;
}

long mir_sys_flock(int fd, int operation)
{
	if (!mir_fd_get(fd))
		return -EBADF;
	operation &= ~LOCK_NB;
	return operation == LOCK_SH || operation == LOCK_EX || operation == LOCK_UN ? 0 : -EINVAL;
}
