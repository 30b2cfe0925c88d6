/* sim_expect.c: `expect: server exits 0` and its like. */
#include <stdlib.h>

#include "sim.h"

static const char EXPECTED[] =
    "exits N, exits anyhow, prints \"TEXT\", prints-not \"TEXT\" or runs";

bool sim_expect_parse(struct sim_words *w, struct sim_expect *e)
{
	const struct word *word;
	struct list names = { 0 };
	char *end;

	if (!sim_find_image(w, &e->image) || !(word = sim_need(w, EXPECTED)))
		return false;
	if (str_eq(word->s, "runs")) {
		e->fact = SIM_RUNS;
		return sim_no_more(w);
	}
	if (str_eq(word->s, "prints") || str_eq(word->s, "prints-not")) {
		e->fact = str_eq(word->s, "prints") ? SIM_PRINTS : SIM_PRINTS_NOT;
		if (!(word = sim_need(w, "what it prints, in quotes")))
			return false;
		e->text = word->s;
		return sim_no_more(w);
	}
	if (!str_eq(word->s, "exits")) {
		list_split(&names, "exits,prints,prints-not,runs", ',');
		diag_error(&word->at, "nothing is known of '%s'", word->s);
		diag_expected("%s", EXPECTED);
		diag_suggest(word->s, &names);
		return false;
	}
	e->fact = SIM_EXITS;
	if (!(word = sim_need(w, "an exit status")))
		return false;
	if (str_eq(word->s, "anyhow")) {
		e->status = -1;
		return sim_no_more(w);
	}
	e->status = (int)strtol(word->s, &end, 10);
	if (*end || end == word->s || e->status < 0 || e->status > 255) {
		diag_error(&word->at, "'%s' is no exit status", word->s);
		diag_expected("a number from 0 to 255, or anyhow");
		return false;
	}
	return sim_no_more(w);
}
