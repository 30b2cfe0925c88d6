/* deliver.c: signals that come, wait, and are handled. */
#include <errno.h>
#include <mir/log.h>
#include <mir/loop.h>
#include <mir/panic.h>
#include <mir/switch.h>
#include <mir/target.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "calls.h"
#include "file.h"
#include "signals.h"
#include "thread.h"

MIR_LOG_SOURCE(posix);

#define BIT(n)  ((uint64_t)1 << ((n)-1))
#define IGNORED (BIT(SIGCHLD) | BIT(SIGURG) | BIT(SIGWINCH) | BIT(SIGCONT))
#define STOPS   (BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))
#define BUGS                                                                                       \
	(BIT(SIGABRT) | BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGQUIT) |    \
	    BIT(SIGSYS) | BIT(SIGTRAP) | BIT(SIGXCPU) | BIT(SIGXFSZ))
/* Nobody can do anything about these. */
#define FORCED (BIT(SIGKILL) | BIT(SIGSTOP))

enum { FIRST_REALTIME = 32, BY_SIGNAL = 128, INTERRUPTED = 130 };

struct mir_action mir_actions[MIR_SIGNALS + 1];

static struct mir_signals process; /* for whichever thread does not block it */
static unsigned queued;
static bool program, asked;

/* ---- queues ---- */

static void append(struct mir_signals *q, struct mir_signal *s)
{
	s->next = NULL;
	s->queued = true;
	*(q->head ? &q->end->next : &q->head) = s;
	q->end = s;
}

static void remove_from(struct mir_signals *q, struct mir_signal *gone)
{
	struct mir_signal *last = NULL;
	bool more = false;

	for (struct mir_signal **p = &q->head, *s; (s = *p) != NULL;) {
		if (s == gone) {
			*p = s->next;
			s->queued = false;
			continue;
		}
		more |= s->number == gone->number;
		last = s;
		p = &s->next;
	}
	q->end = last;
	if (!more)
		q->set &= ~BIT(gone->number);
}

static struct mir_signal *first(const struct mir_signals *q, int number)
{
	struct mir_signal *s = q->head;

	while (s && s->number != number)
		s = s->next;
	return s;
}

/* A signal without an entry was sent when there was no memory for one. */
static void take(struct mir_signals *q, int number, struct mir_signal *out)
{
	struct mir_signal *s = first(q, number);

	*out = s ? *s : (struct mir_signal){ .number = number };
	if (!s) {
		q->set &= ~BIT(number);
		return;
	}
	remove_from(q, s);
	if (!s->kept) {
		queued--;
		free(s);
	}
}

static void discard(struct mir_signals *q, uint64_t set)
{
	struct mir_signal ignored;

	while (q->set & set)
		take(q, (int)mir_low_bit(q->set & set) + 1, &ignored);
}

uint64_t mir_signals_pending(const struct mir_thread *t)
{
	return t->pending.set | process.set;
}

bool mir_signals_take(struct mir_thread *t, uint64_t set, struct mir_signal *out)
{
	struct mir_signals *q = t->pending.set & set ? &t->pending : &process;
	uint64_t any = q->set & set;

	if (!any)
		return false;
	take(q, (int)mir_low_bit(any) + 1, out);
	return true;
}

void mir_signals_forget(struct mir_signal *s)
{
	if (!s->queued)
		return;
	remove_from(&process, s);
	for (struct mir_thread *t = &mir_thread_first; t; t = t->next)
		remove_from(&t->pending, s);
}

/* ---- who is told ---- */

static bool has_some(const struct mir_thread *t)
{
	return mir_signals_pending(t) & (~t->blocked | FORCED);
}

static void tell(struct mir_thread *t)
{
	if (!t->fiber || t->over)
		return;
	if (t->interrupted || has_some(t))
		mir_cancel(t->fiber);
	else if (t != &mir_thread_first || !mir_shutting_down())
		mir_uncancel(t->fiber);
	if (t->awaited & mir_signals_pending(t))
		mir_wake_one(&t->signal);
}

void mir_signals_changed(void)
{
	tell(mir_thread_self());
}

void mir_signals_block(struct mir_thread *t, uint64_t set)
{
	t->blocked = set & ~FORCED;
	tell(t);
}

/* One that waits for it, else the main thread, else any that does not block it. */
static struct mir_thread *choose(int number)
{
	struct mir_thread *found = NULL;

