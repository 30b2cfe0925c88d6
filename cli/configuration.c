/* configuration.c: from a request and a .conf to all that is known about an image. */
#include <ctype.h>
#include <string.h>

#include "configuration.h"
#include "paths.h"
#include "port.h"
#include "process.h"
#include "version.h"

/* The folder of the .conf is the place of the work; -f DIR/NAME.conf is refused elsewhere. */
static int read_conf(struct configuration *c)
{
	static const char name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_-.+";
	char *file = conf_find(".", c->request.file);

	if (!file)
		return EXIT_FAILED;
	if (!str_eq(path_dir(file), ".")) {
		diag_error(NULL, "'%s' is not in the current folder", file);
		diag_expected("to be called there: cd %s", str_sh_quote(path_dir(file)));
		return EXIT_USAGE;
	}
	if (conf_read(path_base(file), &c->conf))
		return EXIT_FAILED;
	c->name = c->request.output ? c->request.output : c->conf.name;
	if (!*c->name || strchr("-.", c->name[0]) || c->name[strspn(c->name, name_letters)]) {
		diag_error(NULL, "not a name for an image: '%s'", c->name);
		diag_expected("a letter, a digit or '_', then also '-', '.' and '+'");
		return EXIT_USAGE;
	}
	return 0;
}

static int choose_target(struct configuration *c)
{
	const struct place *at = NULL;
	const char *name = c->request.target ? c->request.target : "unix";

	if (c->conf.target) {
		at = &c->conf.at_compiler;
		if (c->request.target && !str_eq(c->request.target, c->conf.target)) {
			diag_warning(
			    at, "the target named here wins over '-t %s'", c->request.target);
		}
		name = c->conf.target;
	}
	return target_load(c->share, name, at, &c->target) ? 0 : EXIT_FAILED;
}

static int choose_net(struct configuration *c)
{
	const struct conf_setting *s = conf_setting(&c->conf, "net");
	const struct list *nets = &c->target.nets;
	const char *net = c->request.net;

	if (!net && s)
		net = s->value;
	if (!nets->n && net) {
		diag_error(NULL, "the target '%s' has no choice of networks", c->target.name);
		diag_found("--net=%s", net);
		return EXIT_FAILED;
	}
	c->net = net ? net : nets->n ? nets->v[0] : "";
	if (nets->n && !list_has(nets, c->net)) {
		diag_error(c->request.net || !s ? NULL : &s->at_value,
		    "there is no network '%s' on the target '%s'", c->net, c->target.name);
		diag_expected("%s", list_join(nets, " or "));
		diag_suggest(c->net, nets);
		return EXIT_FAILED;
	}
	c->arch = target_arch(&c->target, c->request.arch);
	if (!c->arch)
		return EXIT_FAILED;
	c->folder = target_folder(&c->target, c->net, c->arch);
	c->file = mem_fmt("%s%s%s%s", c->name,
	    c->target.archs.n && !str_eq(c->arch, host_cpu()) ? "-" : "",
	    c->target.archs.n && !str_eq(c->arch, host_cpu()) ? c->arch : "", c->target.suffix);
	return 0;
}

/* The wrapper of the C library belongs to the tool: in its tree, or beside it. */
static const char *own_compiler(const struct configuration *c)
{
	const char *command = replace_all(c->target.cc, "{arch}", c->arch);
	const char *program = mem_strn(command, strcspn(command, " "));
	const char *const folders[] = { mem_fmt("%s/libc", c->share), path_dir(paths_tool()) };

	for (size_t i = 0; c->target.freestanding && i < MIR_COUNT(folders); i++)
		if (file_exists(mem_fmt("%s/%s", folders[i], program)))
			return mem_fmt("%s/%s", folders[i], command);
	return command;
}

static void choose_compiler(struct configuration *c)
{
	const struct conf_setting *cc = conf_setting(&c->conf, "cc");
	const char *program, *named;

	named = c->conf.compiler ? c->conf.compiler : cc ? cc->value : NULL;
	c->compiler = named ? named : own_compiler(c);
	program = mem_strn(c->compiler, strcspn(c->compiler, " "));
	/* The wrapper stays in front of the compiler that was named. */
	if (named && *c->target.libc)
		c->compiler = mem_fmt("MIRAGE_CC=%s %s", str_sh_quote(named), own_compiler(c));
	if (process_found(program))
		return;
	diag_error(c->conf.compiler ? &c->conf.at_compiler : NULL,
	    "the compiler '%s' is not installed", program);
	diag_expected("one that is, as gcc or clang: 'apt-get install gcc'");
}

