/* pci_legacy.c: virtio before 1.0 on PCI: registers are I/O ports (virtio 1.2 section 4.1.4.10). */
#include "../bare/bare.h"

#include <mir/err.h>

#include "pci.h"
#include "device.h"

enum {
	FEATURES = 0, /* ports, from the first on */
	ACCEPTED = 4,
	QUEUE_ADDRESS = 8,
	QUEUE_SIZE = 12,
	QUEUE_SELECT = 14,
	QUEUE_NOTIFY = 16,
	STATUS = 18,
	ISR = 19,
	CONFIG_VECTOR = 20, /* with MSI-X */
	QUEUE_VECTOR = 22,
	CONFIG = 20, /* without */
	CONFIG_MSIX = 24,
	PORTS = 128,

	REVISION = 0x08,
	NO_VECTOR = 0xffff,
};

static uint16_t at(const struct mir_virtio *d, unsigned offset)
{
	return (uint16_t)(d->port + offset);
}

static uint64_t features(struct mir_virtio *d)
{
	return mir_bare_in32(at(d, FEATURES));
}

static void accept_features(struct mir_virtio *d, uint64_t v)
{
	mir_bare_out32(at(d, ACCEPTED), (uint32_t)v);
}

static uint8_t status(struct mir_virtio *d)
{
	return mir_bare_in8(at(d, STATUS));
}

static void set_status(struct mir_virtio *d, uint8_t v)
{
	mir_bare_out8(at(d, STATUS), v);
}

static uint32_t config(struct mir_virtio *d, unsigned offset, unsigned size)
{
	unsigned from = (d->vectors ? (unsigned)CONFIG_MSIX : (unsigned)CONFIG) + offset;

	if (from + size > PORTS)
		return 0;
	if (size == 4)
		return mir_bare_in32(at(d, from));
	return size == 2 ? mir_bare_in16(at(d, from)) : mir_bare_in8(at(d, from));
}

static uint32_t generation(struct mir_virtio *d)
{
	(void)d;
	return 0;
}

static unsigned queue_max(struct mir_virtio *d, unsigned i)
{
	mir_bare_out16(at(d, QUEUE_SELECT), (uint16_t)i);
	return mir_bare_in16(at(d, QUEUE_SIZE));
}

static bool queue_set(struct mir_virtio *d, unsigned i, const struct mir_vq *q, bool interrupts)
{
	uint64_t page = mir_bare_address(q->descriptors) / MIR_VQ_ALIGN;

	if (queue_max(d, i) != q->size || page > UINT32_MAX)
		return false;
	mir_bare_out32(at(d, QUEUE_ADDRESS), (uint32_t)page);
	if (d->vectors) {
		uint16_t vector = interrupts ? 0 : NO_VECTOR;

		mir_bare_out16(at(d, QUEUE_VECTOR), vector);
		if (mir_bare_in16(at(d, QUEUE_VECTOR)) != vector)
			return false;
	}
	return true;
}

static void notify(struct mir_virtio *d, unsigned i)
{
	mir_bare_out16(at(d, QUEUE_NOTIFY), (uint16_t)i);
}

static int connect(struct mir_virtio *d)
{
	int rc;

	d->vectors = d->msix > 0 && mir_pci_msix(d->where, d->msix) == 0;
	if (d->vectors) {
		mir_bare_out16(at(d, CONFIG_VECTOR), 0);
		return mir_bare_in16(at(d, CONFIG_VECTOR)) == 0 ? 0 : MIR_EPROTO;
	}
	rc = mir_pci_line(d->where);
	d->line = rc == 0;
	return rc;
}

static bool acknowledge(struct mir_virtio *d)
{
	return (mir_bare_in8(at(d, ISR)) & 2) != 0;
}

static const struct mir_virtio_ops ops = { "PCI, legacy", features, accept_features, status,
	set_status, config, generation, queue_max, queue_set, notify, connect, acknowledge };

bool mir_virtio_pci_legacy(struct mir_virtio *d)
{
	uint32_t bar = mir_pci_read32(d->where, MIR_PCI_BAR);

	if (mir_pci_read8(d->where, REVISION) != 0 || !(bar & 1) || (bar & 0xfffc) == 0 ||
	    (bar & 0xfffc) > 0x10000 - PORTS || mir_bare_ports((uint16_t)(bar & 0xfffc), PORTS) < 0)
		return false;
	d->port = (uint16_t)(bar & 0xfffc);
	d->legacy = true;
	d->ops = &ops;
	return true;
}
