/* elf_notes.c: any file asked for its notes and the sizes of its parts, as `mirage query` does. */
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>

#include "../diag.h"
#include "../elf_section.h"
#include "../query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct subject q = { .has_elf = true };
	struct list cells = { 0 };
	const char *p;
	size_t n;

	diag_redirect(NULL);
	if (elf_notes(data, size, &q.notes) == 0) {
		q.has_notes = q.notes.target != 0;
		for (unsigned i = 0; i < q.notes.n_devices; i++)
			if (!memchr(q.notes.devices[i].name, 0, MIR_MFT_NAME))
				abort();
		notes_facts(&q, &cells);
		fill_attached(&q, &cells);
		fill_hardening(&q, &cells);
	}
	if (elf_section(data, size, SIZES_SECTION, &p, &n) == 0)
		sizes_parse(p, n, &q.sizes);
	fill_sizes(&q, &cells);
	mem_release();
	return 0;
}