/* Names go through make and a shell; what has a meaning there is refused. */
static bool plain_name(const char *name, const struct place *at)
{
	const char *bad = strpbrk(name, "'\"`\\$#%:;,|<>*?[]\n");

	if (!bad)
		return true;
	diag_error(at, "a name with a character that make or a shell takes for its own");
	diag_found("%c in '%s'", *bad, name);
	diag_expected("the file or folder to have another name");
	return false;
}

/* A source file: obj/app/a/b.o for a/b.c of the application, obj/lib/ipv4/ipv4.o for the tree's;
 * `owner` is the device it belongs to, whose name stands for a folder outside the tree, `flags` the
 * file with those of a source of the tree. */
static void add_unit(
    struct configuration *c, const char *source, const char *owner, const char *flags)
{
	size_t n = strlen(c->share);
	bool app = owner == NULL, shared = false, assembly = str_ends(source, ".S");
	const char *path =
	    app ? mem_fmt("app/%s", source) : mem_fmt("ext/%s/%s", owner, path_base(source));
	char *object;

	/* A target and one of its devices may name the same file. */
	for (size_t i = 0; i < c->n_units; i++)
		if (str_eq(c->units[i].source, source))
			return;
	if (!app && strncmp(source, c->share, n) == 0 && source[n] == '/') {
		path = source + n + 1;
		shared = true;
	}
	object = mem_str(path);
	for (char *p = object; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("/._-", *p))
			*p = '_';
	/* "../x.c" must stay below obj/. */
	for (char *p = object; (p = strstr(p, "..")) != NULL;)
		p[0] = p[1] = '_';
	if (str_ends(object, ".c"))
		object = mem_strn(object, strlen(object) - 2);
	c->units = mem_grow(c->units, c->n_units, &c->cap_units, sizeof *c->units);
	c->units[c->n_units++] = (struct unit){ .source = mem_str(source),
		.object = mem_fmt("%s/obj/%s.o", c->folder, object),
		.flags = shared             ? flags
			 : app && !assembly ? "flags-app"
					    : "flags",
		.app = app,
		.shared = shared };
	list_add(app ? &c->manifest.sources : &c->manifest.libraries, app ? source : path);
}

static bool compiles(const char *name)
{
	return str_ends(name, ".c") || str_ends(name, ".S");
}

/* The sources of a device or a target; those of `hot` have flags of their own. */
static void add_units(struct configuration *c, const char *folder, const struct list *patterns,
    const struct list *hot, const char *owner, const char *const flags[2])
{
	struct list files = { 0 }, hot_files = { 0 }, replaced = { 0 };

	source_files(folder, patterns, c->arch, &files, &c->missing);
	source_files(folder, hot, c->arch, &hot_files, &c->missing);
	for (size_t i = 0; i < c->graph.n_libraries; i++)
		source_files(c->graph.libraries[i]->folder, &c->graph.libraries[i]->replaces,
		    c->arch, &replaced, &c->missing);
	for (size_t i = 0; i < files.n; i++)
		if (compiles(files.v[i]) && !list_has(&replaced, files.v[i]))
			add_unit(c, files.v[i], owner, flags[list_has(&hot_files, files.v[i])]);
}

static void no_match(const struct word *w)
{
	struct list near = { 0 };

	diag_error(&w->at, "no source matches '%s'", w->s);
	diag_expected("a file of this folder, as main.c or src/*.c");
	dir_glob(path_dir(w->s), "*.c", &near);
	diag_suggest(path_base(w->s), &near);
}

/* The file with the function that answers for a host. */
static void answering_source(const struct conf_vhost *v, const struct list *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (!v->function_file || str_eq(path_base(files->v[i]), v->function_file))
			return;
	if (!v->function)
		return;
	diag_error(&v->at_name, "there is no source with the function %s()", v->function);
	diag_expected("%s", v->function_file ? v->function_file : "a file with it");
	diag_suggest(v->function_file ? v->function_file : "", files);
}

