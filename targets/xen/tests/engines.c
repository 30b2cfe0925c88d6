/* Rings, messages, events and grants. */
#include "fake.h"

#include <mir/mem.h>
#include <mir/test.h>

#include "../message.h"
#include "../ring.h"

_Alignas(4096) static uint8_t page[MIR_XEN_PAGE];

static void rings(void)
{
	struct mir_xen_sring *s = (struct mir_xen_sring *)(void *)page;
	struct mir_xen_ring r;
	uint32_t v;

	mir_xen_ring_init(&r, page, sizeof(page), sizeof(struct mir_xen_tx_request));
	ok(r.n == 256, "a page has room for a power of two of requests");
	mir_xen_ring_init(&r, page, sizeof(page), sizeof(struct mir_xen_block_request));
	ok(r.n == 32, "and of longer ones");
	mir_xen_ring_init(&r, page, sizeof(page), 512);
	ok(r.n == 4 && mir_xen_ring_room(&r) == 4, "a ring of four");
	for (v = 1; v <= 4; v++)
		mir_xen_ring_request(&r, &v, sizeof(v));
	ok(mir_xen_ring_room(&r) == 0 && s->req_prod == 0, "requests are not seen until pushed");
	ok(mir_xen_ring_push(&r) && s->req_prod == 4, "the first push wakes the other side");
	ok(!mir_xen_ring_push(&r), "nothing new: no wake");
	ok(mir_xen_ring_ready(&r) == 0, "no answers yet");
	s->rsp_prod = 5;
	ok(mir_xen_ring_ready(&r) == MIR_EPROTO, "more answers than requests");
	s->rsp_prod = UINT32_MAX;
	ok(mir_xen_ring_ready(&r) == MIR_EPROTO, "an index that went back");
	s->rsp_prod = 2;
	ok(mir_xen_ring_ready(&r) == 2, "two answers");
	mir_xen_ring_response(&r, &v, sizeof(v));
	ok(v == 1 && mir_xen_ring_room(&r) == 1, "an answer lies where its request was");
	mir_xen_ring_response(&r, &v, sizeof(v));
	ok(!mir_xen_ring_ask(&r, 1) && s->rsp_event == 3, "asks to be woken by the third");
	s->req_event = 5;
	mir_xen_ring_request(&r, &v, sizeof(v));
	ok(mir_xen_ring_push(&r), "the fifth request wakes who asked for it");
	mir_xen_ring_request(&r, &v, sizeof(v));
	ok(!mir_xen_ring_push(&r), "the sixth does not");
}

static void wraps(void)
{
	struct mir_xen_sring *s = (struct mir_xen_sring *)(void *)page;
	struct mir_xen_ring r;
	uint32_t v, got;
	bool all = true;

	mir_xen_ring_init(&r, page, sizeof(page), 512);
	r.req_prod = r.rsp_cons = r.published = UINT32_MAX - 5;
	s->req_prod = s->rsp_prod = UINT32_MAX - 5;
	for (v = 0; v < 20; v++) {
		mir_xen_ring_request(&r, &v, sizeof(v));
		mir_xen_ring_push(&r);
		s->rsp_prod++;
		all &= mir_xen_ring_ready(&r) == 1;
		mir_xen_ring_response(&r, &got, sizeof(got));
		all &= got == v;
	}
	ok(all, "indices wrap");
}

static void messages(void)
{
	struct {
		struct mir_xenstore_head head;
		char body[8];
	} wire = { { 2, 9, 0, 5 }, "hello" };
	struct mir_xen_message *m = calloc(1, sizeof(*m));
	const uint8_t *p = (const uint8_t *)&wire;
	uint64_t v;
	uint32_t token;

	for (unsigned i = 0; i < 21; i++)
		ok(mir_xen_message_feed(m, p + i, 1) == 1 && mir_xen_message_whole(m) == (i == 20),
		    "byte %u", i);
	ok(strcmp(m->body, "hello") == 0, "the body");
	mir_xen_message_clear(m);
	wire.head.len = MIR_XENSTORE_PAYLOAD + 1;
	ok(mir_xen_message_feed(m, p, 21) == MIR_EPROTO, "a body that is too long");
	free(m);

	ok(mir_xen_number("18446744073709551615", &v) && v == UINT64_MAX, "the largest number");
	ok(!mir_xen_number("18446744073709551616", &v), "one more");
	ok(!mir_xen_number("", &v) && !mir_xen_number("1x", &v) && !mir_xen_number("-1", &v),
	    "not numbers");
	ok(mir_xen_message_token("path\0"
				 "12",
	       8, &token) &&
		token == 12,
	    "a token");
	ok(!mir_xen_message_token("path", 4, &token), "no token");
	ok(!mir_xen_message_token("path\0", 5, &token), "an empty one");
	ok(!mir_xen_message_token("path\0x", 7, &token), "one of somebody else");
	ok(mir_xen_message_error("EAGAIN") == MIR_EAGAIN, "an error");
	ok(mir_xen_message_error("EWHAT") == MIR_EIO, "an unknown one");
}

