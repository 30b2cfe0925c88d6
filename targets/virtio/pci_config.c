/* pci_config.c: the buses of PCI, capabilities, registers in memory, interrupts. */
#include "../bare/bare.h"

#include <mir/err.h>
#include <mir/log.h>

#include "pci.h"

MIR_LOG_SOURCE(pci);

enum {
	STATUS = 0x06,
	HEADER_TYPE = 0x0e,
	SECONDARY = 0x19, /* of a bridge: the bus behind it */
	CAPABILITIES = 0x34,
	PIN = 0x3d,

	HAS_CAPABILITIES = 0x10, /* of the status */
	MANY_FUNCTIONS = 0x80,   /* of the header's type */
	BRIDGE = 1,

	CAPABILITIES_MAX = 48, /* what 192 bytes can hold */
	BARS = 6,
	BAR_IO = 1,
	BAR_64 = 4,

	MSIX_ENABLE = 0x8000, /* of its control */
	MSIX_MASK_ALL = 0x4000,
	MSIX_ENTRY = 16,
	NO_IRQ = 0xff,
};

/* The functions of a device. */
static void walk_device(uint16_t where, void (*found)(void *, uint16_t), void *arg, bool *next_bus)
{
	for (unsigned f = 0; f < 8; f++) {
		uint16_t at = (uint16_t)(where + f);
		uint16_t vendor = mir_pci_read16(at, 0);
		uint8_t type;

		if (vendor != 0xffff && vendor != 0) {
			type = mir_pci_read8(at, HEADER_TYPE);
			if ((type & 0x7f) == BRIDGE)
				next_bus[mir_pci_read8(at, SECONDARY)] = true;
			else
				found(arg, at);
			if (f == 0 && !(type & MANY_FUNCTIONS))
				return;
		} else if (f == 0) {
			return;
		}
	}
}

void mir_pci_walk(void (*found)(void *, uint16_t), void *arg)
{
	bool wanted[256] = { true }, done[256] = { false };
	bool again = true;

	/* Each bus is looked at once, wherever bridges say that they lead. */
	while (again) {
		again = false;
		for (unsigned bus = 0; bus < 256; bus++) {
			if (!wanted[bus] || done[bus])
				continue;
			done[bus] = again = true;
			for (unsigned device = 0; device < 32; device++)
				walk_device((uint16_t)(bus << 8 | device << 3), found, arg, wanted);
		}
	}
}

unsigned mir_pci_capability(uint16_t where, uint8_t number, unsigned after)
{
	unsigned at;

	if (!(mir_pci_read16(where, STATUS) & HAS_CAPABILITIES))
		return 0;
	at = mir_pci_read8(where, after > 0 ? after + 1 : (unsigned)CAPABILITIES) & 0xfcu;
	for (unsigned i = 0; i < CAPABILITIES_MAX && at >= 0x40; i++) {
		if (mir_pci_read8(where, at) == number)
			return at;
		at = mir_pci_read8(where, at + 1) & 0xfcu;
	}
	return 0;
}

volatile uint8_t *mir_pci_map(uint16_t where, unsigned bar, uint32_t offset, uint32_t len)
{
	uint64_t at;
	uint32_t low;

	if (bar >= BARS || len == 0)
		return NULL;
	low = mir_pci_read32(where, MIR_PCI_BAR + 4 * bar);
	if (low & BAR_IO)
		return NULL;
	at = low & ~(uint32_t)15;
	if ((low & 6) == BAR_64 && bar + 1 < BARS)
		at |= (uint64_t)mir_pci_read32(where, MIR_PCI_BAR + 4 * bar + 4) << 32;
	if (at == 0 || at > UINT64_MAX - offset - len)
		return NULL;
	return mir_bare_map(at + offset, len, MIR_BARE_UNCACHED);
}

int mir_pci_msix(uint16_t where, unsigned at)
{
	uint16_t control = mir_pci_read16(where, at + 2);
	uint32_t table = mir_pci_read32(where, at + 4);
	volatile uint32_t *entry;
	struct mir_bare_msi msi;
	int rc = mir_bare_msi(&msi);

	if (rc < 0)
		return rc;
	entry = (volatile uint32_t *)(volatile void *)mir_pci_map(
	    where, table & 7, table & ~7u, MSIX_ENTRY);
	if (!entry)
		return MIR_ENODEV;
	mir_pci_write16(where, at + 2, (uint16_t)(control | MSIX_ENABLE | MSIX_MASK_ALL));
	entry[0] = (uint32_t)msi.address;
	entry[1] = (uint32_t)(msi.address >> 32);
	entry[2] = msi.data;
	entry[3] = 0;
	mir_pci_write16(
	    where, at + 2, (uint16_t)((control | MSIX_ENABLE) & ~(unsigned)MSIX_MASK_ALL));
	mir_pci_write16(where, MIR_PCI_COMMAND,
	    (uint16_t)(mir_pci_read16(where, MIR_PCI_COMMAND) | MIR_PCI_NO_LINE));
	return 0;
}

int mir_pci_line(uint16_t where)
{
	uint8_t line = mir_pci_read8(where, MIR_PCI_LINE);
	int rc = MIR_ENODEV;

	if (mir_pci_read8(where, PIN) != 0 && line != 0 && line != NO_IRQ)
		rc = mir_bare_line(line, true);
	if (rc < 0) {
		mir_error("pci:%02x:%02x.%x: its interrupt line (%u) leads nowhere: the firmware "
			  "has not set it up",
		    where >> 8, where >> 3 & 31, where & 7, line);
		return rc;
	}
	mir_pci_write16(where, MIR_PCI_COMMAND,
	    (uint16_t)(mir_pci_read16(where, MIR_PCI_COMMAND) & ~(unsigned)MIR_PCI_NO_LINE));
	return 0;
}
