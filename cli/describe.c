/* describe.c: `mirage describe`: the device graph, as text and as a picture. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "configuration.h"
#include "process.h"

const struct option options_describe[] = {
	OPTIONS_TARGET,
	{ "dot", 0, NULL, "print the graph in the language of graphviz" },
	{ "svg", 0, "FILE", "draw the graph into FILE (needs graphviz)" },
	OPTION_END,
};

struct drawing {
	const struct manifest *m;
	struct text *out;
	struct list shown; /* instances described already */
};

static const struct manifest_device *find(const struct manifest *m, const char *instance)
{
	for (size_t i = 0; i < m->n_devices; i++)
		if (str_eq(m->devices[i].instance, instance))
			return &m->devices[i];
	return NULL;
}

static void keys(const struct drawing *d, const char *owner, const char *indent)
{
	for (size_t i = 0; i < d->m->n_keys; i++) {
		const struct manifest_key *k = &d->m->keys[i];

		if (str_eq(k->owner, owner))
			text_addf(d->out, "%s--%s=%s  %s\n", indent, k->option, k->def, k->help);
	}
}

/* What the tender is told of a network or disk. */
static void runs(const struct drawing *d, const struct manifest_device *dev, const char *indent)
{
	for (size_t i = 0; i < d->m->n_runs; i++) {
		const struct manifest_run *r = &d->m->runs[i];

		if (*r->group && (str_eq(r->group, dev->network) || str_eq(r->group, dev->disk)))
			text_addf(d->out, "%s--%s=%s  %s (mirage run)\n", indent, r->option,
			    r->value, r->help);
	}
}

/* One device and, below it, what it needs; `indent` is drawn in front of its details. */
static void tree(
    struct drawing *d, const char *label, const char *instance, const char *indent, bool last)
{
	const struct manifest_device *dev = find(d->m, instance);
	const char *below = mem_fmt("%s%s", indent, last ? "    " : "|   ");

	text_addf(d->out, "%s%s-- %s: %s", indent, last ? "`" : "|", label, instance);
	if (!dev) {
		text_add(d->out, "\n");
		return;
	}
	text_addf(d->out, " (%s)", dev->signature);
	if (!list_add_new(&d->shown, instance)) {
		text_add(d->out, ", the same as above\n");
		return;
	}
	text_add(d->out, "\n");
	text_addf(d->out, "%s%s   chosen: %s\n", below, dev->needs.n ? "|" : " ", dev->why);
	keys(d, instance, mem_fmt("%s%s   ", below, dev->needs.n ? "|" : " "));
	runs(d, dev, mem_fmt("%s%s   ", below, dev->needs.n ? "|" : " "));
	for (size_t i = 0; i < dev->needs.n; i++) {
		const char *equals = strchr(dev->needs.v[i], '=');

		if (equals)
			tree(d, mem_strn(dev->needs.v[i], (size_t)(equals - dev->needs.v[i])),
			    equals + 1, below, i + 1 == dev->needs.n);
	}
}

static void describe_text(const struct configuration *c, const struct manifest *m, struct text *out)
{
	struct drawing d = { .m = m, .out = out };

	text_addf(out, "%s for %s%s%s (%s, %s)\n", m->name, m->target, *m->net ? " with net=" : "",
	    m->net, m->conf, m->folder);
	if (*m->tender || *m->hypervisor)
		text_addf(out, "%s runs under %s, %zu protections ('mirage query hardening')\n",
		    m->image, *m->tender ? m->tender : m->hypervisor, m->n_hardens);
	if (c->conf.function)
		text_addf(out, "main-%s: %s calls %s()\n", m->main, m->job, c->conf.function);
	else
		text_addf(out, "main-%s: %s\n", m->main, m->job);
	keys(&d, "app", "    ");
	for (size_t i = 0; i < c->graph.n_roots; i++) {
		const struct root *r = &c->graph.roots[i];

		tree(&d, r->member, r->instance ? r->instance->id : "not on this target", "",
		    i + 1 == c->graph.n_roots);
	}
}

static const char *dot_quote(const char *s)
{
	struct text t = { 0 };

	text_addc(&t, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_addc(&t, '\\');
		text_addc(&t, *s);
	}
	text_addc(&t, '"');
	return t.s;
}

/* The job is a diamond, what it is handed are bold edges, devices are boxes. */
static void describe_dot(const struct configuration *c, const struct manifest *m, struct text *out)
{
	text_addf(out, "digraph %s {\n", dot_quote(m->name));
	text_add(out, "\tnode [shape=box, fontname=\"sans-serif\", style=rounded];\n"
		      "\tedge [fontname=\"sans-serif\", fontsize=10];\n");
	text_addf(out, "\tapp [shape=diamond, style=solid, label=%s];\n",
	    dot_quote(mem_fmt("%s\n%s", m->name, m->job)));
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct manifest_device *d = &m->devices[i];

		text_addf(out, "\t%s [label=%s, tooltip=%s];\n", dot_quote(d->instance),
		    dot_quote(mem_fmt("%s\n%s", d->instance, d->signature)), dot_quote(d->why));
		for (size_t j = 0; j < d->needs.n; j++) {
			const char *need = d->needs.v[j], *equals = strchr(need, '=');

			if (equals)
				text_addf(out, "\t%s -> %s [label=%s];\n", dot_quote(d->instance),
				    dot_quote(equals + 1),
				    dot_quote(mem_strn(need, (size_t)(equals - need))));
		}
	}
	for (size_t i = 0; i < c->graph.n_roots; i++) {
		const struct root *r = &c->graph.roots[i];

		if (r->instance)
			text_addf(out, "\tapp -> %s [style=bold, label=%s];\n",
			    dot_quote(r->instance->id), dot_quote(r->member));
	}
	text_add(out, "}\n");
}

static int draw(const struct text *dot, const char *file)
{
	char *source = mem_fmt("%s.%ld.dot", file, (long)getpid());
	char *argv[] = { mem_str("dot"), mem_str("-Tsvg"), mem_str("-o"), mem_str(file), source,
		NULL };
	struct text errors = { 0 };
	int rc;

	if (!process_found("dot")) {
		diag_error(NULL, "graphviz is not installed, which draws the picture");
		diag_expected("its program 'dot': apt-get install graphviz");
		diag_note("'mirage describe' prints the graph as text, --dot its source");
		return EXIT_FAILED;
	}
	rc = file_write(source, dot->s, dot->len);
	if (rc < 0) {
		diag_error(NULL, "cannot write '%s': %s", source, strerror(-rc));
		return EXIT_FAILED;
	}
	rc = process_run(argv, NULL, &errors);
	unlink(source);
	if (rc == 0)
		return EXIT_OK;
	diag_error(NULL, "graphviz could not draw '%s'", file);
	diag_note("%s", str_trim(text_str(&errors)));
	return EXIT_FAILED;
}

int command_describe(const struct arguments *a)
{
	struct configuration c;
	struct manifest m;
	struct text out = { 0 };
	int rc = configuration_describe(a, &c, &m);

	if (rc)
		return rc;
	if (argument_given(a, "svg") || argument_given(a, "dot"))
		describe_dot(&c, &m, &out);
	else
		describe_text(&c, &m, &out);
	if (argument_given(a, "svg"))
		return draw(&out, argument_value(a, "svg"));
	fputs(text_str(&out), stdout);
	return EXIT_OK;
}
