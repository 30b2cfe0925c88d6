/* pci_modern.c: virtio 1.x on PCI: registers in memory, found by capabilities (virtio 1.2 section
 * 4.1.4). */
#include <mir/err.h>
#include <string.h>

#include "pci.h"
#include "device.h"

enum {
	CAP_LEN = 2, /* offsets in a capability */
	CAP_TYPE = 3,
	CAP_BAR = 4,
	CAP_OFFSET = 8,
	CAP_SIZE = 12,
	CAP_NOTIFY_STEP = 16,

	COMMON = 1, /* types of capabilities */
	NOTIFY = 2,
	ISR = 3,
	DEVICE = 4,

	FEATURE_SELECT = 0, /* offsets in the common configuration */
	FEATURES = 4,
	ACCEPT_SELECT = 8,
	ACCEPTED = 12,
	CONFIG_VECTOR = 16,
	STATUS = 20,
	GENERATION = 21,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_VECTOR = 26,
	QUEUE_ENABLE = 28,
	QUEUE_NOTIFY = 30,
	QUEUE_DESCRIPTORS = 32,
	QUEUE_AVAILABLE = 40,
	QUEUE_USED = 48,
	COMMON_LEN = 56,

	NO_VECTOR = 0xffff,
	MAP_MAX = 1 << 20, /* bytes of one capability that are mapped */
	CAPABILITIES = 16, /* of a device that are looked at */
};

static uint8_t get8(volatile uint8_t *p)
{
	return *p;
}

static uint16_t get16(volatile uint8_t *p)
{
	return *(volatile uint16_t *)(volatile void *)p;
}

static uint32_t get32(volatile uint8_t *p)
{
	return *(volatile uint32_t *)(volatile void *)p;
}

static void put16(volatile uint8_t *p, unsigned v)
{
	*(volatile uint16_t *)(volatile void *)p = (uint16_t)v;
}

static void put32(volatile uint8_t *p, uint32_t v)
{
	*(volatile uint32_t *)(volatile void *)p = v;
}

static void put64(volatile uint8_t *p, const void *address)
{
	uint64_t v = (uint64_t)(uintptr_t)address;

	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint64_t features(struct mir_virtio *d)
{
	uint32_t low;

	put32(d->common + FEATURE_SELECT, 0);
	low = get32(d->common + FEATURES);
	put32(d->common + FEATURE_SELECT, 1);
	return (uint64_t)get32(d->common + FEATURES) << 32 | low;
}

static void accept_features(struct mir_virtio *d, uint64_t v)
{
	put32(d->common + ACCEPT_SELECT, 0);
	put32(d->common + ACCEPTED, (uint32_t)v);
	put32(d->common + ACCEPT_SELECT, 1);
	put32(d->common + ACCEPTED, (uint32_t)(v >> 32));
}

static uint8_t status(struct mir_virtio *d)
{
	return get8(d->common + STATUS);
}

static void set_status(struct mir_virtio *d, uint8_t v)
{
	d->common[STATUS] = v;
}

static uint32_t config(struct mir_virtio *d, unsigned offset, unsigned size)
{
	volatile uint8_t *p;

	if (offset + size > d->device_len)
		return 0;
	p = d->device + offset;
	return size == 4 ? get32(p) : size == 2 ? get16(p) : get8(p);
}

static uint32_t generation(struct mir_virtio *d)
{
	return get8(d->common + GENERATION);
}

static unsigned queue_max(struct mir_virtio *d, unsigned i)
{
	put16(d->common + QUEUE_SELECT, i);
	return get16(d->common + QUEUE_SELECT) == i ? get16(d->common + QUEUE_SIZE) : 0;
}

static bool queue_set(struct mir_virtio *d, unsigned i, const struct mir_vq *q, bool interrupts)
{
	uint64_t notify;

	if (i >= MIR_VIRTIO_QUEUES || queue_max(d, i) < q->size || get16(d->common + QUEUE_ENABLE))
		return false;
	notify = (uint64_t)get16(d->common + QUEUE_NOTIFY) * d->notify_step;
	if (notify + 2 > d->notify_len)
		return false;
	d->notify[i] = d->notify_base + notify;
	put16(d->common + QUEUE_SIZE, q->size);
	put64(d->common + QUEUE_DESCRIPTORS, q->descriptors);
	put64(d->common + QUEUE_AVAILABLE, q->available);
	put64(d->common + QUEUE_USED, q->used);
	if (d->msix > 0) {
		unsigned vector = interrupts && d->vectors ? 0 : NO_VECTOR;

		put16(d->common + QUEUE_VECTOR, vector);
		if (get16(d->common + QUEUE_VECTOR) != vector)
			return false;
	}
	put16(d->common + QUEUE_ENABLE, 1);
	return true;
}

static void notify(struct mir_virtio *d, unsigned i)
{
	put16(d->notify[i], i);
}

/* To be called between reset and the queues. */
static int connect(struct mir_virtio *d)
{
	int rc;

	d->vectors = d->msix > 0 && mir_pci_msix(d->where, d->msix) == 0;
	if (d->vectors) {
		put16(d->common + CONFIG_VECTOR, 0);
		if (get16(d->common + CONFIG_VECTOR) == 0)
			return 0;
		return MIR_EPROTO;
	}
	rc = d->isr ? mir_pci_line(d->where) : MIR_ENODEV;
	d->line = rc == 0;
	return rc;
}

static bool acknowledge(struct mir_virtio *d)
{
	return (get8(d->isr) & 2) != 0;
}

static const struct mir_virtio_ops ops = { "PCI, virtio 1", features, accept_features, status,
	set_status, config, generation, queue_max, queue_set, notify, connect, acknowledge };

/* The registers of a capability, at least `least` bytes, into *at; the first that fits counts. */
static void take(uint16_t where, unsigned cap, uint32_t least, volatile uint8_t **at, uint32_t *len)
{
	uint32_t size = mir_pci_read32(where, cap + CAP_SIZE);
	uint32_t offset = mir_pci_read32(where, cap + CAP_OFFSET);

	size = MIR_MIN(size, (uint32_t)MAP_MAX);
	if (*at || size < least || offset % 4 != 0)
		return;
	*at = mir_pci_map(where, mir_pci_read8(where, cap + CAP_BAR), offset, size);
	*len = size;
}

bool mir_virtio_pci_modern(struct mir_virtio *d)
{
	uint32_t common_len, isr_len;
	unsigned cap = 0;

	for (unsigned i = 0; i < CAPABILITIES; i++) {
		cap = mir_pci_capability(d->where, MIR_PCI_VENDOR_SPECIFIC, cap);
		/* One that is cut off would end in another's registers. */
		if (cap == 0 || cap + CAP_NOTIFY_STEP + 4 > 256)
			break;
		switch (mir_pci_read8(d->where, cap + CAP_TYPE)) {
		case COMMON: take(d->where, cap, COMMON_LEN, &d->common, &common_len); break;
		case ISR: take(d->where, cap, 1, &d->isr, &isr_len); break;
		case DEVICE: take(d->where, cap, 1, &d->device, &d->device_len); break;
		case NOTIFY:
			if (!d->notify_base)
				d->notify_step = mir_pci_read32(d->where, cap + CAP_NOTIFY_STEP);
			take(d->where, cap, 2, &d->notify_base, &d->notify_len);
			break;
		default: break;
		}
	}
	if (!d->common || !d->notify_base)
		return false;
	if (!d->device)
		d->device_len = 0;
	d->ops = &ops;
	return true;
}
