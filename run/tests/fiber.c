/* Fibers, wait queues, deadlines. */
#include <mir/fiber.h>
#include <mir/panic.h>
#include <mir/test.h>
#include <string.h>

static char trace[64];
static unsigned traced;

static void note(char c)
{
	if (traced < sizeof(trace) - 1)
		trace[traced++] = c;
	trace[traced] = '\0';
}

static void note_start(void)
{
	traced = 0;
	trace[0] = '\0';
}

static void letter(void *arg)
{
	const char *s = arg;

	note(s[0]);
	mir_yield();
	note(s[0]);
}

static void order(void)
{
	static char a[] = "a", b[] = "b", c[] = "c";
	struct mir_fiber *f[3];

	note_start();
	f[0] = mir_spawn_joinable("a", letter, a);
	f[1] = mir_spawn_joinable("b", letter, b);
	f[2] = mir_spawn_joinable("c", letter, c);
	note('-');
	for (int i = 0; i < 3; i++)
		ok(mir_join(f[i]) == 0, "joined");
	ok(strcmp(trace, "-abcabc") == 0, "in order of spawning: %s", trace);
}

struct queued {
	struct mir_waitq q;
	int rc[5], n;
	char order[8];
};

static struct queued queued;

static void wait_in_queue(void *arg)
{
	int i = (int)(intptr_t)arg;

	queued.rc[i] = mir_wait(&queued.q);
	queued.order[queued.n++] = (char)('0' + i);
}

static void waitq(void)
{
	struct mir_fiber *f[5];

	memset(&queued, 0, sizeof(queued));
	for (intptr_t i = 0; i < 5; i++)
		f[i] = mir_spawn_joinable("waiter", wait_in_queue, (void *)i);
	mir_yield();
	mir_wake_one(&queued.q);
	mir_yield();
	ok(queued.n == 1 && queued.order[0] == '0', "the first waiter is woken first");
	mir_cancel(f[2]);
	mir_yield();
	ok(queued.rc[2] == MIR_ECANCELED, "cancelled in the middle of the queue");
	mir_wake_all(&queued.q);
	ok(mir_waitq_empty(&queued.q), "all are out of the queue");
	for (int i = 0; i < 5; i++)
		mir_join(f[i]);
	ok(strcmp(queued.order, "02134") == 0, "order %s", queued.order);
	ok(queued.rc[4] == 0, "woken");
}

static void sleep_for(void *arg)
{
	int64_t *ns = arg;
	int64_t from = mir_now();
	int rc = mir_sleep(*ns);

	*ns = rc < 0 ? rc : mir_now() - from;
}

static void sleeping(void)
{
	int64_t a = MIR_MS(10), b = MIR_SECOND(3600), c = 0, before = mir_now();
	struct mir_fiber *fa = mir_spawn_joinable("a", sleep_for, &a);
	struct mir_fiber *fb = mir_spawn_joinable("b", sleep_for, &b);
	struct mir_fiber *fc = mir_spawn_joinable("c", sleep_for, &c);

	mir_join(fc);
	ok(c == 0, "no time to sleep");
	mir_join(fa);
	ok(a >= MIR_MS(10) && a <= MIR_MS(11), "10 ms: %lld ns", (long long)a);
	mir_cancel(fb);
	mir_join(fb);
	ok(b == MIR_ECANCELED, "cancelled while asleep");
	ok(mir_now() - before < MIR_MS(12), "at once");
}

static void deadlines(void)
{
	struct mir_waitq q = { NULL, NULL };
	int64_t from = mir_now(), outer = mir_deadline_set(from + MIR_SECOND(5)), inner;

	inner = mir_deadline_set(from + MIR_SECOND(9));
	ok(mir_wait(&q) == MIR_ETIMEDOUT, "wait ends");
	ok(mir_now() - from >= MIR_SECOND(5) && mir_now() - from < MIR_SECOND(6),
	    "at the earlier deadline");
	ok(mir_wait(&q) == MIR_ETIMEDOUT && mir_sleep(1) == MIR_ETIMEDOUT, "for every call");
	mir_deadline_restore(inner);
	mir_deadline_restore(outer);
	ok(mir_sleep(MIR_SECOND(1)) == 0, "until it is restored");
	ok(mir_waitq_empty(&q), "the queue is empty");
	outer = mir_deadline_set(mir_now() + MIR_MS(5));
	ok(mir_sleep(MIR_SECOND(1)) == MIR_ETIMEDOUT, "a sleep too");
	mir_deadline_restore(outer);
}

static void stubborn(void *arg)
{
	int *n = arg;

	while (mir_sleep(MIR_SECOND(1)) == 0)
		;
	*n = mir_sleep(1) == MIR_ECANCELED && mir_yield() == MIR_ECANCELED && mir_cancelled();
}

static void cancelling(void)
{
	int n = 0;
	struct mir_fiber *f = mir_spawn_joinable("stubborn", stubborn, &n);

	mir_cancel(f);
	mir_join(f);
	ok(n == 1, "cancelled before it ran, and for good");
}

static void join_late(void)
{
	struct mir_waitq q = { NULL, NULL };
	int64_t ns = MIR_SECOND(9), outer;
	struct mir_fiber *f = mir_spawn_joinable("sleeper", sleep_for, &ns);

	outer = mir_deadline_set(mir_now() + MIR_SECOND(1));
	ok(mir_join(f) == MIR_ETIMEDOUT, "join times out");
	mir_deadline_restore(outer);
	ok(strcmp(mir_fiber_name(f), "sleeper") == 0, "the handle is still good");
	ok(mir_sleep(MIR_SECOND(20)) == 0, "it ends meanwhile");
	ok(mir_join(f) == 0, "and is joined");
	ok(mir_waitq_empty(&q), "end");
}

enum { MANY = 10000 };

static unsigned woken;

static void one_of_many(void *arg)
{
	uint8_t local[256];

	memset(local, (int)(intptr_t)arg, sizeof(local));
	mir_wait(&queued.q);
	for (unsigned i = 0; i < sizeof(local); i++)
		mir_check(local[i] == (uint8_t)(intptr_t)arg);
	woken++;
}

static void many(void)
{
	struct mir_fiber_stats st;
	unsigned started = 0;

	memset(&queued, 0, sizeof(queued));
	woken = 0;
	for (intptr_t i = 0; i < MANY; i++)
		started += mir_spawn("many", one_of_many, (void *)i) != NULL;
	ok(started == MANY, "10 000 fibers start");
	for (int i = 0; i < 100; i++)
		mir_yield();
	mir_fiber_stats(&st);
	ok(st.alive == MANY + 1 && st.peak == MANY + 1, "and live");
	mir_wake_all(&queued.q);
	for (int i = 0; i < 100; i++)
		mir_yield();
	mir_fiber_stats(&st);
	ok(woken == MANY && st.alive == 1, "and end");
	ok(st.pooled > 0 && st.pooled <= 1024, "%u stacks are kept", st.pooled);
}

int main(void)
{
	RUN(order);
	RUN(waitq);
	RUN(sleeping);
	RUN(deadlines);
	RUN(cancelling);
	RUN(join_late);
	RUN(many);
	return mir_test_end();
}
