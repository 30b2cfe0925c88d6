/* seal.c: what is no memory, ports, and the end of all that. */
#include <mir/err.h>

#include "apic.h"
#include "machine.h"

enum { PORTS = 0x10000 };
#define PHYSICAL_END (1ull << 52)

void (*mir_bare_before_seal)(void);

static bool sealed;

static bool is_memory(uint64_t from, uint64_t to)
{
	for (unsigned i = 0; i < mir_bare.n_memory; i++) {
		const struct mir_bare_range *r = &mir_bare.memory[i];

		if (from < r->at + r->len && to > r->at)
			return true;
	}
	return false;
}

void *mir_bare_map(uint64_t at, size_t len, enum mir_bare_cache cache)
{
	uint64_t from = at & -(uint64_t)PAGE, to;

	if (sealed || len == 0 || at >= PHYSICAL_END || len > PHYSICAL_END - at)
		return NULL;
	to = (at + len + PAGE - 1) & -(uint64_t)PAGE;
	if (is_memory(from, to))
		return NULL;
	return mir_bare_window_map(
	    at, (to - from) / PAGE, MAP_WRITE | (cache == MIR_BARE_UNCACHED ? PTE_UNCACHED : 0));
}

int mir_bare_ports(uint16_t first, unsigned n)
{
	if (sealed)
		return MIR_EPERM;
	mir_bare_ring0_call(first, MIR_MIN(n, (unsigned)PORTS - first), 0, CALL_PORTS);
	return 0;
}

void mir_bare_seal(void)
{
	if (sealed)
		return;
	if (mir_bare_before_seal)
		mir_bare_before_seal();
	mir_bare_apic_seal();
	mir_bare_poke(RING0_SEALED, 1);
	sealed = true;
}
