/* manifest.c: any bytes as a manifest; what was read and is written reads as the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../diag.h"
#include "../manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct manifest m, again;
	struct text first = { 0 }, second = { 0 };

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	diag_redirect(nowhere);
	if (manifest_parse("manifest", (const char *)data, size, &m) == 0) {
		manifest_write(&m, &first);
		if (manifest_parse("manifest", first.s, first.len, &again) != 0)
			abort();
		manifest_write(&again, &second);
		if (first.len != second.len || memcmp(first.s, second.s, first.len) != 0)
			abort();
	}
	mem_release();
	return 0;
}
