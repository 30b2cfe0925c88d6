/* arguments.c: the boot arguments of the image. */
#include <mir/args.h>
#include <mir/err.h>
#include <mir/target.h>
#include <string.h>

#include "guest.h"

enum { LINE = 8192 };

MIR_NORETURN static void refuse(const char *text)
{
	mir_target_console(text, strlen(text));
	mir_target_exit(MIR_ARGS_BAD);
}

/* Options of Solo5's bindings, which come first, mean nothing here. */
static unsigned skip_options(char *argv[], unsigned n)
{
	static const char prefix[] = "--solo5:";
	unsigned skip = 0;

	while (skip < n && strncmp(argv[skip], prefix, sizeof(prefix) - 1) == 0)
		skip++;
	memmove(argv, argv + skip, (n - skip) * sizeof(*argv));
	return n - skip;
}

static int from_line(char *argv[], unsigned max)
{
	static char line[LINE];
	size_t len = mir_guest.cmdline ? strnlen(mir_guest.cmdline, LINE - 1) : 0;
	int n;

	memcpy(line, len ? mir_guest.cmdline : "", len);
	n = mir_args_split(line, argv, (int)max);
	if (n == MIR_ELIMIT)
		refuse("the command line has too many words\n");
	if (n < 0)
		refuse("the command line has a quote or a backslash without its end\n");
	return (int)skip_options(argv, (unsigned)n);
}

static int from_vector(const struct mir_ext *ext, char *argv[])
{
	const uint64_t *text = (const uint64_t *)(uintptr_t)ext->argv;

	if (ext->argc > MIR_EXT_ARGS)
		refuse("the tender gives too many arguments\n");
	for (uint32_t i = 0; i < ext->argc; i++)
		argv[i] = (char *)(uintptr_t)text[i];
	return (int)ext->argc;
}

MIR_COLD int mir_guest_arguments(char ***out)
{
	static char *argv[MIR_EXT_ARGS + 2];
	static char name[] = "image";
	int n;

	*out = argv;
	if (mir_guest_features() & MIR_EXT_ARGV && mir_guest.ext->argc > 0) {
		n = from_vector(mir_guest.ext, argv);
	} else {
		argv[0] = name;
		n = 1 + from_line(argv + 1, MIR_EXT_ARGS);
	}
	argv[n] = NULL;
	return n;
}
