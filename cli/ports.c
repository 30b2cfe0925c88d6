/* ports.c: `mirage ports`: what third-party libraries there are for images, built and removed. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "depend.h"
#include "descriptor.h"
#include "diag.h"
#include "json.h"
#include "paths.h"
#include "port.h"
#include "process.h"

const struct option options_ports[] = {
	{ "arch", 0, "ARCH", "the processor: x86_64 (the host's unless told), aarch64" },
	{ "json", 0, NULL, "print JSON, of list and show" },
	OPTION_END,
};

/* Besides recipes there is the C library, which libc/build.sh builds for every image. */
static bool read_port(const char *name, struct port *out)
{
	if (!str_eq(name, "musl"))
		return port_read(name, out);
	*out = (struct port){ .name = mem_str(name),
		.about = mem_str("the C library of every image"),
		.licence = mem_str("MIT") };
	list_split(&out->source, "musl 1.2 1.1", ' ');
	return true;
}

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

static int list_all(const char *arch, bool json)
{
	struct text out = { 0 }, text = { 0 };
	struct json j = { .out = &text };
	struct list lines = { 0 };

	if (script("list", arch, NULL, &out) != 0)
		return EXIT_FAILED;
	list_split(&lines, str_trim(text_str(&out)), '\n');
	if (json)
		json_open(&j, NULL, '[');
	for (size_t i = 0; i < lines.n; i++) {
		char *tab = strchr(lines.v[i], '\t');
		struct port p;

		if (tab)
			*tab++ = 0;
		if (!read_port(lines.v[i], &p))
			continue;
		if (!json) {
			printf("%-10s %-14s %-24s %s\n", p.name, p.licence, tab && *tab ? tab : "-",
			    p.about);
			continue;
		}
		json_open(&j, NULL, '{');
		json_string(&j, "port", p.name);
		json_string(&j, "license", p.licence);
		json_string(&j, "about", p.about);
		json_string(&j, "built", tab && *tab ? tab : NULL);
		json_close(&j);
	}
	if (json)
		json_close(&j);
	fputs(text_str(&text), stdout);
	return EXIT_OK;
}

static void show_list(const char *what, const struct list *l)
{
	if (l->n)
		printf("%-10s %s\n", what, list_join(l, " "));
}

static void show_json(const struct port *p, const char *version, const char *folder)
{
	struct text text = { 0 };
	struct json j = { .out = &text };

	json_open(&j, NULL, '{');
	json_string(&j, "port", p->name);
	json_string(&j, "about", p->about);
	json_string(&j, "license", p->licence);
	json_list(&j, "source", &p->source);
	json_list(&j, "needs", &p->needs);
	json_list(&j, "modules", &p->modules);
	json_list(&j, "debian", &p->debian);
	json_string(&j, "built", folder ? version : NULL);
	json_string(&j, "folder", folder);
	json_close(&j);
	fputs(text_str(&text), stdout);
}

/* Where the C library is; *version: of what. */
static char *libc_built(const char *arch, const char **version)
{
	struct manifest m = { .arch = mem_str(arch), .libc = mem_str("musl") };
	char *folder = depend_libc_folder(&m);
	struct text out = { 0 };

	if (folder && file_read(mem_fmt("%s/version", folder), &out) == 0)
		*version = str_trim(text_str(&out));
	return folder;
}

static int show(const char *name, const char *arch, bool json)
{
	struct port p;
	const char *folder, *version = "";

	if (!read_port(name, &p)) {
		diag_error(NULL, "there is no port '%s'", name);
		diag_expected("one of those that 'mirage ports' lists");
		return EXIT_FAILED;
	}
	if (str_eq(name, "musl")) {
		folder = libc_built(arch, &version);
	} else {
		folder = port_built(name, arch);
		version = folder ? port_version(name, arch) : "";
	}
	if (json) {
		show_json(&p, version, folder);
		return EXIT_OK;
	}
	printf("%-10s %s\n%-10s %s\n%-10s %s\n", "port", p.name, "about", p.about, "license",
	    p.licence);
	show_list("source", &p.source);
	show_list("needs", &p.needs);
	show_list("modules", &p.modules);
	show_list("on unix", &p.debian);
	printf("%-10s %s\n", "built", folder ? version : "no");
	if (folder)
		printf("%-10s %s\n", "in", folder);
	return EXIT_OK;
}

static int build(char *const *names, const char *arch)
{
	struct list all = { 0 };

	/* The C library is built in front of any of them. */
	for (; *names; names++)
		if (!str_eq(*names, "musl"))
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
		return list_all(arch, argument_given(args, "json"));
	if (args->words.n >= 2) {
		if (str_eq(verb, "show") && args->words.n == 2)
			return show(names[0], arch, argument_given(args, "json"));
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
