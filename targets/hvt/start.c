/* start.c: what the tender wrote, looked at before anything relies on it. */
#include <string.h>

#include "../guest/host.h"
#include "hvt.h"

#define MEM_MAX (1ull << 32) /* hypercalls have 32 bits for an address */

/* What keeps the image from starting; it can speak only once it is sealed. */
static const char *wrong MIR_RELRO;

uint32_t mir_hvt_tells_traps MIR_RELRO;

/* Boot information at that address, at least `size` bytes of it; NULL: none there. */
static void *boot_at(uint64_t address, size_t size)
{
	uint64_t end = MIR_HVT_BOOT + MIR_HVT_BOOT_ROOM;

	if (address < MIR_HVT_BOOT || address >= end || size > end - address || address % 8 != 0)
		return NULL;
	return (void *)(uintptr_t)address;
}

static void take_devices(const struct mir_hvt_boot *boot)
{
	struct mir_mft *mft = boot_at(boot->mft, sizeof(*mft));

	if (!mft || mft->entries > MIR_MFT_ENTRIES ||
	    !boot_at(boot->mft, sizeof(*mft) + mft->entries * sizeof(mft->e[0])))
		wrong = "mirage: the tender's manifest is not where it belongs\n";
	mir_guest.mft = mft;
}

static void take_extensions(const struct mir_hvt_boot *boot)
{
	const struct mir_ext *ext;

	if (!(boot->host_features & MIR_HVT_HOST_EXT))
		return;
	ext = boot_at(boot->ext, sizeof(*ext));
	if (!ext || ext->magic != MIR_EXT_MAGIC || !boot_at(boot->ext, ext->size))
		return;
	mir_guest.ext = ext;
	mir_hvt_tells_traps = ext->features & MIR_EXT_TRAP;
}

static void take_cmdline(const struct mir_hvt_boot *boot)
{
	const char *line = (const char *)(uintptr_t)boot->cmdline;

	if (boot->cmdline < MIR_HVT_BOOT ||
	    boot->cmdline > MIR_HVT_BOOT + MIR_HVT_BOOT_ROOM - MIR_HVT_CMDLINE_MAX ||
	    !memchr(line, '\0', MIR_HVT_CMDLINE_MAX))
		wrong = "mirage: the tender's command line is not where it belongs\n";
	mir_guest.cmdline = line;
}

const struct mir_hvt_seal *mir_hvt_begin(const struct mir_hvt_boot *boot, uint64_t chance)
{
	static struct mir_hvt_seal seal MIR_RELRO;

	if (!mir_hvt_clock_begin(boot->tsc_hz))
		wrong = "mirage: the tender does not know how fast the CPU's clock is\n";
	take_devices(boot);
	take_extensions(boot);
	take_cmdline(boot);
	mir_guest.entered = mir_hvt_clock_at(mir_hvt_entered);
	mir_hvt_build(MIR_MIN(boot->mem_size, MEM_MAX), chance, &seal);
	return &seal;
}

void mir_hvt_main(void)
{
	if (wrong) {
		mir_host_console(wrong, strlen(wrong));
		mir_host_exit(1, NULL);
	}
	mir_guest_start();
}
