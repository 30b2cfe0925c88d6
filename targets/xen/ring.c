/* ring.c: our end of a device's ring. */
#include "ring.h"

#include <mir/err.h>
#include <mir/panic.h>
#include <string.h>

void mir_xen_ring_init(struct mir_xen_ring *r, void *shared, size_t bytes, uint32_t entry)
{
	size_t n = (bytes - sizeof(struct mir_xen_sring)) / entry;

	*r = (struct mir_xen_ring){ .shared = shared, .n = 1u << mir_high_bit(n), .entry = entry };
	memset(shared, 0, bytes);
	r->shared->req_event = 1;
	r->shared->rsp_event = 1;
}

static uint8_t *entry_at(const struct mir_xen_ring *r, uint32_t index)
{
	return (uint8_t *)(r->shared + 1) + (size_t)(index & (r->n - 1)) * r->entry;
}

void mir_xen_ring_request(struct mir_xen_ring *r, const void *request, size_t len)
{
	mir_check(len <= r->entry && mir_xen_ring_room(r) > 0);
	memcpy(entry_at(r, r->req_prod++), request, len);
}

bool mir_xen_ring_push(struct mir_xen_ring *r)
{
	uint32_t before = r->published, now = r->req_prod;

	if (before == now)
		return false;
	r->published = now;
	mir_xen_put(&r->shared->req_prod, now);
	mir_xen_barrier(); /* the back end writes req_event, then looks at req_prod */
	return now - mir_xen_get(&r->shared->req_event) < now - before;
}

int mir_xen_ring_ready(const struct mir_xen_ring *r)
{
	uint32_t n = mir_xen_get(&r->shared->rsp_prod) - r->rsp_cons;

	return n <= mir_xen_ring_out(r) ? (int)n : MIR_EPROTO;
}

void mir_xen_ring_response(struct mir_xen_ring *r, void *response, size_t len)
{
	mir_check(len <= r->entry && mir_xen_ring_out(r) > 0);
	memcpy(response, entry_at(r, r->rsp_cons++), len);
}

bool mir_xen_ring_ask(struct mir_xen_ring *r, uint32_t ahead)
{
	if (mir_xen_ring_ready(r) != 0)
		return true;
	mir_xen_put(&r->shared->rsp_event, r->rsp_cons + ahead);
	mir_xen_barrier(); /* the back end writes rsp_prod, then looks at rsp_event */
	return mir_xen_ring_ready(r) != 0;
}
