/* descriptor.c: read device descriptors.  The table of their keys is at the end. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "descriptor.h"
#include "value.h"

#define PUSH(d, what)                                                                              \
	((d)->what = mem_grow((d)->what, (d)->n_##what, &(d)->cap_##what, sizeof *(d)->what),      \
	    &(d)->what[(d)->n_##what++])

static void wrong(const struct place *at, const char *what, const char *found, const char *expected)
{
	diag_error(at, "%s", what);
	diag_found("'%s'", found);
	diag_expected("%s", expected);
}

/* need-eth: ETHERNET; need-store: KV_RO of=tls-store optional */
static void take_need(struct descriptor *d, const struct statement *s, const char *field)
{
	struct descriptor_need need = { .field = mem_str(field), .at = s->at_key };
	struct words w = { 0 };
	bool good;

	statement_words(s, &w);
	good = w.n > 0;
	for (size_t i = 1; i < w.n; i++) {
		if (str_eq(w.v[i].s, "optional"))
			need.optional = true;
		else if (str_eq(w.v[i].s, "present"))
			need.optional = need.present = true;
		else if (str_starts(w.v[i].s, "of="))
			need.of = mem_str(w.v[i].s + strlen("of="));
		else
			good = false;
	}
	if (!good) {
		wrong(
		    &s->at_value, "not a need", s->value, "SIGNATURE [of=KEY] [optional|present]");
		return;
	}
	need.signature = w.v[0].s;
	*PUSH(d, needs) = need;
}

static void take_key(struct descriptor *d, const struct statement *s, const char *name)
{
	static const char form[] = "TYPE DEFAULT [option=PATTERN] \"help\"";
	struct words w = { 0 };
	const char *expected;
	bool option;

	statement_words(s, &w);
	option = w.n == 4 && str_starts(w.v[2].s, "option=");
	if (w.n != 3 && !option) {
		wrong(&s->at_value, "not a key", s->value, form);
		return;
	}
	if (!value_type(w.v[0].s)) {
		wrong(&w.v[0].at, "not a type", w.v[0].s, form);
		return;
	}
	if ((expected = value_check(w.v[0].s, w.v[1].s))) {
		wrong(&w.v[1].at, "a default of another type", w.v[1].s, expected);
		return;
	}
	*PUSH(d, keys) = (struct descriptor_key){ .name = mem_str(name),
		.type = w.v[0].s,
		.def = w.v[1].s,
		.help = w.v[w.n - 1].s,
		.option = option ? mem_str(w.v[2].s + strlen("option=")) : NULL,
		.boot = str_starts(s->key, "key-"),
		.run = str_starts(s->key, "run-"),
		.at = s->at_key };
}

static void take_when(struct descriptor *d, const struct statement *s, const char *rest)
{
	const char *equals = strchr(s->value, '=');
	struct descriptor_when when = { 0 };

	(void)rest;
	if (!equals || equals == s->value) {
		wrong(&s->at_value, "not a condition", s->value, "KEY=VALUE or KEY=VALUE,VALUE");
		return;
	}
	when.key = str_trim(mem_strn(s->value, (size_t)(equals - s->value)));
	list_split(&when.values, equals + 1, ',');
	*PUSH(d, whens) = when;
}

bool descriptor_component(const struct statement *s, struct descriptor_component *out)
{
	struct words w = { 0 };

	statement_words(s, &w);
	if (w.n != 3) {
		wrong(&s->at_value, "not a component", s->value, "NAME LICENSE PACKAGE");
		return false;
	}
	*out = (struct descriptor_component){ w.v[0].s, w.v[1].s, w.v[2].s };
	return true;
}

static void take_component(struct descriptor *d, const struct statement *s)
{
	struct descriptor_component c;

	if (descriptor_component(s, &c))
		*PUSH(d, components) = c;
}

static void items(const struct statement *s, struct list *out)
{
	struct words w = { 0 };

	statement_items(s, &w);
	for (size_t i = 0; i < w.n; i++)
		list_add(out, w.v[i].s);
}

/* Keys whose value is one text, and keys whose value is a list. */
static const struct {
	const char *key;
	size_t offset;
} texts[] =
    {
	{"device", offsetof(struct descriptor, name)},
	{"library", offsetof(struct descriptor, name)},
	{"provides", offsetof(struct descriptor, provides)},
	{"about", offsetof(struct descriptor, about)},
	{"type", offsetof(struct descriptor, type)},
	{"object", offsetof(struct descriptor, object)},
	{"header", offsetof(struct descriptor, header)},
	{"embed", offsetof(struct descriptor, embed)},
	{"folder", offsetof(struct descriptor, live)},
	{"license", offsetof(struct descriptor, licence)},
},
  lists[] = {
      {"targets", offsetof(struct descriptor, targets)},
      {"sources", offsetof(struct descriptor, sources)},
      {"hot", offsetof(struct descriptor, hot)},
      {"replaces", offsetof(struct descriptor, replaces)},
      {"packages", offsetof(struct descriptor, packages)},
      {"depends", offsetof(struct descriptor, modules)},
      {"uses", offsetof(struct descriptor, uses)},
      {"include", offsetof(struct descriptor, include)},
      {"cflags", offsetof(struct descriptor, cflags)},
};

