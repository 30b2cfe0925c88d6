/* start.c: what the tender says of the image's place. */
#include "spt.h"

enum { FIRST_STACK = 16384 }; /* at the end of memory; left when memory is set up */

const struct mir_spt_boot *mir_spt_boot MIR_RELRO;
uint32_t mir_spt_features MIR_RELRO;

void mir_spt_start(const struct mir_spt_boot *boot)
{
	const struct mir_ext *ext = (const struct mir_ext *)(uintptr_t)MIR_SPT_EXT;

	mir_spt_boot = boot;
	mir_guest.mem_start = mir_image_end;
	mir_guest.mem_end = (uint8_t *)(uintptr_t)boot->mem_size - FIRST_STACK;
	mir_guest.cmdline = (const char *)(uintptr_t)boot->cmdline;
	mir_guest.mft = (struct mir_mft *)(uintptr_t)boot->mft;
	if (ext->magic == MIR_EXT_MAGIC && ext->version == MIR_EXT_VERSION) {
		mir_guest.ext = ext;
		mir_spt_features = ext->features;
	}
	mir_guest.entered = mir_host_monotonic();
	mir_host_protect(mir_image_relro_start,
	    (size_t)(mir_image_relro_end - mir_image_relro_start), MIR_PROTECT_READ);
	mir_guest_start();
}
