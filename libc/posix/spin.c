/* spin.c: spin locks, in place of musl's, which would wait for ever for a thread that cannot run
 * meanwhile. */
#include <errno.h>
#include <pthread.h>

#include "calls.h"

int pthread_spin_lock(pthread_spinlock_t *lock)
{
	int rc;

	while ((rc = pthread_spin_trylock(lock)) == EBUSY)
		mir_sys_sched_yield();
	return rc;
}
