/* threads.c: threads and signals; what it prints is the same on Linux and in an image.
 *
 *	threads [HOW]    exit, main-exits, abort, overflow, signal: how it ends
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static void line(const char *what, long value)
{
	printf("%s %ld\n", what, value);
	fflush(stdout);
}

/* ---- locks ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static __thread int mine = 7;
static int total, turn;

static void *adds(void *arg)
{
	long n = (long)arg;

	errno = (int)n;
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&mutex);
		total++;
		mine++;
		if (i % 16 == 0)
			usleep(1);
		pthread_mutex_unlock(&mutex);
	}
	return (void *)(n * 1000 + errno * 10 + (mine == 57));
}

static void *takes_turns(void *arg)
{
	int me = (int)(long)arg;

	pthread_mutex_lock(&mutex);
	for (int i = 0; i < 3; i++) {
		while (turn % 4 != me)
			pthread_cond_wait(&cond, &mutex);
		turn++;
		pthread_cond_broadcast(&cond);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void start(pthread_t *t, int n, void *(*fn)(void *))
{
	for (int i = 0; i < n; i++) {
		if (pthread_create(&t[i], NULL, fn, (void *)(long)i))
			line("cannot create", i);
	}
}

static void locks(void)
{
	struct timespec past = { 1, 0 }, soon;
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	pthread_t t[8];
	void *result;

	start(t, 8, adds);
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], &result);
		line("joined", (long)result);
	}
	line("total", total);
	start(t, 4, takes_turns);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	line("turns", turn);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	line("unlock", pthread_mutex_unlock(&m));
	line("lock", pthread_mutex_lock(&m));
	line("again", pthread_mutex_lock(&m));
	line("try", pthread_mutex_trylock(&m));
	pthread_mutex_unlock(&m);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attr);
	line("lock", pthread_mutex_lock(&m) + pthread_mutex_lock(&m));
	line("unlock", pthread_mutex_unlock(&m) + pthread_mutex_unlock(&m));
	line("once more", pthread_mutex_unlock(&m));
	pthread_mutex_lock(&mutex);
	line("timed lock, too late", pthread_mutex_timedlock(&mutex, &past));
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec = soon.tv_nsec > 980000000 ? 999999999 : soon.tv_nsec + 10000000;
	line("timed wait", pthread_cond_timedwait(&cond, &mutex, &soon));
	pthread_mutex_unlock(&mutex);
}

static void *dies_with_it(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static int serial, readers;

static void *meets(void *arg)
{
	(void)arg;
	pthread_rwlock_rdlock(&rwlock);
	readers++;
	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		serial++;
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_wrlock(&rwlock);
	readers--;
	pthread_rwlock_unlock(&rwlock);
	for (int i = 0; i < 10; i++) {
		pthread_spin_lock(&spin);
		usleep(1);
		pthread_spin_unlock(&spin);
	}
	return NULL;
}

static void others(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	pthread_t t[4];

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&m, &attr);
	pthread_create(&t[0], NULL, dies_with_it, &m);
	pthread_join(t[0], NULL);
	line("owner died", pthread_mutex_lock(&m) == EOWNERDEAD);
	line("consistent", pthread_mutex_consistent(&m) + pthread_mutex_unlock(&m));
	line("inherit", pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT));
	pthread_barrier_init(&barrier, NULL, 4);
	pthread_spin_init(&spin, 0);
	start(t, 4, meets);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	line("serial", serial);
	line("readers", readers);
}

/* ---- keys, once, attributes, C11, semaphores ---- */

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int destroyed, times;
static sem_t semaphore;

static void destroy(void *value)
{
	destroyed += (int)(long)value;
}

static void init(void)
{
	times++;
}

static void *has_key(void *arg)
{
	pthread_once(&once, init);
	pthread_setspecific(key, (void *)((long)arg + 1));
	sem_post(&semaphore);
	return pthread_getspecific(key);
}

static void *deep(void *arg)
{
	volatile char page[900 * 1024];

	page[0] = 1;
	for (size_t i = 0; i < sizeof(page); i += 4096)
		page[i] = (char)i;
	return (void *)(long)(page[4096] + (arg != NULL));
}

static int eleven(void *arg)
{
	return *(int *)arg + 11;
}

static void rest(void)
{
	pthread_attr_t attr;
	pthread_t t[3];
	thrd_t c11;
	void *result;
	int x = 5, y;

	pthread_key_create(&key, destroy);
	sem_init(&semaphore, 0, 0);
	start(t, 3, has_key);
	for (int i = 0; i < 3; i++)
		sem_wait(&semaphore);
	line("trywait", sem_trywait(&semaphore));
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	line("destroyed", destroyed);
	line("once", times);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 20);
	pthread_create(&t[0], &attr, deep, NULL);
	pthread_join(t[0], &result);
	line("deep", (long)result);
	thrd_create(&c11, eleven, &x);
	thrd_join(c11, &y);
	line("C11", y);
	for (int i = 0; i < 500; i++) {
		pthread_create(&t[0], NULL, has_key, NULL);
		if (i % 2)
			pthread_detach(t[0]);
		else
			pthread_join(t[0], NULL);
	}
	for (int i = 0; i < 500; i++)
		sem_wait(&semaphore);
	line("five hundred", times);
}

/* ---- cancellation ---- */

static int cleaned;

static void clean(void *arg)
{
	cleaned += (int)(long)arg;
}

static void *sleeps(void *arg)
{
	pthread_cleanup_push(clean, (void *)1);
	sem_post(&semaphore);
	if (!arg)
		sleep(1000);
	else
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

static void *waits(void *arg)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push((void (*)(void *))pthread_mutex_unlock, &mutex);
	sem_post(&semaphore);
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(1);
	return arg;
}