static bool take_simple(struct descriptor *d, const struct statement *s)
{
	for (size_t i = 0; i < MIR_COUNT(texts); i++) {
		if (!str_eq(s->key, texts[i].key))
			continue;
		*(char **)(void *)((char *)d + texts[i].offset) = statement_value(s);
		return true;
	}
	for (size_t i = 0; i < MIR_COUNT(lists); i++) {
		if (!str_eq(s->key, lists[i].key))
			continue;
		items(s, (struct list *)(void *)((char *)d + lists[i].offset));
		return true;
	}
	return false;
}

static void unknown_key(const struct statement *s)
{
	struct list names = { 0 };

	for (size_t i = 0; i < MIR_COUNT(texts); i++)
		list_add(&names, texts[i].key);
	for (size_t i = 0; i < MIR_COUNT(lists); i++)
		list_add(&names, lists[i].key);
	list_split(&names, "when,component,shared,attached,announced", ',');
	diag_error(&s->at_key, "unknown key '%s' of a device descriptor", s->key);
	diag_expected("%s, need-FIELD, key-NAME, config-NAME or run-NAME", list_join(&names, ", "));
	diag_suggest(s->key, &names);
}

static void take(struct descriptor *d, const struct statement *s)
{
	if (str_starts(s->key, "need-"))
		take_need(d, s, s->key + strlen("need-"));
	else if (str_starts(s->key, "key-"))
		take_key(d, s, s->key + strlen("key-"));
	else if (str_starts(s->key, "config-"))
		take_key(d, s, s->key + strlen("config-"));
	else if (str_starts(s->key, "run-"))
		take_key(d, s, s->key + strlen("run-"));
	else if (str_eq(s->key, "when"))
		take_when(d, s, "");
	else if (str_eq(s->key, "component"))
		take_component(d, s);
	else if (str_eq(s->key, "shared"))
		d->shared = str_eq(s->value, "yes") || str_eq(s->value, "true");
	else if (str_eq(s->key, "attached"))
		d->attached = str_eq(s->value, "yes") || str_eq(s->value, "true");
	else if (str_eq(s->key, "announced"))
		d->announced = str_eq(s->value, "yes") || str_eq(s->value, "true");
	else if (!take_simple(d, s))
		unknown_key(s);
	if (str_eq(s->key, "device") || str_eq(s->key, "library")) {
		d->at = s->at_key;
		d->library = str_eq(s->key, "library");
	}
}

static void check_whole(const struct descriptor *d, const char *file)
{
	struct place at = { .file = file };

	if (!*d->name) {
		diag_error(&at, "a descriptor without name");
		diag_expected("'device: NAME' or 'library: NAME'");
		return;
	}
	if (d->library)
		return;
	if (!*d->provides || (!*d->object && !d->job && !d->bare) || !*d->header) {
		diag_error(&d->at, "the device '%s' is described only in part", d->name);
		diag_found("%s%s%s", *d->provides ? "" : "no 'provides:' ",
		    *d->object ? "" : "no 'object:' ", *d->header ? "" : "no 'header:'");
		diag_expected("provides, object and header (docs/devices.md)");
	}
	if (!*d->type && (d->n_needs || d->n_keys || *d->embed || d->job)) {
		diag_error(&d->at, "the device '%s' has needs or keys, but no type", d->name);
		diag_expected("'type: NAME': struct NAME, struct NAME_config, NAME_start()");
	}
}

/* Signatures of which an image has one each, whatever the networks and disks. */
static bool global_signature(const char *s)
{
	return str_eq(s, "CLOCK") || str_eq(s, "RANDOM") || str_eq(s, "CONSOLE") ||
	       str_eq(s, "TIME");
}

unsigned descriptor_parse(const char *file, const char *data, size_t len, struct descriptors *out)
{
	unsigned before = diag_errors();
	struct statements all = { 0 };
	struct descriptor d = { .folder = path_dir(file) };
	const struct descriptor *twin;

	for (size_t i = 0; i < MIR_COUNT(texts); i++)
		*(char **)(void *)((char *)&d + texts[i].offset) = mem_str("");
	statements_parse(file, data, len, &all);
	for (size_t i = 0; i < all.n; i++)
		take(&d, &all.v[i]);
	d.job = str_eq(d.provides, "HTTP");
	d.bare = str_eq(d.provides, "POSIX");
	check_whole(&d, file);
	d.shared = d.shared || global_signature(d.provides);
	twin = descriptor_find(out, d.name);
	if (twin) {
		diag_error(&d.at, "a second device or library named '%s'", d.name);
		diag_note("the first is in %s", twin->at.file);
	}
	if (diag_errors() > before)
		return diag_errors() - before;
	out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
	out->v[out->n++] = d;
	return 0;
}

