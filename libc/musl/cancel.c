/* cancel.c: in place of musl's pthread_cancel.c, which looks at the instruction that a signal has
 * interrupted.  Threads are fibers here: one that is to be cancelled either runs on to its next
 * point of cancellation, or blocks.  If it blocks in a call at such a point, the signal SIGCANCEL,
 * which is no signal to libc/posix/, ends the call with EINTR.
 */
#include "pthread_impl.h"
#include "syscall.h"

/* In a field of musl's that is of no use here: the thread is in a call at which it may be
 * cancelled. */
#define AT_POINT(thread) ((thread)->sysinfo)

hidden long __cancel(void);
hidden long mir_point(void (*call)(void), long a, long b, long c, long d, long e, long f);

/* A masked thread (PTHREAD_CANCEL_MASKED) goes on, and is told. */
long __cancel(void)
{
	pthread_t self = __pthread_self();

	if (self->canceldisable == PTHREAD_CANCEL_ENABLE)
		pthread_exit(PTHREAD_CANCELED);
	self->canceldisable = PTHREAD_CANCEL_DISABLE;
	return -ECANCELED;
}

static int may_cancel(pthread_t t)
{
	return t->cancel && t->canceldisable != PTHREAD_CANCEL_DISABLE;
}

/* What the call has done stands: only one that was interrupted is left.  In a handler of a signal
 * that came to a call at such a point, the thread is at one before. */
long mir_point(void (*call)(void), long a, long b, long c, long d, long e, long f)
{
	pthread_t self = __pthread_self();
	uintptr_t before = AT_POINT(self);
	long result;

	if (may_cancel(self))
		return __cancel();
	AT_POINT(self) = 1;
	result = ((long (*)(long, long, long, long, long, long))call)(a, b, c, d, e, f);
	AT_POINT(self) = before;
	return result == -EINTR && may_cancel(self) ? __cancel() : result;
}

void __testcancel(void)
{
	pthread_t self = __pthread_self();

	if (self->cancel && !self->canceldisable)
		__cancel();
}

int pthread_cancel(pthread_t t)
{
	a_store(&t->cancel, 1);
	if (t == __pthread_self()) {
		if (t->canceldisable == PTHREAD_CANCEL_ENABLE && t->cancelasync)
			pthread_exit(PTHREAD_CANCELED);
	} else if (AT_POINT(t) && may_cancel(t)) {
		return pthread_kill(t, SIGCANCEL);
	}
	return 0;
}
