/* device.c: what the tender has attached and what it offers. */
#include <mir/err.h>
#include <mir/log.h>
#include <string.h>

#include "guest.h"

MIR_LOG_SOURCE(device);

struct mir_guest mir_guest MIR_RELRO;

uint32_t mir_guest_features(void)
{
	const struct mir_ext *ext = mir_guest.ext;

	return ext && ext->magic == MIR_EXT_MAGIC && ext->version == MIR_EXT_VERSION ? ext->features
										     : 0;
}

const struct mir_ext_device *mir_guest_device_ext(uint32_t handle)
{
	static const struct mir_ext_device none;

	return mir_guest_features() ? &mir_guest.ext->device[handle % MIR_MFT_ENTRIES] : &none;
}

int mir_guest_device(const char *name, enum mir_mft_type type)
{
	const struct mir_mft *mft = mir_guest.mft;
	uint32_t n = mft ? MIR_MIN(mft->entries, (uint32_t)MIR_MFT_ENTRIES) : 0;
	const char *kind = type == MIR_MFT_NET ? "network" : "block device";

	for (uint32_t i = 1; i < n; i++) {
		const struct mir_mft_entry *e = &mft->e[i];

		if (e->type != (uint32_t)type || strnlen(e->name, MIR_MFT_NAME) != strlen(name) ||
		    memcmp(e->name, name, strlen(name)) != 0)
			continue;
		if (e->attached)
			return (int)i;
		mir_error("%s: the tender has not attached this %s", name, kind);
		return MIR_ENODEV;
	}
	mir_error("%s: the manifest of this image has no %s of that name", name, kind);
	return MIR_ENODEV;
}
