/* loop.c: the event loop. */
#include <mir/check.h>
#include <mir/loop.h>
#include <mir/panic.h>
#include <mir/target.h>

#include "internal.h"

MIR_LOG_SOURCE(run);

enum {
	FIBER_BUDGET = 256,     /* fibers that run in one turn before devices are looked at again */
	EXIT_INTERRUPTED = 130, /* status after a second request to end */
};

static struct {
	int64_t now;
	struct mir_task *tasks, **tasks_end;
	struct mir_hook *hooks, *later; /* by rank; `later`: of the next turn */
	int rank;                       /* of the hook that runs, -1: none */
	struct mir_fiber *main;
	int (*main_fn)(int argc, char **argv);
	int argc;
	char **argv;
	int status;
	bool running, done, shutting_down;
} l = { .rank = -1 };

void (*mir_shutdown_hook)(const char *why);

int64_t mir_now(void)
{
	return l.running ? l.now : mir_target_monotonic();
}

int64_t mir_now_precise(void)
{
	return mir_target_monotonic();
}

int64_t mir_wall(void)
{
	return mir_target_wall();
}

void mir_post(struct mir_task *t)
{
	if (t->posted)
		return;
	t->posted = true;
	t->next = NULL;
	if (!l.tasks)
		l.tasks_end = &l.tasks;
	*l.tasks_end = t;
	l.tasks_end = &t->next;
}

void mir_unpost(struct mir_task *t)
{
	struct mir_task **p = &l.tasks;

	if (!t->posted)
		return;
	while (*p && *p != t)
		p = &(*p)->next;
	mir_check(*p);
	*p = t->next;
	if (l.tasks_end == &t->next)
		l.tasks_end = p;
	t->posted = false;
}

/* Tasks posted by these run in the next turn. */
static void run_tasks(void)
{
	struct mir_task end = { .run = NULL };

	if (!l.tasks)
		return;
	mir_post(&end);
	for (;;) {
		struct mir_task *t = l.tasks;

		l.tasks = t->next;
		t->posted = false;
		if (t == &end)
			break;
		t->run(t);
	}
}

static void insert_hook(struct mir_hook **list, struct mir_hook *h)
{
	while (*list && (*list)->rank <= h->rank)
		list = &(*list)->next;
	h->next = *list;
	*list = h;
}

void mir_at_turn_end(struct mir_hook *h)
{
	if (h->asked)
		return;
	h->asked = true;
	insert_hook(h->rank > l.rank ? &l.hooks : &l.later, h);
}

/* A hook may ask for one of a higher rank in this turn; others run in the next. */
static void run_hooks(void)
{
	struct mir_hook *h;

	while ((h = l.hooks) != NULL) {
		l.hooks = h->next;
		h->asked = false;
		l.rank = h->rank;
		h->run(h);
	}
	l.rank = -1;
	l.hooks = l.later;
	l.later = NULL;
}

void mir_loop_woke(void)
{
	l.now = mir_target_monotonic();
}

static void turn(void)
{
	bool busy = l.tasks || l.hooks || mir_fibers_ready() || l.done;

	mir_target_poll(busy ? 0 : mir_timers_next());
	l.now = mir_target_monotonic();
	mir_timers_run(l.now);
	run_tasks();
	mir_fibers_run(FIBER_BUDGET);
	run_hooks();
	if (MIR_CHECKED)
		mir_checks_run();
}

static void run_main(void *arg)
{
	(void)arg;
	l.status = l.main_fn(l.argc, l.argv);
	l.main = NULL;
	l.done = true;
}

MIR_COLD void mir_account(const char *why)
{
	struct mir_mem_stats mem;
	struct mir_fiber_stats fibers;

	mir_mem_stats(&mem);
	mir_fiber_stats(&fibers);
	mir_info("%s: alive: %llu packets, %llu memories, %u fibers, %u timers", why,
	    (unsigned long long)mem.packets, (unsigned long long)mem.mems, fibers.alive,
	    mir_timers_count());
}

int mir_loop_run(int (*main_fn)(int argc, char **argv), int argc, char **argv)
{
	mir_check(!l.running);
	l.main_fn = main_fn;
	l.argc = argc;
	l.argv = argv;
	l.now = mir_target_monotonic();
	l.running = true;
	mir_shutdown_hook = mir_shutdown;
	mir_timers_reset(l.now);
	l.main = mir_fiber_spawn_main(run_main, NULL);
	if (!l.main)
		mir_panic("no memory for the main fiber's stack: give the image more");
	while (!l.done)
		turn();
	if (mir_log_wants(&mir_log_this, MIR_DEBUG))
		mir_account("the end");
	l.running = false;
	return l.status;
}

MIR_COLD void mir_shutdown(const char *why)
{
	if (l.shutting_down)
		mir_target_exit(EXIT_INTERRUPTED);
	l.shutting_down = true;
	mir_info("%s: ending; once more ends at once", why);
	if (l.main)
		mir_cancel(l.main);
}

bool mir_shutting_down(void)
{
	return l.shutting_down;
}

void mir_shutdown_acknowledge(void)
{
	if (l.main)
		mir_uncancel(l.main);
}

void mir_loop_reset(void)
{
	memset(&l, 0, sizeof(l));
	l.rank = -1;
}
