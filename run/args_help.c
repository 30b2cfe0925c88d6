/* args_help.c: the answer to --help. */
#include <mir/format.h>

#include "args.h"

enum { LEFT = 30, TEXT = 160 };

static void help_line(const char *left, const char *help, const char *shown)
{
	mir_args_say("  %-*s", LEFT - 3, left);
	if (strlen(left) > LEFT - 3)
		mir_args_say("\n%*s", LEFT - 1, "");
	mir_args_say(" %s", help ? help : "");
	if (shown && *shown)
		mir_args_say(" (%s)", shown);
	mir_args_say("\n");
}

static void help_arg(const struct mir_arg *arg)
{
	char left[TEXT];

	mir_format(left, sizeof(left), "--%s=%s", arg->name,
	    arg->type->shown ? arg->type->shown : arg->choices);
	help_line(left, arg->help, arg->shown);
}

static const char *section_of(const struct mir_arg *arg)
{
	return arg->section ? arg->section : "ARGUMENTS";
}

/* Sections in the order of their first argument. */
MIR_COLD void mir_args_help(const struct mir_args *a)
{
	mir_args_say("%s%s%s\n\nusage: %s [--NAME=VALUE | --NAME VALUE]...\n", a->program,
	    a->about ? ": " : "", a->about ? a->about : "", a->program);
	for (unsigned i = 0; i < a->n; i++) {
		bool done = false;

		for (unsigned j = 0; j < i; j++)
			done |= strcmp(section_of(&a->table[j]), section_of(&a->table[i])) == 0;
		if (done)
			continue;
		mir_args_say("\n%s\n", section_of(&a->table[i]));
		for (unsigned j = i; j < a->n; j++) {
			if (strcmp(section_of(&a->table[j]), section_of(&a->table[i])) == 0)
				help_arg(&a->table[j]);
		}
	}
	mir_args_say("\nHELP\n");
	help_line("--help", "this text", NULL);
	help_line("--version", "name and version of the image", NULL);
}
