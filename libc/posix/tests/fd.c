/* Descriptors: the table, what shares a file, the calls on them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mir/test.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "../calls.h"
#include "../file.h"

/* A file that remembers. */
struct note {
	struct mir_file file;
	unsigned *closed;
	int64_t at;
	long len;
};

static long note_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct note *note = mir_container(f, struct note, file);

	note->at = at;
	note->len = n;
	memset(iov[0].iov_base, 'x', iov[0].iov_len);
	return (long)iov[0].iov_len;
}

static long note_seek(struct mir_file *f, int64_t offset, int whence)
{
	(void)f;
	return whence == SEEK_SET ? (long)offset : -EINVAL;
}

static void note_close(struct mir_file *f)
{
	struct note *note = mir_container(f, struct note, file);

	++*note->closed;
	free(note);
}

static const struct mir_file_ops note_ops = {
	.read = note_read, .seek = note_seek, .close = note_close
};
static const struct mir_file_ops bare_ops = { .close = note_close };

static struct note *note_new(const struct mir_file_ops *ops, int flags, unsigned *closed)
{
	struct note *note = calloc(1, sizeof(*note));

	mir_file_init(&note->file, ops, flags);
	note->closed = closed;
	return note;
}

static void table(void)
{
	unsigned closed = 0;
	int fd = mir_fd_new(&note_new(&note_ops, O_RDONLY, &closed)->file, O_CLOEXEC, 0);

	ok(fd == 3, "the lowest number that is free");
	ok(mir_sys_fcntl(fd, F_GETFD, 0) == FD_CLOEXEC, "closed on exec");
	ok(mir_sys_dup(fd) == 4 && mir_sys_dup2(fd, 100) == 100 && mir_sys_dup2(fd, fd) == fd &&
		mir_sys_dup3(fd, fd, 0) == -EINVAL && mir_sys_dup3(fd, 5, O_CLOEXEC) == 5,
	    "dup");
	ok(mir_sys_fcntl(5, F_GETFD, 0) == FD_CLOEXEC && mir_sys_fcntl(4, F_GETFD, 0) == 0,
	    "a flag of the descriptor");
	ok(mir_sys_fcntl(fd, F_DUPFD, 50) == 50 && mir_sys_fcntl(fd, F_DUPFD, -1) == -EINVAL &&
		mir_sys_fcntl(fd, F_DUPFD_CLOEXEC, MIR_FD_DEFAULT) == -EINVAL,
	    "F_DUPFD");
	ok(mir_sys_fcntl(4, F_SETFL, O_NONBLOCK) == 0 &&
		mir_sys_fcntl(100, F_GETFL, 0) == (O_RDONLY | O_NONBLOCK),
	    "a flag of the file, seen through all");
	ok(mir_sys_close(3) == 0 && mir_sys_close(3) == -EBADF && closed == 0, "one is closed");
	ok(mir_sys_close_range(4, 60, 0) == 0 && closed == 0 && !mir_fd_get(50) && mir_fd_get(100),
	    "a range");
	ok(mir_sys_dup2(1, 100) == 100 && closed == 1, "the last one goes when another comes");
	ok(mir_sys_close(100) == 0 && mir_sys_close(MIR_FD_DEFAULT) == -EBADF &&
		mir_sys_dup2(1, MIR_FD_DEFAULT) == -EBADF && mir_sys_dup2(77, 3) == -EBADF,
	    "none");
}

static void limit(void)
{
	unsigned closed = 0, n = 0;

	while (mir_sys_dup(1) >= 0)
		n++;
	ok(n == MIR_FD_DEFAULT - 3 && mir_sys_dup(1) == -EMFILE, "as many as RLIMIT_NOFILE says");
	ok(mir_fd_new(&note_new(&bare_ops, O_RDWR, &closed)->file, 0, 0) == -EMFILE && closed == 1,
	    "what has no number is closed");
	mir_fd_end();
	ok(!mir_fd_get(3) && mir_fd_get(2), "all are closed");
}

static void calls(void)
{
	unsigned closed = 0;
	struct note *note = note_new(&note_ops, O_RDONLY, &closed);
	char text[8];
	struct iovec iov[2] = { { text, 4 }, { text, LONG_MAX } };
	int fd = mir_fd_new(&note->file, 0, 0), bare;

	ok(mir_sys_read(fd, text, 4) == 4 && note->at == -1 && text[3] == 'x', "read");
	ok(mir_sys_pread64(fd, text, 4, 7) == 4 && note->at == 7 &&
		mir_sys_pread64(fd, text, 4, -1) == -EINVAL,
	    "pread");
	ok(mir_sys_readv(fd, iov, 1) == 4 && mir_sys_readv(fd, iov, 2) == -EINVAL &&
		mir_sys_readv(fd, iov, 1025) == -EINVAL && mir_sys_readv(fd, iov, 0) == 0,
	    "pieces");
	ok(mir_sys_write(fd, text, 4) == -EBADF, "opened for reading only");
	ok(mir_sys_lseek(fd, 5, SEEK_SET) == 5 && mir_sys_lseek(1, 0, SEEK_SET) == -ESPIPE, "seek");
	ok(mir_sys_ioctl(fd, 0x5401, text) == -ENOTTY, "ioctl");
	bare = mir_fd_new(&note_new(&bare_ops, O_RDWR, &closed)->file, 0, 0);
	ok(mir_sys_read(bare, text, 4) == -EINVAL && mir_sys_write(bare, text, 4) == -EINVAL &&
		mir_sys_lseek(bare, 0, SEEK_SET) == -ESPIPE,
	    "what a file has not");
	ok(mir_sys_flock(fd, LOCK_EX | LOCK_NB) == 0 && mir_sys_flock(fd, 99) == -EINVAL &&
		mir_sys_flock(99, LOCK_EX) == -EBADF,
	    "flock");
	mir_sys_close(bare);
	mir_sys_close(fd);
	ok(closed == 2, "closed");
}