static void *refuses(void *arg)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	sem_post(&semaphore);
	usleep(20000);
	cleaned += 100;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	pthread_testcancel();
	return arg;
}

static void cancels(void)
{
	void *(*fns[])(void *) = { sleeps, sleeps, waits, refuses };
	pthread_t t[4];
	void *result;

	for (int i = 0; i < 4; i++) {
		pthread_create(&t[i], NULL, fns[i], (void *)(long)i);
		sem_wait(&semaphore);
		usleep(1000);
		pthread_cancel(t[i]);
		pthread_join(t[i], &result);
		line("cancelled", result == PTHREAD_CANCELED);
	}
	line("cleaned", cleaned);
	line("the lock is free", pthread_mutex_trylock(&mutex));
	pthread_mutex_unlock(&mutex);
}

/* ---- signals ---- */

static volatile int got, info_value;
static sigjmp_buf back;

static void on(int number)
{
	got = got * 100 + number;
}

static void on_info(int number, siginfo_t *info, void *context)
{
	(void)context;
	info_value = info->si_value.sival_int;
	on(number);
}

static void leaves(int number)
{
	siglongjmp(back, number);
}

static void *usr1(void *arg)
{
	usleep(1000);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

static void *reads(void *arg)
{
	char c = 0;
	long n = read(*(int *)arg, &c, 1);

	return (void *)(n < 0 ? -errno : n);
}

static void calls_go_on(int flags, const char *what)
{
	struct sigaction a = { .sa_handler = on, .sa_flags = flags };
	pthread_t t;
	void *result;
	int p[2];

	if (pipe(p) < 0)
		return;
	sigaction(SIGUSR1, &a, NULL);
	got = 0;
	pthread_create(&t, NULL, reads, &p[0]);
	usleep(20000);
	pthread_kill(t, SIGUSR1);
	usleep(20000);
	if (write(p[1], "x", 1) != 1)
		line("write", errno);
	pthread_join(t, &result);
	line(what, (long)result);
	line("handled", got);
	close(p[0]);
	close(p[1]);
}

static void expired(union sigval value)
{
	info_value = value.sival_int;
	sem_post(&semaphore);
}

static void signals(void)
{
	struct sigaction a = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO }, old;
	struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = expired };
	struct itimerval soon = { { 0, 0 }, { 0, 2000 } };
	struct itimerspec once_soon = { { 0, 0 }, { 0, 2000000 } };
	struct timespec long_time = { 100, 0 }, short_time = { 0, 1000000 };
	pthread_t self = pthread_self(), t;
	timer_t timer;
	sigset_t set;
	int number;

	signal(SIGUSR1, on);
	signal(SIGALRM, on);
	line("raise", raise(SIGUSR1));
	line("got", got);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	line("blocked", got);
	sigpending(&set);
	line("pending", sigismember(&set, SIGUSR1));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	line("got once", got);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&t, NULL, usr1, &self);
	line("sigwait", sigwait(&set, &number));
	line("which", number);
	pthread_join(t, NULL);
	line("in vain", sigtimedwait(&set, NULL, &short_time));
	line("errno", errno);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	got = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	line("sleep", nanosleep(&long_time, NULL));
	line("errno", errno);
	line("alarm", got);
	sigaction(SIGRTMIN + 1, &a, &old);
	got = 0;
	for (int i = 1; i <= 3; i++)
		sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i });
	line("queued", info_value);
	signal(SIGUSR2, leaves);
	number = sigsetjmp(back, 1);
	if (number == 0)
		raise(SIGUSR2);
	line("left", number);
	sigprocmask(SIG_SETMASK, NULL, &set);
	line("unblocked", sigismember(&set, SIGUSR2));
	calls_go_on(SA_RESTART, "restarted");
	calls_go_on(0, "interrupted");
	event.sigev_value.sival_int = 77;
	line("timer", timer_create(CLOCK_MONOTONIC, &event, &timer));
	timer_settime(timer, 0, &once_soon, NULL);
	sem_wait(&semaphore);
	line("expired", info_value);
	timer_delete(timer);
	signal(SIGPIPE, on);
}

/* ---- ends ---- */

static void *ends(void *arg)
{
	(void)arg;
	usleep(1000);
	printf("the last thread\n");
	return NULL;
}

static void *exits(void *arg)
{
	(void)arg;
	exit(3);
}

static int recurse(int n)
{
	volatile char here[512];

	here[0] = (char)n;
	return n ? recurse(n + 1) + here[0] : 0;
}

static void *overflows(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "digger");
	recurse(1);
	return NULL;
}

static void at_exit(void)
{
	printf("atexit\n");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t t;

	atexit(at_exit);
	if (!strcmp(how, "overflow")) {
		pthread_create(&t, NULL, overflows, NULL);
		pthread_join(t, NULL);
	} else if (!strcmp(how, "exit")) {
		pthread_create(&t, NULL, exits, NULL);
		pause();
	} else if (!strcmp(how, "main-exits")) {
		pthread_create(&t, NULL, ends, NULL);
		pthread_exit(NULL);
	} else if (!strcmp(how, "abort")) {
		abort();
	} else if (!strcmp(how, "signal")) {
		raise(SIGTERM);
	} else if (!strcmp(how, "wait")) {
		printf("waits\n");
		fflush(stdout);
		pause();
	} else if (!strcmp(how, "handle")) {
		signal(SIGTERM, on);
		printf("waits\n");
		fflush(stdout);
		pause();
		line("then", got);
	} else {
		locks();
		others();
		rest();
		cancels();
		signals();
	}
	return 0;
}
