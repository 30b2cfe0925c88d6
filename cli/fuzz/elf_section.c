/* elf_section.c: any file asked for its manifest, and the manifest read. */
#include <mir/test.h>

#include "../diag.h"
#include "../elf_section.h"
#include "../manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p;
	size_t n;
	struct manifest m = { 0 };

	diag_redirect(NULL);
	if (elf_section(data, size, MANIFEST_SECTION, &p, &n) == 0)
		manifest_parse("image", p, n, &m);
	mem_release();
	return 0;
}
