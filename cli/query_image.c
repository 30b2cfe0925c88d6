/* query_image.c: what an image tells of itself: notes, protection, sizes. */
#include <string.h>

#include "descriptor.h"
#include "query.h"

static void row(struct list *cells, const char *a, const char *b)
{
	list_add(cells, a);
	list_add(cells, b);
}

/* Bytes of a file are printed only where they are plain. */
static char *plain(const char *s)
{
	char *copy = mem_str(s);

	for (char *p = copy; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return copy;
}

void notes_facts(const struct subject *q, struct list *cells)
{
	const struct image_notes *n = &q->notes;
	const char *name = abi_name(n->target);

	if (!q->has_manifest) {
		row(cells, "target", name ? name : "unknown");
		row(cells, "processor", machine_name(n->machine));
	}
	row(cells, "abi",
	    mem_fmt("%s %u", name ? name : mem_fmt("target %u", n->target), n->version));
	row(cells, "extensions",
	    n->ext_version ? extension_names(n->ext_features) : "none: the ABI of Solo5 alone");
	row(cells, "memory",
	    mem_fmt("0x%llx to 0x%llx, and what the tender gives beyond",
		(unsigned long long)n->start, (unsigned long long)n->end));
}

void fill_attached(const struct subject *q, struct list *cells)
{
	for (unsigned i = 0; i < q->notes.n_devices; i++) {
		const struct image_device *d = &q->notes.devices[i];

		row(cells, plain(d->name),
		    d->type == MIR_MFT_NET     ? "network"
		    : d->type == MIR_MFT_BLOCK ? "disk"
					       : mem_fmt("unknown (%u)", d->type));
	}
}

static void harden(struct list *cells, const char *name, const char *how, const char *other)
{
	row(cells, name, how);
	list_add(cells, other);
}

/* First what the file itself shows, then what its target told when it was built. */
void fill_hardening(const struct subject *q, struct list *cells)
{
	const struct image_notes *n = &q->notes;

	if (q->has_elf) {
		harden(cells, "segments",
		    n->write_exec ? mem_fmt("%u OF %u ARE WRITABLE AND EXECUTABLE", n->write_exec,
					n->segments)
				  : "none is both writable and executable",
		    "");
		if (n->exec_stack)
			harden(cells, "stack", "EXECUTABLE", "");
	}
	for (size_t i = 0; i < q->m.n_hardens; i++)
		harden(cells, q->m.hardens[i].name, q->m.hardens[i].full, q->m.hardens[i].plain);
	if (q->has_notes && !q->m.n_hardens)
		harden(cells, "beyond that", "not told by the image", "");
}

void fill_sizes(const struct subject *q, struct list *cells)
{
	struct size_row total = { .part = mem_str("all") };

	for (size_t i = 0; i <= q->sizes.n && q->sizes.n; i++) {
		const struct size_row *r = i < q->sizes.n ? &q->sizes.v[i] : &total;
		unsigned long long file = 0;

		list_add(cells, plain(r->part));
		for (int k = 0; k < SIZE_KINDS; k++) {
			list_addf(cells, "%llu", r->bytes[k]);
			file += k == SIZE_ZERO ? 0 : r->bytes[k];
			if (r != &total)
				total.bytes[k] += r->bytes[k];
		}
		list_addf(cells, "%llu", file);
	}
}
