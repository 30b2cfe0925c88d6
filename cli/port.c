/* port.c: read recipes, and have ports/port.sh build them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "paths.h"
#include "port.h"
#include "process.h"

static char *recipe(const char *name)
{
	struct list folders = { 0 };
	const char *more = getenv("MIRAGE_PORTS"), *share = paths_share();

	if (!share || strchr(name, '/') || *name == '.')
		return NULL;
	if (more)
		list_split(&folders, more, ':');
	list_addf(&folders, "%s/ports", share);
	for (size_t i = 0; i < folders.n; i++) {
		char *path = mem_fmt("%s/%s/port.conf", folders.v[i], name);

		if (file_exists(path))
			return path;
	}
	return NULL;
}

/* The script that builds looks at the same variable. */
void port_folders(const struct list *l)
{
	const char *more = getenv("MIRAGE_PORTS");
	struct text all = { 0 };
	char path[PATH_MAX];

	for (size_t i = 0; i < l->n; i++)
		if (realpath(l->v[i], path))
			text_addf(&all, "%s:", path);
	if (all.len)
		setenv("MIRAGE_PORTS", mem_fmt("%s%s", all.s, more ? more : ""), 1);
}

bool port_read(const char *name, struct port *out)
{
	const char *path = recipe(name);
	struct statements all = { 0 };
	struct text t = { 0 };
	struct {
		const char *key;
		char **one;
		struct list *many;
	} const keys[] = { { "about", &out->about, NULL }, { "license", &out->licence, NULL },
		{ "source", NULL, &out->source }, { "debian", NULL, &out->debian },
		{ "modules", NULL, &out->modules }, { "needs", NULL, &out->needs } };

	*out = (struct port){ mem_str(name), mem_str(""), mem_str(""), { 0 }, { 0 }, { 0 }, { 0 } };
	if (!path || file_read(path, &t) < 0 || statements_parse(path, t.s, t.len, &all) != 0)
		return false;
	for (size_t i = 0; i < all.n; i++)
		for (size_t k = 0; k < MIR_COUNT(keys); k++) {
			if (!str_eq(all.v[i].key, keys[k].key))
				continue;
			if (keys[k].one)
				*keys[k].one = statement_value(&all.v[i]);
			else
				list_split(keys[k].many, all.v[i].value, ' ');
		}
	return true;
}

void port_closure(const char *name, struct list *out)
{
	struct port p;

	if (list_has(out, name) || !port_read(name, &p))
		return;
	for (size_t i = 0; i < p.needs.n; i++)
		port_closure(p.needs.v[i], out);
	list_add_new(out, name);
}

char *port_built(const char *name, const char *arch)
{
	const char *share = paths_share();
	char *argv[] = { mem_fmt("%s/ports/port.sh", share ? share : ""), mem_str("find"),
		mem_str(arch), mem_str(name), NULL };
	struct text out = { 0 }, ignored = { 0 };

	if (!share || process_run(argv, &out, &ignored) != 0)
		return NULL;
	return str_trim(text_str(&out));
}

char *port_version(const char *name, const char *arch)
{
	const char *folder = port_built(name, arch);
	struct text out = { 0 };

	return folder && file_read(mem_fmt("%s/version", folder), &out) == 0
		   ? str_trim(text_str(&out))
		   : mem_str("");
}

int port_build(const struct list *names, const char *arch)
{
	const char *share = paths_share();
	struct list argv = { 0 };
	int rc;

	if (!share)
		return EXIT_FAILED;
	list_addf(&argv, "%s/ports/port.sh", share);
	list_add(&argv, "build");
	list_add(&argv, arch);
	for (size_t i = 0; i < names->n; i++)
		list_add(&argv, names->v[i]);
	fflush(NULL);
	rc = process_run(argv.v, NULL, NULL);
	if (rc == 0)
		return EXIT_OK;
	diag_error(
	    NULL, "not all ports were built%s%s", rc < 0 ? ": " : "", rc < 0 ? strerror(-rc) : "");
	diag_note("what was printed above says why");
	return EXIT_FAILED;
}

int port_pkg_config(const char *arch, const struct list *ports, const char *module,
    const char *what, struct text *out)
{
	struct list argv = { 0 }, folders = { 0 };
	struct text ignored = { 0 };

	if (arch) {
		for (size_t i = 0; i < ports->n; i++) {
			const char *folder = port_built(ports->v[i], arch);

			if (folder)
				list_addf(&folders, "%s/lib/pkgconfig", folder);
		}
		list_add(&argv, "env");
		list_add(&argv, "PKG_CONFIG_PATH=");
		list_addf(&argv, "PKG_CONFIG_LIBDIR=%s",
		    folders.n ? list_join(&folders, ":") : "/nonexistent");
	}
	list_add(&argv, "pkg-config");
	if (arch)
		list_add(&argv, "--static");
	list_add(&argv, what);
	list_add(&argv, module);
	return process_run(argv.v, out, &ignored);
}

bool port_permissive(const char *licence)
{
	static const char *const permissive[] = { "ISC", "MIT", "MIT-0", "0BSD", "BSD-2-Clause",
		"BSD-3-Clause", "Apache-2.0", "Zlib", "BSL-1.0", "CC0-1.0", "Unlicense", "blessing",
		"X11", "curl" };

	for (size_t i = 0; i < MIR_COUNT(permissive); i++)
		if (str_eq(licence, permissive[i]))
			return true;
	return false;
}
