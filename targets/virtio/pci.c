/* pci.c: virtio devices on PCI: which functions they are, and how their interrupts come (virtio 1.2
 * section 4.1). */
#include "pci.h"

#include <mir/err.h>
#include <mir/log.h>
#include <stdio.h>
#include <string.h>

#include "device.h"

MIR_LOG_SOURCE(pci);

enum {
	VENDOR = 0x1af4,
	FIRST = 0x1000, /* device numbers: of devices that can be legacy ones, and of others */
	MODERN = 0x1040,
	LAST = 0x107f,
	SUBSYSTEM = 0x2e,
};

struct found {
	struct mir_virtio *out;
	unsigned n, room;
};

static void take(void *arg, uint16_t where)
{
	struct found *f = arg;
	uint32_t id = mir_pci_read32(where, 0);
	unsigned device = id >> 16;
	struct mir_virtio *d;

	if ((id & 0xffff) != VENDOR || device < FIRST || device > LAST)
		return;
	if (f->n == f->room) {
		mir_warn("more than %u devices: pci:%02x:%02x.%x is left out", f->room, where >> 8,
		    where >> 3 & 31, where & 7);
		return;
	}
	d = &f->out[f->n];
	*d = (struct mir_virtio){ .where = where };
	d->type = (uint16_t)(device >= MODERN ? device - MODERN : mir_pci_read16(where, SUBSYSTEM));
	snprintf(d->address, sizeof(d->address), "pci:%02x:%02x.%x", where >> 8, where >> 3 & 31,
	    where & 7);
	d->msix = (uint8_t)mir_pci_capability(where, MIR_PCI_MSIX, 0);
	mir_pci_write16(where, MIR_PCI_COMMAND,
	    (uint16_t)(mir_pci_read16(where, MIR_PCI_COMMAND) | MIR_PCI_IO | MIR_PCI_MEMORY |
		       MIR_PCI_MASTER));
	if (!mir_virtio_pci_modern(d) && (device >= MODERN || !mir_virtio_pci_legacy(d))) {
		mir_warn("%s: a virtio device whose registers cannot be reached: its base address "
			 "registers have no addresses, or its capabilities are wrong",
		    d->address);
		return;
	}
	f->n++;
}

unsigned mir_virtio_pci(struct mir_virtio out[], unsigned room)
{
	struct found f = { out, 0, room };

	mir_pci_walk(take, &f);
	return f.n;
}
