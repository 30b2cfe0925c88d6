/* elf_section.c: read the sections of an ELF file (System V ABI, chapter 4); every number is
 * checked. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_section.h"
#include "text.h"

#define SECTION_MAX (16u << 20) /* bytes of a section that is copied */

/* Where the fields of a header are, and how wide: the two classes differ only in that. */
struct layout {
	unsigned word;                 /* bytes of an address, offset or size */
	unsigned e_shoff, e_shentsize; /* ELF header: e_shnum and e_shstrndx follow */
	unsigned header, section;      /* sizes */
	unsigned sh_type, sh_offset, sh_size;
};

static const struct layout layout32 = { 4, 32, 46, sizeof(Elf32_Ehdr), sizeof(Elf32_Shdr), 4, 16,
	20 };
static const struct layout layout64 = { 8, 40, 58, sizeof(Elf64_Ehdr), sizeof(Elf64_Shdr), 4, 24,
	32 };

struct file {
	const uint8_t *data;
	size_t len;
	const struct layout *layout;
};

static uint64_t number(const uint8_t *p, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = bytes; i-- > 0;)
		value = value << 8 | p[i];
	return value;
}

/* Is there a run of `len` bytes at `offset`? */
static bool inside(const struct file *f, uint64_t offset, uint64_t len)
{
	return offset <= f->len && len <= f->len - offset;
}

static const struct layout *layout_of(const uint8_t *data, size_t len)
{
	if (len < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG) != 0 || data[EI_DATA] != ELFDATA2LSB)
		return NULL;
	return data[EI_CLASS] == ELFCLASS64   ? &layout64
	       : data[EI_CLASS] == ELFCLASS32 ? &layout32
					      : NULL;
}

/* The bytes of a section; false: it has none in the file, or they lie outside. */
static bool content(const struct file *f, const uint8_t *header, const uint8_t **p, uint64_t *len)
{
	uint64_t offset = number(header + f->layout->sh_offset, f->layout->word);

	*len = number(header + f->layout->sh_size, f->layout->word);
	if (number(header + f->layout->sh_type, 4) == SHT_NOBITS || !inside(f, offset, *len))
		return false;
	*p = f->data + offset;
	return true;
}

/* Does the name at `at` of the table of names equal `name`? */
static bool named(const uint8_t *names, uint64_t names_len, uint64_t at, const char *name)
{
	size_t len = strlen(name) + 1;

	return at <= names_len && len <= names_len - at && memcmp(names + at, name, len) == 0;
}

int elf_section(const void *file, size_t len, const char *name, const char **out, size_t *out_len)
{
	struct file f = { file, len, layout_of(file, len) };
	const struct layout *l = f.layout;
	const uint8_t *names, *table, *p;
	uint64_t names_len, size, offset;
	unsigned entry, count, strings;

	if (!l || len < l->header)
		return -ENOEXEC;
	offset = number(f.data + l->e_shoff, l->word);
	entry = (unsigned)number(f.data + l->e_shentsize, 2);
	count = (unsigned)number(f.data + l->e_shentsize + 2, 2);
	strings = (unsigned)number(f.data + l->e_shentsize + 4, 2);
	if (count == 0)
		return -ENOENT;
	if (entry < l->section || !inside(&f, offset, (uint64_t)entry * count) || strings >= count)
		return -ENOEXEC;
	table = f.data + offset;
	if (!content(&f, table + (size_t)entry * strings, &names, &names_len))
		return -ENOEXEC;
	for (unsigned i = 1; i < count; i++) {
		const uint8_t *header = table + (size_t)entry * i;

		if (!named(names, names_len, number(header, 4), name))
			continue;
		if (!content(&f, header, &p, &size))
			return -ENOEXEC;
		*out = (const char *)p;
		*out_len = (size_t)size;
		return 0;
	}
	return -ENOENT;
}

int elf_map(const char *path, const void **out, size_t *len)
{
	struct stat st = { 0 };
	void *map = MAP_FAILED;
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (S_ISDIR(st.st_mode))
		rc = -EISDIR;
	else if (!S_ISREG(st.st_mode) || st.st_size == 0)
		rc = -ENOEXEC;
	else if ((map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) ==
		 MAP_FAILED)
		rc = -errno;
	close(fd);
	*out = map;
	*len = (size_t)st.st_size;
	return rc;
}

void elf_unmap(const void *map, size_t len)
{
	munmap((void *)(uintptr_t)map, len);
}

int elf_section_read(const char *path, const char *name, const char **out, size_t *out_len)
{
	const void *map;
	size_t len;
	int rc = elf_map(path, &map, &len);

	if (rc < 0)
		return rc;
	rc = elf_section(map, len, name, out, out_len);
	if (rc == 0 && *out_len > SECTION_MAX)
		rc = -ENOEXEC;
	if (rc == 0)
		*out = mem_strn(*out, *out_len);
	elf_unmap(map, len);
	return rc;
}
