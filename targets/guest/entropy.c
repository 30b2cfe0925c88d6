/* entropy.c: entropy of the host (what a tender gave for the start, then what it is asked for),
 * else of the processor. */
#include <mir/err.h>
#include <mir/target.h>
#include <string.h>

#include "guest.h"

/* Each byte of the tender's seed is used once. */
static size_t from_seed(uint8_t *p, size_t len)
{
	static size_t used;
	size_t n = 0;

	if (mir_guest_features() & MIR_EXT_ENTROPY)
		n = MIR_MIN(len, MIR_EXT_SEED - used);
	if (n > 0)
		memcpy(p, mir_guest.ext->seed + used, n);
	used += n;
	return n;
}

static bool from_cpu(uint8_t *p, size_t len)
{
	while (len > 0) {
		size_t part = MIR_MIN(len, sizeof(uint64_t));
		uint64_t v;

		if (!mir_guest_cpu_random(&v))
			return false;
		memcpy(p, &v, part);
		p += part;
		len -= part;
	}
	return true;
}

MIR_COLD int mir_target_entropy(void *buf, size_t len)
{
	uint8_t *p = buf;
	size_t n = from_seed(p, len);

	if (n == len || mir_host_entropy(p + n, len - n) || from_cpu(p + n, len - n))
		return 0;
	return MIR_ENOENTROPY;
}
