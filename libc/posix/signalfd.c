/* signalfd.c: signals that are read from a descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "calls.h"
#include "file.h"
#include "signals.h"
#include "thread.h"

struct signal_file {
	struct mir_file file;
	struct signal_file *next;
	uint64_t set;
};

static struct signal_file *all;

static struct signal_file *of(struct mir_file *f)
{
	return mir_container(f, struct signal_file, file);
}

static void put(const struct mir_signal *s, void *to)
{
	struct signalfd_siginfo info = { .ssi_signo = (uint32_t)s->number,
		.ssi_code = s->code,
		.ssi_overrun = (uint32_t)s->overrun };

	if (s->code == SI_TIMER)
		info.ssi_tid = (uint32_t)s->from;
	else
		info.ssi_pid = (uint32_t)s->from;
	info.ssi_int = s->value.sival_int;
	memcpy(&info.ssi_ptr, &s->value, sizeof(info.ssi_ptr));
	memcpy(to, &info, sizeof(info));
}

/* As many as there are and fit in the first piece. */
static long signal_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	size_t room = iov[0].iov_len / sizeof(struct signalfd_siginfo), done = 0;
	uint8_t *to = iov[0].iov_base;
	struct mir_signal s;
	long rc = 0;

	(void)n;
	(void)at;
	if (room == 0)
		return -EINVAL;
	while (rc == 0) {
		while (done < room && mir_signals_take(mir_thread_self(), of(f)->set, &s))
			put(&s, to + sizeof(struct signalfd_siginfo) * done++);
		if (done > 0)
			break;
		rc = mir_file_block(f);
	}
	mir_signals_changed();
	return rc < 0 ? rc : (long)(done * sizeof(struct signalfd_siginfo));
}

static unsigned signal_ready(struct mir_file *f)
{
	return mir_signals_pending(mir_thread_self()) & of(f)->set ? POLLIN : 0;
}

static void signal_close(struct mir_file *f)
{
	struct signal_file **p = &all;

	while (*p != of(f))
		p = &(*p)->next;
	*p = (*p)->next;
	free(of(f));
}

static const struct mir_file_ops ops = {
	.read = signal_read, .ready = signal_ready, .close = signal_close
};

void mir_signalfd_changed(void)
{
	for (struct signal_file *s = all; s; s = s->next) {
		if (signal_ready(&s->file))
			mir_file_changed(&s->file);
	}
}

static long change(int fd, uint64_t set)
{
	struct mir_file *f = mir_fd_get(fd);

	if (!f)
		return -EBADF;
	if (f->ops != &ops)
		return -EINVAL;
	of(f)->set = set;
	mir_signalfd_changed();
	return fd;
}

long mir_sys_signalfd4(int fd, const void *mask, size_t size, int flags)
{
	struct signal_file *s;
	uint64_t set;

	if (size != sizeof(set) || flags & ~(SFD_NONBLOCK | SFD_CLOEXEC))
		return -EINVAL;
	memcpy(&set, mask, sizeof(set));
	set &= ~(mir_signal_bit(SIGKILL) | mir_signal_bit(SIGSTOP));
	if (fd != -1)
		return change(fd, set);
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	mir_file_init(&s->file, &ops, O_RDWR | (flags & SFD_NONBLOCK));
	s->set = set;
	s->next = all;
	all = s;
	return mir_fd_new(&s->file, flags & SFD_CLOEXEC, 0);
}
