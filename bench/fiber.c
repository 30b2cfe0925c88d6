/* fiber.c: what a fiber costs, beside what the host's C library and kernel offer for the same:
 * a switch (swapcontext), a start with its end (pthread_create), memory while it waits.
 *
 * Prints one line a row: NAME UNIT OURS PEER PEER'S NAME. */
#include <mir/fiber.h>
#include <mir/panic.h>
#include <mir/start.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

enum { SWITCHES = 4000000, SPAWNS = 200000, THREADS = 5000, IDLE = 10000, ROUNDS = 5 };

static int64_t best(int64_t a, int64_t b)
{
	return a == 0 ? b : MIR_MIN(a, b);
}

static unsigned turns;

static void yielder(void *arg)
{
	(void)arg;
	while (turns > 0) {
		turns--;
		mir_yield();
	}
}

static double fiber_switch(void)
{
	int64_t least = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct mir_fiber *a = mir_spawn_joinable("a", yielder, NULL);
		struct mir_fiber *b = mir_spawn_joinable("b", yielder, NULL);
		struct mir_fiber_stats before, after;
		int64_t from;

		turns = SWITCHES;
		mir_fiber_stats(&before);
		from = mir_now_precise();
		mir_join(a);
		mir_join(b);
		from = mir_now_precise() - from;
		mir_fiber_stats(&after);
		least = best(least, from * 1000 / (int64_t)(after.switches - before.switches));
	}
	return (double)least / 1000;
}

static ucontext_t here, there;

static void swapper(void)
{
	for (;;)
		swapcontext(&there, &here);
}

static double ucontext_switch(void)
{
	enum { STACK = 65536, N = SWITCHES / 8 };
	static char stack[STACK];
	static int64_t least;

	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = STACK;
	makecontext(&there, swapper, 0);
	for (int i = 0; i < ROUNDS; i++) {
		int64_t from = mir_now_precise();

		for (int k = 0; k < N; k++)
			swapcontext(&here, &there);
		least = best(least, (mir_now_precise() - from) * 1000 / (2 * N));
	}
	return (double)least / 1000;
}

static void nothing(void *arg)
{
	(void)arg;
}

static double fiber_spawn(void)
{
	int64_t least = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t from = mir_now_precise();

		for (int k = 0; k < SPAWNS; k++)
			mir_join(mir_spawn_joinable("n", nothing, NULL));
		least = best(least, (mir_now_precise() - from) * 1000 / SPAWNS);
	}
	return (double)least / 1000;
}

static void *thread_nothing(void *arg)
{
	return arg;
}

static double thread_spawn(void)
{
	int64_t least = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t from = mir_now_precise();

		for (int k = 0; k < THREADS; k++) {
			pthread_t t;

			mir_check(pthread_create(&t, NULL, thread_nothing, NULL) == 0);
			pthread_join(t, NULL);
		}
		least = best(least, (mir_now_precise() - from) * 1000 / THREADS);
	}
	return (double)least / 1000;
}

/* Resident memory and page tables of this process, bytes; mappings too. */
static long resident(long *mappings)
{
	char line[256];
	long kb, sum = 0;
	FILE *f = fopen("/proc/self/status", "r");

	mir_check(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "VmRSS: %ld", &kb) == 1 || sscanf(line, "VmPTE: %ld", &kb) == 1)
			sum += kb * 1024;
	}
	fclose(f);
	*mappings = 0;
	f = fopen("/proc/self/maps", "r");
	mir_check(f);
	while (fgets(line, sizeof(line), f))
		*mappings += 1;
	fclose(f);
	return sum;
}

static struct mir_waitq idle;

static void waiter(void *arg)
{
	(void)arg;
	mir_wait(&idle);
}

static void idle_fibers(double *bytes, double *mappings)
{
	long maps_before, maps_after, before = resident(&maps_before), after;

	for (int i = 0; i < IDLE; i++)
		mir_check(mir_spawn("idle", waiter, NULL));
	mir_sleep(MIR_MS(50));
	after = resident(&maps_after);
	*bytes = (double)(after - before) / IDLE;
	*mappings = (double)(maps_after - maps_before) / IDLE;
	mir_wake_all(&idle);
	mir_sleep(MIR_MS(50));
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *thread_waiter(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static void idle_threads(double *bytes, double *mappings)
{
	enum { N = 1000 };
	static pthread_t t[N];
	long maps_before, maps_after, before = resident(&maps_before), after;

	pthread_mutex_lock(&gate);
	for (int i = 0; i < N; i++)
		mir_check(pthread_create(&t[i], NULL, thread_waiter, NULL) == 0);
	usleep(100000);
	after = resident(&maps_after);
	*bytes = (double)(after - before) / N;
	*mappings = (double)(maps_after - maps_before) / N;
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
}

int mir_main(int argc, char **argv)
{
	double bytes[2], mappings[2];

	(void)argc;
	(void)argv;
	idle_fibers(&bytes[0], &mappings[0]);
	idle_threads(&bytes[1], &mappings[1]);
	printf("fiber-switch ns %.1f %.1f swapcontext\n", fiber_switch(), ucontext_switch());
	printf("fiber-spawn ns %.0f %.0f pthread_create\n", fiber_spawn(), thread_spawn());
	printf("fiber-idle bytes %.0f %.0f thread\n", bytes[0], bytes[1]);
	printf("fiber-mappings maps %.2f %.2f thread\n", mappings[0], mappings[1]);
	return 0;
}
