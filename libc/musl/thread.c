/* thread.c: in place of musl's clone.c and __unmapself.c: the beginning and the end of threads,
 * which libc/posix/thread.c makes of fibers.  Without it there are none (libc/process.c).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>

#include "pthread_impl.h"

/* As clone(), with the lowest byte of the stack.  `tls` becomes the base of thread-local storage.
 */
long mir_thread_clone(
    int (*fn)(void *), void *arg, void *low, void *top, int flags, int *tid, void *tls, int *clear);

/* Unmaps the stack that it runs on, and ends the thread. */
_Noreturn void mir_thread_unmap(void *base, size_t size);

int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	int *tid, *clear;
	pthread_t new;
	va_list rest;
	char *tls;

	if (!(flags & CLONE_THREAD)) /* a process */
		return -ENOSYS;
	va_start(rest, arg);
	tid = va_arg(rest, int *);
	tls = va_arg(rest, char *);
	clear = va_arg(rest, int *);
	va_end(rest);
#ifdef TLS_ABOVE_TP
	new = (pthread_t)(tls - sizeof(*new) - TP_OFFSET);
#else
	new = (pthread_t)tls;
#endif
	return mir_thread_clone(
	    fn, arg, (char *)new->stack - new->stack_size, stack, flags, tid, tls, clear);
}

void __unmapself(void *base, size_t size)
{
	mir_thread_unmap(base, size);
}
