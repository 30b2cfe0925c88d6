/* exit.c: the end of the program. */
#include <mir/fiber.h>
#include <mir/target.h>

#include "calls.h"
#include "posix.h"

static void (*at_end)(void);
static struct mir_fiber *ending; /* who ends the image */

void mir_posix_at_end(void (*stop)(void))
{
	at_end = stop;
}

bool mir_posix_is_ending(void)
{
	return ending && ending != mir_self();
}

bool mir_posix_has_ended(void)
{
	return ending != NULL;
}

/* The devices stop; whoever else runs meanwhile waits for ever at its next blocking call, or when
 * it ends the program too. */
long mir_sys_exit_group(int status)
{
	static struct mir_waitq ever;
	void (*stop)(void) = at_end;

	while (mir_self() && mir_posix_is_ending())
		mir_wait_out(&ever);

	at_end = NULL;
	ending = mir_self();
	if (stop)
		stop();
	mir_target_exit(status & 0xff);
}
