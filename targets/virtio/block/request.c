/* request.c: what a disk is asked, and its answers. */
#include <mir/err.h>
#include <mir/log.h>
#include <mir/time.h>
#include <string.h>

#include "driver.h"

MIR_LOG_SOURCE(block);

enum {
	OK = 0, /* statuses */
	UNSUPPORTED = 2,
	NOT_WRITTEN = 0xff,

	UNMAP = 1, /* flag of writing zeroes */
	SLOW = 10, /* seconds until the log tells of a request */
};

static struct mir_virtio_block *disk_of(struct mir_block *block)
{
	return mir_container(block, struct mir_virtio_block, block);
}

static void put32(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, v);
	put32(p + 4, v >> 32);
}

/* ---- answers ---- */

static void finish(struct mir_virtio_block *b, struct mir_virtio_block_request *r, int result)
{
	struct mir_virtio_block_call *call = r->call;

	if (call->result == 0)
		call->result = result;
	call->pending--;
	r->call = NULL;
	r->next = b->free;
	b->free = r;
}

static int result_of(const struct mir_virtio_block_request *r)
{
	switch (*(const volatile uint8_t *)&r->status) {
	case OK: return 0;
	case UNSUPPORTED: return MIR_ENOSYS;
	default: return MIR_EIO;
	}
}

void mir_virtio_block_fail(struct mir_virtio_block *b)
{
	struct mir_virtio_block_request *r;

	while (b->queue.descriptors && (r = mir_vq_reclaim(&b->queue)) != NULL)
		finish(b, r, MIR_EDISCONN);
	mir_wake_all(&b->done);
	mir_wake_all(&b->room);
}

static bool take_answers(struct mir_virtio_block *b)
{
	struct mir_virtio_block_request *r;
	bool any = false;
	uint32_t len;

	/* Not more than it had at the beginning: nothing is added meanwhile. */
	while ((r = mir_vq_take(&b->queue, &len)) != NULL) {
		finish(b, r, result_of(r));
		any = true;
	}
	if (b->queue.broke)
		mir_virtio_broke(b->device, b->queue.broke);
	if (any) {
		mir_wake_all(&b->done);
		mir_wake_all(&b->room);
	}
	return any;
}

bool mir_virtio_block_turn(struct mir_bare_port *port)
{
	struct mir_virtio_block *b = mir_container(port, struct mir_virtio_block, port);
	bool any;

	mir_virtio_turn(b->device, b->armed);
	if (b->device->broke) {
		any = b->queue.outstanding > 0;
		mir_virtio_block_fail(b);
		return any;
	}
	if (b->armed && !mir_vq_ready(&b->queue))
		return false;
	if (b->armed)
		mir_vq_disarm(&b->queue);
	b->armed = false;
	any = take_answers(b);
	if (!any)
		b->armed = !mir_vq_arm(&b->queue);
	return any || !b->armed;
}

void mir_virtio_block_patience(struct mir_timer *t)
{
	struct mir_virtio_block *b = mir_container(t, struct mir_virtio_block, patience);
	int64_t oldest = MIR_NEVER, slow = MIR_SECOND(SLOW);

	for (unsigned i = 0; i < MIR_VIRTIO_BLOCK_REQUESTS; i++) {
		if (b->requests[i].call)
			oldest = MIR_MIN(oldest, b->requests[i].began);
	}
	if (oldest == MIR_NEVER)
		return;
	if (mir_now() - oldest >= slow) {
		mir_warn("%s: the device has not answered a request for %lld s", b->block.name,
		    (long long)((mir_now() - oldest) / MIR_SECOND(1)));
		oldest = mir_now();
	}
	mir_timer_set(t, mir_time_add(oldest, slow));
}

/* ---- requests ---- */

/* Sends it: r->head, n segments of memory that the device reads or writes, and the status. */
static void put(struct mir_virtio_block *b, struct mir_virtio_block_request *r,
    struct mir_vq_segment s[], unsigned n, bool device_writes)
{
	s[0] = (struct mir_vq_segment){ mir_bare_address(r->head), sizeof(r->head) };
	s[n + 1] = (struct mir_vq_segment){ mir_bare_address(&r->status), 1 };
	r->status = NOT_WRITTEN;
	if (!mir_vq_add(&b->queue, s, device_writes ? 1 : n + 1, device_writes ? n + 1 : 1, r)) {
		finish(b, r, MIR_EIO);
		return;
	}
	r->began = mir_now();
	if (!mir_timer_is_set(&b->patience))
		mir_timer_set(&b->patience, mir_time_add(r->began, MIR_SECOND(SLOW)));
}

/* Why the fiber should not ask for more, or 0. */
static int stopped(void)
{
	if (mir_cancelled())
		return MIR_ECANCELED;
	/* Setting none tells the present deadline. */
	return mir_deadline_set(MIR_NEVER) <= mir_now() ? MIR_ETIMEDOUT : 0;
}

/* A free request of this call, waiting for one.  Blocks.  NULL: the call is to end. */
static struct mir_virtio_block_request *get(
    struct mir_virtio_block *b, struct mir_virtio_block_call *call, unsigned segments)
{
	unsigned count = b->queue.table > 0 ? 1 : segments;
	struct mir_virtio_block_request *r;

