/* sizes.h: how many bytes of an image each of its parts takes, in the ELF section `.mirage.sizes`.
 * The linker's map says it when the image is made; the image keeps the sums.
 */
#ifndef CLI_SIZES_H
#define CLI_SIZES_H

#include "text.h"

#define SIZES_SECTION ".mirage.sizes"

enum size_kind { SIZE_CODE, SIZE_CONSTANT, SIZE_DATA, SIZE_ZERO, SIZE_KINDS };

struct size_row {
	char *part; /* tcp, runtime, application, libc */
	unsigned long long bytes[SIZE_KINDS];
};

struct sizes {
	struct size_row *v;
	size_t n, cap;
};

/* Add up a map of GNU ld, by the folder of each object. */
void sizes_read_map(const char *map, struct sizes *out);
/* The part that an object or a member of an archive belongs to, by its path: "tcp" for
 * mirage/hvt/obj/lib/tcp/tcp_in.o, "libz" for .../libz.a(inflate.o). */
char *sizes_part(const char *path);
/* The text of the section, and back; lines that are none are left out. */
void sizes_write(const struct sizes *, struct text *out);
void sizes_parse(const char *data, size_t len, struct sizes *out);

#endif
