/* arguments.c: which boot arguments are the program's, and its environment. */
#include <mir/posix.h>
#include <stdlib.h>
#include <string.h>

#include "posix.h"

/* The program may write into what it gets, and the tender's memory cannot be written. */
static bool append(char **list, int *n, const char *text)
{
	list[*n] = strdup(text);
	return list[*n] && ++*n;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* The entry for a word that begins with "--", or NULL. */
static const struct mir_arg *find(const struct mir_args *boot, const char *word)
{
	const char *name = word + 2;
	size_t len = strcspn(name, "=");

	for (unsigned i = 0; i < boot->n; i++) {
		const struct mir_arg *a = &boot->table[i];

		if (strlen(a->name) == len && memcmp(a->name, name, len) == 0)
			return a;
		if (a->type == MIR_ARG_BOOL && !name[len] && strncmp(name, "no-", 3) == 0 &&
		    strcmp(a->name, name + 3) == 0)
			return a;
	}
	return NULL;
}

/* How many words from argv[i] on are the image's. */
static int of_image(const struct mir_args *boot, int argc, char **argv, int i)
{
	const struct mir_arg *a;

	if (strncmp(argv[i], "--", 2) != 0)
		return 0;
	if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--version") == 0)
		return 1;
	a = find(boot, argv[i]);
	if (!a)
		return 0;
	return strchr(argv[i], '=') || a->type == MIR_ARG_BOOL || i + 1 == argc ? 1 : 2;
}

int mir_posix_arguments(
    struct mir_posix_config *config, const struct mir_args *boot, int *argc, char **argv)
{
	size_t most = (size_t)*argc + count(config->arguments) + 2;
	char **list = calloc(most, sizeof(*list));
	int n = 0, kept = 1, i = 1, words;
	bool good = list && append(list, &n, boot->program);

	for (size_t d = 0; good && config->arguments && config->arguments[d]; d++)
		good = append(list, &n, config->arguments[d]);
	for (; good && i < *argc && strcmp(argv[i], "--") != 0; i++) {
		words = of_image(boot, *argc, argv, i);
		if (words == 0)
			good = append(list, &n, argv[i]);
		for (; words > 0; words--, i += words > 0)
			argv[kept++] = argv[i];
	}
	for (i++; good && i < *argc; i++)
		good = append(list, &n, argv[i]);
	*argc = kept;
	config->argc = n;
	config->argv = list;
	return good ? 0 : MIR_ENOMEM;
}

int mir_posix_environment(const char *const *from, char ***out)
{
	char **list = calloc(count(from) + 1, sizeof(*list));
	int n = 0;

	for (size_t i = 0; list && i < count(from); i++)
		if (!append(list, &n, from[i]))
			return MIR_ENOMEM;
	*out = list;
	return list ? 0 : MIR_ENOMEM;
}
