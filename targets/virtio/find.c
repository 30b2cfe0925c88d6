/* find.c: which virtio devices there are. */
#include "../bare/bare.h"

#include "pci.h"
#include "device.h"

unsigned mir_virtio_devices(struct mir_virtio **first)
{
	static struct mir_virtio devices[MIR_VIRTIO_DEVICES];
	static unsigned n;
	static bool looked;

	if (!looked) {
		bool pci = mir_pci_begin();

		looked = true;
		n = pci ? mir_virtio_pci(devices, MIR_VIRTIO_DEVICES) : 0;
		/* Where there is PCI, what lies at a guessed place may be anything. */
		n += mir_virtio_mmio(devices + n, MIR_VIRTIO_DEVICES - n,
		    mir_bare.cmdline ? mir_bare.cmdline : "", !pci);
	}
	*first = devices;
	return n;
}
