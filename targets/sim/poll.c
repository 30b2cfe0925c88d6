/* poll.c: when nothing can happen now, it is the time of what happens next. */
#include <mir/loop.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <mir/time.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"

/* A program that waits for the time by turning round would wait for ever: after so many turns at
 * one time each next one takes a microsecond. */
enum { SPIN = 100000 };

static struct mir_sim_event *events;

void mir_sim_event_add(struct mir_sim_event *e)
{
	e->next = events;
	events = e;
}

void mir_sim_event_remove(struct mir_sim_event *e)
{
	for (struct mir_sim_event **p = &events; *p; p = &(*p)->next) {
		if (*p == e) {
			*p = e->next;
			return;
		}
	}
}

static bool spinning(void)
{
	static int64_t since;
	static unsigned turns;

	if (since != mir_sim_now()) {
		since = mir_sim_now();
		turns = 0;
	}
	return ++turns > SPIN;
}

static int64_t next_event(void)
{
	int64_t next = MIR_NEVER;

	for (struct mir_sim_event *e = events; e; e = e->next)
		next = MIR_MIN(next, e->when(e));
	return next;
}

/* Nothing will ever happen.  An image that others could have talked to is asked to end. */
static void stuck(void)
{
	static const char text[] = "sim: nothing more can happen; the image is asked to end\n";

	if (!mir_sim_ports() || mir_shutting_down())
		mir_panic("deadlock: nothing is ready and no timer is set");
	mir_target_console(text, sizeof(text) - 1);
	mir_shutdown("the end of the simulation");
}

static void wait_alone(int64_t until)
{
	int64_t next = MIR_MIN(until, next_event());

	if (next == MIR_NEVER) {
		stuck();
		return;
	}
	mir_sim_advance(next);
	mir_loop_woke();
	for (struct mir_sim_event *e = events, *after; e; e = after) {
		after = e->next;
		if (e->when(e) <= next)
			e->happen(e, next);
	}
	for (struct mir_sim_port *p = mir_sim_ports(); p; p = p->next)
		p->done(p);
}

void mir_target_poll(int64_t deadline)
{
	int64_t until;

	if (deadline == 0 && spinning())
		until = mir_sim_now() + MIR_US(1);
	else if (deadline <= mir_target_monotonic())
		return;
	else
		until = mir_sim_when(deadline);
	if (mir_sim_page())
		mir_sim_turn_wait(until);
	else
		wait_alone(until);
}
