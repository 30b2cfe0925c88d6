/* manifest.c: read and write the record of a configuration. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "manifest.h"
#include "statement.h"

/* One field of a manifest line.  Each is quoted if it would not read back as one word. */
static void put_word(struct text *out, const char *s)
{
	bool plain = *s && !strpbrk(s, " \t\n\r\"\\#");

	text_addc(out, ' ');
	if (plain) {
		text_add(out, s);
		return;
	}
	text_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_addc(out, '\\');
		text_addc(out, *s == '\n' || *s == '\r' ? ' ' : *s);
	}
	text_addc(out, '"');
}

/* A line of words; the list ends with NULL. */
static void put(struct text *out, const char *key, ...)
{
	const char *word;
	va_list ap;

	text_addf(out, "%s:", key);
	va_start(ap, key);
	while ((word = va_arg(ap, const char *)))
		put_word(out, word);
	va_end(ap);
	text_addc(out, '\n');
}

static void put_list(struct text *out, const char *key, const struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		put(out, key, l->v[i], NULL);
}

static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash + 1 - path) : 0;
}

/* Paths: those of a folder that follow one another share a line, "KEY: FOLDER/ NAME NAME", as
 * images carry all this. */
static void put_paths(struct text *out, const char *key, const struct list *l)
{
	for (size_t i = 0; i < l->n;) {
		size_t n = folder_len(l->v[i]), from = i;

		text_addf(out, "%s:", key);
		if (n > 0)
			put_word(out, mem_strn(l->v[i], n));
		for (; i < l->n && folder_len(l->v[i]) == n &&
		       memcmp(l->v[i], l->v[from], n) == 0 && (n > 0 || i == from);
		     i++)
			put_word(out, l->v[i] + n);
		text_addc(out, '\n');
	}
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void put_device(struct text *out, const struct manifest_device *d)
{
	put(out, "device", d->instance, d->device, d->signature, NULL);
	if (*or_empty(d->group))
		put(out, "  group", d->group, NULL);
	if (*or_empty(d->network))
		put(out, "  network", d->network, NULL);
	if (*or_empty(d->disk))
		put(out, "  disk", d->disk, NULL);
	put(out, "  license", or_empty(d->licence), NULL);
	put(out, "  why", or_empty(d->why), NULL);
	put_list(out, "  need", &d->needs);
}

/* The single values, in the order in which they are written. */
#define SCALARS(X)                                                                                 \
	X(tool)                                                                                    \
	X(name)                                                                                    \
	X(target)                                                                                  \
	X(net)                                                                                     \
	X(arch)                                                                                    \
	X(tender)                                                                                  \
	X(hypervisor)                                                                              \
	X(loader)                                                                                  \
	X(libc)                                                                                    \
	X(memory)                                                                                  \
	X(folder)                                                                                  \
	X(image)                                                                                   \
	X(conf)                                                                                    \
	X(main)                                                                                    \
	X(job)                                                                                     \
	X(compiler)                                                                                \
	X(arguments)

void manifest_write(const struct manifest *m, struct text *out)
{
#define PUT(field) put(out, #field, or_empty(m->field), NULL);
	SCALARS(PUT)
#undef PUT
	for (size_t i = 0; i < m->n_devices; i++)
		put_device(out, &m->devices[i]);
	for (size_t i = 0; i < m->n_keys; i++)
		put(out, "key", m->keys[i].option, m->keys[i].type, or_empty(m->keys[i].def),
		    or_empty(m->keys[i].help), or_empty(m->keys[i].owner), NULL);
	for (size_t i = 0; i < m->n_runs; i++)
		put(out, "run", m->runs[i].option, m->runs[i].name, or_empty(m->runs[i].group),
		    or_empty(m->runs[i].value), or_empty(m->runs[i].help), NULL);
	for (size_t i = 0; i < m->n_hardens; i++)
		put(out, "harden", m->hardens[i].name, or_empty(m->hardens[i].full),
		    or_empty(m->hardens[i].plain), NULL);
	for (size_t i = 0; i < m->n_packages; i++)
		put(out, "package", m->packages[i].name, or_empty(m->packages[i].who), NULL);
	for (size_t i = 0; i < m->n_ports; i++)
		put(out, "port", m->ports[i].name, or_empty(m->ports[i].who), NULL);
	for (size_t i = 0; i < m->n_modules; i++)
		put(out, "module", m->modules[i].name, or_empty(m->modules[i].who), NULL);
	for (size_t i = 0; i < m->n_components; i++)
		put(out, "component", m->components[i].name, or_empty(m->components[i].licence),
		    or_empty(m->components[i].package), or_empty(m->components[i].version),
		    or_empty(m->components[i].part), NULL);
	for (size_t i = 0; i < m->n_parts; i++)
		put(out, "part", m->parts[i].part, m->parts[i].name, or_empty(m->parts[i].licence),
		    NULL);
	for (size_t i = 0; i < m->n_fs; i++)
		put(out, "fs", m->fs[i].name, m->fs[i].folder, NULL);
	put_paths(out, "source", &m->sources);
	put_paths(out, "library", &m->libraries);
	put_paths(out, "file", &m->files);
	put_list(out, "xl", &m->xl);
}

#define PUSH(m, what)                                                                              \
	((m)->what = mem_grow((m)->what, (m)->n_##what, &(m)->cap_##what, sizeof *(m)->what),      \
	    &(m)->what[(m)->n_##what++])

/* The words of a line; missing ones are "". */
static char *word(const struct words *words, size_t i)
{
	return i < words->n ? words->v[i].s : mem_str("");
}

/* As put_paths has written them. */
static void take_paths(struct list *l, const struct words *w)
{
	if (w->n < 2)
		list_add(l, word(w, 0));
	for (size_t i = 1; i < w->n; i++)
		list_add(l, mem_fmt("%s%s", w->v[0].s, w->v[i].s));
}

static bool take_scalar(struct manifest *m, const char *key, char *value)
{
#define TAKE(field)                                                                                \
	if (str_eq(key, #field)) {                                                                 \
		m->field = value;                                                                  \
		return true;                                                                       \
	}
	SCALARS(TAKE)
#undef TAKE
	return false;
}

/* The indented lines that belong to the device above them. */
static bool take_detail(struct manifest *m, const char *key, char *value)
{
	struct manifest_device *d = m->n_devices ? &m->devices[m->n_devices - 1] : NULL;

	if (!d)
		return false;
	if (str_eq(key, "group"))
		d->group = value;
	else if (str_eq(key, "network"))
		d->network = value;
	else if (str_eq(key, "disk"))
		d->disk = value;
	else if (str_eq(key, "license"))
		d->licence = value;
	else if (str_eq(key, "why"))
		d->why = value;
	else if (str_eq(key, "need"))
		list_add(&d->needs, value);
	else
		return false;
	return true;
}

static void take_device(struct manifest *m, const struct words *w)
{
	*PUSH(m, devices) = (struct manifest_device){ .instance = word(w, 0),
		.device = word(w, 1),
		.signature = word(w, 2),
		.group = mem_str(""),
		.network = mem_str(""),
		.disk = mem_str(""),
		.licence = mem_str(""),
		.why = mem_str("") };
}

static bool take_row(struct manifest *m, const char *key, const struct words *w)
{
	if (str_eq(key, "device"))
		take_device(m, w);
	else if (str_eq(key, "key"))
		*PUSH(m, keys) = (struct manifest_key){ word(w, 0), word(w, 1), word(w, 2),
			word(w, 3), word(w, 4) };
	else if (str_eq(key, "run"))
		*PUSH(m, runs) = (struct manifest_run){ word(w, 0), word(w, 1), word(w, 2),
			word(w, 3), word(w, 4) };
	else if (str_eq(key, "harden"))
		*PUSH(m, hardens) = (struct manifest_harden){ word(w, 0), word(w, 1), word(w, 2) };
	else if (str_eq(key, "package"))
		*PUSH(m, packages) = (struct manifest_need){ word(w, 0), word(w, 1) };
	else if (str_eq(key, "module"))
		*PUSH(m, modules) = (struct manifest_need){ word(w, 0), word(w, 1) };
	else if (str_eq(key, "port"))
		*PUSH(m, ports) = (struct manifest_need){ word(w, 0), word(w, 1) };
	else if (str_eq(key, "component"))
		*PUSH(m, components) = (struct manifest_component){ word(w, 0), word(w, 1),
			word(w, 2), word(w, 3), word(w, 4) };
	else if (str_eq(key, "part"))
		*PUSH(m, parts) = (struct manifest_part){ word(w, 0), word(w, 1), word(w, 2) };
	else if (str_eq(key, "fs"))
		*PUSH(m, fs) = (struct manifest_fs){ word(w, 0), word(w, 1) };
	else if (str_eq(key, "source"))
		take_paths(&m->sources, w);
	else if (str_eq(key, "library"))
		take_paths(&m->libraries, w);
	else if (str_eq(key, "file"))
		take_paths(&m->files, w);
	else if (str_eq(key, "xl"))
		list_add(&m->xl, word(w, 0));
	else
		return false;
	return true;
}

int manifest_parse(const char *name, const char *data, size_t len, struct manifest *out)
{
	struct statements all = { 0 };

	*out = (struct manifest){ 0 };
#define EMPTY(field) out->field = mem_str("");
	SCALARS(EMPTY)
#undef EMPTY
	if (statements_parse(name, data, len, &all) != 0)
		return -EINVAL;
	for (size_t i = 0; i < all.n; i++) {
		const struct statement *s = &all.v[i];
		struct words words = { 0 };

		statement_words(s, &words);
		if (!take_row(out, s->key, &words) && !take_detail(out, s->key, word(&words, 0)) &&
		    !take_scalar(out, s->key, word(&words, 0))) {
			diag_error(&s->at_key, "unknown line '%s' in a manifest", s->key);
			diag_expected("a manifest of this version of mirage");
			return -EINVAL;
		}
	}
	return 0;
}

int manifest_read(const char *path, struct manifest *out)
{
	struct text t = { 0 };
	int rc = file_read(path, &t);

	return rc < 0 ? rc : manifest_parse(path, t.s, t.len, out);
}
