/* signals.c: SIGTERM and SIGINT of mirage-hvt: handlers in the thread that runs the guest, which
 * interrupt KVM_RUN.  A guest cannot reach them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "hvt.h"

static struct {
	int event;
	bool shutdown, asked;
	volatile bool noticed;
	char text[128]; /* what is said: all that a handler needs is made before */
	size_t len;
} on_signal;

static void tell(void)
{
	ssize_t n = write(STDERR_FILENO, on_signal.text, on_signal.len);

	(void)n; /* nobody reads it */
}

static void handle_end(int number)
{
	static const struct itimerval notice = { .it_value.tv_sec = SIGNAL_NOTICE_S };
	static const uint64_t one = 1;
	int saved = errno;

	(void)number;
	if (!on_signal.shutdown)
		tell();
	if (!on_signal.shutdown || on_signal.asked)
		_exit(on_signal.shutdown ? SIGNAL_KILLED : 1);
	on_signal.asked = true;
	if (write(on_signal.event, &one, sizeof(one)) < 0)
		_exit(SIGNAL_KILLED);
	setitimer(ITIMER_REAL, &notice, NULL);
	errno = saved;
}

static void handle_alarm(int number)
{
	int saved = errno;

	(void)number;
	if (!on_signal.noticed)
		tell();
	errno = saved;
}

void signals_noticed(void)
{
	on_signal.noticed = true;
}

void signals_open(struct waiter *w, bool shutdown)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGALRM };
	struct sigaction a = { .sa_flags = 0 };

	sigemptyset(&a.sa_mask);
	for (int i = 0; i < 3; i++)
		sigaddset(&a.sa_mask, numbers[i]);
	on_signal.shutdown = shutdown;
	on_signal.len = (size_t)snprintf(on_signal.text, sizeof(on_signal.text), "%s%s",
	    tender_name, shutdown ? SIGNAL_NO_NOTICE : ": ended by a signal\n");
	if (shutdown) {
		waiter_event(w);
		on_signal.event = w->event;
	}
	for (int i = 0; i < 3; i++) {
		a.sa_handler = numbers[i] == SIGALRM ? handle_alarm : handle_end;
		if (sigaction(numbers[i], &a, NULL) < 0)
			die("sigaction: %s", strerror(errno));
	}
}

void signals_filter(struct filter *f)
{
	filter_test(filter_rule(f, SYS_setitimer), 0, RULE_INT_EQ, ITIMER_REAL, 0);
	filter_allow(f, SYS_rt_sigreturn);
}
