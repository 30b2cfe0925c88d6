/* block.c: a disk of Xen: its back end, and what is agreed with it.
 *
 * Xen's io/blkif.h, in which sectors of requests, and `sectors`, count 512 bytes whatever
 * `sector-size` is.
 */
#include <mir/log.h>
#include <stdio.h>
#include <string.h>

#include "driver.h"

MIR_LOG_SOURCE(block);

enum {
	PAGE = MIR_XEN_PAGE,
	UNIT = MIR_XEN_BLOCK_UNIT,
	IOV = 64,
	SECTOR_MAX = 4096,
	TEXT = 32,
};

static struct mir_xen_block *disk_of(struct mir_block *b)
{
	return mir_container(b, struct mir_xen_block, block);
}

void mir_xen_block_broken(struct mir_xen_block *d, const char *why)
{
	if (d->gone)
		return;
	d->gone = true;
	d->connected = false;
	mir_error("%s: the back end in domain %u breaks the protocol: %s; the disk is given up",
	    d->block.name, d->device.domain, why);
	mir_xen_block_fail_all(d);
}

/* ---- the signature ---- */

/* All of iov, in requests as long as can be. */
static int move(struct mir_block *b, enum mir_xen_block_op op, uint64_t sector,
    const struct mir_iov *iov, unsigned n)
{
	struct mir_xen_block *d = disk_of(b);
	size_t max = (size_t)d->max_pages * PAGE, skip = 0;
	int rc = 0;

	sector *= b->sector_size / UNIT;
	while (n > 0 && rc == 0) {
		struct mir_iov part[IOV];
		size_t len = 0;
		unsigned k = 0;

		while (n > 0 && k < IOV && len < max) {
			size_t left = iov->len - skip, take = MIR_MIN(left, max - len);

			if (take > 0)
				part[k++] = (struct mir_iov){ (uint8_t *)iov->base + skip, take };
			len += take;
			skip += take;
			if (skip == iov->len) {
				iov++;
				n--;
				skip = 0;
			}
		}
		if (len > 0)
			rc = mir_xen_block_move(d, op, sector, part, k);
		sector += len / UNIT;
	}
	return rc;
}

static int block_read(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	return move(b, MIR_XEN_BLOCK_READ, sector, iov, n);
}

static int block_write(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	return move(b, MIR_XEN_BLOCK_WRITE, sector, iov, n);
}

/* A back end without either has written what it says it has. */
static int block_barrier(struct mir_block *b)
{
	struct mir_xen_block *d = disk_of(b);
	int rc = MIR_ENOSYS;

	if (d->flush)
		rc = mir_xen_block_order(d, MIR_XEN_BLOCK_FLUSH, 0, 0);
	if (rc == MIR_ENOSYS)
		d->flush = false;
	if (rc == MIR_ENOSYS && d->barrier)
		rc = mir_xen_block_order(d, MIR_XEN_BLOCK_BARRIER, 0, 0);
	if (rc == MIR_ENOSYS)
		d->barrier = false;
	return rc == MIR_ENOSYS ? 0 : rc;
}

/* Whole pieces only: what is at the edges stays. */
static int block_discard(struct mir_block *b, uint64_t sector, uint64_t count)
{
	struct mir_xen_block *d = disk_of(b);
	uint64_t per = d->discard_unit / UNIT, from, to;
	int rc;

	if (!d->discard)
		return MIR_ENOSYS;
	from = sector * (b->sector_size / UNIT);
	to = from + count * (b->sector_size / UNIT);
	from = (from + per - 1) / per * per;
	to = to / per * per;
	if (from >= to)
		return 0;
	rc = mir_xen_block_order(d, MIR_XEN_BLOCK_DISCARD, from, to - from);
	if (rc == MIR_ENOSYS)
		d->discard = false;
	return rc;
}

static const struct mir_block_ops ops = {
	.name = "disk of Xen",
	.read = block_read,
	.write = block_write,
	.barrier = block_barrier,
	.discard = block_discard,
};

static void fired(struct mir_xen_event *e)
{
	struct mir_xen_block *d = mir_container(e, struct mir_xen_block, event);

	if (d->connected)
		mir_xen_block_done(d);
}

/* ---- agreement ---- */

static int open_ring(struct mir_xen_block *d)
{
	size_t pages = (size_t)1 << d->order;

	if (!d->ring_pages && !(d->ring_pages = mir_xen_pages_new(1 << MIR_XEN_BLOCK_ORDER)))
		return MIR_ENOMEM;
	mir_xen_ring_init(
	    &d->ring, d->ring_pages, pages * PAGE, (uint32_t)sizeof(struct mir_xen_block_request));
	for (size_t i = 0; i < pages; i++) {
		int ref = mir_xen_grant(d->device.domain, d->ring_pages + i * PAGE, false);

		if (ref < 0)
			return ref;
		d->ring_ref[i] = (uint32_t)ref;
	}
	d->event.fire = fired;
	return mir_xen_event_alloc(&d->event, d->device.domain);
}

