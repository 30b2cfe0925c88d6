/* wait.c: how system calls wait, and what their errors are. */
#include <errno.h>
#include <mir/panic.h>

#include "file.h"
#include "../libc.h"
#include "posix.h"
#include "signals.h"
#include "thread.h"

static void may_wait(void)
{
	static struct mir_waitq ever;

	if (!mir_self())
		mir_panic("a system call waits, and without an event loop nobody can end that");
	while (mir_posix_is_ending())
		mir_wait_out(&ever);
}

/* Who waits again and again though it is cancelled (a lock that is taken, a loop of its own about
 * EINTR) lets the others run, which may end that. */
static int others(int rc, bool at_once)
{
	if (rc == MIR_ECANCELED && at_once)
		mir_yield();
	return rc;
}

/* Only a handler that has run, or a fiber that is cancelled and no thread, ends it early. */
int mir_libc_sleep(int64_t deadline)
{
	bool at_once;
	int rc;

	may_wait();
	do {
		at_once = mir_cancelled();
		rc = others(mir_sleep_until(deadline), at_once);
	} while (
	    mir_thread_now && rc < 0 && !mir_signals_handle(mir_thread_now) && !mir_cancelled());
	if (rc == 0)
		mir_posix_again(0);
	return rc;
}

long mir_posix_wait(struct mir_waitq *q, int64_t deadline)
{
	int64_t outer;
	bool at_once;
	int rc;

	may_wait();
	at_once = mir_cancelled();
	outer = mir_deadline_set(deadline);
	rc = mir_wait(q);
	mir_deadline_restore(outer);
	others(rc, at_once);
	return rc == MIR_ETIMEDOUT ? -ETIMEDOUT : rc < 0 ? -EINTR : 0;
}

long mir_posix_error(int64_t rc)
{
	enum { OWN = -1000, LAST = -4095 };

	if (rc == MIR_ECANCELED)
		return -EINTR;
	return rc <= OWN && rc >= LAST ? -EIO : (long)rc;
}
