/* query.h: what `mirage query` asks, and who answers. */
#ifndef CLI_QUERY_H
#define CLI_QUERY_H

#include "elf_notes.h"
#include "manifest.h"
#include "sizes.h"

/* A configuration, an image, or both. */
struct subject {
	const char *path; /* of the image, or NULL */
	bool has_manifest, has_elf, has_notes;
	struct manifest m;
	struct image_notes notes;
	struct sizes sizes;
};

/* query_image.c: cells of the tables that only an image fills. */
void notes_facts(const struct subject *, struct list *cells);
void fill_attached(const struct subject *, struct list *cells);
void fill_hardening(const struct subject *, struct list *cells);
void fill_sizes(const struct subject *, struct list *cells);

/* Code that is in the image. */
struct linked_part {
	const char *name, *licence, *package, *version; /* "": not known, or none */
	bool ours;
};

struct linked {
	struct linked_part *v;
	size_t n, cap;
};

/* linked.c: of an image what the linker's map says; of a configuration what is to be linked. */
void linked_parts(const struct subject *, struct linked *out);

/* sbom.c: print SPDX 2.3 as JSON; an exit code. */
int print_sbom(const struct subject *);

#endif