static void app_sources(struct configuration *c)
{
	const struct conf *conf = &c->conf;
	struct list files = { 0 };

	for (size_t i = 0; i < conf->sources.n; i++) {
		size_t before = files.n;

		dir_glob(".", conf->sources.v[i].s, &files);
		if (files.n == before)
			no_match(&conf->sources.v[i]);
	}
	if (conf->program)
		program_read(c);
	else if (!conf->sources.n)
		dir_glob(".", "*.c", &files);
	for (size_t i = 0; i < files.n; i++) {
		if (!compiles(files.v[i]) || !list_add_new(&c->manifest.files, files.v[i]))
			continue;
		if (plain_name(files.v[i], NULL))
			add_unit(c, files.v[i], NULL, NULL);
	}
	/* manifest.files served to leave out what was named twice. */
	files = c->manifest.files;
	c->manifest.files = (struct list){ 0 };
	for (size_t i = 0; i < conf->n_vhosts; i++)
		answering_source(&conf->vhosts[i], &files);
	if (conf->main == MAIN_SITE || conf->program)
		return;
	if (!files.n && !conf->sources.n) {
		diag_error(&conf->at_main, "there is no C source in this folder");
		diag_expected("%s with the function %s()",
		    conf->function_file ? conf->function_file : "a file", conf->function);
	} else if (conf->function_file && !list_has(&files, conf->function_file)) {
		bool found = false;

		for (size_t i = 0; i < files.n; i++)
			found = found || str_eq(path_base(files.v[i]), conf->function_file);
		if (found)
			return;
		diag_error(
		    &conf->at_main, "there is no '%s' for '%s'", conf->function_file, conf->job);
		diag_found("%s", files.n ? list_join(&files, ", ") : "no source");
		diag_expected("%s with the function %s()", conf->function_file, conf->function);
		diag_suggest(conf->function_file, &files);
	}
}

static void check_folders(const struct conf *c)
{
	for (size_t i = 0; i < c->n_devices; i++) {
		const struct conf_device *d = &c->devices[i];
		struct list all = { 0 }, folders = { 0 };

		if (d->kind != CONF_FS || !plain_name(d->value, &d->at_value) ||
		    dir_exists(d->value))
			continue;
		diag_error(&d->at_value, "there is no folder '%s'", d->value);
		if (file_exists(d->value))
			diag_found("a file of that name");
		diag_expected("a folder, relative to %s", path_base(c->file));
		dir_list(path_dir(d->value), &all);
		for (size_t j = 0; j < all.n; j++)
			if (dir_exists(path_join(path_dir(d->value), all.v[j])))
				list_add(&folders, all.v[j]);
		diag_suggest(path_base(d->value), &folders);
	}
}

/* The folders that sources of every kind find headers in. */
static void common_include(const struct configuration *c, struct list *out)
{
	list_addf(out, "%s/types", c->share);
	list_addf(out, "%s/run", c->share);
	list_add(out, c->target.folder);
	for (size_t i = 0; i < c->target.shares.n; i++)
		list_add(out, path_clean(path_join(c->target.folder, c->target.shares.v[i])));
	if (c->target.freestanding)
		list_addf(out, "%s/abi", c->share);
}

static void device_flags(const struct descriptor *d, struct list *include, struct list *cflags)
{
	list_add_new(include, d->folder);
	for (size_t i = 0; i < d->include.n; i++)
		list_add_new(include, path_join(d->folder, d->include.v[i]));
	for (size_t i = 0; i < d->cflags.n; i++)
		list_add_new(cflags, d->cflags.v[i]);
}

/* The names of a device, of what it uses and of what meets its needs, and of what those do. */
static void reachable(const struct configuration *c, const struct descriptor *d, struct list *out)
{
	if (!d || !list_add_new(out, d->name))
		return;
	for (size_t i = 0; i < d->uses.n; i++)
		reachable(c, descriptor_find(&c->graph.descriptors, d->uses.v[i]), out);
	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];

		for (size_t j = 0; in->device == d && j < d->n_needs; j++)
			if (in->needs[j])
				reachable(c, in->needs[j]->device, out);
	}
}

