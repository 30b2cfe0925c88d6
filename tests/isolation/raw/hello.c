/* hello.c: does a raw image live?  Says what the tender has told it. */
#include "raw.h"

int raw_main(void)
{
	unsigned i;

	raw_say("raw: hello\n");
	raw_say(raw_boot.cmdline);
	raw_say("\n");
	raw_number("memory", raw_boot.mem_size);
	for (i = 1; i < raw_boot.mft->entries; i++) {
		raw_say(raw_boot.mft->e[i].name);
		raw_number(" attached", raw_boot.mft->e[i].attached);
	}
	raw_number("extensions", raw_boot.ext ? raw_boot.ext->features : 0);
	if (raw_boot.ext && raw_boot.ext->features & MIR_EXT_ARGV)
		for (i = 0; i < raw_boot.ext->argc; i++) {
			raw_say((const char *)(uintptr_t)((
			    const uint64_t *)(uintptr_t)raw_boot.ext->argv)[i]);
			raw_say("|\n");
		}
	return (int)raw_option("status", 0);
}
