/* pipe.h: two flows joined in memory, each with a buffer of so many bytes: for tests. */
#ifndef MIR_HTTP_TESTS_PIPE_H
#define MIR_HTTP_TESTS_PIPE_H

#include <mir/fiber.h>
#include <mir/flow.h>
#include <mir/loop.h>
#include <stdlib.h>

enum { PIPE_SLICES = 64 };

struct pipe_end {
	struct mir_flow flow;
	struct pipe_end *peer; /* NULL: gone */
	struct mir_slice queue[PIPE_SLICES];
	unsigned n;
	size_t bytes, limit; /* in the queue; what may be */
	size_t cut;          /* bytes that one read gives at most; 0: all */
	bool ended, reset, shut;
	bool *aborted; /* set when this end is aborted, if not NULL */
	unsigned writes;
	struct mir_waitq readers, writers;
	struct mir_task task;
	mir_flow_ready *ready;
	void *ready_arg;
};

static inline struct pipe_end *pipe_of(struct mir_flow *f)
{
	return mir_container(f, struct pipe_end, flow);
}

static inline bool pipe_readable(const struct pipe_end *e)
{
	return e->n || e->ended || e->reset;
}

static inline void pipe_notify(struct pipe_end *e)
{
	mir_wake_all(&e->readers);
	if (e->ready && pipe_readable(e))
		mir_post(&e->task);
}

static inline void pipe_task(struct mir_task *t)
{
	struct pipe_end *e = mir_container(t, struct pipe_end, task);
	mir_flow_ready *ready = e->ready;

	e->ready = NULL;
	if (ready)
		ready(e->ready_arg);
}

static inline int pipe_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	struct pipe_end *e = pipe_of(f);
	unsigned n = 0;
	int rc;

	while (!pipe_readable(e))
		if ((rc = mir_wait(&e->readers)) < 0)
			return rc;
	if (e->reset)
		return MIR_ECONNRESET;
	while (n < max && e->n) {
		struct mir_slice *s = &e->queue[0];

		if (e->cut && s->len > e->cut) {
			out[n++] = mir_slice_sub(s, 0, e->cut);
			s->p += e->cut;
			s->len -= e->cut;
			e->bytes -= e->cut;
			break;
		}
		e->bytes -= s->len;
		out[n++] = *s;
		e->n--;
		memmove(e->queue, e->queue + 1, e->n * sizeof(*s));
		if (e->cut)
			break;
	}
	if (e->peer)
		mir_wake_all(&e->peer->writers);
	return (int)n;
}

static inline int pipe_put(struct pipe_end *e, struct mir_slice *s)
{
	struct pipe_end *to;
	int rc;

	for (;;) {
		to = e->peer;
		if (e->shut)
			return MIR_EPIPE;
		if (!to || e->reset)
			return MIR_ECONNRESET;
		if (to->n < PIPE_SLICES && to->bytes < to->limit)
			break;
		if ((rc = mir_wait(&e->writers)) < 0)
			return rc;
	}
	if (!s->len) {
		mir_slice_unref(s);
		return 0;
	}
	to->queue[to->n++] = *s;
	to->bytes += s->len;
	pipe_notify(to);
	return 0;
}

static inline int pipe_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	struct pipe_end *e = pipe_of(f);
	int rc = 0;

	e->writes++;
	for (unsigned i = 0; i < n; i++)
		if ((rc = pipe_put(e, &data[i])) < 0) {
			mir_slices_unref(data + i, n - i);
			return rc;
		}
	return 0;
}

static inline int pipe_drain(struct mir_flow *f)
{
	(void)f;
	return 0;
}

static inline int pipe_shutdown(struct mir_flow *f, enum mir_flow_half half)
{
	struct pipe_end *e = pipe_of(f);

	if (half & MIR_FLOW_READ) {
		e->ended = true;
		pipe_notify(e);
	}
	if ((half & MIR_FLOW_WRITE) && !e->shut) {
		e->shut = true;
		if (e->peer) {
			e->peer->ended = true;
			pipe_notify(e->peer);
		}
	}
	return 0;
}

static inline void pipe_free(struct pipe_end *e, bool reset)
{
	if (e->peer) {
		e->peer->ended = true;
		e->peer->reset |= reset;
		e->peer->peer = NULL;
		pipe_notify(e->peer);
		mir_wake_all(&e->peer->writers);
	}
	mir_slices_unref(e->queue, e->n);
	mir_unpost(&e->task);
	free(e);
}

static inline void pipe_close(struct mir_flow *f)
{
	pipe_free(pipe_of(f), false);
}

static inline void pipe_abort(struct mir_flow *f)
{
	struct pipe_end *e = pipe_of(f);

	if (e->aborted)
		*e->aborted = true;
	pipe_free(e, true);
}

static inline void pipe_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	struct pipe_end *e = pipe_of(f);

	e->ready = ready;
	e->ready_arg = arg;
	if (ready && pipe_readable(e))
		mir_post(&e->task);
	if (!ready)
		mir_unpost(&e->task);
}

static const struct mir_flow_ops pipe_ops = {
	.name = "pipe",
	.read = pipe_read,
	.write = pipe_write,
	.drain = pipe_drain,
	.shutdown = pipe_shutdown,
	.close = pipe_close,
	.abort = pipe_abort,
	.when_readable = pipe_when_readable,
};

/* Two ends; limit: bytes that fit in between in each direction. */
static inline void pipe_new(size_t limit, struct pipe_end **a, struct pipe_end **b)
{
	*a = calloc(1, sizeof(**a));
	*b = calloc(1, sizeof(**b));
	(*a)->flow.ops = (*b)->flow.ops = &pipe_ops;
	(*a)->task.run = (*b)->task.run = pipe_task;
	(*a)->limit = (*b)->limit = limit;
	(*a)->peer = *b;
	(*b)->peer = *a;
}

#endif
