/* Threads, futexes, signals and timers as system calls. */
#include <errno.h>
#include <mir/test.h>
#include <mir/time.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>

#include "../calls.h"
#include "../signals.h"
#include "../socket_calls.h"
#include "../thread.h"

enum {
	WAIT,
	WAKE,
	REQUEUE = 3,
	CMP_REQUEUE,
	WAKE_OP,
	LOCK_PI,
	UNLOCK_PI,
	TRYLOCK_PI,
	WAIT_BITSET,
	WAKE_BITSET
};
enum { STACK = 256 * 1024, SET = 8 };

static int word, other;
static unsigned woken;

static void begin(void)
{
	mir_thread_first.fiber = NULL;
	mir_thread_first.blocked = 0;
	mir_thread_begin();
	memset(mir_actions, 0, sizeof(*mir_actions) * (MIR_SIGNALS + 1));
	word = other = 0;
	woken = 0;
}

/* ---- threads ---- */

struct thread {
	void *stack;
	int tid, clear;
	int (*fn)(void *);
};

static long start(struct thread *t, int (*fn)(void *), void *arg)
{
	static char tls[64];

	t->stack = aligned_alloc(4096, STACK);
	t->clear = 1;
	return mir_thread_clone(
	    fn, arg, t->stack, (char *)t->stack + STACK, 0, &t->tid, tls, &t->clear);
}

static void join(struct thread *t)
{
	while (t->clear)
		mir_sys_futex(&t->clear, WAIT, 1, NULL, NULL, 0);
	mir_sleep(1); /* the loop buries it */
	free(t->stack);
}

static int tid_seen;

static int one(void *arg)
{
	tid_seen = (int)mir_sys_gettid();
	errno = *(int *)arg;
	mir_sleep(MIR_MS(1));
	woken += errno == *(int *)arg;
	return 0;
}

static void clones(void)
{
	struct thread a, b;
	int x = 55, y = 66;

	begin();
	errno = 77;
	ok(start(&a, one, &x) > 1 && start(&b, one, &y) == a.tid + 1, "two threads");
	ok(mir_thread_find(a.tid) && mir_thread_find(1) == mir_thread_self(), "are found");
	join(&a);
	join(&b);
	ok(woken == 2 && errno == 77 && tid_seen == b.tid, "each has its errno");
	ok(!mir_thread_find(a.tid) && mir_sys_tkill(a.tid, 0) == -ESRCH, "and ends");
}

/* ---- futex ---- */

static void waiter(void *arg)
{
	if (mir_sys_futex(arg, WAIT_BITSET, 0, NULL, NULL, 3) == 0)
		woken++;
}

static void wait_and_wake(void)
{
	static const struct timespec moment = { 0, 1000000 }, wrong = { 0, -1 };
	struct timespec at;

	begin();
	ok(mir_sys_futex(&word, WAIT, 1, NULL, NULL, 0) == -EAGAIN, "another value");
	ok(mir_sys_futex(&word, WAIT, 0, &moment, NULL, 0) == -ETIMEDOUT, "a time");
	ok(mir_sys_futex(&word, WAIT, 0, &wrong, NULL, 0) == -EINVAL, "no time");
	ok(mir_sys_futex((int *)((char *)&word + 1), WAKE, 1, NULL, NULL, 0) == -EINVAL, "no word");
	mir_sys_clock_gettime(1, &at);
	at.tv_sec++;
	ok(mir_sys_futex(&word, WAIT_BITSET, 0, &at, NULL, 1) == -ETIMEDOUT, "an absolute time");
	mir_sys_clock_gettime(0, &at);
	at.tv_sec++;
	ok(mir_sys_futex(&word, WAIT_BITSET | 0x100, 0, &at, NULL, 1) == -ETIMEDOUT,
	    "of the other clock");
	for (int i = 0; i < 5; i++)
		mir_spawn("waiter", waiter, &word);
	mir_sleep(1);
	ok(mir_sys_futex(&word, WAKE_BITSET, 5, NULL, NULL, 4) == 0, "other bits");
	ok(mir_sys_futex(&word, WAKE_BITSET, 1, NULL, NULL, 1) == 1, "one of them");
	ok(mir_sys_futex(&other, WAKE, 9, NULL, NULL, 0) == 0, "another word");
	mir_sleep(1);
	ok(woken == 1, "only one goes on");
	ok(mir_sys_futex(&word, WAKE, 9, NULL, NULL, 0) == 4, "all others");
	mir_sleep(1);
	ok(woken == 5, "go on");
}

