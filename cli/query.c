/* query.c: `mirage query`: print what a configuration, or an image, is made of. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "configure.h"
#include "diag.h"
#include "elf_section.h"
#include "json.h"

const struct option options_query[] = {
	OPTIONS_TARGET,
	{ "image", 0, "FILE", "ask an image, which needs no sources" },
	{ "json", 0, NULL, "print JSON" },
	OPTION_END,
};

/* One kind of answer: a table, its columns named. */
struct table {
	const char *name;
	const char *about;
	const char *columns[6]; /* NULL-ended */
	void (*fill)(const struct manifest *, struct list *cells);
};

static void cell(struct list *cells, const char *value)
{
	list_add(cells, value ? value : "");
}

static void fill_facts(const struct manifest *m, struct list *cells)
{
	const char *const facts[][2] = { { "name", m->name }, { "target", m->target },
		{ "net", m->net }, { "image", m->image }, { "main", m->job }, { "conf", m->conf },
		{ "compiler", m->compiler }, { "arguments", m->arguments }, { "mirage", m->tool } };

	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		cell(cells, facts[i][0]);
		cell(cells, facts[i][1]);
	}
}

static void fill_packages(const struct manifest *m, struct list *cells)
{
	for (size_t i = 0; i < m->n_packages; i++) {
		cell(cells, m->packages[i].name);
		cell(cells, m->packages[i].who);
	}
}

static void fill_modules(const struct manifest *m, struct list *cells)
{
	for (size_t i = 0; i < m->n_modules; i++) {
		cell(cells, m->modules[i].name);
		cell(cells, m->modules[i].who);
	}
}

static void fill_sources(const struct manifest *m, struct list *cells)
{
	for (size_t i = 0; i < m->sources.n; i++) {
		cell(cells, m->sources.v[i]);
		cell(cells, "application");
	}
	for (size_t i = 0; i < m->libraries.n; i++) {
		cell(cells, m->libraries.v[i]);
		cell(cells, "library");
	}
}

static void fill_files(const struct manifest *m, struct list *cells)
{
	for (size_t i = 0; i < m->files.n; i++) {
		cell(cells, m->files.v[i]);
		cell(cells, "generated");
	}
	for (size_t i = 0; i < m->n_fs; i++) {
		cell(cells, m->fs[i].folder);
		cell(cells, mem_fmt("embedded as %s", m->fs[i].name));
	}
	cell(cells, m->image);
	cell(cells, "image");
}

static void fill_devices(const struct manifest *m, struct list *cells)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		cell(cells, m->devices[i].instance);
		cell(cells, m->devices[i].device);
		cell(cells, m->devices[i].signature);
		cell(cells, list_join(&m->devices[i].needs, " "));
		cell(cells, m->devices[i].why);
	}
}

static void fill_keys(const struct manifest *m, struct list *cells)
{
	for (size_t i = 0; i < m->n_keys; i++) {
		cell(cells, mem_fmt("--%s", m->keys[i].option));
		cell(cells, m->keys[i].type);
		cell(cells, m->keys[i].def);
		cell(cells, m->keys[i].owner);
		cell(cells, m->keys[i].help);
	}
}

/* One row for each licence and part; a device of several instances is one part. */
static void fill_licenses(const struct manifest *m, struct list *cells)
{
	struct list seen = { 0 };

	cell(cells, "runtime");
	cell(cells, "ISC");
	cell(cells, "");
	for (size_t i = 0; i < m->n_devices; i++) {
		if (!list_add_new(&seen, m->devices[i].device))
			continue;
		cell(cells, m->devices[i].device);
		cell(cells, m->devices[i].licence);
		cell(cells, "");
	}
	for (size_t i = 0; i < m->n_components; i++) {
		cell(cells, m->components[i].name);
		cell(cells, m->components[i].licence);
		cell(cells, m->components[i].package);
	}
}

