/* wait.c: how system calls wait, and what their errors are. */
#include <errno.h>
#include <mir/panic.h>

#include "file.h"
#include "posix.h"

long mir_posix_wait(struct mir_waitq *q, int64_t deadline)
{
	static struct mir_waitq ever;
	int64_t outer;
	int rc;

	if (!mir_self())
		mir_panic("a system call waits, and without an event loop nobody can end that");
	while (mir_posix_is_ending())
		mir_wait_out(&ever);
	outer = mir_deadline_set(deadline);
	rc = mir_wait(q);
	mir_deadline_restore(outer);
	return rc == MIR_ETIMEDOUT ? -ETIMEDOUT : rc < 0 ? -EINTR : 0;
}

long mir_posix_error(int64_t rc)
{
	enum { OWN = -1000, LAST = -4095 };

	if (rc == MIR_ECANCELED)
		return -EINTR;
	return rc <= OWN && rc >= LAST ? -EIO : (long)rc;
}
