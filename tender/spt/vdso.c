/* vdso.c: the host's clock as a function, which the kernel maps into every process (Linux:
 * Documentation/ABI/stable/vdso).  The guest may call it as well: it has no state.
 */
#include "spt.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

struct vdso {
	uintptr_t base; /* to be added to its addresses */
	const Elf64_Sym *symbols;
	const char *names;
	const uint32_t *hash, *gnu_hash;
};

static void read_dynamic(struct vdso *v, const Elf64_Dyn *d)
{
	for (; d->d_tag != DT_NULL; d++) {
		const void *at = (const void *)(v->base + d->d_un.d_ptr);

		if (d->d_tag == DT_SYMTAB)
			v->symbols = at;
		else if (d->d_tag == DT_STRTAB)
			v->names = at;
		else if (d->d_tag == DT_HASH)
			v->hash = at;
		else if (d->d_tag == DT_GNU_HASH)
			v->gnu_hash = at;
	}
}

/* The highest index that a chain of the table has, plus one. */
static uint32_t count_gnu(const uint32_t *table)
{
	uint32_t buckets = table[0], first = table[1], bloom = table[2], last = 0;
	const uint32_t *bucket = table + 4 + bloom * (sizeof(uint64_t) / sizeof(*table));
	const uint32_t *chain = bucket + buckets;

	for (uint32_t i = 0; i < buckets; i++)
		if (bucket[i] > last)
			last = bucket[i];
	if (last < first)
		return first;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

static uint32_t count_symbols(const struct vdso *v)
{
	if (v->hash)
		return v->hash[1];
	return v->gnu_hash ? count_gnu(v->gnu_hash) : 0;
}

uint64_t vdso_clock(void)
{
	uintptr_t head = getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)head;
	const Elf64_Phdr *ph = (const Elf64_Phdr *)(head + (head ? h->e_phoff : 0));
	const Elf64_Dyn *dynamic = NULL;
	struct vdso v = { .base = 0 };

	if (!head)
		return 0;
	for (int i = 0; i < h->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !v.base)
			v.base = head + ph[i].p_offset - ph[i].p_vaddr;
		else if (ph[i].p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)(head + ph[i].p_offset);
	}
	if (!dynamic)
		return 0;
	read_dynamic(&v, dynamic);
	for (uint32_t i = 0, n = count_symbols(&v); v.symbols && v.names && i < n; i++)
		if (v.symbols[i].st_shndx != SHN_UNDEF &&
		    strcmp(v.names + v.symbols[i].st_name, arch_vdso_clock) == 0)
			return v.base + v.symbols[i].st_value;
	return 0;
}
