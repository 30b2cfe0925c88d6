/* ring.h: our end of a device's ring.
 *
 * A pure engine over a page (or a few) that the back end writes too.  Our indices are our own; of
 * the back end's, only that counts which can be: no more responses than requests are under way.
 */
#ifndef MIR_XEN_RING_H
#define MIR_XEN_RING_H

#include "xen.h"

struct mir_xen_ring {
	struct mir_xen_sring *shared;
	uint32_t n, entry;           /* entries, a power of two; bytes of each */
	uint32_t req_prod, rsp_cons; /* ours */
	uint32_t published;          /* req_prod as the back end knows it */
};

/* `bytes` at `shared` become an empty ring of entries of so many bytes. */
void mir_xen_ring_init(struct mir_xen_ring *, void *shared, size_t bytes, uint32_t entry);

/* Requests that it has room for. */
static inline uint32_t mir_xen_ring_room(const struct mir_xen_ring *r)
{
	return r->n - (r->req_prod - r->rsp_cons);
}

/* Requests that wait for their response. */
static inline uint32_t mir_xen_ring_out(const struct mir_xen_ring *r)
{
	return r->published - r->rsp_cons;
}

/* Places a request of r->entry bytes or less; there is room. */
void mir_xen_ring_request(struct mir_xen_ring *, const void *request, size_t len);

/* Shows the back end what was placed; whether it wants to be notified. */
bool mir_xen_ring_push(struct mir_xen_ring *);

/* How many responses there are.  MIR_EPROTO: more than can be, so that nothing of this ring counts
 * any more. */
int mir_xen_ring_ready(const struct mir_xen_ring *);

/* Takes the next of them, len bytes into memory of the caller's. */
void mir_xen_ring_response(struct mir_xen_ring *, void *response, size_t len);

/* Asks to be notified when `ahead` (> 0) more responses have come; whether there is one already (or
 * the ring is broken, as mir_xen_ring_ready then says). */
bool mir_xen_ring_ask(struct mir_xen_ring *, uint32_t ahead);

#endif
