/* descriptor.c: any bytes as a device descriptor. */
#include <stdint.h>
#include <stdio.h>

#include "../descriptor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct descriptors all = { 0 };

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	diag_redirect(nowhere);
	descriptor_parse("fuzz/device.conf", (const char *)data, size, &all);
	/* The second time its name is taken, if it was good. */
	descriptor_parse("fuzz/device.conf", (const char *)data, size, &all);
	mem_release();
	return 0;
}
