/* attach.c: the devices of the manifest, by the options. */
#include <stdio.h>
#include <string.h>

#include "tender.h"

enum { LIST = 512 };

struct list {
	char text[LIST];
	size_t len;
	unsigned n;
};

static void list_add(struct list *l, const char *prefix, const char *name, const char *suffix)
{
	int n = snprintf(l->text + l->len, sizeof(l->text) - l->len, "%s%s%s%s", l->n ? " " : "",
	    prefix, name, suffix);

	l->n++;
	if (n > 0)
		l->len += (size_t)n;
	if (l->len >= sizeof(l->text))
		l->len = sizeof(l->text) - 1;
}

static struct attach *find(struct options *o, const struct mir_mft_entry *e)
{
	for (unsigned i = 0; i < o->n_attach; i++)
		if (o->attach[i].type == e->type && strcmp(o->attach[i].name, e->name) == 0)
			return &o->attach[i];
	return NULL;
}

/* Marks what the manifest has; whatever one side lacks is told all at once. */
static void match(struct options *o, const struct mir_mft *mft)
{
	struct list has = { .n = 0 }, missing = { .n = 0 }, extra = { .n = 0 };

	for (uint32_t i = 1; i < mft->entries; i++) {
		const struct mir_mft_entry *e = &mft->e[i];
		const char *prefix = e->type == MIR_MFT_NET ? "--net:" : "--block:";
		struct attach *a = find(o, e);

		list_add(&has, prefix, e->name, "");
		if (a)
			a->used = true;
		if (!a || !a->what)
			list_add(&missing, prefix, e->name,
			    e->type == MIR_MFT_NET ? "=INTERFACE" : "=PATH");
	}
	for (unsigned i = 0; i < o->n_attach; i++)
		if (!o->attach[i].used)
			list_add(&extra, o->attach[i].type == MIR_MFT_NET ? "--net:" : "--block:",
			    o->attach[i].name, "");
	if (extra.n > 0)
		die("the image has no such device: %s; it has: %s", extra.text,
		    has.n ? has.text : "none");
	if (missing.n > 0)
		die("devices of the image are not given: add %s", missing.text);
}

void attach_all(struct options *o, struct image *image, bool extended, struct device dev[])
{
	match(o, image->mft);
	for (uint32_t i = 1; i < image->mft->entries; i++) {
		struct mir_mft_entry *e = &image->mft->e[i];

		dev[i].type = (enum mir_mft_type)e->type;
		if (e->type == MIR_MFT_NET)
			net_attach(find(o, e), e, extended, &dev[i]);
		else
			block_attach(find(o, e), e, extended, &dev[i]);
		e->attached = 1;
	}
}
