/* Which boot arguments are the program's. */
#include <mir/posix.h>
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>

#include "../posix.h"

static bool flag;
static int64_t number;
static struct mir_arg table[] = {
	{ .name = "flag", .type = MIR_ARG_BOOL, .value = &flag },
	{ .name = "number", .type = MIR_ARG_INT, .value = &number },
};
static const struct mir_args boot = { .program = "image", .table = table, .n = 2 };

/* What is left for the image and what the program gets, "a b | c d". */
static const char *split(const char *const *first, int argc, char **argv)
{
	static char text[500];
	struct mir_posix_config config = { .arguments = first };
	size_t len = 0;
	int rc = mir_posix_arguments(&config, &boot, &argc, argv);

	text[0] = '\0';
	for (int i = 0; rc == 0 && i < argc + config.argc; i++) {
		const char *word = i < argc ? argv[i] : config.argv[i - argc];

		if (i == argc)
			text[len++] = '|';
		memcpy(text + len, word, strlen(word));
		len += strlen(word);
		text[len++] = ' ';
		text[len] = '\0';
	}
	if (rc == 0 && config.argv[config.argc])
		return "no NULL behind";
	for (int i = 0; i < config.argc; i++)
		free(config.argv[i]);
	free(config.argv);
	return text;
}

#define SPLIT(first, ...)                                                                          \
	split(first, (int)MIR_COUNT(((const char *[]){ __VA_ARGS__ })),                            \
	    (char *[]){ __VA_ARGS__, NULL })

static void arguments(void)
{
	static const char *const first[] = { "-c", "two words", NULL };
	static char name[] = "x", a[] = "a", f[] = "--flag", nf[] = "--no-flag", n[] = "--number",
		    five[] = "5", ne[] = "--number=5", help[] = "--help", h[] = "-h", end[] = "--",
		    other[] = "--port", nn[] = "--no-number";

	ok(strcmp(SPLIT(NULL, name), "x |image ") == 0, "none");
	ok(strcmp(SPLIT(first, name), "x |image -c two words ") == 0, "those of the .conf");
	ok(strcmp(SPLIT(first, name, a), "x |image -c two words a ") == 0, "come first");
	ok(strcmp(SPLIT(NULL, name, f, a, nf, n, five, ne, help),
	       "x --flag --no-flag --number 5 "
	       "--number=5 --help |image a ") == 0,
	    "the image's");
	ok(strcmp(SPLIT(NULL, name, other, five, h, nn), "x |image --port 5 -h --no-number ") == 0,
	    "all others");
	ok(strcmp(SPLIT(NULL, name, f, end, f, end, help), "x --flag |image --flag -- --help ") ==
		0,
	    "behind the --");
	ok(strcmp(SPLIT(NULL, name, n), "x --number |image ") == 0, "a value is missing");
}

static void environment(void)
{
	static const char *const from[] = { "A=1", "B=2", NULL };
	char **list;

	ok(mir_posix_environment(from, &list) == 0 && strcmp(list[1], "B=2") == 0 && !list[2],
	    "a copy");
	list[0][0] = 'x';
	free(list[0]);
	free(list[1]);
	free(list);
	ok(mir_posix_environment(NULL, &list) == 0 && !list[0], "none");
	free(list);
}

int main(void)
{
	RUN_PLAIN(arguments);
	RUN_PLAIN(environment);
	return mir_test_end();
}