/* A file whose writing takes time, and tells where it was done. */
struct slow {
	struct mir_file file;
	int64_t at, all[3];
	unsigned n;
};

static long slow_write(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct slow *s = mir_container(f, struct slow, file);
	int64_t pos = at < 0 ? s->at : at;

	(void)n;
	s->all[s->n++] = pos;
	mir_sleep(MIR_MS(1));
	if (at < 0)
		s->at = pos + (long)iov[0].iov_len;
	return (long)iov[0].iov_len;
}

static void write_ten(void *arg)
{
	char text[10] = "";

	mir_sys_write(*(int *)arg, text, sizeof(text));
}

static void one_after_the_other(void)
{
	static const struct mir_file_ops ops = { .write = slow_write, .seek = note_seek };
	struct slow s = { .n = 0 };
	struct mir_fiber *a, *b;
	int fd;

	mir_file_init(&s.file, &ops, O_RDWR);
	fd = mir_fd_new(&s.file, 0, 0);
	a = mir_spawn_joinable("a", write_ten, &fd);
	b = mir_spawn_joinable("b", write_ten, &fd);
	mir_yield();
	ok(mir_sys_pwrite64(fd, "x", 1, 500) == 1, "a place of its own does not wait");
	mir_join(a);
	mir_join(b);
	ok(s.all[0] == 0 && s.all[1] == 500 && s.all[2] == 10 && s.at == 20,
	    "two fibers write where one file stands, not the one over the other");
	mir_sys_close(fd);
}

static void locks(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	ok(mir_sys_fcntl(1, F_SETLK, (long)&l) == 0 && mir_sys_fcntl(1, F_GETLK, (long)&l) == 0 &&
		l.l_type == F_UNLCK,
	    "nobody else holds a lock");
	l.l_type = 77;
	ok(mir_sys_fcntl(1, F_SETLK, (long)&l) == -EINVAL &&
		mir_sys_fcntl(99, F_SETLK, 0) == -EBADF && mir_sys_fcntl(1, 12345, 0) == -EINVAL,
	    "no such lock");
}

struct watcher {
	struct mir_file_watch watch;
	unsigned calls;
};

static void watched(struct mir_file_watch *w)
{
	mir_container(w, struct watcher, watch)->calls++;
	mir_file_unwatch(w);
}

static void waiter(void *arg)
{
	*(long *)arg = mir_file_wait(mir_fd_get(3), MIR_NEVER);
}

static void changes(void)
{
	unsigned closed = 0;
	struct note *note = note_new(&bare_ops, O_RDWR, &closed);
	struct watcher w[3] = { 0 };
	struct mir_fiber *fiber;
	long rc = 1;
	int fd = mir_fd_new(&note->file, 0, 0);

	for (int i = 0; i < 3; i++) {
		w[i].watch.changed = watched;
		mir_file_watch(&note->file, &w[i].watch);
	}
	mir_file_unwatch(&w[1].watch);
	mir_file_unwatch(&w[1].watch);
	fiber = mir_spawn_joinable("waiter", waiter, &rc);
	mir_yield();
	ok(mir_file_ready(&note->file) == (POLLIN | POLLOUT), "always ready");
	mir_file_changed(&note->file);
	mir_file_changed(&note->file);
	mir_join(fiber);
	ok(rc == 0 && w[0].calls == 1 && w[1].calls == 0 && w[2].calls == 1 && !note->file.watches,
	    "who waits and who watches is told");
	ok(mir_file_wait(&note->file, mir_now() + 1000) == -ETIMEDOUT, "not for ever");
	fiber = mir_spawn_joinable("waiter", waiter, &rc);
	mir_yield();
	mir_cancel(fiber);
	mir_join(fiber);
	ok(rc == -EINTR, "interrupted");
	mir_sys_close(fd);
}

int main(void)
{
	RUN_PLAIN(table);
	RUN_PLAIN(limit);
	RUN_PLAIN(calls);
	RUN_PLAIN(locks);
	RUN(one_after_the_other);
	RUN(changes);
	return mir_test_end();
}
