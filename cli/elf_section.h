/* elf_section.h: find a section of an ELF file, whoever wrote it. */
#ifndef CLI_ELF_SECTION_H
#define CLI_ELF_SECTION_H

#include <stddef.h>

/* The content of the section of that name in an ELF file, of 32 or 64 bits, little endian, that
 * lies in memory. 0; -ENOENT: it has none; -ENOEXEC: no such ELF file, or a broken one. */
int elf_section(const void *file, size_t len, const char *name, const char **out, size_t *out_len);

/* The same from a file, copied into the pool. -errno besides. */
int elf_section_read(const char *path, const char *name, const char **out, size_t *out_len);

/* A file in memory, read-only, until elf_unmap(); -errno, -ENOEXEC: empty, or no plain file. */
int elf_map(const char *path, const void **out, size_t *len);
void elf_unmap(const void *map, size_t len);

#endif
