/* elf_section.c: sections of a file made by hand, and of that file cut and bent. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mir/test.h>

#include "../elf_section.h"

/* An ELF file with two sections besides the first: ".x" and the names. */
struct image64 {
	Elf64_Ehdr header;
	Elf64_Shdr sections[3];
	char names[16];
	char content[8];
};

static struct image64 make64(void)
{
	struct image64 f = { .names = "\0.x\0.names", .content = "content" };

	memcpy(f.header.e_ident, ELFMAG, SELFMAG);
	f.header.e_ident[EI_CLASS] = ELFCLASS64;
	f.header.e_ident[EI_DATA] = ELFDATA2LSB;
	f.header.e_shoff = offsetof(struct image64, sections);
	f.header.e_shentsize = sizeof(Elf64_Shdr);
	f.header.e_shnum = 3;
	f.header.e_shstrndx = 2;
	f.sections[1] = (Elf64_Shdr){ .sh_name = 1,
		.sh_type = SHT_PROGBITS,
		.sh_size = 7,
		.sh_offset = offsetof(struct image64, content) };
	f.sections[2] = (Elf64_Shdr){ .sh_name = 4,
		.sh_type = SHT_STRTAB,
		.sh_size = 11,
		.sh_offset = offsetof(struct image64, names) };
	return f;
}

/* In memory of its own, so that the sanitizer sees a read behind the end. */
static int find(const struct image64 *f, size_t len, const char *name, const char **p, size_t *n)
{
	void *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, f, len);
	rc = elf_section(copy, len, name, p, n);
	if (rc == 0 && (*n > len || *p < (char *)copy || *p + *n > (char *)copy + len))
		rc = 1;
	free(copy);
	return rc;
}

static void finds(void)
{
	struct image64 f = make64();
	const char *p;
	size_t n;

	ok(elf_section(&f, sizeof f, ".x", &p, &n) == 0 && n == 7 && memcmp(p, "content", 7) == 0,
	    "a section");
	ok(elf_section(&f, sizeof f, ".y", &p, &n) == -ENOENT, "none of that name");
	ok(elf_section(&f, sizeof f, "x", &p, &n) == -ENOENT, "the end of a name");
	ok(elf_section(&f, sizeof f, ".names", &p, &n) == 0 && n == 11, "the last name");
	ok(elf_section("no ELF file at all, but long enough to be one", 46, ".x", &p, &n) ==
		-ENOEXEC,
	    "something else");
	f.header.e_shnum = 0;
	ok(elf_section(&f, sizeof f, ".x", &p, &n) == -ENOENT, "without sections");
}

static void broken(void)
{
	struct image64 f;
	const char *p;
	size_t n;
	unsigned wrong = 0;

	f = make64();
	for (size_t len = 0; len < offsetof(struct image64, content); len++)
		wrong += find(&f, len, ".x", &p, &n) != -ENOEXEC;
	ok(wrong == 0, "every truncation");
#define BENT(field, value, want)                                                                   \
	f = make64();                                                                              \
	f.field = value;                                                                           \
	ok(find(&f, sizeof f, ".x", &p, &n) == (want), #field " " #value)
	BENT(header.e_shoff, UINT64_MAX, -ENOEXEC);
	BENT(header.e_shoff, sizeof f, -ENOEXEC);
	BENT(header.e_shentsize, 1, -ENOEXEC);
	BENT(header.e_shnum, 65535, -ENOEXEC);
	BENT(header.e_shstrndx, 3, -ENOEXEC);
	BENT(sections[2].sh_offset, UINT64_MAX, -ENOEXEC);
	BENT(sections[2].sh_size, UINT64_MAX, -ENOEXEC);
	BENT(sections[2].sh_type, SHT_NOBITS, -ENOEXEC);
	BENT(sections[2].sh_size, 2, -ENOENT);
	BENT(sections[1].sh_name, UINT32_MAX, -ENOENT);
	BENT(sections[1].sh_offset, UINT64_MAX - 3, -ENOEXEC);
	BENT(sections[1].sh_size, sizeof f, -ENOEXEC);
	BENT(sections[1].sh_type, SHT_NOBITS, -ENOEXEC);
	BENT(header.e_ident[EI_CLASS], 9, -ENOEXEC);
	BENT(header.e_ident[EI_DATA], ELFDATA2MSB, -ENOEXEC);
}

int main(void)
{
	RUN_PLAIN(finds);
	RUN_PLAIN(broken);
	return mir_test_end();
}
