/* The timing wheel against a list that is searched. */
#include <mir/fiber.h>
#include <mir/hash.h>
#include <mir/test.h>
#include <mir/timer.h>

#include "../internal.h"

enum { TIMERS = 200, OPERATIONS = 60000, ROUND = 1000, LATE = 1024 };

static struct {
	struct mir_timer timer;
	int64_t want; /* MIR_NEVER: not set */
} model[TIMERS];

static int64_t now, last_fired;
static unsigned fired, early, late, unset, disorder;

static void fire(struct mir_timer *t)
{
	unsigned i = (unsigned)((char *)t - (char *)model) / (unsigned)sizeof(model[0]);

	fired++;
	unset += model[i].want == MIR_NEVER;
	early += model[i].want > now;
	disorder += model[i].want + LATE < last_fired;
	last_fired = MIR_MAX(last_fired, model[i].want);
	model[i].want = MIR_NEVER;
	if (mir_random_below(4) == 0) {
		unsigned other = mir_random_below(TIMERS);

		model[other].want = now + 1 + mir_random_below(1000000);
		mir_timer_set(&model[other].timer, model[other].want);
	}
}

/* A span of any size: nanoseconds to centuries. */
static int64_t span(void)
{
	uint64_t v;

	mir_random(&v, sizeof(v));
	return (int64_t)(v >> (2 + mir_random_below(60)));
}

static void step(void)
{
	unsigned i = mir_random_below(TIMERS);

	switch (mir_random_below(4)) {
	case 0:
	case 1:
		model[i].want = mir_time_add(now, span());
		mir_timer_set(&model[i].timer, model[i].want);
		break;
	case 2:
		model[i].want = MIR_NEVER;
		mir_timer_stop(&model[i].timer);
		break;
	default:
		last_fired = 0;
		if (now < MIR_NEVER / 4)
			now += span() >> mir_random_below(30);
		mir_timers_run(now);
		for (unsigned k = 0; k < TIMERS; k++)
			late += model[k].want <= now - LATE;
		break;
	}
}

static void restart(void)
{
	now = MIR_SECOND(1);
	mir_timers_reset(now);
	for (unsigned i = 0; i < TIMERS; i++) {
		mir_timer_init(&model[i].timer, fire);
		model[i].want = MIR_NEVER;
	}
}

static void against_model(void)
{
	unsigned set = 0, counted_wrong = 0, next_late = 0;

	for (unsigned n = 0; n < OPERATIONS; n++) {
		int64_t first = MIR_NEVER;

		if (n % ROUND == 0)
			restart();
		step();
		set = 0;
		for (unsigned i = 0; i < TIMERS; i++) {
			set += model[i].want != MIR_NEVER;
			first = MIR_MIN(first, model[i].want);
		}
		counted_wrong += set != mir_timers_count();
		next_late += first < MIR_NEVER - LATE && mir_timers_next() > first + LATE;
	}
	ok(fired > 1000 && early == 0, "%u fired, none early", fired);
	ok(late == 0, "none late");
	ok(unset == 0, "none that was not set");
	ok(disorder == 0, "in order of time");
	ok(counted_wrong == 0, "the count is right");
	ok(next_late == 0, "the next is never said to be later than it is");
}

static char order[8];
static unsigned n_order;
static struct mir_timer a, b, c;

static void note(struct mir_timer *t)
{
	order[n_order++] = t == &a ? 'a' : t == &b ? 'b' : 'c';
}

static void stop_others(struct mir_timer *t)
{
	note(t);
	mir_timer_stop(&b);
	mir_timer_set(&c, MIR_SECOND(1));
}

static void same_time(void)
{
	mir_timers_reset(MIR_SECOND(10));
	mir_timer_init(&a, note);
	mir_timer_init(&b, note);
	mir_timer_init(&c, note);
	mir_timer_set(&b, MIR_SECOND(20));
	mir_timer_set(&a, MIR_SECOND(20));
	mir_timer_set(&c, MIR_SECOND(20));
	ok(mir_timers_next() > MIR_SECOND(10) && mir_timers_next() <= MIR_SECOND(20), "next");
	mir_timers_run(MIR_SECOND(21));
	ok(n_order == 3 && memcmp(order, "bac", 3) == 0, "in the order of setting");

	n_order = 0;
	mir_timer_init(&a, stop_others);
	mir_timer_set(&a, MIR_SECOND(30));
	mir_timer_set(&b, MIR_SECOND(30));
	mir_timer_set(&c, MIR_SECOND(30));
	mir_timers_run(MIR_SECOND(31));
	ok(n_order == 1, "stopped and moved by one that fires: %u", n_order);
	ok(mir_timers_next() == 0, "a time that has passed is due at once");
	mir_timers_run(MIR_SECOND(31));
	ok(n_order == 2 && order[1] == 'c' && mir_timers_next() == MIR_NEVER, "and fires");
}

static void edges(void)
{
	n_order = 0;
	mir_timers_reset(0);
	mir_timer_init(&a, note);
	mir_timer_set(&a, MIR_NEVER);
	ok(!mir_timer_is_set(&a), "never is not set");
	mir_timer_set(&a, -5);
	mir_timers_run(0);
	ok(n_order == 1, "before the beginning");
	mir_timer_set(&a, MIR_NEVER - 1);
	ok(mir_timer_is_set(&a) && mir_timers_next() > MIR_SECOND(1000), "the end of time");
	mir_timers_run(MIR_NEVER / 2);
	ok(n_order == 1, "has not come");
	mir_timer_stop(&a);
	mir_timer_stop(&a);
	ok(mir_timers_count() == 0, "stopped twice");
}

static void precise(void)
{
	int64_t worst = 0;

	for (int i = 0; i < 1000; i++) {
		int64_t want = mir_now() + (int64_t)mir_random_below(100000000);

		mir_sleep_until(want);
		worst = MIR_MAX(worst, mir_now() - want);
	}
	ok(worst <= LATE, "under virtual time sleeps end within a microsecond: %lld ns",
	    (long long)worst);
}

int main(void)
{
	RUN_PLAIN(against_model);
	RUN_PLAIN(same_time);
	RUN_PLAIN(edges);
	RUN(precise);
	return mir_test_end();
}
