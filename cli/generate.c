/* generate.c: write the files of a configuration, and only those that change. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "configuration.h"
#include "port.h"
#include "depend.h"
#include "pack.h"
#include "process.h"
#include "sizes.h"
#include "version.h"

#define PUSH(m, what)                                                                              \
	((m)->what = mem_grow((m)->what, (m)->n_##what, &(m)->cap_##what, sizeof *(m)->what),      \
	    &(m)->what[(m)->n_##what++])

static void device(struct manifest *m, const struct instance *in)
{
	const struct descriptor *d = in->device;
	struct manifest_device *out = PUSH(m, devices);

	*out = (struct manifest_device){ .instance = mem_str(in->id),
		.device = d->name,
		.signature = d->provides,
		.group = mem_str(in->group),
		.network = mem_str(str_eq(d->provides, "NETWORK") ? in->group : ""),
		.disk = mem_str(str_eq(d->provides, "BLOCK") ? in->group : ""),
		.licence = d->licence,
		.why = mem_str(in->why) };
	for (size_t i = 0; i < d->n_needs; i++)
		if (in->needs[i])
			list_addf(&out->needs, "%s=%s", d->needs[i].field, in->needs[i]->id);
}

static void keys(struct manifest *m, const struct key *k, size_t n, const char *owner)
{
	for (size_t i = 0; i < n; i++)
		if (k[i].boot)
			*PUSH(m, keys) =
			    (struct manifest_key){ mem_str(k[i].option), mem_str(k[i].type),
				    mem_str(k[i].value), mem_str(k[i].help), mem_str(owner) };
}

/* What `mirage run` is told about an instance. */
static void runs(struct manifest *m, const struct instance *in)
{
	for (size_t i = 0; i < in->device->n_keys; i++)
		if (in->keys[i].run)
			*PUSH(m, runs) = (struct manifest_run){ mem_str(in->keys[i].option),
				mem_str(in->keys[i].name), mem_str(in->group),
				mem_str(in->keys[i].value), mem_str(in->keys[i].help) };
}

/* The version of a Debian package that is installed, or of the C library that was built; "" where
 * that is not known. */
static char *version_of(const struct manifest *m, const struct descriptor_component *d)
{
	char *query[] = { mem_str("dpkg-query"), mem_str("-W"), mem_str("-f=${Version}"),
		d->package, NULL };
	struct text out = { 0 }, ignored = { 0 };
	const char *folder = str_eq(d->name, m->libc) ? depend_libc_folder(m) : NULL;

	if (str_eq(d->name, m->libc))
		return folder && file_read(mem_fmt("%s/version", folder), &out) == 0
			   ? str_trim(text_str(&out))
			   : mem_str("");
	return process_run(query, &out, &ignored) == 0 ? str_trim(text_str(&out)) : mem_str("");
}

static void component(struct manifest *m, const struct descriptor_component *d, const char *part)
{
	*PUSH(m, components) = (struct manifest_component){ d->name, d->licence, d->package,
		version_of(m, d), mem_str(part) };
}

/* The archives of a port. */
static char *archives(const char *folder)
{
	struct list files = { 0 }, parts = { 0 };

	if (folder)
		dir_glob(mem_fmt("%s/lib", folder), "*.a", &files);
	for (size_t i = 0; i < files.n; i++)
		list_add(&parts, mem_strn(files.v[i], strlen(files.v[i]) - strlen(".a")));
	return list_join(&parts, "+");
}

/* Where a device's objects are counted, or NULL: it has none. */
static char *part_of(const struct configuration *c, const struct descriptor *d)
{
	const char *flags = mem_fmt("%s.flags", d->name), *hot = mem_fmt("%s-hot.flags", d->name);

	for (size_t i = 0; i < c->n_units; i++)
		if (str_eq(c->units[i].flags, flags) || str_eq(c->units[i].flags, hot))
			return sizes_part(replace_all(c->units[i].object, "$T", c->folder));
	return NULL;
}

/* Devices and libraries; those of a target are one. */
static void parts(const struct configuration *c, struct manifest *m)
{
	for (size_t i = 0; i < c->graph.n_libraries; i++) {
		const struct descriptor *d = c->graph.libraries[i];
		char *part = part_of(c, d);

		if (part && !str_starts(part, "target "))
			*PUSH(m, parts) = (struct manifest_part){ part, d->name, d->licence };
		for (size_t j = 0; j < d->n_components; j++)
			component(m, &d->components[j], part ? part : "");
	}
}

