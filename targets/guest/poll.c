/* poll.c: waiting for the tender, or for a time.
 *
 * In turns of fibers that have nothing to send, the tender is not bothered more often than each
 * LOOK.
 */
#include <mir/loop.h>
#include <mir/target.h>
#include <mir/time.h>

#include "guest.h"
#include "tender.h"

enum {
	LOOK = 20000, /* ns */
	ASKED = 130,  /* status of an image without a loop that is asked to end */
};

void (*mir_guest_ports_poll)(int64_t deadline);

static int64_t looked; /* when the tender was asked last */

uint64_t mir_guest_until(int64_t deadline)
{
	int64_t left;

	if (deadline == MIR_NEVER)
		return UINT64_MAX;
	left = deadline == 0 ? 0 : deadline - mir_target_monotonic();
	return left > 0 ? (uint64_t)left : 0;
}

bool mir_guest_waited(const struct mir_op *wait)
{
	bool asked = wait->result > 0 && (wait->result & 1);

	looked = mir_now();
	if (asked && !mir_shutdown_hook)
		mir_target_exit(ASKED);
	if (asked)
		mir_shutdown_hook("the host asks");
	return asked;
}

bool mir_guest_looked_now(void)
{
	return mir_target_monotonic() - looked < LOOK;
}

void mir_target_poll(int64_t deadline)
{
	struct mir_op wait = { .code = MIR_OP_WAIT };

	if (mir_guest_ports_poll) {
		mir_guest_ports_poll(deadline);
		return;
	}
	if (deadline == 0 && mir_guest_looked_now())
		return;
	wait.offset = mir_guest_until(deadline);
	mir_host_submit(&wait, 1);
	mir_loop_woke();
	mir_guest_waited(&wait);
}
