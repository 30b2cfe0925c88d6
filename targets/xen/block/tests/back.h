/* A back end for the disk driver: a disk in memory; answers in any order. */
#include "../../tests/fake.h"

#include <mir/xen_block.h>

enum { DISK = 1 << 20, OUT = 128 };

static struct back {
	struct mir_task work;
	struct mir_xen_sring *ring;
	uint32_t port, cons, order;
	_Alignas(4096) uint8_t disk[DISK];
	bool keep, refuse_flush, fail;
	bool hostile; /* it has written over requests itself */
	unsigned flushes, barriers, discards, indirect, requests;
	uint64_t chance;
} back;

static struct mir_xen_block d;

static uint64_t back_random(uint64_t below)
{
	back.chance = back.chance * 6364136223846793005ull + 1442695040888963407ull;
	return (back.chance >> 33) % below;
}

/* Where the request at an index lies: the ring's pages are not one run here. */
static uint8_t *back_entry(uint32_t at)
{
	uint32_t n = back.order ? 64 : 32;
	size_t off = sizeof(struct mir_xen_sring) + (at % n) * sizeof(struct mir_xen_block_request);

	/* The driver's pages are one run, and so are the fake's. */
	return (uint8_t *)back.ring + off;
}

static void back_answer(uint64_t id, uint8_t op, int16_t status)
{
	struct mir_xen_block_response a = { .id = id, .op = op, .status = status };

	memcpy(back_entry(back.ring->rsp_prod), &a, sizeof(a));
	back.ring->rsp_prod++;
}

/* A request that no driver may send. */
static int16_t back_wrong(const char *what)
{
	if (!back.hostile)
		mir_panic("a request with %s", what);
	return -1;
}

static int16_t back_segments(
    uint8_t op, uint64_t sector, const struct mir_xen_block_segment *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t *page = fake_page(s[i].ref, true);
		size_t off = s[i].first * 512u, len = (s[i].last - s[i].first + 1) * 512u;

		if (!page || s[i].first > s[i].last || off + len > MIR_XEN_PAGE ||
		    sector > DISK / 512 || sector * 512 + len > DISK)
			return back_wrong("a bad segment");
		if (op == MIR_XEN_BLOCK_WRITE)
			memcpy(back.disk + sector * 512, page + off, len);
		else
			memcpy(page + off, back.disk + sector * 512, len);
		sector += len / 512;
	}
	return back.fail ? -1 : 0;
}

static int16_t back_do(const struct mir_xen_block_request *r)
{
	struct mir_xen_block_indirect in;

	back.requests++;
	switch (r->op) {
	case MIR_XEN_BLOCK_READ:
	case MIR_XEN_BLOCK_WRITE:
		if (r->n < 1 || r->n > MIR_XEN_BLOCK_SEGMENTS)
			return back_wrong("too many segments, or none");
		return back_segments(r->op, r->sector, r->u.segment, r->n);
	case MIR_XEN_BLOCK_INDIRECT: {
		const void *page;

		back.indirect++;
		memcpy(&in, r, sizeof(in));
		page = fake_page(in.refs[0], false);
		if (!page || in.n > 64)
			return back_wrong("bad indirect segments");
		return back_segments(in.real_op, in.sector, page, in.n);
	}
	case MIR_XEN_BLOCK_FLUSH:
		back.flushes++;
		return back.refuse_flush ? MIR_XEN_BLOCK_UNSUPPORTED : 0;
	case MIR_XEN_BLOCK_BARRIER: back.barriers++; return 0;
	case MIR_XEN_BLOCK_DISCARD:
		back.discards++;
		if (r->sector > DISK / 512 || r->u.sectors > DISK / 512 - r->sector)
			return back_wrong("a range that is not on the disk");
		memset(back.disk + r->sector * 512, 0, r->u.sectors * 512);
		return 0;
	default: return back_wrong("an unknown operation");
	}
}

/* All there is, in an order of chance. */
static void back_work(struct mir_task *t)
{
	struct mir_xen_block_request r[OUT];
	unsigned n = 0;

	(void)t;
	if (back.keep || !back.ring)
		return;
	while (back.cons != back.ring->req_prod && n < OUT)
		memcpy(&r[n++], back_entry(back.cons++), sizeof(r[0]));
	while (n > 0) {
		unsigned i = (unsigned)back_random(n);

		back_answer(r[i].id, r[i].op, back_do(&r[i]));
		r[i] = r[--n];
	}
	back.ring->req_event = back.cons + 1;
	fake_raise(back.port);
}

static void back_notified(uint32_t port)
{
	(void)port;
	mir_post(&back.work);
}

static void back_heard(const char *path, const char *value)
{
	size_t n = strlen(path);

	if (n <= 6 || strcmp(path + n - 6, "/state") != 0 || strcmp(value, "3") != 0)
		return;
	back.order = fake_number("vbd", "ring-page-order");
	back.ring =
	    (void *)fake_page(fake_number("vbd", back.order ? "ring-ref0" : "ring-ref"), true);
	back.port = fake_number("vbd", "event-channel");
	back.cons = 0;
	mir_check(back.ring && back.port);
	mir_check(!back.order || fake_page(fake_number("vbd", "ring-ref1"), true));
	fake_offer("vbd", "sectors", "2048");
	fake_offer("vbd", "state", "4");
}

static int MIR_UNUSED begin(const char *sector_size)
{
	memset(&back, 0, sizeof(back));
	back.work.run = back_work;
	back.chance = 1;
	fake_begin();
	fake_device("vbd", 0);
	fake_offer("vbd", "sector-size", sector_size);
	fake_offer("vbd", "feature-flush-cache", "1");
	fake_offer("vbd", "feature-barrier", "1");
	fake_offer("vbd", "feature-discard", "1");
	fake_offer("vbd", "feature-persistent", "1");
	fake_offer("vbd", "discard-granularity", "4096");
	fake_offer("vbd", "max-ring-page-order", "4");
	fake_offer("vbd", "feature-max-indirect-segments", "256");
	fake.on_write = back_heard;
	fake.on_send = back_notified;
	return mir_xen_block_start(&d, &(struct mir_xen_block_config){ .name = "storage" });
}

static void MIR_UNUSED end(void)
{
	mir_xen_block_stop(&d);
	mir_unpost(&back.work);
	fake_end();
}