/* The parts of an image that ports are, or the host's packages in their place. */
static void ports(const struct configuration *c, struct manifest *m)
{
	struct port p;

	for (size_t i = 0; i < c->ports.n && port_read(c->ports.v[i], &p); i++) {
		struct descriptor_component of_host = { p.name, p.licence,
			p.debian.n ? p.debian.v[0] : mem_str("") };

		if (c->target.freestanding)
			*PUSH(m, components) = (struct manifest_component){ p.name, p.licence,
				p.source.n ? p.source.v[0] : p.name, port_version(p.name, c->arch),
				archives(port_built(p.name, c->arch)) };
		else
			component(m, &of_host, "");
	}
}

/* What of the manifest follows from the graph; sources and packages are there. */
static void fill_manifest(const struct configuration *c, struct manifest *m)
{
	static const char *const mains[] = { "", "noip", "ip", "http", "site", "posix" };
	const struct graph *g = &c->graph;

	m->tool = mem_str(MIRAGE_VERSION);
	m->name = mem_str(c->name);
	m->target = c->target.name;
	m->net = mem_str(c->net);
	m->arch = mem_str(c->arch);
	m->tender = c->target.tender;
	m->hypervisor = list_join(&c->target.hypervisors, ", ");
	m->loader = c->target.loader;
	m->libc = c->target.libc;
	m->memory = mem_str(g->memory ? g->memory : "");
	m->folder = mem_str(c->folder);
	m->image = mem_fmt("dist/%s", c->file);
	m->conf = mem_str(path_base(c->conf.file));
	m->main = mem_str(mains[c->conf.main]);
	m->job = c->conf.job;
	/* Without the folder of the tree: that is of this machine. */
	m->compiler = replace_all(c->compiler, mem_fmt("%s/libc/", c->share), "");
	m->arguments = request_text(&c->request);
	keys(m, g->common, COMMON_KEYS, "");
	keys(m, g->keys, g->n_keys, "app");
	for (size_t i = 0; i < g->n_instances; i++) {
		device(m, g->instances[i]);
		keys(
		    m, g->instances[i]->keys, g->instances[i]->device->n_keys, g->instances[i]->id);
		runs(m, g->instances[i]);
	}
	for (size_t i = 0; i < c->target.n_components; i++)
		component(m, &c->target.components[i],
		    str_eq(c->target.components[i].name, m->libc) ? "libc" : "");
	ports(c, m);
	for (size_t i = 0; i < c->target.n_hardens; i++)
		*PUSH(m, hardens) = (struct manifest_harden){ c->target.hardens[i].name,
			c->target.hardens[i].full, c->target.hardens[i].plain };
	parts(c, m);
	for (size_t i = 0; i < c->conf.n_devices; i++)
		if (c->conf.devices[i].kind == CONF_FS)
			*PUSH(m, fs) = (struct manifest_fs){ c->conf.devices[i].name,
				c->conf.devices[i].value };
	m->xl = c->conf.xl;
}

struct writer {
	const struct write_options *options;
	bool failed;
	unsigned written;
};

static void failed(struct writer *w, const char *path, int rc)
{
	diag_error(NULL, "cannot write '%s': %s", path, strerror(-rc));
	w->failed = true;
}

/* A product that is no one's to edit. */
static void put_product(struct writer *w, const char *path, const struct text *t)
{
	int rc = w->options->dry_run ? 0 : file_write(path, text_str(t), t->len);

	if (rc < 0)
		failed(w, path, rc);
}

static void put(struct writer *w, const char *path, struct text *t)
{
	int mark = generated_check(path), rc;

	if (mark == 0 && w->options->force) {
		diag_error(NULL, "'%s' was edited: it is not what mirage has written", path);
		diag_expected("it to be moved away%s",
		    str_eq(path, "Makefile") ? "; rules of your own go into Makefile.user" : "");
		w->failed = true;
		return;
	}
	if (mark == 0) {
		diag_warning(NULL, "'%s' was edited, and is used as it is", path);
		return;
	}
	generated_seal(t);
	if (w->options->dry_run) {
		struct text old = { 0 };
		bool same = file_read(path, &old) == 0 && str_eq(text_str(&old), text_str(t));

		printf("%s %s\n", same ? "keep " : mark == 1 ? "renew" : "write", path);
		return;
	}
	rc = file_write(path, text_str(t), t->len);
	if (rc < 0)
		failed(w, path, rc);
	w->written += rc > 0;
}

