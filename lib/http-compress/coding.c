/* coding.c: a body through a coder: what a handler writes can be read by the client when the write
 * returns, as without. */
#include "internal.h"

#include <mir/log.h>
#include <mir/mem.h>
#include <stdlib.h>

MIR_LOG_SOURCE(http);

enum {
	IDLE = 4,     /* contexts of a coder that are kept */
	OUT = 16384,  /* bytes that are sent at once */
	TURN = 65536, /* bytes that are taken before others run */
};

/* ---- contexts ---- */

void mir_http_compress_free(struct mir_http_compress_context *c)
{
	c->device->stats.bytes -= c->bytes;
	c->of->coder->destroy(c->context);
	free(c);
}

static struct mir_http_compress_context *create(
    struct mir_http_compress_device *d, struct mir_http_compress_coder *of)
{
	struct mir_http_compress_context *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->context = of->coder->create((int)d->config.http_compress_level, &c->bytes);
	if (!c->context) {
		free(c);
		return NULL;
	}
	c->coding.ops = &mir_http_compress_coding_ops;
	c->device = d;
	c->of = of;
	d->stats.bytes += c->bytes;
	return c;
}

struct mir_http_compress_context *mir_http_compress_take(struct mir_http_compress_device *d,
    struct mir_http_compress_coder *of, struct mir_http_response *r, int64_t length)
{
	struct mir_http_compress_context *c = of->idle;

	if (d->active >= (uint64_t)d->config.http_compress_max) {
		d->stats.full++;
		return NULL;
	}
	if (c) {
		of->idle = c->next;
		of->n_idle--;
	} else {
		c = create(d, of);
	}
	if (c && of->coder->reset(c->context, length) < 0) {
		mir_http_compress_free(c);
		c = NULL;
	}
	if (!c) {
		d->stats.no_memory++;
		return NULL;
	}
	d->active++;
	d->stats.bodies++;
	c->response = r;
	c->announced = length;
	c->taken = 0;
	c->ended = false;
	c->error = 0;
	return c;
}

static void release(struct mir_http_coding *coding)
{
	struct mir_http_compress_context *c =
	    mir_container(coding, struct mir_http_compress_context, coding);

	mir_mem_unref(c->mem);
	c->mem = NULL;
	c->response = NULL;
	c->device->active--;
	if (c->of->n_idle >= IDLE) {
		mir_http_compress_free(c);
		return;
	}
	c->next = c->of->idle;
	c->of->idle = c;
	c->of->n_idle++;
}

/* ---- bytes ---- */

/* Sends what came out.  Blocks. */
static int send(struct mir_http_compress_context *c)
{
	struct mir_slice s = { c->text, c->used, c->mem };

	c->mem = NULL;
	c->device->stats.out += s.len;
	return c->response->ops->write(c->response, &s, 1);
}

static int make_room(struct mir_http_compress_context *c, size_t expected)
{
	if (c->mem && c->used < c->cap)
		return 0;
	if (c->mem)
		return send(c);
	c->used = 0;
	c->cap = expected > OUT ? OUT : MIR_MEM_PAGE;
	c->mem =
	    expected > OUT ? mir_mem_new(OUT, &c->text) : mir_mem_pooled(MIR_MEM_PAGE, &c->text);
	return c->mem ? 0 : MIR_ENOMEM;
}

/* At most TURN bytes.  Blocks. */
static int work(
    struct mir_http_compress_context *c, const uint8_t *p, size_t len, enum mir_coder_flush flush)
{
	struct mir_coder_io io = { p, len, NULL, 0 };
	int done = 0, rc;

	while (!done) {
		do
			rc = make_room(c, io.in_len);
		while (rc == 0 && !c->mem);
		if (rc < 0)
			return rc;
		io.out = c->text + c->used;
		io.out_len = c->cap - c->used;
		if ((done = c->of->coder->work(c->context, &io, flush)) < 0)
			return done;
		c->used = c->cap - io.out_len;
	}
	return flush != MIR_CODER_MORE && c->used ? send(c) : 0;
}

static int feed(
    struct mir_http_compress_context *c, const struct mir_slice *s, enum mir_coder_flush flush)
{
	size_t at = 0, part;
	int rc;

	do {
		part = MIR_MIN(s->len - at, (size_t)TURN);
		rc = work(c, s->p + at, part, at + part == s->len ? flush : MIR_CODER_MORE);
		at += part;
		if (rc == 0 && part == TURN)
			rc = mir_yield();
	} while (rc == 0 && at < s->len);
	return rc;
}

static int too_much(struct mir_http_compress_context *c)
{
	struct mir_http_exchange *x = mir_http_exchange_of(c->response);

	mir_warn("%.*s: the handler writes more than the %lld bytes that it announced",
	    (int)MIR_MIN(x->request.path.len, 200u), x->request.path.p, (long long)c->announced);
	x->cut = true;
	return MIR_EFBIG;
}

static int write(struct mir_http_coding *coding, struct mir_slice *data, unsigned n)
{
	struct mir_http_compress_context *c =
	    mir_container(coding, struct mir_http_compress_context, coding);
	size_t len = mir_slices_len(data, n);
	bool last;

	if (!c->error && c->announced >= 0 && len > (uint64_t)c->announced - c->taken)
		c->error = too_much(c);
	if (!c->error && !len)
		c->error = c->response->ops->write(c->response, NULL, 0);
	if (!c->error && len) {
		c->taken += len;
		c->device->stats.in += len;
		last = c->announced >= 0 && c->taken == (uint64_t)c->announced;
		for (unsigned i = 0; i < n && !c->error; i++)
			if (data[i].len || i + 1 == n)
				c->error = feed(c, &data[i],
				    i + 1 < n ? MIR_CODER_MORE
				    : last    ? MIR_CODER_END
					      : MIR_CODER_FLUSH);
		c->ended = last;
	}
	mir_slices_unref(data, n);
	return c->error;
}

static int end(struct mir_http_coding *coding)
{
	struct mir_http_compress_context *c =
	    mir_container(coding, struct mir_http_compress_context, coding);
	const struct mir_slice nothing = mir_slice_static("", 0);
	struct mir_http_exchange *x = mir_http_exchange_of(c->response);

	if (c->error || c->ended)
		return c->error;
	if (c->announced >= 0 && c->taken < (uint64_t)c->announced) {
		mir_warn("%.*s: the handler wrote %llu of the %lld bytes that it announced",
		    (int)MIR_MIN(x->request.path.len, 200u), x->request.path.p,
		    (unsigned long long)c->taken, (long long)c->announced);
		return MIR_EPROTO;
	}
	c->ended = true;
	return c->error = feed(c, &nothing, MIR_CODER_END);
}

const struct mir_http_coding_ops mir_http_compress_coding_ops = { write, end, release };
