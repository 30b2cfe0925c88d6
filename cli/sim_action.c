/* sim_action.c: `at 3s: partition a-b for 2s` and its like. */
#include <string.h>

#include "sim.h"

enum what { ON_LINK, ON_IMAGE, ON_DISK };

static const struct verb {
	const char *name;
	enum sim_verb verb;
	enum what what;
	bool lasts; /* `for TIME` makes sense */
} verbs[] = {
	{ "partition", SIM_PARTITION, ON_LINK, true },
	{ "set", SIM_SET, ON_LINK, true },
	{ "mtu", SIM_MTU, ON_LINK, true },
	{ "kill", SIM_KILL, ON_IMAGE, true },
	{ "power", SIM_POWER, ON_IMAGE, true },
	{ "stop", SIM_STOP, ON_IMAGE, false },
	{ "start", SIM_START, ON_IMAGE, false },
	{ "pause", SIM_PAUSE, ON_IMAGE, true },
	{ "clock", SIM_CLOCK, ON_IMAGE, false },
	{ "drift", SIM_DRIFT, ON_IMAGE, true },
	{ "memory", SIM_MEMORY, ON_IMAGE, true },
	{ "disk", SIM_DISK, ON_DISK, true },
};

static const struct verb *take_verb(struct sim_words *w)
{
	const struct word *word = sim_need(w, "what happens, as partition, kill or set");
	struct list names = { 0 };

	if (!word)
		return NULL;
	for (size_t i = 0; i < MIR_COUNT(verbs); i++) {
		if (str_eq(verbs[i].name, word->s))
			return &verbs[i];
		list_add(&names, verbs[i].name);
	}
	diag_error(&word->at, "nothing is known of '%s'", word->s);
	diag_expected("one of %s", list_join(&names, ", "));
	diag_suggest(word->s, &names);
	return NULL;
}

static bool find_disk(struct sim_words *w, size_t *out)
{
	size_t image;
	const struct word *word;
	struct list names = { 0 };

	if (!sim_find_image(w, &image) || !(word = sim_need(w, "the name of a disk")))
		return false;
	for (size_t i = 0; i < w->s->n_disks; i++) {
		*out = i;
		if (w->s->disks[i].image != image)
			continue;
		if (str_eq(w->s->disks[i].name, word->s))
			return true;
		list_add(&names, w->s->disks[i].name);
	}
	diag_error(&word->at, "'%s' has no disk '%s'", w->s->images[image].name, word->s);
	diag_expected("%s", names.n ? list_join(&names, ", ") : "a line 'disk: ...' for it");
	return false;
}

/* A value that may be negative: "+1h", "-50ppm". */
static bool take_signed(struct sim_words *w, struct sim_action *a, enum mir_quantity q)
{
	const struct word *word =
	    sim_need(w, q == MIR_QUANTITY_TIME ? "by how much, as +1h or -2s"
					       : "by how much, as 50ppm or -50ppm");
	struct word rest;

	if (!word)
		return false;
	a->value = word->s;
	rest = *word;
	if (*rest.s == '+' || *rest.s == '-') {
		rest.s++;
		rest.at.column++;
	}
	return sim_check_quantity(&rest, q);
}

static bool take_memory(struct sim_words *w, struct sim_action *a)
{
	const struct word *word = sim_need(w, "how much, as 512k, none, or fail=1%");
	struct word rest;

	if (!word)
		return false;
	a->value = word->s;
	rest = *word;
	if (str_eq(rest.s, "none"))
		return true;
	if (!str_starts(rest.s, "fail="))
		return sim_check_quantity(&rest, MIR_QUANTITY_SIZE);
	rest.s += strlen("fail=");
	rest.at.column += (int)strlen("fail=");
	return sim_check_quantity(&rest, MIR_QUANTITY_SHARE);
}

static bool take_mtu(struct sim_words *w, struct sim_action *a)
{
	struct sim_option o = { .key = "mtu" };
	const struct word *word = sim_need(w, "the largest packet, as 576");
	const struct sim_link *link = &w->s->links[a->target];
	int64_t v;

	if (!word)
		return false;
	if (mir_quantity(MIR_QUANTITY_COUNT, word->s, strlen(word->s), 0, &v) < 0 || v < 68 ||
	    v > 65535) {
		diag_error(&word->at, "'%s' is no path MTU", word->s);
		diag_expected("a number from 68 to 65535");
		return false;
	}
	o.value = word->s;
	o.at = word->at;
	a->options.v = mem_grow(a->options.v, a->options.n, &a->options.cap, sizeof o);
	a->options.v[a->options.n++] = o;
	return sim_take_options(w, SIM_OF_LINK, link, &a->options);
}

static bool take_target(struct sim_words *w, const struct verb *v, struct sim_action *a)
{
	switch (v->what) {
	case ON_LINK: return sim_find_link(w, &a->target);
	case ON_IMAGE: return sim_find_image(w, &a->target);
	case ON_DISK: return find_disk(w, &a->target);
	}
	return false;
}

static bool take_value(struct sim_words *w, struct sim_action *a)
{
	switch (a->verb) {
	case SIM_SET: return sim_take_options(w, SIM_OF_LINK, &w->s->links[a->target], &a->options);
	case SIM_DISK: return sim_take_options(w, SIM_OF_DISK, NULL, &a->options);
	case SIM_MTU: return take_mtu(w, a);
	case SIM_CLOCK: return take_signed(w, a, MIR_QUANTITY_TIME);
	case SIM_DRIFT: return take_signed(w, a, MIR_QUANTITY_SHARE);
	case SIM_MEMORY: return take_memory(w, a);
	default: return true;
	}
}

bool sim_action_parse(struct sim_words *w, struct sim_action *a)
{
	const struct verb *v = take_verb(w);
	const struct word *word;

	if (!v)
		return false;
	a->verb = v->verb;
	if (!take_target(w, v, a) || !take_value(w, a))
		return false;
	if (w->next < w->w.n && str_eq(w->w.v[w->next].s, "for")) {
		word = sim_next(w);
		if (!v->lasts) {
			diag_error(&word->at, "'%s' does not last", v->name);
			diag_expected("the end of the line");
			return false;
		}
		word = sim_need(w, mir_quantity_expected(MIR_QUANTITY_TIME));
		if (!word || !sim_check_quantity(word, MIR_QUANTITY_TIME))
			return false;
		a->duration = word->s;
	}
	if (a->verb == SIM_START)
		w->s->images[a->target].later |= !a->repeated;
	return sim_no_more(w);
}
