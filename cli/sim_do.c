/* sim_do.c: what the scenario does, and undoes. */
#include <string.h>

#include "sim_run.h"

enum { EXTRA = 1 << 20 }; /* draws of one action are so far apart from those of the next */

static uint64_t draw_of(const struct sim_world *w, const struct sim_action *a, uint64_t n)
{
	return sim_draw(w->seed, "action", (uint64_t)(a - w->scenario->actions) * EXTRA + n);
}

static void plan(
    struct sim_world *w, const struct sim_action *a, int64_t at, uint64_t draw, bool over)
{
	w->timed = mem_grow(w->timed, w->n_timed, &w->cap_timed, sizeof *w->timed);
	w->timed[w->n_timed++] = (struct sim_timed){ at, w->order++, a, draw, over };
}

void sim_timed_plan(struct sim_world *w)
{
	for (size_t i = 0; i < w->scenario->n_actions; i++) {
		const struct sim_action *a = &w->scenario->actions[i];
		uint64_t draw = draw_of(w, a, 0);

		plan(w, a, sim_quantity(MIR_QUANTITY_TIME, a->when, draw), draw, false);
	}
}

static size_t next_index(const struct sim_world *w)
{
	size_t best = 0;

	for (size_t i = 1; i < w->n_timed; i++)
		if (w->timed[i].at < w->timed[best].at ||
		    (w->timed[i].at == w->timed[best].at &&
			w->timed[i].order < w->timed[best].order))
			best = i;
	return best;
}

int64_t sim_timed_next(const struct sim_world *w)
{
	return w->n_timed && !w->ending ? w->timed[next_index(w)].at : SIM_NEVER;
}

static void change_cable(struct sim_world *w, const struct sim_timed *t)
{
	struct sim_cable *c = &w->cables[t->action->target];
	size_t n = 0;

	if (!t->over) {
		c->changes =
		    mem_grow(c->changes, c->n_changes, &c->cap_changes, sizeof *c->changes);
		c->changes[c->n_changes++] = (struct sim_change){ t->action, t->draw };
	} else {
		for (size_t i = 0; i < c->n_changes; i++)
			if (c->changes[i].action != t->action)
				c->changes[n++] = c->changes[i];
		c->n_changes = n;
	}
	sim_cable_configure(w, c);
}

static void partition(struct sim_world *w, const struct sim_timed *t)
{
	struct sim_cable *c = &w->cables[t->action->target];

	c->cuts += t->over ? (unsigned)-1 : 1;
	sim_cable_configure(w, c);
}

/* Ends an image at once: it sees to its disks itself. */
static void end(struct sim_world *w, const struct sim_timed *t, enum mir_sim_record_type how)
{
	struct sim_process *p = &w->processes[t->action->target];

	if (t->over) {
		if (!p->alive)
			sim_process_start(p);
		return;
	}
	if (!p->alive)
		return;
	p->killed = true;
	sim_process_tell(p, how, 0, "", 0);
	sim_process_turn(p);
	sim_process_end(p);
}

static int64_t signed_value(enum mir_quantity q, const char *text, uint64_t draw)
{
	int64_t v = sim_quantity(q, text + (*text == '+' || *text == '-'), draw);

	return *text == '-' ? -v : v;
}

static void change_clock(struct sim_process *p, const struct sim_timed *t)
{
	struct mir_sim_clock c = { 0 };

	if (t->action->verb == SIM_CLOCK) {
		c.jump_ns = signed_value(MIR_QUANTITY_TIME, t->action->value, t->draw);
	} else {
		int64_t share = signed_value(MIR_QUANTITY_SHARE, t->action->value, t->draw);

		c.set_drift = 1;
		c.drift_ppb = t->over ? 0 : (int64_t)((double)share * 1e9 / 4294967296.0);
		p->drift_ppb = c.drift_ppb;
	}
	if (p->alive)
		sim_process_tell(p, MIR_SIM_CLOCK, 0, &c, sizeof c);
}