const struct descriptor *descriptor_find(const struct descriptors *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->v[i].name, name))
			return &all->v[i];
	return NULL;
}

static unsigned load_files(const char *folder, const char *pattern, struct descriptors *out)
{
	struct list files = { 0 };
	unsigned errors = 0;

	dir_glob(folder, pattern, &files);
	for (size_t i = 0; i < files.n; i++) {
		const char *file = path_join(folder, files.v[i]);
		struct text t = { 0 };
		int rc = file_read(file, &t);

		if (rc < 0) {
			diag_error(NULL, "cannot read '%s': %s", file, strerror(-rc));
			errors++;
			continue;
		}
		errors += descriptor_parse(file, t.s, t.len, out);
	}
	return errors;
}

/* The folders of a target: parts of it, or what it has for one kind of host each. */
static unsigned load_target(const char *folder, struct descriptors *out)
{
	static const char hosts[] = "linux,freebsd,netbsd,openbsd,dragonfly,darwin";
	struct list files = { 0 }, names = { 0 };
	unsigned errors = load_files(folder, "*.device.conf", out);

	list_split(&names, hosts, ',');
	dir_glob(folder, "*/*.device.conf", &files);
	for (size_t i = 0; i < files.n; i++) {
		const char *part = path_dir(files.v[i]);

		if (!list_has(&names, part) || str_eq(part, host_name()))
			errors += load_files(folder, files.v[i], out);
	}
	return errors;
}

void descriptors_elsewhere(const struct target *target, struct descriptors *out)
{
	const char *all = target->folder ? path_dir(target->folder) : NULL;
	struct list files = { 0 };

	if (!all)
		return;
	dir_glob(all, "*/target.conf", &files);
	for (size_t i = 0; i < files.n; i++) {
		struct descriptors there = { 0 };

		if (str_eq(path_dir(files.v[i]), target->name))
			continue;
		load_target(path_join(all, path_dir(files.v[i])), &there);
		for (size_t j = 0; j < there.n; j++) {
			out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
			out->v[out->n++] = there.v[j];
		}
	}
}

unsigned descriptors_load(const char *share, const struct target *target,
    const struct list *folders, struct descriptors *out)
{
	const char *environment = getenv("MIRAGE_DEVICES");
	struct list more = { 0 };
	unsigned errors = 0;

	errors += load_files(mem_fmt("%s/lib", share), "*/device.conf", out);
	if (*target->libc)
		errors += load_files(mem_fmt("%s/libc", share), "*/device.conf", out);
	errors += load_target(target->folder, out);
	for (size_t i = 0; i < target->shares.n; i++)
		errors +=
		    load_target(path_clean(path_join(target->folder, target->shares.v[i])), out);
	for (size_t i = 0; i < folders->n; i++)
		list_add_new(&more, folders->v[i]);
	if (environment) {
		struct list named = { 0 };

		list_split(&named, environment, ':');
		for (size_t i = 0; i < named.n; i++)
			list_add_new(&more, named.v[i]);
	}
	for (size_t i = 0; i < more.n; i++) {
		if (!dir_exists(more.v[i])) {
			diag_error(NULL, "cannot find the folder of devices '%s'", more.v[i]);
			diag_expected("folders that exist, in MIRAGE_DEVICES");
			errors++;
		}
		errors += load_files(more.v[i], "*/device.conf", out);
		errors += load_files(more.v[i], "*.device.conf", out);
	}
	return errors;
}

const char *host_cpu(void)
{
	struct utsname u;

	return uname(&u) == 0 ? mem_str(u.machine) : "unknown";
}

const char *host_name(void)
{
	struct utsname u;
	char *name = mem_str(uname(&u) == 0 ? u.sysname : "unknown");

	for (char *p = name; *p; p++)
		*p |= *p >= 'A' && *p <= 'Z' ? 32 : 0;
	return name;
}

char *replace_all(const char *s, const char *from, const char *to)
{
	struct text t = { 0 };
	const char *hit;

	while ((hit = strstr(s, from))) {
		text_addn(&t, s, (size_t)(hit - s));
		text_add(&t, to);
		s = hit + strlen(from);
	}
	text_add(&t, s);
	return t.s;
}

void source_files(const char *folder, const struct list *patterns, const char *cpu,
    struct list *out, struct list *missing)
{
	for (size_t i = 0; i < patterns->n; i++) {
		const char *p = replace_all(patterns->v[i], "{cpu}", cpu);
		struct list files = { 0 };

		p = replace_all(p, "{host}", host_name());
		dir_glob(folder, p, &files);
		for (size_t j = 0; j < files.n; j++)
			list_add_new(out, path_clean(path_join(folder, files.v[j])));
		/* Not every processor needs a file of its own. */
		if (!files.n && missing && !strstr(patterns->v[i], "*_{cpu}"))
			list_add(missing, path_clean(path_join(folder, p)));
	}
}