/* Does it link third-party libraries? */
static bool links_libraries(const struct descriptor *d)
{
	struct port p;

	for (size_t i = 0; i < d->packages.n; i++)
		if (port_read(d->packages.v[i], &p))
			return true;
	return d->modules.n > 0;
}

/* The same for every application in which the devices `names` meet each other's needs. */
static void add_flag_set(struct configuration *c, const char *file, bool hot, struct list *names)
{
	struct flag_set *s;
	bool modules = false;

	c->sets = mem_grow(c->sets, c->n_sets, &c->cap_sets, sizeof *c->sets);
	s = &c->sets[c->n_sets++];
	*s = (struct flag_set){ .file = file, .hot = hot };
	common_include(c, &s->include);
	if (names->n)
		list_sort(names);
	for (size_t i = 0; i < names->n; i++) {
		const struct descriptor *d = descriptor_find(&c->graph.descriptors, names->v[i]);

		device_flags(d, &s->include, &s->cflags);
		modules = modules || links_libraries(d);
	}
	/* pkg-config answers later. */
	s->modules = modules;
}

/* Flags for size, and where some sources are hot, for speed. */
static void add_flag_sets(
    struct configuration *c, const char *const files[2], bool any_hot, struct list *names)
{
	add_flag_set(c, files[0], false, names);
	if (any_hot)
		add_flag_set(c, files[1], true, names);
}

static void library_sources(struct configuration *c)
{
	static const char *const target_files[2] = { "flags-target", "flags-target-hot" };
	const struct target *t = &c->target;
	struct list names = { 0 };

	common_include(c, &c->include);
	for (size_t i = 0; i < t->uses.n; i++)
		reachable(c, descriptor_find(&c->graph.descriptors, t->uses.v[i]), &names);
	add_flag_sets(c, target_files, t->hot.n, &names);
	add_units(c, t->folder, &t->sources, &t->hot, t->name, target_files);
	for (size_t i = 0; i < c->graph.n_libraries; i++) {
		const struct descriptor *d = c->graph.libraries[i];
		const char *const files[2] = { mem_fmt("%s.flags", d->name),
			mem_fmt("%s-hot.flags", d->name) };

		names = (struct list){ 0 };
		reachable(c, d, &names);
		device_flags(d, &c->include, &c->cflags);
		add_flag_sets(c, files, d->hot.n, &names);
		add_units(c, d->folder, &d->sources, &d->hot, d->name, files);
	}
}

static void pkg_config(
    struct configuration *c, const char *module, const char *what, struct list *out)
{
	struct text text = { 0 };
	struct list ports = { 0 };

	for (size_t i = 0; i < c->manifest.n_ports; i++)
		list_add(&ports, c->manifest.ports[i].name);
	if (port_pkg_config(c->target.freestanding ? c->arch : NULL, &ports, module, what, &text) !=
	    0)
		list_add_new(&c->missing_modules, module);
	else
		list_split(out, str_trim(text_str(&text)), ' ');
}

static void add_need(
    struct manifest_need **v, size_t *n, size_t *cap, const char *name, const char *who)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq((*v)[i].name, name))
			return;
	*v = mem_grow(*v, *n, cap, sizeof **v);
	(*v)[(*n)++] = (struct manifest_need){ mem_str(name), mem_str(who) };
}

static void add_package(struct manifest *m, const char *name, const char *who)
{
	add_need(&m->packages, &m->n_packages, &m->cap_packages, name, who);
}

static void add_module(struct manifest *m, const char *name, const char *who)
{
	add_need(&m->modules, &m->n_modules, &m->cap_modules, name, who);
}

static bool license_allowed(const struct configuration *c, const struct port *p)
{
	const struct words *allowed = &c->conf.allowed_licenses;

	for (size_t i = 0; i < allowed->n; i++)
		if (str_eq(allowed->v[i].s, p->licence))
			return true;
	return port_permissive(p->licence);
}

/* A package that is named: a port, built for the image or, on unix, of the host's packages; or a
 * package of Debian. */