static void close_ring(struct mir_xen_block *d, bool forget)
{
	bool kept = false;

	d->connected = false;
	mir_xen_event_close(&d->event);
	for (size_t i = 0; i < MIR_COUNT(d->ring_ref); i++) {
		if (d->ring_ref[i] != MIR_XEN_GRANT_NONE && !forget) {
			/* Its page goes with the grant, whenever that ends. */
			mir_xen_grant_drop(d->ring_ref[i], d->ring_pages + i * PAGE, NULL);
			kept = true;
		}
		d->ring_ref[i] = MIR_XEN_GRANT_NONE;
	}
	if (!kept)
		return;
	for (size_t i = (size_t)1 << d->order; i < MIR_COUNT(d->ring_ref); i++)
		mir_xen_pages_free(d->ring_pages + i * PAGE, 1);
	d->ring_pages = NULL;
}

static int take_order(struct mir_xen_block *d)
{
	uint64_t order;
	int rc = mir_xen_device_offer(&d->device, "max-ring-page-order", 31, 0, &order);

	if (rc == 0)
		d->order = (unsigned)MIR_MIN(order, (uint64_t)MIR_XEN_BLOCK_ORDER);
	return rc;
}

/* Some back ends say the rest only when they are connected. */
static int take_offers(struct mir_xen_block *d)
{
	struct mir_xen_device *v = &d->device;
	uint64_t flush, barrier, discard, segments, persistent, unit;
	int rc;

	if ((rc = mir_xen_device_offer(v, "feature-flush-cache", 1, 0, &flush)) < 0 ||
	    (rc = mir_xen_device_offer(v, "feature-barrier", 1, 0, &barrier)) < 0 ||
	    (rc = mir_xen_device_offer(v, "feature-discard", 1, 0, &discard)) < 0 ||
	    (rc = mir_xen_device_offer(v, "feature-persistent", 1, 0, &persistent)) < 0 ||
	    (rc = mir_xen_device_offer(v, "discard-granularity", UINT32_MAX, UNIT, &unit)) < 0 ||
	    (rc = mir_xen_device_offer(
		 v, "feature-max-indirect-segments", UINT32_MAX, 0, &segments)) < 0)
		return rc;
	d->flush = flush;
	d->barrier = barrier;
	d->discard = discard && unit >= UNIT && unit % UNIT == 0;
	d->discard_unit = (uint32_t)unit;
	d->persistent = persistent;
	d->max_pages = (uint16_t)MIR_MAX(
	    MIR_MIN(segments, (uint64_t)MIR_XEN_BLOCK_PAGES), (uint64_t)MIR_XEN_BLOCK_SEGMENTS);
	return 0;
}

static int publish(uint32_t tx, void *arg)
{
	struct mir_xen_block *d = arg;
	int rc = 0;

	for (unsigned i = 0; i < 1u << d->order && rc == 0; i++) {
		char key[TEXT] = "ring-ref";

		if (d->order > 0)
			snprintf(key, sizeof(key), "ring-ref%u", i);
		rc = mir_xen_device_write(&d->device, tx, key, "%u", d->ring_ref[i]);
	}
	if (rc == 0 && d->order > 0)
		rc = mir_xen_device_write(&d->device, tx, "ring-page-order", "%u", d->order);
	if (rc == 0)
		rc = mir_xen_device_write(&d->device, tx, "event-channel", "%u", d->event.port);
	if (rc == 0)
		rc = mir_xen_device_write(&d->device, tx, "protocol", "x86_64-abi");
	if (rc == 0)
		rc = mir_xen_device_write(&d->device, tx, "feature-persistent", "1");
	return rc < 0 ? rc : mir_xen_device_state(&d->device, tx, MIR_XENBUS_INITIALISED);
}

static int take_size(struct mir_xen_block *d)
{
	struct mir_xen_device *v = &d->device;
	uint64_t sectors, size, info, bytes;
	int rc;

	if ((rc = mir_xen_device_offer(v, "sectors", UINT64_MAX / UNIT, 0, &sectors)) < 0 ||
	    (rc = mir_xen_device_offer(v, "sector-size", SECTOR_MAX, UNIT, &size)) < 0 ||
	    (rc = mir_xen_device_offer(v, "info", UINT32_MAX, 0, &info)) < 0)
		return rc;
	bytes = sectors * UNIT;
	if (size < UNIT || (size & (size - 1)) || bytes < size) {
		mir_error("%s: the back end gives %llu bytes in sectors of %llu", d->block.name,
		    (unsigned long long)bytes, (unsigned long long)size);
		return MIR_EPROTO;
	}
	if (d->block.sectors != 0 &&
	    (d->block.sectors != bytes / size || d->block.sector_size != size)) {
		mir_error("%s: is another disk now: %llu bytes in sectors of %llu", d->block.name,
		    (unsigned long long)bytes, (unsigned long long)size);
		return MIR_EPROTO;
	}
	d->block.sectors = bytes / size;
	d->block.sector_size = (uint32_t)size;
	d->block.writable = !(info & (MIR_XEN_DISK_READONLY | MIR_XEN_DISK_CDROM));
	return 0;
}

