/* main.c: the host's main of a simulated image: takes the simulation's own arguments out and starts
 * the image's main. */
#include <mir/start.h>
#include <mir/target.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"

enum { GRACE = 10 }; /* seconds from being asked to end until it is ended */

static const int64_t MILLION = 1000000;

static struct {
	int64_t seed, until, drift_ppm, fail_ppm, page, power_cut;
	uint64_t memory;
} given = { .seed = 1, .page = -1 };

static const struct argument {
	const char *name;
	const struct mir_arg_type *type;
	void *value;
	const char *shown, *help;
} arguments[] = {
	{ "seed", MIR_ARG_INT, &given.seed, "1", "what chance is made of" },
	{ "until", MIR_ARG_DURATION, &given.until, "never", "the image is asked to end then" },
	{ "power-cut", MIR_ARG_DURATION, &given.power_cut, "never",
	    "it just ends then: disks lose what was not made durable" },
	{ "drift", MIR_ARG_INT, &given.drift_ppm, "0",
	    "parts in a million that its clock is fast" },
	{ "memory", MIR_ARG_SIZE, &given.memory, "all", "bytes that packets may take" },
	{ "memory-fail", MIR_ARG_INT, &given.fail_ppm, "0", "allocations in a million that fail" },
	{ "sim-page", MIR_ARG_INT, &given.page, NULL, NULL }, /* from `mirage sim` */
};

static void say(const char *text)
{
	mir_target_console(text, strlen(text));
}

static int take(const struct argument *a, const char *text)
{
	char line[128];

	if (text && mir_arg_value(a->type, NULL, text, a->value) == 0)
		return 0;
	snprintf(line, sizeof(line), "--%s: %s was expected\n", a->name,
	    a->type == MIR_ARG_DURATION ? "a time such as 10s"
	    : a->type == MIR_ARG_SIZE   ? "a number of bytes such as 4M"
					: "a whole number");
	say(line);
	return MIR_EINVAL;
}

/* Whether the word is --NAME or --NAME=VALUE. */
static const struct argument *find(const char *word, const char **value)
{
	for (size_t i = 0; i < MIR_COUNT(arguments); i++) {
		size_t n = strlen(arguments[i].name);

		if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, arguments[i].name, n) != 0)
			continue;
		*value = word[2 + n] == '=' ? word + 3 + n : NULL;
		if (*value || word[2 + n] == '\0')
			return &arguments[i];
	}
	return NULL;
}

/* How many arguments are left; < 0: a bad one. */
static int take_arguments(int argc, char **argv, bool *help)
{
	const struct argument *a;
	const char *value;
	int n = 0;

	for (int i = 0; i < argc; i++) {
		*help |= strcmp(argv[i], "--help") == 0;
		a = find(argv[i], &value);
		if (!a) {
			argv[n++] = argv[i];
			continue;
		}
		if (!value && i + 1 < argc)
			value = argv[++i];
		if (take(a, value) < 0)
			return MIR_EINVAL;
	}
	argv[n] = NULL;
	return n;
}

static void print_help(void)
{
	char line[160], left[40];

	say("\nSIMULATION\n");
	for (size_t i = 0; i < MIR_COUNT(arguments); i++) {
		const struct argument *a = &arguments[i];

		if (!a->help)
			continue;
		snprintf(left, sizeof(left), "--%s=%s", a->name,
		    a->type == MIR_ARG_DURATION ? "TIME"
		    : a->type == MIR_ARG_SIZE   ? "SIZE"
						: "N");
		snprintf(line, sizeof(line), "  %-27s %s (%s)\n", left, a->help, a->shown);
		say(line);
	}
}

static int64_t end_time;

static int64_t end_when(struct mir_sim_event *e)
{
	(void)e;
	return end_time;
}

/* First it is asked; later it is not. */
static void end_happens(struct mir_sim_event *e, int64_t now)
{
	(void)e;
	if (given.power_cut && now >= given.power_cut)
		mir_sim_end(true);
	end_time = now + MIR_SECOND(GRACE);
	if (given.power_cut)
		end_time = MIR_MIN(end_time, given.power_cut);
	mir_shutdown("the end of the simulation");
}

/* What the tool says in the page, or the arguments. */
static void set_up(void)
{
	static struct mir_sim_event end = { .when = end_when, .happen = end_happens };
	const struct mir_sim_page *page = mir_sim_page();
	struct mir_sim_clock clock = { 0, given.drift_ppm * 1000, 1 };
	struct mir_sim_memory memory = { given.memory,
		((uint64_t)given.fail_ppm << 32) / (uint64_t)MILLION };

	if (page) {
		mir_sim_clock_wall(page->wall);
		clock = page->clock;
		memory = page->memory;
	} else if (given.until || given.power_cut) {
		end_time = given.until ? given.until : given.power_cut;
		if (given.power_cut)
			end_time = MIR_MIN(end_time, given.power_cut);
		mir_sim_event_add(&end);
	}
	mir_sim_clock_change(&clock);
	mir_sim_memory_change(&memory);
}

int main(int argc, char **argv)
{
	bool help = false;
	int status;

	argc = take_arguments(argc, argv, &help);
	if (argc < 0)
		return MIR_ARGS_BAD;
	if (given.page >= 0 && mir_sim_turn_begin((int)given.page) < 0) {
		say("--sim-page: not a page of the mirage that built this image: build it again\n");
		return MIR_ARGS_BAD;
	}
	mir_sim_reset(mir_sim_page() ? mir_sim_page()->seed : (uint64_t)given.seed);
	if (mir_sim_page())
		mir_sim_advance(mir_sim_page()->now);
	set_up();
	mir_boot_begin(mir_target_monotonic(), 0);
	status = mir_loop_run(mir_main, argc, argv);
	if (help)
		print_help();
	mir_sim_turn_end(status);
	return status;
}
