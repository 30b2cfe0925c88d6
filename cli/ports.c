/* ports.c: `mirage ports`: what third-party libraries there are for images, built and removed. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "descriptor.h"
#include "diag.h"
#include "paths.h"
#include "port.h"
#include "process.h"

const struct option options_ports[] = {
	{ "arch", 0, "ARCH", "the processor: x86_64 (the host's unless told), aarch64" },
	OPTION_END,
};

/* Runs ports/port.sh with its words behind the command. */
static int script(const char *command, const char *arch, char *const *words, struct text *out)
{
	const char *share = paths_share();
	struct list argv = { 0 };
	struct text ignored = { 0 };

	if (!share)
		return -1;
	list_addf(&argv, "%s/ports/port.sh", share);
	list_add(&argv, command);
	list_add(&argv, arch);
	for (; words && *words; words++)
		list_add(&argv, *words);
	fflush(NULL);
	return process_run(argv.v, out, out ? &ignored : NULL);
}

static int list_all(const char *arch)
{
	struct text out = { 0 };
	struct list lines = { 0 };

	if (script("list", arch, NULL, &out) != 0)
		return EXIT_FAILED;
	list_split(&lines, str_trim(text_str(&out)), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *tab = strchr(lines.v[i], '\t');
		struct port p;

		if (tab)
			*tab++ = 0;
		if (port_read(lines.v[i], &p))
			printf("%-10s %-14s %-24s %s\n", p.name, p.licence, tab && *tab ? tab : "-",
			    p.about);
	}
	return EXIT_OK;
}

static void show_list(const char *what, const struct list *l)
{
	if (l->n)
		printf("%-10s %s\n", what, list_join(l, " "));
}

static int show(const char *name, const char *arch)
{
	struct port p;
	const char *folder;

	if (!port_read(name, &p)) {
		diag_error(NULL, "there is no port '%s'", name);
		diag_expected("one of those that 'mirage ports' lists");
		return EXIT_FAILED;
	}
	printf("%-10s %s\n%-10s %s\n%-10s %s\n", "port", p.name, "about", p.about, "license",
	    p.licence);
	show_list("source", &p.source);
	show_list("needs", &p.needs);
	show_list("modules", &p.modules);
	show_list("on unix", &p.debian);
	folder = port_built(name, arch);
	printf("%-10s %s\n", "built", folder ? port_version(name, arch) : "no");
	if (folder)
		printf("%-10s %s\n", "in", folder);
	return EXIT_OK;
}

static int build(char *const *names, const char *arch)
{
	struct list all = { 0 };

	for (; *names; names++)
		list_add(&all, *names);
	return port_build(&all, arch);
}

int command_ports(const struct arguments *args)
{
	static const char *const verbs[] = { "list", "show", "build", "remove" };
	const char *arch = argument_value(args, "arch");
	const char *verb = args->words.n ? args->words.v[0] : "list";
	char *const *names = args->words.v + 1;
	struct list known = { 0 };

	arch = arch ? arch : host_cpu();
	if (str_eq(verb, "list") && args->words.n <= 1)
		return list_all(arch);
	if (args->words.n >= 2) {
		if (str_eq(verb, "show") && args->words.n == 2)
			return show(names[0], arch);
		if (str_eq(verb, "build"))
			return build(names, arch);
		if (str_eq(verb, "remove"))
			return script("remove", arch, names, NULL) ? EXIT_FAILED : EXIT_OK;
	}
	diag_error(NULL, "mirage ports: %s",
	    args->words.n ? mem_fmt("'%s' is not understood so", verb) : "what?");
	for (size_t i = 0; i < MIR_COUNT(verbs); i++)
		list_add(&known, verbs[i]);
	diag_expected("list, show NAME, build NAME ... or remove NAME ...");
	diag_suggest(verb, &known);
	return EXIT_USAGE;
}
