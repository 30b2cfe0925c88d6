/* sim_words.c: the words of a scenario's statements. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

const struct word *sim_next(struct sim_words *w)
{
	return w->next < w->w.n ? &w->w.v[w->next++] : NULL;
}

const struct word *sim_need(struct sim_words *w, const char *expected)
{
	const struct word *word = sim_next(w);

	if (word)
		return word;
	diag_error(&w->end, "the line ends too early");
	diag_expected("%s", expected);
	return NULL;
}

bool sim_no_more(struct sim_words *w)
{
	const struct word *word = sim_next(w);

	if (!word)
		return true;
	diag_error(&word->at, "'%s' does not belong here", word->s);
	diag_expected("the end of the line");
	return false;
}

static bool unknown(const struct word *word, const char *what, const struct list *names)
{
	diag_error(&word->at, "there is no %s '%s'", what, word->s);
	diag_expected(
	    "%s", names->n ? list_join(names, ", ") : mem_fmt("a line '%s: ...' before", what));
	diag_suggest(word->s, names);
	return false;
}

bool sim_find_image(struct sim_words *w, size_t *out)
{
	const struct word *word = sim_need(w, "the name of an image");
	struct list names = { 0 };

	if (!word)
		return false;
	for (size_t i = 0; i < w->s->n_images; i++) {
		*out = i;
		if (str_eq(w->s->images[i].name, word->s))
			return true;
		list_add(&names, w->s->images[i].name);
	}
	return unknown(word, "image", &names);
}

bool sim_find_link(struct sim_words *w, size_t *out)
{
	const struct word *word = sim_need(w, "the name of a link");
	struct list names = { 0 };

	if (!word)
		return false;
	for (size_t i = 0; i < w->s->n_links; i++) {
		*out = i;
		if (str_eq(w->s->links[i].name, word->s))
			return true;
		list_add(&names, w->s->links[i].name);
	}
	return unknown(word, "link", &names);
}

bool sim_check_quantity(const struct word *word, enum mir_quantity q)
{
	int64_t v;

	if (mir_quantity(q, word->s, strlen(word->s), 0, &v) == 0)
		return true;
	diag_error(&word->at, "'%s' is not what belongs here", word->s);
	diag_expected("%s", mir_quantity_expected(q));
	return false;
}

static const char *const path_options[] = { "mtu", "blackhole" };
static const char *const disk_options[] = { "latency", "jitter", "rate", "error" };

/* What is wrong with an option's value; NULL: nothing. */
static const char *check_option(enum sim_kind kind, const struct sim_option *o, bool *known)
{
	struct mir_impair_config scratch = { 0 };
	const char *expected = NULL;
	enum mir_quantity q = MIR_QUANTITY_COUNT;
	int64_t v;
	int rc;

	*known = true;
	if (kind == SIM_OF_LINK && str_eq(o->key, "blackhole"))
		return o->value ? "the word alone" : NULL;
	if (kind == SIM_OF_LINK && !str_eq(o->key, "mtu")) {
		rc = mir_impair_option(&scratch, o->key, o->value, 0, &expected);
		*known = rc != MIR_ENOENT;
		return rc < 0 ? expected : NULL;
	}
	if (kind == SIM_OF_DISK) {
		if (str_eq(o->key, "latency") || str_eq(o->key, "jitter"))
			q = MIR_QUANTITY_TIME;
		else if (str_eq(o->key, "rate"))
			q = MIR_QUANTITY_SIZE;
		else if (str_eq(o->key, "error"))
			q = MIR_QUANTITY_SHARE;
		else
			*known = false;
	}
	if (!*known || !o->value || mir_quantity(q, o->value, strlen(o->value), 0, &v) < 0)
		return mir_quantity_expected(q);
	if (kind == SIM_OF_LINK && (v < 68 || v > 65535))
		return "a path MTU from 68 to 65535";
	return NULL;
}

static bool wrong_option(enum sim_kind kind, const struct word *word, const struct sim_option *o,
    bool known, const char *expected)
{
	struct list names = { 0 };

	if (known) {
		diag_error(&word->at, "'%s' cannot be %s", o->key,
		    o->value ? o->value : "without a value");
		diag_expected("%s", expected);
		return false;
	}
	if (kind == SIM_OF_LINK) {
		for (size_t i = 0; mir_impair_options[i]; i++)
			list_add(&names, mir_impair_options[i]);
		for (size_t i = 0; i < MIR_COUNT(path_options); i++)
			list_add(&names, path_options[i]);
	} else {
		for (size_t i = 0; i < MIR_COUNT(disk_options); i++)
			list_add(&names, disk_options[i]);
	}
	diag_error(&word->at, "unknown property '%s' of a %s", o->key,
	    kind == SIM_OF_LINK ? "link" : "disk");
	diag_expected("one of %s", list_join(&names, ", "));
	diag_suggest(o->key, &names);
	return false;
}

/* "client:" in front: only what that member sends. */
static bool split_who(const struct sim_words *w, const struct word *word,
    const struct sim_link *link, struct sim_option *o, char **rest)
{
	char *colon = strchr(*rest, ':');
	struct list names = { 0 };

	if (!link || !colon || strcspn(*rest, "=") < (size_t)(colon - *rest))
		return true;
	o->who = mem_strn(*rest, (size_t)(colon - *rest));
	*rest = colon + 1;
	for (size_t i = 0; i < link->n_members; i++) {
		list_add(&names, w->s->images[link->member[i].image].name);
		if (str_eq(names.v[i], o->who))
			return true;
	}
	diag_error(&word->at, "'%s' is not at this link", o->who);
	diag_expected("one of %s", list_join(&names, ", "));
	return false;
}

bool sim_take_options(
    struct sim_words *w, enum sim_kind kind, const struct sim_link *link, struct sim_options *out)
{
	while (w->next < w->w.n && !str_eq(w->w.v[w->next].s, "for")) {
		const struct word *word = sim_next(w);
		struct sim_option o = { .at = word->at };
		char *text = mem_str(word->s), *equals;
		const char *expected;
		bool known;

		if (!split_who(w, word, link, &o, &text))
			return false;
		equals = strchr(text, '=');
		if (equals)
			*equals = '\0';
		o.key = text;
		o.value = equals ? equals + 1 : NULL;
		expected = check_option(kind, &o, &known);
		if (!known || expected)
			return wrong_option(kind, word, &o, known, expected);
		out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
		out->v[out->n++] = o;
	}
	return true;
}
