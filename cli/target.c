/* target.c: the targets that there are, targets/T/target.conf. */
#include <string.h>

#include "descriptor.h"

void target_list(const char *share, struct list *out)
{
	struct list files = { 0 };

	dir_glob(mem_fmt("%s/targets", share), "*/target.conf", &files);
	for (size_t i = 0; i < files.n; i++)
		list_add(out, path_dir(files.v[i]));
}

static void words(const struct statement *s, struct list *out)
{
	struct words w = { 0 };

	statement_words(s, &w);
	for (size_t i = 0; i < w.n; i++)
		list_add(out, w.v[i].s);
}

static void items(const struct statement *s, struct list *out)
{
	struct words w = { 0 };

	statement_items(s, &w);
	for (size_t i = 0; i < w.n; i++)
		list_add(out, w.v[i].s);
}

static void take(struct target *t, const struct statement *s)
{
	if (str_eq(s->key, "target"))
		t->name = statement_value(s);
	else if (str_eq(s->key, "about"))
		t->about = statement_value(s);
	else if (str_eq(s->key, "cc"))
		t->cc = statement_value(s);
	else if (str_eq(s->key, "nets"))
		items(s, &t->nets);
	else if (str_eq(s->key, "sources"))
		items(s, &t->sources);
	else if (str_eq(s->key, "uses"))
		items(s, &t->uses);
	else if (str_eq(s->key, "cflags"))
		words(s, &t->cflags);
	else if (str_eq(s->key, "ldflags"))
		words(s, &t->ldflags);
	else if (str_starts(s->key, "default-"))
		list_addf(&t->defaults, "%s=%s", s->key + strlen("default-"), statement_value(s));
	else {
		diag_error(&s->at_key, "unknown key '%s' of a target", s->key);
		diag_expected(
		    "target, about, nets, cc, cflags, ldflags, sources, uses or default-KEY");
	}
}

bool target_load(const char *share, const char *name, const struct place *at, struct target *out)
{
	const char *file = mem_fmt("%s/targets/%s/target.conf", share, name);
	unsigned before = diag_errors();
	struct statements all = { 0 };
	struct list names = { 0 };
	struct text t = { 0 };

	*out = (struct target){ .name = mem_str(name), .about = mem_str(""), .cc = mem_str("cc") };
	out->folder = path_dir(file);
	if (strchr(name, '/') || file_read(file, &t) < 0) {
		target_list(share, &names);
		diag_error(at, "there is no target '%s'", name);
		diag_expected("%s", names.n ? list_join(&names, " or ") : "a target");
		diag_suggest(name, &names);
		return false;
	}
	statements_parse(file, t.s, t.len, &all);
	for (size_t i = 0; i < all.n; i++)
		take(out, &all.v[i]);
	return diag_errors() == before;
}
