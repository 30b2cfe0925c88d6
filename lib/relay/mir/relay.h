/* relay.h: two flows joined: what one says the other is told, both ways.
 *
 * While nothing moves there is no fiber: one is attached to a direction when bytes come.  The end
 * of one direction is passed on as the end of that direction; the relay ends with both, with the
 * death of a flow, or when nothing has moved for too long.  A slow reader holds up the other side,
 * by as much as the queues of both flows take.
 */
#ifndef MIR_RELAY_H
#define MIR_RELAY_H

#include <mir/fiber.h>
#include <mir/flow.h>
#include <mir/timer.h>

struct mir_relay;

struct mir_relay_way {
	struct mir_relay *relay;
	struct mir_flow *from, *to;
	struct mir_fiber *fiber; /* NULL: nothing is under way */
	bool ended;
	uint64_t bytes;
};

/* Owned by the caller; must not move until done is called. */
struct mir_relay {
	struct mir_relay_way way[2]; /* from a to b, from b to a */
	struct mir_timer timer;
	int64_t idle_ns, moved;
	bool over;
	int error;
	/* Called once, when the flows are gone; may free the relay.  error: 0, both ended; or
	 * MIR_ETIMEDOUT, MIR_ECANCELED (mir_relay_stop), or what killed a flow. */
	void (*done)(struct mir_relay *);
	void *arg;
};

/* Joins a and b from now on; idle_ns: how long nothing may move, 0: for ever.  Both are closed at
 * the end, or aborted if it is none that they came to by themselves.  Does not block. */
void mir_relay_start(struct mir_relay *, struct mir_flow *a /* take */,
    struct mir_flow *b /* take */, int64_t idle_ns, void (*done)(struct mir_relay *), void *arg);

/* Ends it at once; done is called from the loop, or from inside this call. */
void mir_relay_stop(struct mir_relay *);

#endif