static void stubborn(void *arg)
{
	(void)arg;
	while (*(volatile int *)&word == 1)
		mir_sys_futex(&word, WAIT, 1, NULL, NULL, 0);
	woken++;
}

/* As a lock of the C library waits, in a fiber that is no thread and is cancelled. */
static void cancelled(void)
{
	struct mir_fiber *f;

	begin();
	word = 1;
	f = mir_spawn_joinable("stubborn", stubborn, NULL);
	mir_yield();
	mir_cancel(f);
	mir_sleep(MIR_MS(1));
	ok(woken == 0, "who waits on though it is cancelled keeps nobody from running");
	word = 0;
	mir_join(f);
	ok(woken == 1, "and ends");
}

static void requeues(void)
{
	union {
		long n;
		const struct timespec *t;
	} two = { 2 };

	begin();
	for (int i = 0; i < 4; i++)
		mir_spawn("waiter", waiter, &word);
	mir_sleep(1);
	ok(mir_sys_futex(&word, CMP_REQUEUE, 1, two.t, &other, 7) == -EAGAIN, "another value");
	ok(mir_sys_futex(&word, CMP_REQUEUE, 1, two.t, &other, 0) == 3, "one woken, two moved");
	ok(mir_sys_futex(&other, WAKE, 9, NULL, NULL, 0) == 2, "they are there");
	ok(mir_sys_futex(&word, REQUEUE, 0, two.t, &other, 0) == 0, "the last moves");
	/* other += 3; if it was 0, wake those too */
	ok(mir_sys_futex(&word, WAKE_OP, 1, two.t, &other, 1u << 28 | 3 << 12) == 1 && other == 3,
	    "wake by what was there");
	mir_sleep(1);
	ok(woken == 4, "all go on");
}

static int locker(void *arg)
{
	(void)arg;
	if (mir_sys_futex(&word, LOCK_PI, 0, NULL, NULL, 0) == 0 &&
	    mir_sys_futex(&word, UNLOCK_PI, 0, NULL, NULL, 0) == 0)
		woken++;
	return 0;
}

static void inheriting_locks(void)
{
	struct thread t;

	begin();
	ok(mir_sys_futex(&word, LOCK_PI, 0, NULL, NULL, 0) == 0 && word == 1, "mine");
	ok(mir_sys_futex(&word, LOCK_PI, 0, NULL, NULL, 0) == -EDEADLK, "twice");
	start(&t, locker, NULL);
	mir_sleep(1);
	ok((unsigned)word == 0x80000001u, "somebody waits");
	ok(mir_sys_futex(&word, UNLOCK_PI, 0, NULL, NULL, 0) == 0 && word == t.tid, "is given it");
	join(&t);
	ok(word == 0 && woken == 1, "and gives it back");
	ok(mir_sys_futex(&word, UNLOCK_PI, 0, NULL, NULL, 0) == -EPERM, "not mine");
	word = 999;
	ok(mir_sys_futex(&word, LOCK_PI, 0, NULL, NULL, 0) == -ESRCH, "of nobody");
}

/* ---- signals ---- */

static int seen[8], n_seen;
static int value_seen;

static void on_signal(int number)
{
	seen[n_seen++ % 8] = number;
}

static void on_info(int number, siginfo_t *info, void *context)
{
	(void)context;
	value_seen = info->si_value.sival_int;
	on_signal(number);
}

static void handler(int number, void (*fn)(int), unsigned long flags, uint64_t mask)
{
	struct mir_action a = { fn, flags, NULL, mask };

	mir_sys_rt_sigaction(number, &a, NULL, SET);
	n_seen = 0;
}

static uint64_t block(int how, uint64_t set)
{
	uint64_t was;

	mir_sys_rt_sigprocmask(how, &set, &was, SET);
	return was;
}