static unsigned fires;
static void fire(struct mir_xen_event *e)
{
	(void)e;
	fires++;
}

static void events(void)
{
	struct mir_xen_event a = { .fire = fire }, b = { .fire = fire }, c = { .fire = fire };

	fake_begin();
	ok(mir_xen_event_alloc(&a, FAKE_BACK) == 0 && mir_xen_event_alloc(&b, FAKE_BACK) == 0,
	    "two ports");
	fake_raise(a.port);
	fake_raise(b.port);
	mir_yield();
	ok(fires == 2 && a.fired == 1, "each fires once");
	fake_raise(900);
	mir_yield();
	ok(fires == 2, "a port that is closed to upcalls");
	fake.shared.mask[900 / 64] = 0;
	fake_raise(900);
	mir_yield();
	ok(mir_xen_event_stats.strays == 1, "a port that nobody has is counted");
	fake_raise(900);
	mir_yield();
	ok(mir_xen_event_stats.strays == 1, "and closed");
	fake.next_port = MIR_XEN_PORTS;
	ok(mir_xen_event_alloc(&c, FAKE_BACK) < 0, "a port beyond the limit");
	fake.shared.vcpu[0].pending_sel = UINT64_MAX;
	fake.shared.vcpu[0].upcall_pending = 1;
	memset(fake.shared.pending, 0xff, sizeof(fake.shared.pending));
	memset(fake.shared.mask, 0, sizeof(fake.shared.mask));
	mir_xen_events_poll();
	ok(!mir_xen_events_poll(), "all bits at once: one scan, then silence");
	mir_xen_event_close(&a);
	mir_xen_event_close(&b);
	fake_end();
}

static void grants(void)
{
	static uint32_t refs[2100];
	unsigned n = 0;
	int ref;
	uint8_t *p;
	struct mir_mem *m = mir_mem_new(10, &p);

	fake_begin();
	ref = mir_xen_grant(FAKE_BACK, page, true);
	ok(ref >= MIR_XEN_GRANTS_RESERVED && fake_page((uint32_t)ref, false) == page, "a page");
	ok(!fake_page((uint32_t)ref, true), "read only");
	fake_mapped((uint32_t)ref, true);
	ok(!mir_xen_grant_end((uint32_t)ref), "not while it is mapped");
	fake_mapped((uint32_t)ref, false);
	ok(mir_xen_grant_end((uint32_t)ref) && !fake_page((uint32_t)ref, false), "then it ends");

	ref = mir_xen_grant(FAKE_BACK, p, false);
	fake_mapped((uint32_t)ref, true);
	mir_xen_grant_drop((uint32_t)ref, NULL, m);
	ok(mir_xen_grant_stats.late == 1, "dropped while mapped: kept");
	mir_sleep(MIR_SECOND(1));
	ok(mir_xen_grant_stats.late == 1, "for as long as it is");
	fake_mapped((uint32_t)ref, false);
	mir_sleep(MIR_SECOND(1));
	ok(mir_xen_grant_stats.late == 0, "then given back");

	while (n < MIR_COUNT(refs) && (ref = mir_xen_grant(FAKE_BACK, page, false)) > 0)
		refs[n++] = (uint32_t)ref;
	ok(n == 4 * 512 - MIR_XEN_GRANTS_RESERVED, "the table grows to its limit: %u", n);
	ok(ref == MIR_ENOSPC && mir_xen_grant_stats.full == 1, "then says so");
	while (n > 0)
		mir_xen_grant_end(refs[--n]);
	ok(mir_xen_grant_stats.used == 0, "all are back");
	fake_end();
}

int main(void)
{
	RUN_PLAIN(rings);
	RUN_PLAIN(wraps);
	RUN_PLAIN(messages);
	RUN(events);
	RUN(grants);
	return mir_test_end();
}
