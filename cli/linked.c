/* linked.c: what an image holds, by the linker's own account: the sums of its map that the image
 * keeps (sizes.h), and what the manifest says of each part.
 */
#include <string.h>

#include "query.h"

static void add(struct linked *l, const char *name, const char *licence, const char *package,
    const char *version, bool ours)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i].name, name))
			return;
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof *l->v);
	l->v[l->n++] = (struct linked_part){ name, licence ? licence : "", package ? package : "",
		version ? version : "", ours };
}

/* Are there bytes of that part?  Of an image that does not tell, all are taken to be there. */
static bool there(const struct subject *q, const char *part)
{
	for (size_t i = 0; i < q->sizes.n; i++)
		for (int k = 0; k < SIZE_KINDS; k++)
			if (q->sizes.v[i].bytes[k] && str_eq(q->sizes.v[i].part, part))
				return true;
	return q->sizes.n == 0;
}

static void ours(const struct subject *q, struct linked *l)
{
	const struct manifest *m = &q->m;

	if (there(q, "runtime"))
		add(l, "runtime", "ISC", NULL, m->tool, true);
	for (size_t i = 0; i < q->sizes.n; i++)
		if (str_starts(q->sizes.v[i].part, "target ") && there(q, q->sizes.v[i].part))
			add(l, mem_fmt("target-%s", q->sizes.v[i].part + strlen("target ")), "ISC",
			    NULL, m->tool, true);
	for (size_t i = 0; i < m->n_parts; i++)
		if (there(q, m->parts[i].part))
			add(l, m->parts[i].name, m->parts[i].licence, NULL, m->tool, true);
	/* Before it is linked, and of images without sizes, what was chosen. */
	for (size_t i = 0; i < m->n_devices && !q->sizes.n; i++)
		add(l, m->devices[i].device, m->devices[i].licence, NULL, m->tool, true);
}

/* Any of the parts of a component. */
static bool component_there(const struct subject *q, const struct manifest_component *c)
{
	struct list parts = { 0 };

	list_split(&parts, c->part, '+');
	for (size_t i = 0; i < parts.n; i++)
		if (there(q, parts.v[i]))
			return true;
	return !parts.n;
}

/* Is the part one that somebody has spoken for? */
static bool known(const struct manifest *m, const char *part)
{
	static const char *const own[] = { "runtime", "generated", "files", "application", "linker",
		"C start", "libc" };
	struct list parts = { 0 };

	for (size_t i = 0; i < MIR_COUNT(own); i++)
		if (str_eq(part, own[i]))
			return true;
	for (size_t i = 0; i < m->n_parts; i++)
		list_add(&parts, m->parts[i].part);
	for (size_t i = 0; i < m->n_components; i++)
		list_split(&parts, m->components[i].part, '+');
	return list_has(&parts, part) || str_starts(part, "target ");
}

void linked_parts(const struct subject *q, struct linked *l)
{
	const struct manifest *m = &q->m;

	*l = (struct linked){ 0 };
	ours(q, l);
	for (size_t i = 0; i < m->n_components; i++) {
		const struct manifest_component *c = &m->components[i];

		if (component_there(q, c))
			add(l, c->name, c->licence, c->package, c->version, false);
	}
	for (size_t i = 0; i < q->sizes.n; i++) {
		const char *part = q->sizes.v[i].part;

		if (!m->n_parts || known(m, part) || !there(q, part))
			continue;
		if (str_starts(part, "libgcc"))
			add(l, "libgcc", "GPL-3.0-or-later WITH GCC-exception-3.1", "gcc", NULL,
			    false);
		else
			add(l, part, NULL, NULL, NULL, false);
	}
}
