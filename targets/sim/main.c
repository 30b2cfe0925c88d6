/* main.c: the host's main of a simulated image: takes --seed=N (or --seed N) out of the arguments
 * and starts the image's main. */
#include <mir/start.h>
#include <mir/target.h>
#include <string.h>

#include "sim.h"

static int take_seed(const char *text, uint64_t *seed)
{
	int64_t v;

	if (mir_arg_value(MIR_ARG_INT, NULL, text, &v) < 0) {
		static const char bad[] = "--seed: a whole number was expected\n";

		mir_target_console(bad, sizeof(bad) - 1);
		return MIR_EINVAL;
	}
	*seed = (uint64_t)v;
	return 0;
}

/* How many arguments are left; < 0: a bad seed. */
static int take_arguments(int argc, char **argv, uint64_t *seed, bool *help)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		int rc = 0;

		if (strncmp(argv[i], "--seed=", 7) == 0)
			rc = take_seed(argv[i] + 7, seed);
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			rc = take_seed(argv[++i], seed);
		else
			argv[n++] = argv[i];
		if (rc < 0)
			return rc;
		*help |= strcmp(argv[i], "--help") == 0;
	}
	argv[n] = NULL;
	return n;
}

int main(int argc, char **argv)
{
	static const char text[] = "\nSIMULATION\n"
				   "  --seed=N                    what chance is made of (1)\n";
	uint64_t seed = 1;
	bool help = false;
	int status;

	argc = take_arguments(argc, argv, &seed, &help);
	if (argc < 0)
		return MIR_ARGS_BAD;
	mir_sim_reset(seed);
	mir_boot_begin(mir_target_monotonic(), 0);
	status = mir_loop_run(mir_main, argc, argv);
	if (help)
		mir_target_console(text, sizeof(text) - 1);
	return status;
}
