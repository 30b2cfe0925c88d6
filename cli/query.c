/* query.c: `mirage query`: print what a configuration, or an image, is made of. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "configure.h"
#include "diag.h"
#include "elf_section.h"
#include "json.h"
#include "pack.h"
#include "query.h"

const struct option options_query[] = {
	OPTIONS_TARGET,
	{ "image", 0, "FILE", "ask an image, which needs no sources; Solo5's, too" },
	{ "json", 0, NULL, "print JSON" },
	OPTION_END,
};

/* One kind of answer: a table, its columns named. */
struct table {
	const char *name;
	const char *about;
	const char *columns[7]; /* NULL-ended */
	void (*fill)(const struct subject *, struct list *cells);
	bool of_image; /* an image tells it without a manifest */
	bool heading;  /* names of the columns are printed above them */
};

static void cell(struct list *cells, const char *value)
{
	list_add(cells, value ? value : "");
}

static void fill_facts(const struct subject *q, struct list *cells)
{
	const struct manifest *m = &q->m;
	const char *const facts[][2] = { { "name", m->name }, { "target", m->target },
		{ "net", m->net }, { "processor", m->arch }, { "image", m->image },
		{ "main", m->job }, { "conf", m->conf }, { "compiler", m->compiler },
		{ "arguments", m->arguments }, { "mirage", m->tool } };

	for (size_t i = 0; i < sizeof facts / sizeof facts[0] && q->has_manifest; i++) {
		cell(cells, facts[i][0]);
		cell(cells, facts[i][1]);
	}
	if (q->has_notes)
		notes_facts(q, cells);
}

static void fill_packages(const struct subject *q, struct list *cells)
{
	const struct manifest *m = &q->m;

	for (size_t i = 0; i < m->n_packages; i++) {
		cell(cells, m->packages[i].name);
		cell(cells, m->packages[i].who);
	}
}

static void fill_modules(const struct subject *q, struct list *cells)
{
	const struct manifest *m = &q->m;

	for (size_t i = 0; i < m->n_modules; i++) {
		cell(cells, m->modules[i].name);
		cell(cells, m->modules[i].who);
	}
}

static void fill_sources(const struct subject *q, struct list *cells)
{
	const struct manifest *m = &q->m;

	for (size_t i = 0; i < m->sources.n; i++) {
		cell(cells, m->sources.v[i]);
		cell(cells, "application");
	}
	for (size_t i = 0; i < m->libraries.n; i++) {
		cell(cells, m->libraries.v[i]);
		cell(cells, "library");
	}
}

