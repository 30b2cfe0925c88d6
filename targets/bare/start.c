/* start.c: from the entry, in ring 3 but with all of memory in sight, to targets/guest. */
#include <mir/boot.h>
#include <mir/err.h>
#include <string.h>

#include "../guest/host.h"
#include "apic.h"
#include "clock.h"
#include "machine.h"

#define BELOW_4G (1ull << 32)

enum { STATUS = 1 };

struct mir_bare mir_bare MIR_RELRO;
static char cmdline[MIR_BARE_CMDLINE_MAX] MIR_RELRO;

/* entry_x86_64.S */
MIR_NORETURN void mir_bare_begin(uint64_t info, uint32_t magic, uint64_t chance) MIR_COLD;

const uint8_t *mir_bare_see_low(void *of, uint64_t at, size_t len)
{
	(void)of;
	return at > 0 && at < BELOW_4G && len <= BELOW_4G - at ? (const uint8_t *)(uintptr_t)at
							       : NULL;
}

MIR_NORETURN static void refuse(const char *text)
{
	static const char name[] = "mirage: ";

	mir_host_console(name, sizeof(name) - 1);
	mir_host_console(text, strlen(text));
	mir_host_exit(STATUS, NULL);
}

/* NULL, or what is wrong. */
static const char *take_info(uint64_t info, uint32_t magic)
{
	int rc = mir_bare_info(&mir_bare, cmdline, info, magic, mir_bare_see_low, NULL);
	const char *wrong;

	mir_bare.entered = mir_bare_entered;
	mir_guest.cmdline = mir_bare.cmdline;
	wrong = mir_bare_machine_begin();
	if (wrong)
		return wrong;
	if (rc < 0)
		return "neither PVH nor Multiboot started this image, or what the loader says of "
		       "the machine cannot be read\n";
	return mir_bare.n_memory == 0 ? "the loader says of no memory that it can be used\n" : NULL;
}

void mir_bare_begin(uint64_t info, uint32_t magic, uint64_t chance)
{
	const char *wrong;

	mir_bare_see_all();
	mir_bare_cpu_begin();
	wrong = take_info(info, magic);
	if (!wrong)
		wrong = mir_bare_apic_begin();
	if (!wrong)
		wrong = mir_bare_clock_begin();
	mir_guest.entered = wrong ? 0 : mir_bare_clock_at(mir_bare.entered);
	if (!wrong)
		wrong = mir_bare_tables(chance);
	if (wrong)
		refuse(wrong);
	mir_boot_hook = mir_bare_seal;
	mir_guest_start();
}