static void handlers(void)
{
	union {
		void (*info)(int, siginfo_t *, void *);
		void (*plain)(int);
	} with_info = { on_info };
	siginfo_t info = { .si_code = SI_QUEUE };
	uint64_t pending, usr1 = mir_signal_bit(SIGUSR1), rt = mir_signal_bit(40);

	begin();
	handler(SIGUSR1, on_signal, 0, 0);
	ok(mir_sys_tkill(1, SIGUSR1) == 0 && n_seen == 1, "at once");
	block(SIG_BLOCK, usr1);
	ok(mir_sys_kill(1, SIGUSR1) == 0 && mir_sys_kill(0, SIGUSR1) == 0 && n_seen == 1,
	    "blocked");
	mir_sys_rt_sigpending(&pending, SET);
	ok(pending == usr1, "pending");
	ok(block(SIG_UNBLOCK, usr1) == usr1 && n_seen == 2, "once, when it is not");
	handler(40, with_info.plain, SA_SIGINFO, 0);
	block(SIG_BLOCK, rt);
	for (int i = 1; i <= 3; i++) {
		info.si_value.sival_int = i;
		mir_sys_rt_sigqueueinfo(1, 40, &info);
	}
	block(SIG_SETMASK, 0);
	ok(n_seen == 3 && value_seen == 3, "realtime signals queue");
	handler(SIGUSR1, on_signal, SA_RESETHAND, 0);
	mir_sys_tkill(1, SIGUSR1);
	ok(mir_actions[SIGUSR1].handler == SIG_DFL, "SA_RESETHAND");
	ok(mir_sys_tkill(1, SIGCHLD) == 0 && mir_sys_tkill(1, SIGTSTP) == 0, "ignored by default");
	ok(mir_sys_tkill(1, 65) == -EINVAL && mir_sys_kill(7, 0) == -ESRCH, "no such thing");
}

static int kills(void *arg)
{
	mir_sys_kill(1, *(int *)arg);
	return 0;
}

static void interrupts(void)
{
	struct timespec wait = { 5, 0 }, left = { 0, 0 }, moment = { 0, 1000 };
	struct thread t;
	int number = SIGUSR2;
	uint64_t set = mir_signal_bit(SIGUSR2), none = 0;
	siginfo_t info;

	begin();
	handler(SIGUSR2, on_signal, SA_RESTART, 0);
	start(&t, kills, &number);
	ok(mir_sys_nanosleep(&wait, &left) == -EINTR && n_seen == 1 && left.tv_sec >= 4,
	    "a sleep is over, the handler has run");
	join(&t);
	start(&t, kills, &number);
	ok(mir_sys_futex(&word, WAIT, 0, &moment, NULL, 0) == -ETIMEDOUT && n_seen == 2,
	    "a wait goes on where SA_RESTART is set");
	join(&t);
	block(SIG_BLOCK, set);
	start(&t, kills, &number);
	ok(mir_sys_rt_sigtimedwait(&set, &info, NULL, SET) == SIGUSR2 && n_seen == 2 &&
		info.si_signo == SIGUSR2 && info.si_code == SI_USER,
	    "waited for");
	join(&t);
	ok(mir_sys_rt_sigtimedwait(&set, NULL, &moment, SET) == -EAGAIN, "in vain");
	start(&t, kills, &number);
	ok(mir_sys_rt_sigsuspend(&none, SET) == -EINTR && n_seen == 3 &&
		mir_thread_self()->blocked == set,
	    "sigsuspend");
	join(&t);
	mir_sys_tkill(1, SIGUSR2);
	ok(mir_sys_ppoll(NULL, 0, &wait, &none, SET) == -EINTR && n_seen == 4 &&
		mir_thread_self()->blocked == set,
	    "ppoll, by one that has come before");
	mir_sys_tkill(1, SIGUSR2);
	ok(mir_sys_ppoll(NULL, 0, &moment, NULL, SET) == 0 && n_seen == 4 &&
		mir_sys_ppoll(NULL, 0, &moment, &none, 4) == -EINVAL,
	    "which is blocked else");
	ok(mir_sys_pselect6(0, NULL, NULL, NULL, &wait, &(const struct {
		const void *mask;
		size_t size;
	}){ &none, SET }) == -EINTR &&
		n_seen == 5,
	    "pselect");
	handler(SIGUSR2, SIG_IGN, 0, 0);
	mir_sys_tkill(1, SIGUSR2);
	block(SIG_SETMASK, 0);
	ok(n_seen == 0, "ignored");
}

