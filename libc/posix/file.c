/* file.c: open files: references, readiness, waiting. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "file.h"

void mir_file_init(struct mir_file *f, const struct mir_file_ops *ops, int flags)
{
	*f = (struct mir_file){ .ops = ops, .refs = 1, .flags = flags };
}

void mir_file_unref(struct mir_file *f)
{
	struct mir_file_watch *w;

	if (--f->refs > 0)
		return;
	while ((w = f->watches) != NULL) {
		mir_file_unwatch(w);
		w->changed(w);
	}
	if (f->ops->close)
		f->ops->close(f);
}

void mir_file_changed(struct mir_file *f)
{
	struct mir_file_watch *next;

	mir_wake_all(&f->wait);
	for (struct mir_file_watch *w = f->watches; w; w = next) {
		next = w->next;
		w->changed(w);
	}
}

unsigned mir_file_ready(struct mir_file *f)
{
	return f->ops->ready ? f->ops->ready(f) : (unsigned)(POLLIN | POLLOUT);
}

void mir_file_watch(struct mir_file *f, struct mir_file_watch *w)
{
	w->next = f->watches;
	w->prev = &f->watches;
	if (w->next)
		w->next->prev = &w->next;
	f->watches = w;
}

void mir_file_unwatch(struct mir_file_watch *w)
{
	if (!w->prev)
		return;
	*w->prev = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->prev = NULL;
}

long mir_file_block(struct mir_file *f)
{
	if (f->flags & O_NONBLOCK)
		return mir_self() && mir_yield() < 0 ? -EINTR : -EAGAIN;
	return mir_file_wait(f, MIR_NEVER);
}

void mir_file_move(struct mir_file *f)
{
	while (f->moving)
		mir_wait_out(&f->wait);
	f->moving = f->ops->seek != NULL;
}

void mir_file_moved(struct mir_file *f)
{
	if (!f->moving)
		return;
	f->moving = false;
	mir_wake_all(&f->wait);
}

long mir_file_wait(struct mir_file *f, int64_t deadline)
{
	return mir_posix_wait(&f->wait, deadline);
}