static void put_made(struct writer *w, const struct configuration *c, const char *path,
    void (*make)(const struct configuration *, struct text *))
{
	struct text t = { 0 };

	make(c, &t);
	put(w, path, &t);
}

static void put_manifest(struct writer *w, const struct configuration *c, const char *path)
{
	struct text t = { 0 }, now = { 0 }, packed = { 0 };
	struct manifest m;

	text_addf(&t, "# %s: " GENERATED_MARK MIRAGE_VERSION " from %s.\n", path,
	    path_base(c->conf.file));
	configuration_manifest(c, &m);
	manifest_write(&m, &t);
	put(w, path, &t);
	/* As it is, if someone has edited it. */
	if (file_read(path, &now) < 0)
		now = t;
	pack(now.s, now.len, &packed);
	put_product(w, mem_fmt("%s/obj/manifest.packed", c->folder), &packed);
}

static void put_request(struct writer *w, const struct configuration *c, const char *path)
{
	struct text t = { 0 };

	text_addf(
	    &t, "# %s: " GENERATED_MARK MIRAGE_VERSION ": the arguments of configure.\n", path);
	request_save(&c->request, &t);
	put(w, path, &t);
}

static void generated_files(const struct configuration *c, struct list *out)
{
	const char *f = c->folder;

	list_add(out, "Makefile");
	list_add(out, "mirage/app.h");
	list_add(out, "mirage/arguments");
	list_addf(out, "%s/main.c", f);
	list_addf(out, "%s/build.mk", f);
	list_addf(out, "%s/manifest.S", f);
	list_addf(out, "%s/manifest", f);
	list_addf(out, "%s/arguments", f);
	if (c->target.abi_target)
		list_addf(out, "%s/notes.S", f);
	if (list_has(&c->target.hypervisors, "xl")) {
		list_addf(out, "%s.xl", c->name);
		list_addf(out, "%s_libvirt.xml", c->name);
	}
}

void configuration_manifest(const struct configuration *c, struct manifest *out)
{
	*out = c->manifest;
	fill_manifest(c, out);
	generated_files(c, &out->files);
}

int configuration_write(const struct configuration *c, const struct write_options *options)
{
	struct writer w = { .options = options };
	struct text t = { 0 };
	const char *f = c->folder;
	struct list files = { 0 };

	generated_files(c, &files);
	put_made(&w, c, files.v[0], generate_makefile);
	put_made(&w, c, files.v[1], generate_app_h);
	if (options->last || !file_exists(files.v[2]))
		put_request(&w, c, files.v[2]);
	put_made(&w, c, files.v[3], generate_main_c);
	put_made(&w, c, files.v[4], generate_build_mk);
	put_made(&w, c, files.v[5], generate_manifest_s);
	put_manifest(&w, c, files.v[6]);
	put_request(&w, c, files.v[7]);
	if (c->target.abi_target)
		put_made(&w, c, files.v[8], generate_notes_s);
	if (list_has(&c->target.hypervisors, "xl")) {
		put_made(&w, c, mem_fmt("%s.xl", c->name), generate_xl);
		put_made(&w, c, mem_fmt("%s_libvirt.xml", c->name), generate_libvirt);
	}
	generate_flags(c, false, &t);
	put_product(&w, mem_fmt("%s/obj/flags", f), &t);
	text_clear(&t);
	generate_flags(c, true, &t);
	put_product(&w, mem_fmt("%s/obj/flags-app", f), &t);
	for (size_t i = 0; i < c->n_sets; i++) {
		text_clear(&t);
		generate_flag_set(c, &c->sets[i], &t);
		put_product(&w, mem_fmt("%s/obj/%s", f, c->sets[i].file), &t);
	}
	text_clear(&t);
	generate_objects(c, &t);
	put_product(&w, mem_fmt("%s/obj/link", f), &t);
	return w.failed ? EXIT_FAILED : 0;
}
