/* pci_ports.c: the configuration space of PCI, by ports. */
#include "../bare/bare.h"

#include "pci.h"

enum {
	ADDRESS = 0xcf8,
	DATA = 0xcfc,
	PORTS = 8,
};

#define ENABLE (1u << 31)

static uint32_t select_at(uint16_t where, unsigned at)
{
	return ENABLE | (uint32_t)where << 8 | (at & 0xfc);
}

uint32_t mir_pci_read32(uint16_t where, unsigned at)
{
	mir_bare_out32(ADDRESS, select_at(where, at));
	return mir_bare_in32(DATA);
}

uint16_t mir_pci_read16(uint16_t where, unsigned at)
{
	return (uint16_t)(mir_pci_read32(where, at) >> 8 * (at & 2));
}

uint8_t mir_pci_read8(uint16_t where, unsigned at)
{
	return (uint8_t)(mir_pci_read32(where, at) >> 8 * (at & 3));
}

void mir_pci_write16(uint16_t where, unsigned at, uint16_t v)
{
	mir_bare_out32(ADDRESS, select_at(where, at));
	mir_bare_out16((uint16_t)(DATA + (at & 2)), v);
}

bool mir_pci_begin(void)
{
	if (mir_bare_ports(ADDRESS, PORTS) < 0)
		return false;
	mir_bare_out32(ADDRESS, ENABLE);
	return mir_bare_in32(ADDRESS) == ENABLE;
}