static void named_package(
    struct configuration *c, const char *name, const char *who, const struct place *at)
{
	struct manifest *m = &c->manifest;
	struct list all = { 0 };
	struct port p;

	if (!port_read(name, &p)) {
		add_package(m, name, who);
		return;
	}
	port_closure(name, &all);
	for (size_t i = 0; i < all.n && port_read(all.v[i], &p); i++) {
		if (!license_allowed(c, &p)) {
			diag_error(at, "the license of '%s' is not a permissive one: %s", p.name,
			    p.licence);
			diag_expected("'allow-license: %s', if images may be under it", p.licence);
		}
		list_add_new(&c->ports, p.name);
		if (c->target.freestanding)
			add_need(&m->ports, &m->n_ports, &m->cap_ports, p.name, who);
		for (size_t j = 0; !c->target.freestanding && j < p.debian.n; j++)
			add_package(m, p.debian.v[j], who);
		if (p.modules.n)
			add_module(m, p.modules.v[0], who);
	}
}

static void dependencies(struct configuration *c)
{
	struct manifest *m = &c->manifest;
	const struct conf *conf = &c->conf;

	for (size_t i = 0; i < conf->packages.n; i++)
		named_package(c, conf->packages.v[i].s, conf->file, &conf->packages.v[i].at);
	for (size_t i = 0; i < conf->modules.n; i++)
		add_module(m, conf->modules.v[i].s, conf->file);
	if (!str_eq(c->arch, host_cpu()))
		add_package(m, mem_fmt("gcc-%s-linux-gnu", replace_all(c->arch, "_", "-")),
		    mem_fmt("--arch=%s", c->arch));
	for (size_t i = 0; i < c->target.packages.n; i++)
		add_package(m, c->target.packages.v[i], c->target.name);
	for (size_t i = 0; i < c->graph.n_libraries; i++) {
		const struct descriptor *d = c->graph.libraries[i];

		for (size_t j = 0; j < d->packages.n; j++)
			named_package(c, d->packages.v[j], d->name, &d->at);
		for (size_t j = 0; j < d->modules.n; j++)
			add_module(m, d->modules.v[j], d->name);
	}
	if (m->n_modules && !process_found("pkg-config"))
		add_package(m, "pkgconf", "depends:");
	for (size_t i = 0; i < m->n_modules; i++) {
		pkg_config(c, m->modules[i].name, "--cflags", &c->modules);
		pkg_config(c, m->modules[i].name, "--libs", &c->ldflags);
	}
}

/* The folders of a list of the .conf, those that there are. */
static void more_folders(
    const struct configuration *c, const struct words *l, const char *what, struct list *out)
{
	for (size_t i = 0; i < l->n; i++) {
		if (dir_exists(l->v[i].s)) {
			list_add(out, l->v[i].s);
			continue;
		}
		diag_error(&l->v[i].at, "there is no folder '%s'", l->v[i].s);
		diag_expected("a folder with %s, relative to %s", what, path_base(c->conf.file));
	}
}

int configuration_make(const struct request *r, struct configuration *out)
{
	unsigned before = diag_errors();
	struct list folders = { 0 }, ports = { 0 };
	struct configuration *c = out;
	int rc;

	*c = (struct configuration){ .request = *r, .share = paths_share() };
	if (!c->share)
		return EXIT_FAILED;
	if ((rc = read_conf(c)) || (rc = choose_target(c)) || (rc = choose_net(c)))
		return rc;
	choose_compiler(c);
	check_folders(&c->conf);
	more_folders(c, &c->conf.devices_path, "devices", &folders);
	more_folders(c, &c->conf.ports_path, "recipes of ports", &ports);
	port_folders(&ports);
	c->graph.name = c->name;
	c->graph.conf = &c->conf;
	c->graph.target = &c->target;
	c->graph.net = c->net;
	c->graph.settings = &c->request.keys;
	if (descriptors_load(c->share, &c->target, &folders, &c->graph.descriptors))
		return EXIT_FAILED;
	graph_resolve(&c->graph);
	app_sources(c);
	library_sources(c);
	notes_check(c);
	if (diag_errors() == before)
		dependencies(c);
	return diag_errors() == before ? 0 : EXIT_FAILED;
}
