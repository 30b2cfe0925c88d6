/* sim.c: `mirage sim`: run a scenario. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "sim.h"

const struct option options_sim[] = {
	{ "seed", 's', "N", "what chance is made of (the scenario's, or 1)" },
	{ "seeds", 0, "A..B", "a run for each seed from A to B; prints those that fail" },
	{ "jobs", 'j', "N", "runs at once (as many as there are processors)" },
	{ "until", 0, "TIME", "end at this time of the simulation" },
	{ "pcap", 0, "[LINK=]FILE", "write the frames of a link, or of each" },
	{ "trace", 0, "FILE", "write all that happens" },
	{ "speed", 0, "X", "X seconds of the simulation in a second (as fast as it goes)" },
	{ "quiet", 'q', NULL, "do not show what images print" },
	OPTION_END,
};

enum { SEEDS_MAX = 10000000, JOBS_MAX = 256 };

static bool number(const char *option, const char *text, uint64_t *out)
{
	char *end;

	*out = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end)
		return true;
	diag_error(NULL, "'%s' is no value of --%s", text, option);
	diag_expected("a whole number");
	return false;
}

static bool seeds(const char *text, uint64_t *from, uint64_t *to)
{
	const char *dots = strstr(text, "..");

	if (dots && number("seeds", mem_strn(text, (size_t)(dots - text)), from) &&
	    number("seeds", dots + 2, to)) {
		if (*from <= *to && *to - *from < SEEDS_MAX)
			return true;
		diag_error(NULL, "--seeds=%s is no range", text);
	} else if (!dots) {
		diag_error(NULL, "'%s' is no value of --seeds", text);
	}
	diag_expected("--seeds=A..B, as --seeds=1..100");
	return false;
}

static bool read_settings(const struct arguments *a, struct sim_settings *s)
{
	const char *until = argument_value(a, "until"), *speed = argument_value(a, "speed");
	const char *seed = argument_value(a, "seed");
	char *end;

	if (seed && !number("seed", seed, &s->seed))
		return false;
	if (until && (mir_quantity(MIR_QUANTITY_TIME, until, strlen(until), 0, &s->until) < 0 ||
			 !s->until)) {
		diag_error(NULL, "'%s' is no value of --until", until);
		diag_expected("a time, as 60s");
		return false;
	}
	if (speed && ((s->speed = strtod(speed, &end)) <= 0 || *end)) {
		diag_error(NULL, "'%s' is no value of --speed", speed);
		diag_expected("a number, 1 for real time, 0.1 for slow motion");
		return false;
	}
	s->trace = argument_value(a, "trace");
	for (size_t i = 0; i < a->n_given; i++)
		if (str_eq(a->given[i].option->name, "pcap"))
			list_add(&s->pcap, a->given[i].value);
	return true;
}

static bool check_pcap(const struct sim_settings *settings, const struct sim_scenario *s)
{
	for (size_t i = 0; i < settings->pcap.n; i++) {
		const char *text = settings->pcap.v[i], *equals = strchr(text, '='), *name;
		struct list names = { 0 };

		if (!equals)
			continue;
		name = mem_strn(text, (size_t)(equals - text));
		for (size_t k = 0; k < s->n_links; k++)
			list_add(&names, s->links[k].name);
		if (list_has(&names, name))
			continue;
		diag_error(NULL, "--pcap names the link '%s', which the scenario has not", name);
		diag_expected("%s", names.n ? list_join(&names, ", ") : "a scenario with a link");
		diag_suggest(name, &names);
		return false;
	}
	return true;
}

static int run_seeds(
    const struct arguments *a, const struct sim_scenario *s, struct sim_settings *settings)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t from, to, jobs = processors > 0 ? (uint64_t)processors : 1;
	const char *text = argument_value(a, "jobs");
	size_t failed;

	if (!seeds(argument_value(a, "seeds"), &from, &to) ||
	    (text && !number("jobs", text, &jobs)))
		return EXIT_USAGE;
	if (settings->trace || settings->pcap.n) {
		diag_error(NULL, "--trace and --pcap are for one run");
		diag_expected("--seed=N in place of --seeds");
		return EXIT_USAGE;
	}
	jobs = MIR_MAX(MIR_MIN(jobs, (uint64_t)JOBS_MAX), (uint64_t)1);
	failed = sim_seeds(s, settings, from, to, (unsigned)jobs);
	diag_info("%s: %llu of %llu runs were as expected", s->file,
	    (unsigned long long)(to - from + 1 - failed), (unsigned long long)(to - from + 1));
	return failed ? EXIT_FAILED : EXIT_OK;
}

int command_sim(const struct arguments *a)
{
	struct sim_settings settings = { .quiet = argument_given(a, "quiet") };
	const char *replay;
	struct sim_scenario s;

	if (a->words.n != 1) {
		diag_error(NULL, "which scenario?");
		diag_expected("mirage sim NAME.scenario");
		return EXIT_USAGE;
	}
	if (!sim_scenario_read(a->words.v[0], &s))
		return EXIT_FAILED;
	settings.seed = s.seed;
	if (!read_settings(a, &settings) || !check_pcap(&settings, &s))
		return EXIT_USAGE;
	replay = mem_fmt("mirage sim %s", str_sh_quote(a->words.v[0]));
	if (settings.until)
		replay = mem_fmt("%s --until %s", replay, argument_value(a, "until"));
	settings.replay = replay;
	if (argument_given(a, "seeds"))
		return run_seeds(a, &s, &settings);
	settings.replay = mem_fmt("%s --seed %llu", replay, (unsigned long long)settings.seed);
	return sim_run(&s, &settings) ? EXIT_OK : EXIT_FAILED;
}
