/* symbol.c: names of this program's functions, from the symbol table of its own file (System V
 * ABI, chapter 4).  Used while the program crashes: allocates nothing, checks everything. */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unix.h"

/* The first byte of the program as it is loaded, by the linker. */
extern const char __executable_start[] MIR_WEAK;

static struct {
	const uint8_t *file;
	size_t size;
	const uint8_t *symbols, *strings;
	size_t symbols_size, strings_size;
	uintptr_t base;
	bool tried;
} s;

/* Bytes off..off+len of the file; NULL: it has not so many. */
static const uint8_t *at(uint64_t off, uint64_t len)
{
	return off > s.size || len > s.size - off ? NULL : s.file + off;
}

static bool section(const Elf64_Ehdr *h, unsigned i, Elf64_Shdr *out)
{
	const uint8_t *p = NULL;

	if (i < h->e_shnum && h->e_shoff <= s.size)
		p = at(h->e_shoff + (uint64_t)i * sizeof(*out), sizeof(*out));
	if (p)
		memcpy(out, p, sizeof(*out));
	return p != NULL;
}

static bool find_table(const Elf64_Ehdr *h)
{
	Elf64_Shdr table, strings;

	for (unsigned i = 0; section(h, i, &table); i++) {
		if (table.sh_type != SHT_SYMTAB)
			continue;
		if (!section(h, table.sh_link, &strings))
			return false;
		s.symbols = at(table.sh_offset, table.sh_size);
		s.symbols_size = table.sh_size;
		s.strings = at(strings.sh_offset, strings.sh_size);
		s.strings_size = strings.sh_size;
		return s.symbols && s.strings && s.strings_size > 0 &&
		       s.strings[s.strings_size - 1] == '\0';
	}
	return false;
}

static bool open_table(void)
{
	Elf64_Ehdr h;
	struct stat st;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(h)) {
		close(fd);
		return false;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return false;
	s.file = map;
	s.size = (size_t)st.st_size;
	memcpy(&h, s.file, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_ident[EI_CLASS] != ELFCLASS64 ||
	    h.e_shentsize != sizeof(Elf64_Shdr))
		return false;
	s.base = h.e_type == ET_DYN ? (uintptr_t)__executable_start : 0;
	return find_table(&h);
}

const char *mir_unix_symbol(const void *address, size_t *offset)
{
	uint64_t value = (uintptr_t)address;
	const char *name = NULL;

	if (!s.tried) {
		s.tried = true;
		if (!open_table())
			s.symbols_size = 0;
	}
	value -= s.base;
	for (size_t i = 0; i + sizeof(Elf64_Sym) <= s.symbols_size; i += sizeof(Elf64_Sym)) {
		Elf64_Sym sym;

		memcpy(&sym, s.symbols + i, sizeof(sym));
		if (ELF64_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_name >= s.strings_size ||
		    value < sym.st_value ||
		    value - sym.st_value >= MIR_MAX(sym.st_size, (uint64_t)1))
			continue;
		name = (const char *)s.strings + sym.st_name;
		*offset = value - sym.st_value;
	}
	return name;
}
