/* signals.c: SIGTERM and SIGINT of mirage-spt.
 *
 * The image shares the tender's process, so nothing in its reach may stand between a signal and the
 * end: no handler (it would need rt_sigreturn, by which a guest sets its signal mask), no memory
 * that it can write.  Both signals are blocked in the image's thread for good.  A thread beside it
 * takes them (signals_CPU.S), whose memory is constants and registers.
 */
#include "spt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

enum { LOOKS = 20, LOOK_NS = SIGNAL_NOTICE_S * 1000000000ll / LOOKS };

const uint64_t signals_set = 1 << (SIGINT - 1) | 1 << (SIGTERM - 1); /* as the kernel has it */
const uint64_t signals_one = 1;
const struct timespec signals_zero = { 0, 0 };
const struct timespec signals_look = { 0, LOOK_NS };
const char signals_text[] = "mirage-spt" SIGNAL_NO_NOTICE;

void signals_start(const struct waiter *w)
{
	/* What the image has not seen yet is ready here.  It can write to this: then it may be said
	 * or not that it took no notice. */
	static struct pollfd events = { .events = POLLIN };
	sigset_t all, ends;
	long rc;

	events.fd = w->epoll;
	sigfillset(&all);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_SETMASK, &all, NULL);
	rc = signals_thread(w->event, &events, LOOKS, sizeof(signals_text) - 1);
	if (rc < 0)
		die("no thread for signals: clone: %s", strerror((int)-rc));
	sigprocmask(SIG_SETMASK, &ends, NULL);
}
