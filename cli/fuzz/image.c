/* image.c: change the arguments in a disk that is not to be trusted. */
#include <stdlib.h>
#include <string.h>

#include "../image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[CONFIG_ROOM];
	uint8_t *copy;
	uint64_t at, len;

	/* The first byte: a whole disk, or a file system alone, with zeros behind what is given. */
	if (size < 1 || size > 65536)
		return 0;
	copy = calloc(1, 12 * MIB);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1) {
		if (!disk_find_esp(copy, 12 * MIB, &at, &len) ||
		    !iso_find_esp(copy, 12 * MIB, &at, &len))
			fat_replace(copy + at, len, IMAGE_CONFIG, text, sizeof(text), '\n');
	} else {
		fat_replace(copy, 10 * MIB, IMAGE_CONFIG, text, sizeof(text), '\n');
	}
	free(copy);
	mem_release();
	return 0;
}
