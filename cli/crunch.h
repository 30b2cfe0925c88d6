/* crunch.h: a folder as a linkable object.
 *
 * crunch_walk.c finds what is in the folder, crunch_elf.c writes the object and
 * fills in what only reading tells (sizes, digests), crunch.c is the command
 * and writes the dependencies for make. The object's content is described in
 * lib/crunch/mir/crunch.h.
 */
#ifndef CLI_CRUNCH_H
#define CLI_CRUNCH_H

#include <stdint.h>

#include "text.h"

#define CRUNCH_MAX_ENTRIES 1000000u
#define CRUNCH_MAX_DEPTH   64
#define CRUNCH_MAX_KEY     1024       /* bytes of a key, "/a/b" */
#define CRUNCH_MAX_BYTES   (1u << 30) /* all files: what code can reach in one image */

struct crunch_entry {
	char *key; /* "/css/site.css" */
	uint32_t key_len;
	bool dict;
	const char *path; /* where it is read from */
	const char *mime; /* of a value */
	int64_t mtime_ns;
	uint64_t size; /* of a value: bytes; of a dictionary: children */
	uint64_t data; /* offset of a value's bytes in the data section */
	uint8_t digest[32];
};

struct crunch_tree {
	const char *folder;
	struct crunch_entry *entries; /* sorted by key, the first is "/" */
	size_t n, cap;
	struct list depends; /* every folder and file that was looked at */
	uint64_t bytes;      /* of all values, after writing */
};

/* Collect what is below `folder`; 0, or -1 after every error was reported. */
int crunch_walk(const char *folder, struct crunch_tree *);

struct crunch_object {
	const char *symbol; /* mir_crunch_static */
	uint16_t machine;   /* EM_X86_64 or EM_AARCH64 */
};

/* Read every file of the tree once and write the object to `fd`, an empty file; `name` is for
 * messages. Sizes and digests of the tree are filled in. 0, or -1 after an error was reported. */
int crunch_write(int fd, const char *name, struct crunch_tree *, const struct crunch_object *);

#endif