static void change_memory(struct sim_process *p, const struct sim_timed *t)
{
	const char *value = t->action->value;

	p->memory = (struct mir_sim_memory){ 0 };
	if (!t->over && str_starts(value, "fail="))
		p->memory.fail =
		    (uint64_t)sim_quantity(MIR_QUANTITY_SHARE, value + strlen("fail="), t->draw);
	else if (!t->over && !str_eq(value, "none"))
		p->memory.limit = (uint64_t)sim_quantity(MIR_QUANTITY_SIZE, value, t->draw);
	if (p->alive)
		sim_process_tell(p, MIR_SIM_MEMORY, 0, &p->memory, sizeof p->memory);
}

static void change_disk(struct sim_world *w, const struct sim_timed *t)
{
	const struct sim_disk *d = &w->scenario->disks[t->action->target];
	struct sim_process *p = &w->processes[d->image];
	struct mir_sim_disk_faults f;
	uint16_t index = 0;

	for (const struct sim_disk *each = w->scenario->disks; each < d; each++)
		index += each->image == d->image;
	if (!p->page)
		return;
	f = p->page->disk[index].faults;
	for (size_t i = 0; i < t->action->options.n && !t->over; i++)
		sim_option_disk(&f, &t->action->options.v[i], sim_draw(t->draw, "option", i));
	if (p->alive)
		sim_process_tell(p, MIR_SIM_DISK, index, &f, sizeof f);
}

static void pause_process(struct sim_process *p, const struct sim_timed *t)
{
	p->paused_until = t->over ? 0 : SIM_NEVER;
}

static void stop(struct sim_process *p)
{
	if (!p->alive || p->asked)
		return;
	p->asked = true;
	sim_process_tell(p, MIR_SIM_SHUTDOWN, 0, "", 0);
}

static void act(struct sim_world *w, const struct sim_timed *t)
{
	const struct sim_action *a = t->action;
	struct sim_process *p = &w->processes[a->target];

	switch (a->verb) {
	case SIM_PARTITION: partition(w, t); break;
	case SIM_SET:
	case SIM_MTU: change_cable(w, t); break;
	case SIM_KILL: end(w, t, MIR_SIM_CRASH); break;
	case SIM_POWER: end(w, t, MIR_SIM_POWER); break;
	case SIM_STOP: stop(p); break;
	case SIM_START:
		if (!p->alive)
			sim_process_start(p);
		break;
	case SIM_PAUSE: pause_process(p, t); break;
	case SIM_CLOCK:
	case SIM_DRIFT: change_clock(p, t); break;
	case SIM_MEMORY: change_memory(p, t); break;
	case SIM_DISK: change_disk(w, t); break;
	}
}

static void plan_more(struct sim_world *w, const struct sim_timed *t)
{
	const struct sim_action *a = t->action;
	uint64_t draw;

	if (t->over)
		return;
	if (a->duration)
		plan(w, a,
		    w->now +
			sim_quantity(MIR_QUANTITY_TIME, a->duration, sim_draw(t->draw, "for", 0)),
		    t->draw, true);
	if (!a->repeated)
		return;
	draw = draw_of(w, a, w->order);
	plan(w, a, w->now + MIR_MAX(sim_quantity(MIR_QUANTITY_TIME, a->when, draw), (int64_t)1000),
	    draw, false);
}

void sim_timed_run(struct sim_world *w)
{
	while (sim_timed_next(w) <= w->now) {
		size_t i = next_index(w);
		struct sim_timed t = w->timed[i];
		char when[32];

		w->timed[i] = w->timed[--w->n_timed];
		sim_trace(w, "%s%s", t.over ? "over: " : "", t.action->text);
		if (!w->settings->quiet)
			printf("%s * %s%s\n", sim_time(w->now, when), t.over ? "over: " : "",
			    t.action->text);
		act(w, &t);
		plan_more(w, &t);
	}
}
