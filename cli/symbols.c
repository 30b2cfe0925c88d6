/* symbols.c: names of functions for the image's own backtraces: from the symbol table of an image
 * to the section .mir.symbols (targets/guest/symbol.c reads it), as a text for the assembler.
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "diag.h"
#include "elf_section.h"
#include "symbols.h"

const struct option options_symbols[] = { OPTION_END };

struct symbol {
	uint64_t address, size;
	const char *name;
	bool global;
};

struct symbols {
	struct symbol *v;
	size_t n, cap;
};

/* By address; of those at one address, the one to be kept comes first. */
static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->global != y->global)
		return x->global ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* A name that needs no quoting, as those of C functions. */
static bool plain(const char *name)
{
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_.$")];
}

static void take(struct symbols *all, const Elf64_Sym *s, const char *names, size_t len)
{
	if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || s->st_shndx == SHN_UNDEF ||
	    s->st_value > UINT32_MAX || s->st_size > UINT32_MAX || s->st_name >= len ||
	    !memchr(names + s->st_name, '\0', len - s->st_name) || !plain(names + s->st_name))
		return;
	all->v = mem_grow(all->v, all->n, &all->cap, sizeof *all->v);
	all->v[all->n++] = (struct symbol){ s->st_value, s->st_size, mem_str(names + s->st_name),
		ELF64_ST_BIND(s->st_info) != STB_LOCAL };
}

int symbols_write(const void *file, size_t len, struct text *out)
{
	const char *table, *names;
	size_t table_len, names_len, kept = 0, offset;
	struct symbols all = { 0 };
	int rc;

	if ((rc = elf_section(file, len, ".symtab", &table, &table_len)) < 0 ||
	    (rc = elf_section(file, len, ".strtab", &names, &names_len)) < 0)
		return rc;
	for (size_t at = 0; at + sizeof(Elf64_Sym) <= table_len; at += sizeof(Elf64_Sym)) {
		Elf64_Sym s;

		memcpy(&s, table + at, sizeof s);
		take(&all, &s, names, names_len);
	}
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_address);
	for (size_t i = 0; i < all.n; i++)
		if (i == 0 || all.v[i].address != all.v[kept - 1].address)
			all.v[kept++] = all.v[i];
	text_add(out, "\t.section .mir.symbols, \"aR\", %progbits\n\t.balign 4\n");
	text_addf(out, "\t.long %zu\n", kept);
	offset = 4 + 12 * kept;
	for (size_t i = 0; i < kept; i++) {
		text_addf(out, "\t.long 0x%llx, %llu, %zu\n", (unsigned long long)all.v[i].address,
		    (unsigned long long)all.v[i].size, offset);
		offset += strlen(all.v[i].name) + 1;
	}
	for (size_t i = 0; i < kept; i++)
		text_addf(out, "\t.asciz \"%s\"\n", all.v[i].name);
	text_add(out, "\t.section .note.GNU-stack, \"\", %progbits\n");
	return 0;
}

int command_symbols(const struct arguments *a)
{
	struct text out = { 0 };
	const void *map;
	size_t len;
	int rc;

	if (a->words.n != 2) {
		diag_error(NULL, "'mirage symbols' needs an image and a file to write");
		return EXIT_USAGE;
	}
	if ((rc = elf_map(a->words.v[0], &map, &len)) == 0) {
		rc = symbols_write(map, len, &out);
		elf_unmap(map, len);
	}
	if (rc >= 0)
		rc = file_write(a->words.v[1], text_str(&out), out.len);
	if (rc >= 0)
		return EXIT_OK;
	diag_error(NULL, "'%s', '%s': %s", a->words.v[0], a->words.v[1], strerror(-rc));
	return EXIT_FAILED;
}
