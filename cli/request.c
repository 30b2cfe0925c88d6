/* request.c: what configure is asked for, and how that is kept. */
#include <errno.h>

#include "configuration.h"
#include "version.h"

static int conflict(const char *a, const char *b)
{
	diag_error(NULL, "'%s' and '%s' exclude each other", a, b);
	return EXIT_USAGE;
}

/* The short forms of a target and a network. */
static const struct {
	const char *option, *target, *net;
} shortcuts[] = { { "socket", "unix", "socket" }, { "unix", "unix", "direct" },
	{ "xen", "xen", NULL } };

int request_from_arguments(const struct arguments *a, struct request *out, bool *empty)
{
	const char *by = NULL;

	*out = (struct request){ .file = argument_value(a, "file"),
		.output = argument_value(a, "output"),
		.target = argument_value(a, "target"),
		.net = argument_value(a, "net"),
		.arch = argument_value(a, "arch"),
		.keys = a->keys };
	if (out->target)
		by = mem_fmt("--target=%s", out->target);
	for (size_t i = 0; i < MIR_COUNT(shortcuts); i++) {
		if (!argument_given(a, shortcuts[i].option))
			continue;
		if (by)
			return conflict(by, mem_fmt("--%s", shortcuts[i].option));
		by = mem_fmt("--%s", shortcuts[i].option);
		out->target = shortcuts[i].target;
		if (out->net && shortcuts[i].net && !str_eq(out->net, shortcuts[i].net))
			return conflict(by, mem_fmt("--net=%s", out->net));
		out->net = shortcuts[i].net;
	}
	if (out->net && (str_eq(out->net, "host") || str_eq(out->net, "ocaml")))
		out->net = str_eq(out->net, "host") ? "socket" : "direct";
	*empty =
	    !out->file && !out->output && !out->target && !out->net && !out->arch && !out->keys.n;
	return 0;
}

static void save(struct text *out, const char *key, const char *value)
{
	struct text quoted = { 0 };

	if (!value)
		return;
	for (; *value; value++)
		text_addf(&quoted, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	text_addf(out, "%s: \"%s\"\n", key, text_str(&quoted));
}

void request_save(const struct request *r, struct text *out)
{
	save(out, "file", r->file);
	save(out, "output", r->output);
	save(out, "target", r->target);
	save(out, "net", r->net);
	save(out, "arch", r->arch);
	for (size_t i = 0; i < r->keys.n; i++)
		save(out, "key", r->keys.v[i]);
}

char *request_text(const struct request *r)
{
	struct list words = { 0 };

	if (r->file)
		list_addf(&words, "-f %s", str_sh_quote(r->file));
	if (r->output)
		list_addf(&words, "-o %s", str_sh_quote(r->output));
	if (r->target)
		list_addf(&words, "-t %s", str_sh_quote(r->target));
	if (r->net)
		list_addf(&words, "--net=%s", str_sh_quote(r->net));
	if (r->arch)
		list_addf(&words, "--arch=%s", str_sh_quote(r->arch));
	for (size_t i = 0; i < r->keys.n; i++)
		list_addf(&words, "--%s", str_sh_quote(r->keys.v[i]));
	return list_join(&words, " ");
}

int request_load(const char *file, struct request *out)
{
	struct statements all = { 0 };
	struct text t = { 0 };
	int rc = file_read(file, &t);

	*out = (struct request){ 0 };
	if (rc < 0)
		return rc;
	if (statements_parse(file, t.s, t.len, &all))
		return -EINVAL;
	for (size_t i = 0; i < all.n; i++) {
		const struct statement *s = &all.v[i];
		char *value = statement_value(s);

		if (str_eq(s->key, "file"))
			out->file = value;
		else if (str_eq(s->key, "output"))
			out->output = value;
		else if (str_eq(s->key, "target"))
			out->target = value;
		else if (str_eq(s->key, "net"))
			out->net = value;
		else if (str_eq(s->key, "arch"))
			out->arch = value;
		else if (str_eq(s->key, "key"))
			list_add(&out->keys, value);
		else {
			diag_error(&s->at_key, "a line that mirage did not write");
			diag_note("remove the file, and configure again");
			return -EINVAL;
		}
	}
	return 0;
}
