/* crunch.h: a read-only store of files that were compiled in.
 *
 * `mirage crunch DIR OUT.o --name NAME` writes a linkable object with the bytes
 * of every file below DIR and an index of them: one `struct mir_crunch_index`
 * named mir_crunch_NAME. This header is the format of both.
 */
#ifndef MIR_CRUNCH_H
#define MIR_CRUNCH_H

#include <stdint.h>

#include <mir/kv.h>

/* What an entry is; the numbers are part of the object's format. */
enum mir_crunch_kind { MIR_CRUNCH_VALUE = 1, MIR_CRUNCH_DICT = 2 };

/* A file or a folder. 80 bytes where pointers have 64 bits. */
struct mir_crunch_entry {
	const char *path;    /* "/css/site.css", "/" is the top; ends with a zero byte */
	const uint8_t *data; /* 64-byte aligned; NULL in a dictionary */
	const char *mime;    /* "text/css; charset=utf-8"; NULL in a dictionary */
	uint64_t size;       /* bytes at data; in a dictionary how many children it has */
	int64_t mtime_ns;    /* since 1970; of a dictionary, the newest below it */
	uint32_t path_len;   /* bytes without the zero */
	uint32_t kind;       /* enum mir_crunch_kind */
	uint8_t digest[32];  /* SHA-256 of the bytes; of a dictionary see below */
};

/* The digest of a dictionary is the SHA-256 over its children in order of their
 * names, each as: kind (one byte, 1 or 2), name, a zero byte, digest. */

/* The store as the linker sees it: 24 bytes. Entries are sorted by path, as
 * bytes; the first is always "/". */
struct mir_crunch_index {
	const struct mir_crunch_entry *entries;
	uint64_t count;
	uint64_t bytes; /* sum of the sizes of all values */
};

struct mir_crunch {
	struct mir_kv kv; /* the signature object */
	const struct mir_crunch_index *index;
};

struct mir_crunch_config {
	const struct mir_crunch_index *index; /* &mir_crunch_NAME */
	const char *name;                     /* "static" */
};

/* Make the store ready. Nothing is copied: views of values have no owner. Always 0. */
int mir_crunch_start(struct mir_crunch *, const struct mir_crunch_config *);
void mir_crunch_stop(struct mir_crunch *);

#endif