static void fill_files(const struct subject *q, struct list *cells)
{
	const struct manifest *m = &q->m;

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

static void fill_devices(const struct subject *q, struct list *cells)
{
	const struct manifest *m = &q->m;

	for (size_t i = 0; i < m->n_devices; i++) {
		cell(cells, m->devices[i].instance);
		cell(cells, m->devices[i].device);
		cell(cells, m->devices[i].signature);
		cell(cells, list_join(&m->devices[i].needs, " "));
		cell(cells, m->devices[i].why);
	}
}

static void fill_keys(const struct subject *q, struct list *cells)
{
	const struct manifest *m = &q->m;

	for (size_t i = 0; i < m->n_keys; i++) {
		cell(cells, mem_fmt("--%s", m->keys[i].option));
		cell(cells, m->keys[i].type);
		cell(cells, m->keys[i].def);
		cell(cells, m->keys[i].owner);
		cell(cells, m->keys[i].help);
	}
}

static void fill_licenses(const struct subject *q, struct list *cells)
{
	struct linked l;

	linked_parts(q, &l);
	for (size_t i = 0; i < l.n; i++) {
		cell(cells, l.v[i].name);
		cell(cells, l.v[i].licence);
		cell(cells, l.v[i].package);
		cell(cells, l.v[i].version);
	}
}

static const struct table tables[] = {
	{ "packages", "packages that the build needs, and who asks for them", { "package", "for" },
	    fill_packages, false, false },
	{ "modules", "pkg-config modules", { "module", "for" }, fill_modules, false, false },
	{ "sources", "files that are compiled", { "file", "of" }, fill_sources, false, false },
	{ "files", "files that are generated, folders that are embedded", { "file", "is" },
	    fill_files, false, false },
	{ "devices", "devices, and why each was chosen",
	    { "instance", "device", "signature", "needs", "why" }, fill_devices, false, false },
	{ "keys", "boot arguments with their defaults",
	    { "option", "type", "default", "of", "help" }, fill_keys, false, false },
	{ "licenses", "licenses of what is linked in", { "part", "license", "package", "version" },
	    fill_licenses, false, false },
	{ "facts", "name, target, configuration", { "fact", "value" }, fill_facts, true, false },
	{ "attached", "devices that the tender attaches", { "device", "is" }, fill_attached, true,
	    false },
	{ "hardening", "what protects the image", { "protection", "how", "under other tenders" },
	    fill_hardening, true, false },
	{ "sizes", "bytes of each part",
	    { "part", "code", "constants", "data", "zeroed", "in the file" }, fill_sizes, true,
	    true },
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
	size_t width[7] = { 0 };

	for (size_t i = 0; i < cells->n; i++)
		if (strlen(cells->v[i]) > width[i % n])
			width[i % n] = strlen(cells->v[i]);
	for (unsigned c = 0; c < n && t->heading; c++)
		if (strlen(t->columns[c]) > width[c])
			width[c] = strlen(t->columns[c]);
	for (unsigned c = 0; c < n && t->heading && cells->n; c++)
		printf("%-*s%s", c + 1 < n ? (int)width[c] : 0, t->columns[c],
		    c + 1 < n ? "  " : "\n");
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

static void broken_image(const char *path, int rc)
{
	if (rc == -ENOEXEC)
		diag_error(NULL, "'%s' is no image, or a broken one", path);
	else if (rc == -ENOENT && file_exists(path))
		diag_error(NULL, "'%s' does not tell what it is made of", path);
	else
		diag_error(NULL, "'%s': %s", path, strerror(-rc));
	diag_expected("an image that 'mirage build' has made, such as dist/NAME");
}

/* What the file of an image tells: notes where it is one for a tender, sizes, and, unless there is
 * one already, the manifest. */
static int read_image(const char *path, struct subject *q)
{
	bool wanted = !q->has_manifest;
	const char *data;
	size_t len;
	int rc = pack_manifest_read(path, &data, &len);

	q->path = path;
	if (rc == 0 && wanted) {
		if (manifest_parse(mem_fmt("%s(%s)", path, MANIFEST_SECTION), data, len, &q->m) < 0)
			return EXIT_FAILED;
		q->has_manifest = true;
	}
	q->has_elf = elf_notes_read(path, &q->notes) == 0;
	q->has_notes = q->has_elf && q->notes.target;
	if (rc != 0 && (rc != -ENOENT || !q->has_notes)) {
		broken_image(path, rc);
		return EXIT_FAILED;
	}
	if (elf_section_read(path, SIZES_SECTION, &data, &len) == 0)
		sizes_parse(data, len, &q->sizes);
	return 0;
}

static void names_of_tables(struct list *out)
{
	for (const struct table *t = tables; t->name; t++)
		list_add(out, t->name);
	list_split(out, "image,sbom,all", ',');
}

static int unknown_table(const char *what)
{
	struct list names = { 0 };

	names_of_tables(&names);
	diag_error(NULL, "nothing is known of '%s'", what);
	diag_expected("one of %s", list_join(&names, ", "));
	diag_suggest(what, &names);
	return EXIT_USAGE;
}

/* Is the table part of the answer? */
static bool chosen(const struct table *t, const char *what, const struct subject *q)
{
	if (str_eq(what, t->name))
		return true;
	if (str_eq(what, "image"))
		return t->of_image;
	return str_eq(what, "all") && (t->of_image ? q->path != NULL : q->has_manifest);
}

static void print_tables(const struct subject *q, const char *what, bool json)
{
	struct text out = { 0 };
	struct json j = { .out = &out };
	bool several = str_eq(what, "all") || str_eq(what, "image"), first = true;

	if (json)
		json_open(&j, NULL, '{');
	for (const struct table *t = tables; t->name; t++) {
		struct list cells = { 0 };

		if (!chosen(t, what, q))
			continue;
		t->fill(q, &cells);
		if (json) {
			print_json(&j, t, &cells);
			continue;
		}
		if (several)
			printf("%s%s:\n", first ? "" : "\n", t->about);
		print_table(t, &cells);
		first = false;
	}
	if (json) {
		json_close(&j);
		fputs(text_str(&out), stdout);
	}
}

/* What is asked of a configuration may be known of its image only. */
static int find_image(struct subject *q, const char *what)
{
	bool needed = str_eq(what, "sizes") || str_eq(what, "image") || str_eq(what, "attached") ||
		      str_eq(what, "hardening") || str_eq(what, "sbom");

	if (!needed && !str_eq(what, "all"))
		return 0;
	if (file_exists(q->m.image))
		return read_image(q->m.image, q);
	if (!needed)
		return 0;
	diag_error(NULL, "'%s' is not built, and only the image tells its %s", q->m.image, what);
	diag_expected("'mirage build' to have made it");
	return EXIT_FAILED;
}

int command_query(const struct arguments *args)
{
	const char *image = argument_value(args, "image");
	const char *what = args->words.n ? args->words.v[0] : image ? "image" : "packages";
	struct subject q = { 0 };
	struct list names = { 0 };
	const struct table *only = NULL;
	int rc;

	names_of_tables(&names);
	if (!list_has(&names, what))
		return unknown_table(what);
	for (const struct table *t = tables; t->name; t++)
		if (str_eq(t->name, what))
			only = t;
	if (image)
		rc = read_image(image, &q);
	else if ((rc = configuration_load(args, &q.m)) == 0) {
		q.has_manifest = true;
		rc = find_image(&q, what);
	}
	if (rc)
		return rc;
	if (!q.has_manifest && ((only && !only->of_image) || str_eq(what, "sbom"))) {
		diag_error(
		    NULL, "'%s' was not made by mirage, and does not tell its %s", image, what);
		diag_note("its notes tell facts, attached devices and hardening");
		return EXIT_FAILED;
	}
	if (str_eq(what, "sbom"))
		return print_sbom(&q);
	print_tables(&q, what, argument_given(args, "json"));
	return EXIT_OK;
}