	for (struct mir_thread *t = &mir_thread_first; t; t = t->next) {
		if (t->over || !t->fiber)
			continue;
		if (t->awaited & BIT(number))
			return t;
		if (!found && !(t->blocked & BIT(number)))
			found = t;
	}
	return found;
}

static bool is_ignored(int number)
{
	void (*handler)(int) = mir_actions[number].handler;

	return handler == SIG_IGN ||
	       (handler == SIG_DFL && (IGNORED | (STOPS & ~FORCED)) & BIT(number));
}

/* SIGSTOP too: there is nobody who could let the process go on. */
static bool nobody_cares(const struct mir_thread *t, int number)
{
	if (number == SIGSTOP)
		return true;
	if (!is_ignored(number))
		return false;
	if (t)
		return !((t->blocked | t->awaited) & BIT(number));
	for (t = &mir_thread_first; t; t = t->next) {
		if ((t->blocked | t->awaited) & BIT(number))
			return false;
	}
	return true;
}

static long enqueue(struct mir_signals *q, struct mir_signal *from)
{
	struct mir_signal *s = from;
	bool again = q->set & BIT(from->number);

	if (again && (from->number < FIRST_REALTIME || from->queued))
		return 0;
	if (!from->kept) {
		s = queued < MIR_SIGNALS_QUEUED ? malloc(sizeof(*s)) : NULL;
		if (!s && from->number >= FIRST_REALTIME)
			return -EAGAIN;
	}
	q->set |= BIT(from->number);
	if (!s)
		return 0;
	if (!from->kept) {
		*s = *from;
		queued++;
	}
	append(q, s);
	return 0;
}

long mir_signals_send(struct mir_thread *t, struct mir_signal *from)
{
	long rc;

	if (nobody_cares(t, from->number))
		return 0;
	rc = enqueue(t ? &t->pending : &process, from);
	if (rc == 0 && (t || (t = choose(from->number)) != NULL))
		tell(t);
	if (mir_signalfd_changed)
		mir_signalfd_changed();
	return rc;
}

/* ---- what is done ---- */

/* In order where the program does not say otherwise, as after exit(). */
MIR_NORETURN static void end_by(int number)
{
	if (BUGS & BIT(number)) {
		if (number == SIGABRT)
			mir_panic("abort() was called");
		mir_panic("the program sent itself signal %d", number);
	}
	mir_info("ended by signal %d (%s)", number, strsignal(number));
	mir_sys_exit_group(BY_SIGNAL + number);
	mir_panic("the end has no end");
}

void mir_signals_info(void *siginfo, const struct mir_signal *s)
{
	siginfo_t *info = siginfo;

	memset(info, 0, sizeof(*info));
	info->si_signo = s->number;
	info->si_code = s->code;
	info->si_pid = s->from; /* si_timerid is in the same place, */
	info->si_value = s->value;
	if (s->code == SI_TIMER) /* and si_overrun in that of the user */
		memcpy((char *)info + offsetof(siginfo_t, si_uid), &s->overrun, sizeof(int));
}

struct call {
	const struct mir_action *action;
	siginfo_t info;
	ucontext_t context;
	void *from, *to; /* contexts, where the handler has a stack of its own */
};

static void call_handler(struct call *c)
{
	union {
		void (*plain)(int);
		void (*with_info)(int, siginfo_t *, void *);
	} handler = { c->action->handler };

	if (c->action->flags & SA_SIGINFO)
		handler.with_info(c->info.si_signo, &c->info, &c->context);
	else
		handler.plain(c->info.si_signo);
}

static struct call *to_be_called;

static void on_own_stack(void)
{
	struct call *c = to_be_called;
	void *end;

	call_handler(c);
	mir_switch_plain(&end, c->from);
}

static void call_on(const stack_t *stack, struct call *c)
{
	uintptr_t top = ((uintptr_t)stack->ss_sp + stack->ss_size) & ~(uintptr_t)15;

	c->to = mir_switch_prepare_plain(
	    (char *)stack->ss_sp + (top - (uintptr_t)stack->ss_sp), on_own_stack);
	to_be_called = c;
	mir_switch_plain(&c->from, c->to);
}

