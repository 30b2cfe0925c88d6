/* pack.h: the manifest as it lies in an image: packed, as most of it is words that all have. */
#ifndef CLI_PACK_H
#define CLI_PACK_H

#include "text.h"

void pack(const char *data, size_t len, struct text *out);

/* What was packed, or, where it was not, as it is; false: it is broken, or longer than PACK_MAX. */
enum { PACK_MAX = 1 << 24 };
bool unpack(const char *data, size_t len, struct text *out);

/* The manifest of an image, with a NUL; as elf_section_read. */
int pack_manifest_read(const char *image, const char **out, size_t *len);

#endif