	while (!b->free || b->queue.n_free < count) {
		mir_virtio_publish(b->device, 0, &b->queue);
		if (b->device->broke || b->queue.broke)
			break;
		mir_wait_out(&b->room);
		if (call->result == 0)
			call->result = stopped();
		if (call->result < 0)
			return NULL;
	}
	if (b->device->broke || b->queue.broke) {
		call->result = MIR_EDISCONN;
		return NULL;
	}
	r = b->free;
	b->free = r->next;
	r->call = call;
	call->pending++;
	return r;
}

static void set_head(struct mir_virtio_block_request *r, uint32_t type, uint64_t unit)
{
	put32(r->head, type);
	put32(r->head + 4, 0);
	put64(r->head + 8, unit);
}

/* Waits for all requests of the call.  Blocks. */
static int complete(struct mir_virtio_block *b, struct mir_virtio_block_call *call)
{
	mir_virtio_publish(b->device, 0, &b->queue);
	while (call->pending > 0)
		mir_wait_out(&b->done);
	return call->result == 0 && mir_cancelled() ? MIR_ECANCELED : call->result;
}

/* The next segments of the vector, for one request; how many, and their bytes. */
static unsigned gather(const struct mir_virtio_block *b, const struct mir_iov **iov, unsigned *n,
    size_t *done, struct mir_vq_segment s[], uint64_t *bytes)
{
	unsigned k = 0;

	*bytes = 0;
	while (k<b->segments && * n> 0) {
		size_t part = MIR_MIN((*iov)->len - *done, (size_t)b->segment_max);

		if (part > 0)
			s[k++] = (struct mir_vq_segment){
				mir_bare_address((uint8_t *)(*iov)->base + *done), (uint32_t)part
			};
		*bytes += part;
		*done += part;
		if (*done == (*iov)->len) {
			++*iov;
			--*n;
			*done = 0;
		}
	}
	return k;
}

static int move(
    struct mir_block *block, uint32_t type, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	struct mir_virtio_block *b = disk_of(block);
	uint64_t unit = sector * (block->sector_size / MIR_VIRTIO_BLOCK_UNIT), bytes;
	struct mir_vq_segment s[MIR_VIRTIO_BLOCK_SEGMENTS + 2];
	struct mir_virtio_block_call call = { 0, 0 };
	size_t done = 0;

	call.result = stopped();
	while (n > 0 && call.result == 0) {
		unsigned k = gather(b, &iov, &n, &done, s + 1, &bytes);
		struct mir_virtio_block_request *r = k > 0 ? get(b, &call, k + 2) : NULL;

		if (!r)
			break;
		set_head(r, type, unit);
		put(b, r, s, k, type == MIR_VIRTIO_BLOCK_IN);
		unit += bytes / MIR_VIRTIO_BLOCK_UNIT;
	}
	return complete(b, &call);
}

static int block_read(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	return move(b, MIR_VIRTIO_BLOCK_IN, sector, iov, n);
}

static int block_write(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	return move(b, MIR_VIRTIO_BLOCK_OUT, sector, iov, n);
}

/* A device without the feature writes through. */
static int block_barrier(struct mir_block *block)
{
	struct mir_virtio_block *b = disk_of(block);
	struct mir_virtio_block_call call = { 0, 0 };
	struct mir_virtio_block_request *r;
	struct mir_vq_segment s[2];

	call.result = stopped();
	if (call.result < 0)
		return call.result;
	if (!(b->device->features & MIR_VIRTIO_BLOCK_FLUSH))
		return b->device->broke ? MIR_EDISCONN : 0;
	r = get(b, &call, 2);
	if (r) {
		set_head(r, MIR_VIRTIO_BLOCK_FLUSH_NOW, 0);
		put(b, r, s, 0, false);
	}
	return complete(b, &call);
}

/* The part that the device can give up whole. */
static int block_discard(struct mir_block *block, uint64_t sector, uint64_t count)
{
	struct mir_virtio_block *b = disk_of(block);
	uint64_t scale = block->sector_size / MIR_VIRTIO_BLOCK_UNIT, at, end;
	struct mir_virtio_block_call call = { 0, 0 };
	struct mir_vq_segment s[3];

	if (b->discard_max == 0)
		return MIR_ENOSYS;
	call.result = stopped();
	end = (sector + count) * scale / b->discard_step * b->discard_step;
	at = (sector * scale + b->discard_step - 1) / b->discard_step * b->discard_step;
	while (at < end && call.result == 0) {
		uint64_t part = MIR_MIN(end - at, b->discard_max);
		struct mir_virtio_block_request *r = get(b, &call, 3);

		if (!r)
			break;
		set_head(r, b->discard_type, 0);
		put64(r->range, at);
		put32(r->range + 8, part);
		put32(r->range + 12, b->discard_type == MIR_VIRTIO_BLOCK_ZERO_NOW ? UNMAP : 0);
		s[1] = (struct mir_vq_segment){ mir_bare_address(r->range), sizeof(r->range) };
		put(b, r, s, 1, false);
		at += part;
	}
	return complete(b, &call);
}

const struct mir_block_ops mir_virtio_block_ops = {
	.name = "disk on virtio",
	.read = block_read,
	.write = block_write,
	.barrier = block_barrier,
	.discard = block_discard,
};
