/* file.h: descriptors, and the open files that they stand for.
 *
 * A struct mir_file is an open file description: descriptors that dup() has made share one.  It is
 * embedded in what a kind of file needs besides.  All that waits for a file waits at its `wait`
 * queue, or watches it; who changes what ready() says calls mir_file_changed().
 */
#ifndef MIR_POSIX_FILE_H
#define MIR_POSIX_FILE_H

#include <mir/fiber.h>
#include <sys/stat.h>
#include <sys/uio.h>

struct mir_file;

/* Results as of the system calls: >= 0, or a negated errno.  NULL: what the manual says of a file
 * that has no such thing (ESPIPE, ENOTTY, EINVAL, ENOTDIR).  All but ready may block. */
struct mir_file_ops {
	/* n pieces, not all of them empty, whose lengths together are at most LONG_MAX.  at: where,
	 * of files that have `seek`; -1: where the file stands, which moves on.  Whether the file
	 * was opened for it has been looked at, O_APPEND has not. */
	long (*read)(struct mir_file *, const struct iovec *, int n, int64_t at);
	long (*write)(struct mir_file *, const struct iovec *, int n, int64_t at);
	long (*seek)(struct mir_file *, int64_t offset, int whence);
	long (*ioctl)(struct mir_file *, int request, void *arg);
	long (*stat)(struct mir_file *, struct stat *); /* *stat is zero before */
	long (*sync)(struct mir_file *);
	long (*truncate)(struct mir_file *, int64_t size);
	long (*list)(struct mir_file *, void *buf, size_t len); /* as getdents64 */
	/* POLLIN, POLLOUT, POLLHUP, POLLERR, POLLRDHUP that hold now; does not block.  NULL: always
	 * POLLIN and POLLOUT. */
	unsigned (*ready)(struct mir_file *);
	/* The last reference is gone: frees. */
	void (*close)(struct mir_file *);
};

/* Called when ready() of a file may say more than before, and, removed, when it is being closed;
 * does not block, and may remove itself, but no other. */
struct mir_file_watch {
	struct mir_file_watch *next, **prev; /* prev NULL: it watches nothing */
	void (*changed)(struct mir_file_watch *);
};

struct mir_file {
	const struct mir_file_ops *ops;
	unsigned refs;
	int flags;             /* of open(): O_ACCMODE, O_NONBLOCK, O_APPEND, O_PATH */
	struct mir_waitq wait; /* who reads, writes, accepts, ... */
	struct mir_file_watch *watches;
	bool moving; /* somebody reads or writes where it stands */
};

/* With one reference, the caller's. */
void mir_file_init(struct mir_file *, const struct mir_file_ops *, int flags);

static inline struct mir_file *mir_file_ref(struct mir_file *f)
{
	f->refs++;
	return f;
}

/* May block in its close. */
void mir_file_unref(struct mir_file *);

/* ready() may say more now: wakes who waits and tells who watches.  From anywhere, never blocks. */
void mir_file_changed(struct mir_file *);

/* What ready() says. */
unsigned mir_file_ready(struct mir_file *);

void mir_file_watch(struct mir_file *, struct mir_file_watch *);
void mir_file_unwatch(struct mir_file_watch *); /* nothing if it watches nothing */

/* Blocks until the file has changed.  0; -EINTR: the fiber is cancelled, or has a signal to handle;
 * -ETIMEDOUT: the monotonic clock shows `deadline` (MIR_NEVER). */
long mir_file_wait(struct mir_file *, int64_t deadline);

/* What cannot be done yet: -EAGAIN with O_NONBLOCK, else as mir_file_wait without a deadline.  The
 * others run in any case: who asks again and again would wait for them for ever. */
long mir_file_block(struct mir_file *);

/* Who reads or writes where a file stands, or moves that, keeps others from it meanwhile; nothing
 * where files do not stand anywhere.  Blocks, and nothing ends that early. */
void mir_file_move(struct mir_file *);
void mir_file_moved(struct mir_file *);

/* ---- descriptors (fd.c) ---- */

/* The lowest free number from `lowest` on; flags: O_CLOEXEC is kept, though there is no exec.
 * -EMFILE, -ENOMEM: the reference is dropped. */
int mir_fd_new(struct mir_file * /* take */, int flags, int lowest);

/* Whether there is a number for one more. */
bool mir_fd_left(void);

/* What a descriptor stands for, or NULL.  Borrowed: across a call that blocks, it takes a reference
 * with mir_file_ref. */
struct mir_file *mir_fd_get(int fd);

/* The same with a reference, and NULL for one that was opened with O_PATH. */
struct mir_file *mir_fd_hold(int fd);

/* Whether it is that of 0, 1 or 2, which there is from the start on. */
bool mir_fd_is_standard(const struct mir_file *);

/* Closes all. */
void mir_fd_end(void);

/* How many descriptors there may be: RLIMIT_NOFILE. */
extern int mir_fd_limit;
enum { MIR_FD_DEFAULT = 1024, MIR_FD_MOST = 65536 };

/* ---- waiting, errors, signals ---- */

/* wait.c: as mir_file_wait.  Every blocking call waits with it. */
long mir_posix_wait(struct mir_waitq *, int64_t deadline);

/* error.c: the errno, negated, for an error of the runtime, of which not all have one; others, and
 * what is no error, as they are. */
long mir_posix_error(int64_t rc);

/* Where there are signals: a write found nobody who reads.  (NULL where there are none.) */
void mir_posix_sigpipe(void) MIR_WEAK;

/* console.c */
extern const struct mir_file_ops mir_posix_console;

#endif