static int connect(struct mir_xen_block *d)
{
	int rc = mir_xen_device_attach(&d->device);

	if (rc == 0)
		rc = mir_xen_device_wait(&d->device, MIR_XENBUS_INIT_WAIT, MIR_XENBUS_CONNECTED);
	if (rc >= 0)
		rc = take_order(d);
	if (rc == 0)
		rc = open_ring(d);
	if (rc == 0)
		rc = mir_xen_store_transaction(publish, d);
	if (rc == 0)
		rc = mir_xen_device_wait(&d->device, MIR_XENBUS_CONNECTED, MIR_XENBUS_CONNECTED);
	if (rc >= 0)
		rc = take_offers(d);
	if (rc == 0)
		rc = take_size(d);
	if (rc == 0)
		rc = mir_xen_device_state(&d->device, MIR_XEN_ALONE, MIR_XENBUS_CONNECTED);
	if (rc < 0)
		return rc;
	d->connected = true;
	return 0;
}

static void close_all(struct mir_xen_block *d)
{
	close_ring(d, false);
	mir_xen_block_fail_all(d);
	mir_xen_block_pages_end(d, false);
}

static void changed(struct mir_xen_device *v, enum mir_xenbus_state state)
{
	struct mir_xen_block *d = mir_container(v, struct mir_xen_block, device);

	if (state < MIR_XENBUS_CLOSING || !d->connected)
		return;
	d->gone = true;
	close_all(d);
	mir_error("%s: the host has removed the device", d->block.name);
	mir_xen_device_state(v, MIR_XEN_ALONE, MIR_XENBUS_CLOSED);
}

static void resume(struct mir_xen_device *v)
{
	struct mir_xen_block *d = mir_container(v, struct mir_xen_block, device);
	int rc;

	close_ring(d, true);
	mir_xen_block_pages_end(d, true);
	rc = connect(d);
	if (rc == 0) {
		mir_xen_block_again(d);
		return;
	}
	d->gone = true;
	close_all(d);
	mir_error("%s: is gone after the suspension: %s", d->block.name, mir_strerror(rc));
}

static const struct mir_xen_device_ops device_ops = { changed, resume };

int mir_xen_block_start(struct mir_xen_block *d, const struct mir_xen_block_config *config)
{
	int rc;

	memset(d, 0, sizeof(*d));
	d->block.ops = &ops;
	d->block.name = config->name;
	d->device.ops = &device_ops;
	d->device.name = config->name;
	d->device.kind = "vbd";
	for (unsigned i = MIR_XEN_BLOCK_POOL; i-- > 0;) {
		d->page[i].next = d->free;
		d->free = &d->page[i];
	}
	rc = mir_xen_device_find(&d->device, config->device ? config->device : "");
	if (rc < 0)
		return rc;
	mir_xen_device_add(&d->device);
	rc = connect(d);
	if (rc < 0) {
		mir_xen_block_stop(d);
		return rc;
	}
	mir_info("%s: vbd %u, back end in domain %u, %llu sectors of %u%s%s%s%s", config->name,
	    d->device.id, d->device.domain, (unsigned long long)d->block.sectors,
	    d->block.sector_size, d->block.writable ? "" : ", read only",
	    d->flush || d->barrier ? ", flush" : "", d->discard ? ", discard" : "",
	    d->persistent ? ", persistent grants" : "");
	return 0;
}

/* The back end lets go of the pages: within a second, or they are lost. */
static void part(struct mir_xen_block *d)
{
	int64_t outer = mir_deadline_set(mir_time_add(mir_now(), MIR_SECOND(1)));

	if (mir_xen_device_state(&d->device, MIR_XEN_ALONE, MIR_XENBUS_CLOSED) == 0)
		mir_xen_device_wait(&d->device, MIR_XENBUS_CLOSED, MIR_XENBUS_CLOSED);
	mir_deadline_restore(outer);
}

void mir_xen_block_stop(struct mir_xen_block *d)
{
	bool connected = d->connected;

	d->connected = false; /* that the back end closes is no news */
	if (connected)
		part(d);
	d->gone = true;
	close_all(d);
	mir_xen_device_remove(&d->device);
	for (unsigned i = 0; i < MIR_XEN_BLOCK_POOL; i++) {
		if (d->page[i].p)
			mir_xen_pages_free(d->page[i].p, 1);
		d->page[i].p = NULL;
	}
	if (d->ring_pages)
		mir_xen_pages_free(d->ring_pages, 1 << MIR_XEN_BLOCK_ORDER);
	d->ring_pages = NULL;
}
