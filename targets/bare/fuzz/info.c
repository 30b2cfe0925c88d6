/* What a loader says, whatever it is. */
#include "../info.c"

#include <mir/panic.h>

#include "../tests/space.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char line[MIR_BARE_CMDLINE_MAX];
	struct mir_bare b;
	uint64_t end = 0;

	memset(space, 0, sizeof(space));
	memcpy(space, data, MIR_MIN(len, sizeof(space)));
	mir_bare_info(&b, line, SPACE_AT, MIR_BARE_MULTIBOOT_MAGIC, space_see, NULL);
	mir_check(strlen(b.cmdline) < MIR_BARE_CMDLINE_MAX && b.n_memory <= MIR_BARE_RANGES);
	for (unsigned i = 0; i < b.n_memory; i++) {
		const struct mir_bare_range *r = &b.memory[i];

		mir_check(r->at % PAGE == 0 && r->len % PAGE == 0 && r->len > 0 && r->at >= end);
		mir_check(r->at >= LOW_END && r->at + r->len <= MIR_BARE_MEMORY_END);
		end = r->at + r->len;
	}
	return 0;
}
