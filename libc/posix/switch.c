/* switch.c: the switch of fibers in images with threads: the base of thread-local storage, and
 * errno, are those of the fiber that runs.
 *
 * What belongs to a fiber lies on its stack while it does not run, so no fiber has a field for it,
 * and images without this file have nothing of it.
 */
#include <errno.h>
#include <mir/switch.h>
#include <mir/target.h>

#include "calls.h"
#include "thread.h"

struct mir_thread *mir_thread_now;

static void *base;          /* of the storage in use */
static void (*entry)(void); /* of all fibers */

/* musl's start: the storage of the main thread. */
long mir_sys_set_thread_area(void *tls)
{
	mir_thread_first.tls = base = tls;
	mir_target_set_tls(tls);
	return 0;
}

void mir_thread_use(struct mir_thread *t)
{
	void *tls = (t ? t : &mir_thread_first)->tls;

	mir_thread_now = t;
	if (tls == base)
		return;
	base = tls;
	mir_target_set_tls(tls);
}

void mir_switch(void **save, void *to)
{
	struct mir_thread *mine = mir_thread_now;
	int number = errno;

	mir_switch_plain(save, to);
	mir_thread_use(mine);
	errno = number;
}

static void begin(void)
{
	mir_thread_use(NULL);
	errno = 0;
	entry();
}

void *mir_switch_prepare(void *top, void (*fn)(void))
{
	entry = fn;
	return mir_switch_prepare_plain(top, begin);
}
