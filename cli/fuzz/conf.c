/* conf.c: any bytes as a .conf file. */
#include <stdint.h>
#include <stdio.h>

#include "../conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct conf c;

	/* The texts of the errors are made, too. */
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	diag_redirect(nowhere);
	conf_parse("fuzz.conf", (const char *)data, size, &c);
	mem_release();
	return 0;
}