static const struct table tables[] = {
	{ "packages", "packages that the build needs, and who asks for them", { "package", "for" },
	    fill_packages },
	{ "modules", "pkg-config modules", { "module", "for" }, fill_modules },
	{ "sources", "files that are compiled", { "file", "of" }, fill_sources },
	{ "files", "files that are generated, folders that are embedded", { "file", "is" },
	    fill_files },
	{ "devices", "devices, and why each was chosen",
	    { "instance", "device", "signature", "needs", "why" }, fill_devices },
	{ "keys", "boot arguments with their defaults",
	    { "option", "type", "default", "of", "help" }, fill_keys },
	{ "licenses", "licenses of what is linked in", { "part", "license", "package" },
	    fill_licenses },
	{ "facts", "name, target, configuration", { "fact", "value" }, fill_facts },
	{ .name = NULL },
};

static unsigned columns_of(const struct table *t)
{
	unsigned n = 0;

	while (t->columns[n])
		n++;
	return n;
}

/* The cells in columns of the width that they need; the last one is as long as it is. */
static void print_table(const struct table *t, const struct list *cells)
{
	unsigned n = columns_of(t);
	size_t width[6] = { 0 };

	for (size_t i = 0; i < cells->n; i++)
		if (strlen(cells->v[i]) > width[i % n])
			width[i % n] = strlen(cells->v[i]);
	for (size_t row = 0; row < cells->n; row += n) {
		struct text line = { 0 };

		for (unsigned c = 0; c < n; c++)
			text_addf(&line, "%-*s%s", c + 1 < n ? (int)width[c] : 0, cells->v[row + c],
			    c + 1 < n ? "  " : "");
		while (line.len && line.s[line.len - 1] == ' ')
			line.s[--line.len] = '\0';
		puts(text_str(&line));
	}
}

static void print_json(struct json *j, const struct table *t, const struct list *cells)
{
	unsigned n = columns_of(t);

	json_open(j, t->name, '[');
	for (size_t row = 0; row < cells->n; row += n) {
		json_open(j, NULL, '{');
		for (unsigned c = 0; c < n; c++)
			json_string(j, t->columns[c], cells->v[row + c]);
		json_close(j);
	}
	json_close(j);
}

static int read_image(const char *path, struct manifest *m)
{
	const char *data;
	size_t len;
	int rc = elf_section_read(path, MANIFEST_SECTION, &data, &len);

	if (rc == 0)
		return manifest_parse(mem_fmt("%s(%s)", path, MANIFEST_SECTION), data, len, m) < 0
			   ? EXIT_FAILED
			   : 0;
	if (rc == -ENOEXEC)
		diag_error(NULL, "'%s' is no image, or a broken one", path);
	else if (rc == -ENOENT && file_exists(path))
		diag_error(NULL, "'%s' does not tell what it is made of", path);
	else
		diag_error(NULL, "'%s': %s", path, strerror(-rc));
	diag_expected("an image that 'mirage build' has made, such as dist/NAME");
	return EXIT_FAILED;
}

static int unknown_table(const char *what)
{
	struct list names = { 0 };

	for (const struct table *t = tables; t->name; t++)
		list_add(&names, t->name);
	list_add(&names, "all");
	diag_error(NULL, "nothing is known of '%s'", what);
	diag_expected("one of %s", list_join(&names, ", "));
	diag_suggest(what, &names);
	return EXIT_USAGE;
}

int command_query(const struct arguments *args)
{
	const char *what = args->words.n ? args->words.v[0] : "packages";
	const char *image = argument_value(args, "image");
	bool all = str_eq(what, "all"), json = argument_given(args, "json");
	const struct table *only = NULL;
	struct manifest m = { 0 };
	struct text out = { 0 };
	struct json j = { .out = &out };
	int rc;

	for (const struct table *t = tables; t->name; t++)
		if (str_eq(t->name, what))
			only = t;
	if (!only && !all)
		return unknown_table(what);
	rc = image ? read_image(image, &m) : configuration_load(args, &m);
	if (rc)
		return rc;
	if (json)
		json_open(&j, NULL, '{');
	for (const struct table *t = tables; t->name; t++) {
		struct list cells = { 0 };

		if (!all && t != only)
			continue;
		t->fill(&m, &cells);
		if (json) {
			print_json(&j, t, &cells);
			continue;
		}
		if (all)
			printf("%s%s:\n", t == tables ? "" : "\n", t->about);
		print_table(t, &cells);
	}
	if (json) {
		json_close(&j);
		fputs(text_str(&out), stdout);
	}
	return EXIT_OK;
}