static void read_from_descriptors(void)
{
	struct signalfd_siginfo info[3];
	uint64_t set = mir_signal_bit(SIGUSR1) | mir_signal_bit(40);
	struct thread t;
	int number = SIGUSR1, fd, nothing;

	begin();
	block(SIG_SETMASK, set);
	fd = (int)mir_sys_signalfd4(-1, &set, SET, SFD_NONBLOCK);
	ok(fd >= 0 && mir_sys_read(fd, info, sizeof(info)) == -EAGAIN, "none has come");
	ok(mir_sys_read(fd, info, 8) == -EINVAL, "no room");
	mir_sys_tkill(1, 40);
	mir_sys_kill(1, SIGUSR1);
	ok(mir_sys_read(fd, info, sizeof(info)) == 2 * sizeof(info[0]) && info[0].ssi_signo == 40 &&
		info[1].ssi_signo == SIGUSR1 && info[1].ssi_code == SI_USER,
	    "two");
	mir_sys_close(fd);
	fd = (int)mir_sys_signalfd4(-1, &set, SET, 0);
	start(&t, kills, &number);
	ok(mir_sys_read(fd, info, sizeof(info)) == sizeof(info[0]), "waited for");
	join(&t);
	ok(mir_sys_signalfd4(fd, &set, SET, 0) == fd &&
		mir_sys_signalfd4(99, &set, SET, 0) == -EBADF &&
		mir_sys_signalfd4(fd, &nothing, 4, 0) == -EINVAL,
	    "changed");
	mir_sys_close(fd);
	block(SIG_SETMASK, 0);
}

static char *at;

static void on_stack(int number)
{
	char here[64];

	at = here;
	on_signal(number);
	mir_sleep(1);
}

static void own_stack(void)
{
	stack_t s = { .ss_sp = malloc(STACK), .ss_size = STACK }, old, small = s;
	char *begins = s.ss_sp;

	begin();
	small.ss_size = 100;
	ok(mir_sys_sigaltstack(&small, NULL) == -ENOMEM, "too small");
	ok(mir_sys_sigaltstack(&s, &old) == 0 && old.ss_flags == SS_DISABLE, "a stack");
	handler(SIGUSR1, on_stack, SA_ONSTACK, 0);
	mir_sys_tkill(1, SIGUSR1);
	ok(n_seen == 1 && at >= begins && at < begins + STACK, "is used");
	s.ss_flags = SS_DISABLE;
	mir_sys_sigaltstack(&s, &old);
	ok(old.ss_sp == begins, "and given back");
	free(begins);
}

static void timers(void)
{
	struct itimerval second = { { 1, 0 }, { 1, 0 } }, is, off = { { 0, 0 }, { 0, 0 } };
	struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } }, got;
	struct timespec wait = { 5, 0 };
	uint64_t alarm = mir_signal_bit(SIGALRM);
	int id;

	begin();
	handler(SIGALRM, on_signal, 0, 0);
	ok(mir_sys_setitimer(ITIMER_REAL, &second, NULL) == 0 &&
		mir_sys_setitimer(ITIMER_PROF, &second, NULL) == -EINVAL,
	    "of the real clock");
	ok(mir_sys_nanosleep(&wait, NULL) == -EINTR && n_seen == 1, "it ends");
	ok(mir_sys_getitimer(ITIMER_REAL, &is) == 0 && is.it_interval.tv_sec == 1 &&
		(is.it_value.tv_usec > 0 || is.it_value.tv_sec == 1),
	    "and begins again");
	mir_sys_setitimer(ITIMER_REAL, &off, &is);
	ok(mir_sys_timer_create(1, NULL, &id) == 0 &&
		mir_sys_timer_create(99, NULL, &id) == -EINVAL,
	    "created");
	block(SIG_BLOCK, alarm);
	mir_sys_timer_settime(id, 0, &often, NULL);
	mir_sleep(MIR_MS(20));
	ok(mir_sys_timer_gettime(id, &got) == 0 && got.it_interval.tv_nsec == 1000000, "goes on");
	n_seen = 0;
	block(SIG_SETMASK, 0);
	ok(n_seen == 1 && mir_sys_timer_getoverrun(id) >= 15, "one signal, and many that were not");
	ok(mir_sys_timer_delete(id) == 0 && mir_sys_timer_delete(id) == -EINVAL, "deleted");
}

static void scheduling(void)
{
	int priority = 5, wrong = 100;

	begin();
	ok(mir_sys_sched_setscheduler(0, 1, &priority) == 0 && mir_sys_sched_getscheduler(1) == 1 &&
		mir_sys_sched_setparam(0, &wrong) == -EINVAL,
	    "is remembered");
	ok(mir_sys_sched_get_priority_max(2) == 99 && mir_sys_sched_get_priority_max(77) == -EINVAL,
	    "bounds");
	ok(mir_sys_wait4(-1, NULL, 0, NULL) == -ECHILD, "no children");
}

int main(void)
{
	RUN(clones);
	RUN(wait_and_wake);
	RUN(cancelled);
	RUN(requeues);
	RUN(inheriting_locks);
	RUN(handlers);
	RUN(interrupts);
	RUN(read_from_descriptors);
	RUN(own_stack);
	RUN(timers);
	RUN(scheduling);
	return mir_test_end();
}
