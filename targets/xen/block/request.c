/* request.c: requests of a disk.
 *
 * Bytes move through pages that the back end may always reach, so it can keep them mapped
 * (persistent grants), and never sees other memory of the image; the last page used is the next to
 * be used.  A request that its fiber has left goes on: its pages come back when it is done.
 */
#include <mir/err.h>
#include <mir/panic.h>
#include <string.h>

#include "driver.h"

enum {
	PAGE = MIR_XEN_PAGE,
	UNIT = MIR_XEN_BLOCK_UNIT,
	PAGE_UNITS = PAGE / UNIT,
};

/* ---- pages ---- */

static struct mir_xen_block_page *page_get(struct mir_xen_block *d)
{
	struct mir_xen_block_page *page = d->free;
	int ref;

	if (!page)
		return NULL;
	if (!page->p && !(page->p = mir_xen_pages_new(1)))
		return NULL;
	if (page->ref == MIR_XEN_GRANT_NONE) {
		ref = mir_xen_grant(d->device.domain, page->p, false);
		if (ref < 0)
			return NULL;
		page->ref = (uint32_t)ref;
	}
	d->free = page->next;
	return page;
}

static void page_put(struct mir_xen_block *d, struct mir_xen_block_page *page)
{
	page->next = d->free;
	d->free = page;
}

void mir_xen_block_pages_end(struct mir_xen_block *d, bool forget)
{
	for (unsigned i = 0; i < MIR_XEN_BLOCK_POOL; i++) {
		struct mir_xen_block_page *page = &d->page[i];

		if (page->ref != MIR_XEN_GRANT_NONE && !forget) {
			mir_xen_grant_drop(page->ref, page->p, NULL);
			page->p = NULL;
		}
		page->ref = MIR_XEN_GRANT_NONE;
	}
}

/* ---- requests under way ---- */

static void io_free(struct mir_xen_block *d, struct mir_xen_block_io *io)
{
	while (io->n > 0)
		page_put(d, io->page[--io->n]);
	if (io->indirect)
		page_put(d, io->indirect);
	io->indirect = NULL;
	io->used = false;
	mir_wake_all(&d->room);
}

/* False: there are not enough pages now. */
static bool io_pages(struct mir_xen_block *d, struct mir_xen_block_io *io, unsigned n)
{
	while (io->n < n && (io->page[io->n] = page_get(d)))
		io->n++;
	if (n > MIR_XEN_BLOCK_SEGMENTS && io->n == n)
		io->indirect = page_get(d);
	if (io->n == n && (n <= MIR_XEN_BLOCK_SEGMENTS || io->indirect))
		return true;
	while (io->n > 0)
		page_put(d, io->page[--io->n]);
	return false;
}

static struct mir_xen_block_io *io_find(struct mir_xen_block *d)
{
	for (unsigned i = 0; i < MIR_XEN_BLOCK_REQUESTS; i++) {
		if (!d->io[i].used)
			return &d->io[i];
	}
	return NULL;
}

static bool any_used(const struct mir_xen_block *d)
{
	for (unsigned i = 0; i < MIR_XEN_BLOCK_REQUESTS; i++) {
		if (d->io[i].used)
			return true;
	}
	return false;
}

/* A request with n pages.  Blocks. */
static int io_new(struct mir_xen_block *d, unsigned n, struct mir_xen_block_io **out)
{
	for (;;) {
		struct mir_xen_block_io *io = io_find(d);
		int rc;

		if (d->gone)
			return MIR_EDISCONN;
		if (io) {
			*io = (struct mir_xen_block_io){ .used = false };
			if (io_pages(d, io, n)) {
				io->used = true;
				*out = io;
				return 0;
			}
			if (!any_used(d)) /* nobody will give any back */
				return MIR_ENOMEM;
		}
		rc = mir_wait(&d->room);
		if (rc < 0)
			return rc;
	}
}

static struct mir_xen_block_segment segment(const struct mir_xen_block_io *io, unsigned i)
{
	uint32_t left = io->units - i * PAGE_UNITS;

	return (struct mir_xen_block_segment){ .ref = io->page[i]->ref,
		.last = (uint8_t)(MIR_MIN(left, (uint32_t)PAGE_UNITS) - 1) };
}

static void place_indirect(struct mir_xen_block *d, struct mir_xen_block_io *io, uint64_t id)
{
	struct mir_xen_block_indirect r = { .op = MIR_XEN_BLOCK_INDIRECT,
		.real_op = io->op,
		.n = io->n,
		.id = id,
		.sector = io->sector,
		.handle = (uint16_t)d->device.id,
		.refs = { io->indirect->ref } };

	for (unsigned i = 0; i < io->n; i++) {
		struct mir_xen_block_segment s = segment(io, i);

		memcpy(io->indirect->p + i * sizeof(s), &s, sizeof(s));
	}
	mir_xen_ring_request(&d->ring, &r, sizeof(r));
}

static void place(struct mir_xen_block *d, struct mir_xen_block_io *io)
{
	uint64_t id = (uint64_t)(io - d->io);
	struct mir_xen_block_request r = { .op = io->op,
		.n = (uint8_t)io->n,
		.handle = (uint16_t)d->device.id,
		.id = id,
		.sector = io->sector };

	io->sent = true;
	if (io->indirect) {
		place_indirect(d, io, id);
		return;
	}
	if (io->op == MIR_XEN_BLOCK_DISCARD)
		r.u.sectors = io->discard;
	for (unsigned i = 0; i < io->n; i++)
		r.u.segment[i] = segment(io, i);
	mir_xen_ring_request(&d->ring, &r, sizeof(r));
}