/* On the thread's stack, or on that of sigaltstack. */
static void handle(struct mir_thread *t, const struct mir_signal *s, const struct mir_action *a)
{
	struct call c = { .action = a };
	bool own = a->flags & SA_ONSTACK && !(t->stack.ss_flags & SS_DISABLE) && !t->on_stack;

	mir_signals_info(&c.info, s);
	memcpy(&c.context.uc_sigmask, &t->blocked, sizeof(t->blocked));
	c.context.uc_stack = t->stack;
	mir_signals_block(t, t->blocked | a->mask | (a->flags & SA_NODEFER ? 0 : BIT(s->number)));
	if (own) {
		t->on_stack = true;
		call_on(&t->stack, &c);
		t->on_stack = false;
	} else {
		call_handler(&c);
	}
	memcpy(&t->blocked, &c.context.uc_sigmask, sizeof(t->blocked));
	mir_signals_block(t, t->blocked);
}

/* True: a handler ran that does not want calls to be made again. */
static bool deliver(struct mir_thread *t, bool *handled)
{
	struct mir_signal s;
	bool interrupts = false;

	while (mir_signals_take(t, ~t->blocked | FORCED, &s)) {
		struct mir_action a = mir_actions[s.number];

		if (is_ignored(s.number))
			continue;
		if (a.handler == SIG_DFL)
			end_by(s.number);
		if (a.flags & SA_RESETHAND)
			mir_actions[s.number].handler = SIG_DFL;
		interrupts |= !(a.flags & SA_RESTART);
		*handled = true;
		handle(t, &s, &a);
	}
	return interrupts;
}

bool mir_posix_again(long result)
{
	struct mir_thread *t = mir_thread_now;
	bool handled = false, interrupts;

	if (mir_likely(!t || !mir_cancelled()))
		return false;
	interrupts = deliver(t, &handled) || t->interrupted;
	t->interrupted = false;
	tell(t);
	return result == -EINTR && !interrupts && !mir_cancelled();
}

bool mir_signals_handle(struct mir_thread *t)
{
	bool handled = false;

	deliver(t, &handled);
	handled |= t->interrupted;
	t->interrupted = false;
	tell(t);
	return handled;
}

bool mir_posix_again_unhandled(long result)
{
	struct mir_thread *t = mir_thread_now;
	bool handled;

	if (mir_likely(!t || !mir_cancelled()))
		return false;
	handled = mir_signals_handle(t);
	return result == -EINTR && !handled && !mir_cancelled();
}

uint64_t mir_signals_mask_begin(const uint64_t *set)
{
	struct mir_thread *t = mir_thread_self();
	uint64_t was = t->blocked;

	mir_signals_block(t, *set);
	return was;
}

long mir_signals_mask_end(uint64_t was, long result)
{
	mir_posix_again(result);
	mir_signals_block(mir_thread_self(), was);
	mir_posix_again(0);
	return result;
}

/* ---- from outside ---- */

/* Programs of another kind, which have no handler, end as they do without this layer. */
static void shutdown(const char *why)
{
	struct mir_signal s = { .number = SIGTERM, .code = SI_USER };
	const struct mir_action *a = &mir_actions[SIGTERM];

	if (!program && a->handler == SIG_DFL) {
		mir_shutdown(why);
		return;
	}
	if (asked)
		mir_target_exit(INTERRUPTED);
	asked = true;
	mir_info("%s: SIGTERM to the program; once more ends at once", why);
	mir_signals_send(NULL, &s);
}

void mir_signals_begin(void)
{
	mir_thread_first.stack.ss_flags = SS_DISABLE;
	mir_shutdown_hook = shutdown;
}

void mir_signals_of_program(void)
{
	program = true;
}

/* What has come for it goes; what has come for the process is for another. */
void mir_signals_leave(struct mir_thread *t)
{
	discard(&t->pending, ~UINT64_C(0));
	t->awaited = 0;
	for (uint64_t set = process.set; set; set &= set - 1) {
		struct mir_thread *other = choose((int)mir_low_bit(set) + 1);

		if (other)
			tell(other);
	}
}

/* An action that ignores a signal makes those that have come vanish. */
void mir_signals_ignored(int number)
{
	if (!is_ignored(number))
		return;
	discard(&process, BIT(number));
	for (struct mir_thread *t = &mir_thread_first; t; t = t->next) {
		discard(&t->pending, BIT(number));
		tell(t);
	}
}
