/* flow.h: FLOW, a two-way stream of bytes: TCP, TLS over a flow, a pipe, a console.
 *
 * Reading and writing are for one fiber each at a time.  Blocking calls end with
 * MIR_ETIMEDOUT at the fiber's deadline and with MIR_ECANCELED when it is cancelled; the flow
 * is unhurt by that and can be used on.
 */
#ifndef MIR_FLOW_H
#define MIR_FLOW_H

#include <mir/err.h>
#include <mir/fraction.h>
#include <mir/slice.h>

struct mir_flow;

enum mir_flow_half { MIR_FLOW_READ = 1, MIR_FLOW_WRITE = 2, MIR_FLOW_BOTH = 3 };

/* Called once, from the event loop: must not block. */
typedef void mir_flow_ready(void *arg);

struct mir_flow_ops {
	const char *name;

	/* Waits for data and gives it as 1..max slices, the caller's to unref.  Returns how many;
	 * 0: end of stream, for good; negative: the flow is dead, for good (but see above). Blocks.
	 */
	int (*read)(struct mir_flow *, struct mir_slice *out, unsigned max);

	/* Queues n slices in order; waits while the send queue is full.  Takes the slices, on
	 * failure too. Small writes are joined while data is under way (Nagle) unless the flow was
	 * opened with nodelay.  0 when all is queued.  Blocks.  MIR_EPIPE after shutdown for
	 * writing. */
	int (*write)(struct mir_flow *, struct mir_slice *data /* take */, unsigned n);

	/* Waits until the peer has acknowledged everything written.  Blocks. */
	int (*drain)(struct mir_flow *);

	/* Closes one half or both; what was written is still delivered.  Does not block. */
	int (*shutdown)(struct mir_flow *, enum mir_flow_half);

	/* Closes both halves and frees the flow: the pointer is dead.  What was written is still
	 * delivered, as long as the peer takes it.  Does not block. */
	void (*close)(struct mir_flow *);

	/* Ends the flow at once (TCP: RST) and frees it: what is queued is thrown away. */
	void (*abort)(struct mir_flow *);

	/* Calls ready(arg) once when read() would not block: data, end of stream or death.
	 * At once (from the loop, never from inside this call) if that is so already.  One at a
	 * time; NULL takes it back.  This is how an idle flow holds no fiber. */
	void (*when_readable)(struct mir_flow *, mir_flow_ready *ready, void *arg);

	/* Bytes that write() takes now without waiting, as one slice; 0: it would wait; negative:
	 * what it would fail with.  A slice of no more is queued whole or, where memory has become
	 * short, not at all.  This and the next are NULL where a flow cannot tell. */
	int64_t (*room)(struct mir_flow *);

	/* As when_readable, for writing: calls ready(arg) once when room() is not 0; after it was,
	 * perhaps not before there is much of it. */
	void (*when_writable)(struct mir_flow *, mir_flow_ready *ready, void *arg);
};

struct mir_flow {
	const struct mir_flow_ops *ops;
};

static inline int mir_flow_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	return f->ops->read(f, out, max);
}

static inline int mir_flow_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	return f->ops->write(f, data, n);
}

static inline int mir_flow_drain(struct mir_flow *f)
{
	return f->ops->drain(f);
}

static inline int mir_flow_shutdown(struct mir_flow *f, enum mir_flow_half half)
{
	return f->ops->shutdown(f, half);
}

static inline void mir_flow_close(struct mir_flow *f)
{
	f->ops->close(f);
}

static inline void mir_flow_abort(struct mir_flow *f)
{
	f->ops->abort(f);
}

static inline void mir_flow_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	f->ops->when_readable(f, ready, arg);
}

static inline int64_t mir_flow_room(struct mir_flow *f)
{
	return f->ops->room(f);
}

static inline void mir_flow_when_writable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	f->ops->when_writable(f, ready, arg);
}

/* Implemented in run/flow.c, over the ops. */

/* Copies len bytes and writes them.  Blocks.  As write; MIR_ENOMEM. */
int mir_flow_write_copy(struct mir_flow *, const void *p, size_t len);

/* A printf into the flow, at most 4 kB of text.  Blocks. */
int mir_flow_printf(struct mir_flow *, const char *fmt, ...) MIR_PRINTF(2, 3);
#define mir_flow_printf(f, ...) (MIR_FORMAT_USES(__VA_ARGS__, 0), mir_flow_printf(f, __VA_ARGS__))

#endif