static void push(struct mir_xen_block *d)
{
	if (mir_xen_ring_push(&d->ring))
		mir_xen_event_notify(&d->event);
	if (mir_xen_ring_ask(&d->ring, 1))
		mir_xen_block_done(d);
}

/* Sends it, and waits for its end.  Blocks. */
static int run(struct mir_xen_block *d, struct mir_xen_block_io *io)
{
	int rc = 0;

	while (rc == 0 && !d->gone && (!d->connected || mir_xen_ring_room(&d->ring) == 0))
		rc = mir_wait(&d->room);
	if (rc == 0 && d->gone)
		rc = MIR_EDISCONN;
	if (rc < 0)
		return rc;
	d->stats.requests++;
	place(d, io);
	push(d);
	while (rc == 0 && !io->finished)
		rc = mir_wait(&io->done);
	if (!io->finished) {
		io->abandoned = true;
		return rc;
	}
	if (io->status == MIR_XEN_BLOCK_OKAY)
		return 0;
	if (io->status == (int16_t)MIR_EDISCONN)
		return MIR_EDISCONN;
	if (io->status == MIR_XEN_BLOCK_UNSUPPORTED)
		return MIR_ENOSYS;
	d->stats.errors++;
	return MIR_EIO;
}

static void finish(struct mir_xen_block *d, struct mir_xen_block_io *io, int16_t status)
{
	io->status = status;
	io->finished = true;
	io->sent = false;
	if (io->abandoned)
		io_free(d, io);
	else
		mir_wake_all(&io->done);
}

void mir_xen_block_done(struct mir_xen_block *d)
{
	int n;

	do {
		n = mir_xen_ring_ready(&d->ring);
		for (int i = 0; i < n; i++) {
			struct mir_xen_block_response r;

			mir_xen_ring_response(&d->ring, &r, sizeof(r));
			if (r.id >= MIR_XEN_BLOCK_REQUESTS || !d->io[r.id].used ||
			    !d->io[r.id].sent) {
				mir_xen_block_broken(d, "it answers what it was not asked");
				return;
			}
			finish(d, &d->io[r.id], r.status);
		}
		if (n < 0) {
			mir_xen_block_broken(d, "it gives more answers than it was asked for");
			return;
		}
	} while (n > 0 && mir_xen_ring_ask(&d->ring, 1));
	mir_wake_all(&d->room);
}

void mir_xen_block_again(struct mir_xen_block *d)
{
	for (unsigned i = 0; i < MIR_XEN_BLOCK_REQUESTS; i++) {
		struct mir_xen_block_io *io = &d->io[i];
		bool ok = true;

		if (!io->used || !io->sent)
			continue;
		for (unsigned k = 0; k < io->n + (io->indirect ? 1u : 0u); k++) {
			struct mir_xen_block_page *page = k < io->n ? io->page[k] : io->indirect;
			int ref = page->ref == MIR_XEN_GRANT_NONE
				      ? mir_xen_grant(d->device.domain, page->p, false)
				      : (int)page->ref;

			page->ref = ref > 0 ? (uint32_t)ref : MIR_XEN_GRANT_NONE;
			ok &= ref > 0;
		}
		d->stats.retried++;
		if (ok && mir_xen_ring_room(&d->ring) > 0)
			place(d, io);
		else
			finish(d, io, -1);
	}
	push(d);
	mir_wake_all(&d->room);
}

void mir_xen_block_fail_all(struct mir_xen_block *d)
{
	for (unsigned i = 0; i < MIR_XEN_BLOCK_REQUESTS; i++) {
		if (d->io[i].used && d->io[i].sent)
			finish(d, &d->io[i], (int16_t)MIR_EDISCONN);
	}
	mir_wake_all(&d->room);
}

/* ---- bytes ---- */

/* Between the request's pages and iov, all of it. */
static void copy(const struct mir_xen_block_io *io, const struct mir_iov *iov, unsigned n, bool in)
{
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		uint8_t *p = iov[i].base;

		for (size_t left = iov[i].len; left > 0;) {
			size_t off = at % PAGE, part = MIR_MIN(left, PAGE - off);
			uint8_t *page = io->page[at / PAGE]->p + off;

			if (in)
				memcpy(p, page, part);
			else
				memcpy(page, p, part);
			p += part;
			at += part;
			left -= part;
		}
	}
}

int mir_xen_block_move(struct mir_xen_block *d, enum mir_xen_block_op op, uint64_t sector,
    const struct mir_iov *iov, unsigned n)
{
	struct mir_xen_block_io *io;
	size_t len = 0;
	int rc;

	for (unsigned i = 0; i < n; i++)
		len += iov[i].len;
	mir_check(len > 0 && len <= (size_t)d->max_pages * PAGE);
	rc = io_new(d, (unsigned)((len + PAGE - 1) / PAGE), &io);
	if (rc < 0)
		return rc;
	io->op = (uint8_t)op;
	io->sector = sector;
	io->units = (uint32_t)(len / UNIT);
	if (op == MIR_XEN_BLOCK_WRITE)
		copy(io, iov, n, false);
	rc = run(d, io);
	if (rc == 0 && d->gone) /* since the answer, and the pages with it */
		rc = MIR_EDISCONN;
	if (rc == 0 && op == MIR_XEN_BLOCK_READ)
		copy(io, iov, n, true);
	if (!io->abandoned)
		io_free(d, io);
	return rc;
}

int mir_xen_block_order(
    struct mir_xen_block *d, enum mir_xen_block_op op, uint64_t sector, uint64_t units)
{
	struct mir_xen_block_io *io;
	int rc = io_new(d, 0, &io);

	if (rc < 0)
		return rc;
	io->op = (uint8_t)op;
	io->sector = sector;
	io->discard = units;
	rc = run(d, io);
	if (!io->abandoned)
		io_free(d, io);
	return rc;
}
