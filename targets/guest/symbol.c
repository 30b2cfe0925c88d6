/* symbol.c: names of functions, from a table inside the image.
 *
 * Section .mir.symbols: u32 how many; for each, by address, u32 address, length and offset of the
 * name from the table's start; then the names, each with a NUL.  It is rodata of this image, but
 * read while the image fails, so nothing in it is trusted.
 */
#include <string.h>

#include "fault.h"

struct entry {
	uint32_t address, length, name;
};

/* image.ld: the table; empty in images without. */
extern const uint8_t mir_image_symbols[], mir_image_symbols_end[];

static struct entry entry_at(uint32_t i)
{
	struct entry e;

	memcpy(&e, mir_image_symbols + sizeof(uint32_t) + i * sizeof(e), sizeof(e));
	return e;
}

static uint32_t count(size_t size)
{
	uint32_t n = 0;

	if (size < sizeof(n))
		return 0;
	memcpy(&n, mir_image_symbols, sizeof(n));
	return (uint32_t)MIR_MIN((size_t)n, (size - sizeof(n)) / sizeof(struct entry));
}

const char *mir_guest_symbol(uintptr_t pc, size_t *offset)
{
	size_t size = (size_t)(mir_image_symbols_end - mir_image_symbols);
	uint32_t low = 0, high = count(size);
	struct entry e;

	while (low < high) { /* the last one that begins at or before pc is below `low` */
		uint32_t middle = low + (high - low) / 2;

		if (entry_at(middle).address <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	e = entry_at(low - 1);
	if (pc - e.address >= MIR_MAX(e.length, 1u) || e.name >= size ||
	    !memchr(mir_image_symbols + e.name, '\0', size - e.name))
		return NULL;
	*offset = pc - e.address;
	return (const char *)mir_image_symbols + e.name;
}
