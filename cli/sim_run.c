/* sim_run.c: one simulation: whose turn is next. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "sim_run.h"

enum { GRACE = 60, STILL = 100000 }; /* seconds to end in; turns at one time that are a bug */

static const int64_t BILLION = 1000000000;

void sim_fail(struct sim_world *w, const struct place *at, const char *fmt, ...)
{
	char text[512], when[32];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	fflush(stdout);
	diag_error(at, "at %s s: %s", sim_time(w->now, when), text);
	sim_trace(w, "fails: %s", text);
	w->failures++;
}

/* When the process has something to do; SIM_NEVER. */
static int64_t process_next(const struct sim_process *p)
{
	int64_t next = sim_cables_next(p);

	if (p->alive)
		next = MIR_MIN(next, p->pending.len ? p->world->now : p->wake);
	if (p->alive && p->paused_until)
		next = p->paused_until;
	return MIR_MAX(next, p->world->now);
}

static int64_t next_event(const struct sim_world *w)
{
	int64_t next = sim_timed_next(w);

	for (size_t i = 0; i < w->scenario->n_images; i++)
		next = MIR_MIN(next, process_next(&w->processes[i]));
	return next;
}

/* Keeps to the speed that was asked for. */
static void pace(const struct sim_world *w, int64_t until)
{
	static struct timespec start;
	struct timespec t;
	int64_t ns;

	if (w->settings->speed <= 0)
		return;
	if (!start.tv_sec)
		clock_gettime(CLOCK_MONOTONIC, &start);
	fflush(stdout);
	ns = start.tv_nsec + (int64_t)((double)until / w->settings->speed);
	t.tv_sec = start.tv_sec + ns / BILLION;
	t.tv_nsec = ns % BILLION;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
}

/* Gives a turn to one of those that have something to do now.  Which, where there are several, is
 * up to the seed. */
static void turn(struct sim_world *w)
{
	size_t n = w->scenario->n_images;
	size_t first = (size_t)(sim_draw(w->seed, "turn", w->turns++) % n);

	for (size_t i = 0; i < n; i++) {
		struct sim_process *p = &w->processes[(first + i) % n];

		if (process_next(p) <= w->now) {
			sim_process_turn(p);
			return;
		}
	}
}

static bool all_ended(const struct sim_world *w)
{
	for (size_t i = 0; i < w->scenario->n_images; i++)
		if (w->scenario->ends[i] && w->processes[i].exits == 0)
			return false;
	return w->scenario->has_ends;
}

static bool none_lives(const struct sim_world *w)
{
	for (size_t i = 0; i < w->scenario->n_images; i++)
		if (w->processes[i].alive)
			return false;
	return true;
}

/* Runs until the time `until`, or until nothing more can happen. */
static void run_until(struct sim_world *w, int64_t until)
{
	uint64_t since = w->turns;

	for (;;) {
		int64_t next = next_event(w);

		if (next > until || next == SIM_NEVER)
			break;
		if (w->ending ? none_lives(w) : all_ended(w))
			return;
		if (next > w->now) {
			since = w->turns;
			pace(w, next);
			w->now = next;
		}
		sim_timed_run(w);
		turn(w);
		if (w->turns - since > STILL) {
			sim_fail(w, NULL, "time stands still: images talk to each other for ever");
			return;
		}
	}
	if (next_event(w) != SIM_NEVER)
		w->now = MIR_MAX(w->now, until);
}

static void judge_before_end(struct sim_world *w)
{
	const struct sim_scenario *s = w->scenario;

	for (size_t i = 0; i < s->n_expects; i++) {
		const struct sim_expect *e = &s->expects[i];

		if (e->fact == SIM_RUNS && !w->processes[e->image].alive)
			sim_fail(w, &e->at, "'%s' does not run any more", s->images[e->image].name);
	}
}

/* Who still runs is asked to end. */
static void end_all(struct sim_world *w)
{
	judge_before_end(w);
	w->ending = true;
	for (size_t i = 0; i < w->scenario->n_images; i++) {
		struct sim_process *p = &w->processes[i];

		p->paused_until = 0;
		if (!p->alive || p->asked)
			continue;
		p->asked = true;
		sim_process_tell(p, MIR_SIM_SHUTDOWN, 0, "", 0);
	}
	if (w->failures == 0)
		run_until(w, w->now + GRACE * BILLION);
	for (size_t i = 0; i < w->scenario->n_images; i++) {
		if (!w->processes[i].alive)
			continue;
		if (w->failures == 0)
			sim_fail(w, NULL, "'%s' does not end within %d s of being asked to",
			    w->scenario->images[i].name, GRACE);
		sim_process_end(&w->processes[i]);
	}
}

static void judge_at_end(struct sim_world *w)
{
	const struct sim_scenario *s = w->scenario;

	for (size_t i = 0; i < s->n_expects; i++) {
		const struct sim_expect *e = &s->expects[i];
		const struct sim_process *p = &w->processes[e->image];
		bool printed = e->text && strstr(text_str(&p->printed), e->text);

		if (e->fact == SIM_PRINTS && !printed)
			sim_fail(w, &e->at, "'%s' has not printed '%s'", p->image->name, e->text);
		if (e->fact == SIM_PRINTS_NOT && printed)
			sim_fail(w, &e->at, "'%s' has printed '%s'", p->image->name, e->text);
		if (e->fact == SIM_EXITS && p->exits == 0)
			sim_fail(w, &e->at, "'%s' has not ended by itself", p->image->name);
	}
}

static bool begin(struct sim_world *w)
{
	size_t n = w->scenario->n_images;

	w->processes = mem_new(n * sizeof *w->processes);
	for (size_t i = 0; i < n; i++)
		sim_process_init(w, i);
	if (!sim_trace_open(w) || !sim_cables_open(w))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!w->scenario->images[i].later && !sim_process_start(&w->processes[i]))
			return false;
	sim_timed_plan(w);
	return true;
}

bool sim_run(const struct sim_scenario *s, const struct sim_settings *settings)
{
	struct sim_world w = { .scenario = s, .settings = settings, .seed = settings->seed };
	bool began = begin(&w);
	char when[32];

	if (began) {
		run_until(&w, settings->until ? settings->until : s->until);
		end_all(&w);
		if (w.failures == 0)
			judge_at_end(&w);
	}
	for (size_t i = 0; i < s->n_images; i++)
		sim_process_release(&w.processes[i]);
	sim_cables_close(&w);
	sim_trace_close(&w);
	fflush(stdout);
	if (!began)
		return false;
	if (w.failures)
		diag_note("the same once more: %s", settings->replay);
	diag_info("seed %llu: %s after %s s, %llu turns, trace %016llx", (unsigned long long)w.seed,
	    w.failures ? "failed" : "all as expected", sim_time(w.now, when),
	    (unsigned long long)w.turns, (unsigned long long)w.hash);
	return w.failures == 0;
}
