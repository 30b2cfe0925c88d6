/* mmio.c: virtio devices whose registers lie in memory at places that somebody must tell
 * (virtio 1.2 section 4.2): of QEMU's microvm and of Firecracker. */
#include "../bare/bare.h"

#include <mir/err.h>
#include <mir/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

MIR_LOG_SOURCE(mmio);

enum {
	MAGIC = 0x00, /* registers */
	VERSION = 0x04,
	DEVICE = 0x08,
	FEATURES = 0x10,
	FEATURES_SELECT = 0x14,
	ACCEPTED = 0x20,
	ACCEPTED_SELECT = 0x24,
	PAGE_SIZE = 0x28, /* legacy */
	QUEUE_SELECT = 0x30,
	QUEUE_MAX = 0x34,
	QUEUE_SIZE = 0x38,
	QUEUE_ALIGN = 0x3c, /* legacy */
	QUEUE_PAGE = 0x40,  /* legacy */
	QUEUE_READY = 0x44,
	QUEUE_NOTIFY = 0x50,
	INTERRUPT_STATUS = 0x60,
	INTERRUPT_ACKNOWLEDGE = 0x64,
	STATUS = 0x70,
	QUEUE_DESCRIPTORS = 0x80,
	QUEUE_AVAILABLE = 0x90,
	QUEUE_USED = 0xa0,
	GENERATION = 0xfc,
	CONFIG = 0x100,

	VIRT = 0x74726976, /* the magic number */
	LEN_MIN = 0x200,
	LEN_MAX = 0x10000,

	MICROVM_SLOTS = 24,
	MICROVM_IRQ = 24,
};

/* Where QEMU's microvm has its slots. */
static const uint64_t microvm = 0xfeb00000;

static uint32_t get(const struct mir_virtio *d, unsigned at)
{
	return *(volatile uint32_t *)(volatile void *)(d->common + at);
}

static void put(const struct mir_virtio *d, unsigned at, uint32_t v)
{
	*(volatile uint32_t *)(volatile void *)(d->common + at) = v;
}

static void put64(const struct mir_virtio *d, unsigned at, const void *address)
{
	uint64_t v = mir_bare_address(address);

	put(d, at, (uint32_t)v);
	put(d, at + 4, (uint32_t)(v >> 32));
}

static uint64_t features(struct mir_virtio *d)
{
	uint32_t low;

	put(d, FEATURES_SELECT, 0);
	low = get(d, FEATURES);
	put(d, FEATURES_SELECT, 1);
	return (uint64_t)get(d, FEATURES) << 32 | low;
}

static void accept_features(struct mir_virtio *d, uint64_t v)
{
	put(d, ACCEPTED_SELECT, 0);
	put(d, ACCEPTED, (uint32_t)v);
	put(d, ACCEPTED_SELECT, 1);
	put(d, ACCEPTED, (uint32_t)(v >> 32));
	if (d->legacy)
		put(d, PAGE_SIZE, MIR_VQ_ALIGN);
}

static uint8_t status(struct mir_virtio *d)
{
	return (uint8_t)get(d, STATUS);
}

static void set_status(struct mir_virtio *d, uint8_t v)
{
	put(d, STATUS, v);
}

static uint32_t config(struct mir_virtio *d, unsigned offset, unsigned size)
{
	volatile uint8_t *p = d->common + CONFIG + offset;

	if (offset + size > d->device_len)
		return 0;
	if (size == 4)
		return *(volatile uint32_t *)(volatile void *)p;
	return size == 2 ? *(volatile uint16_t *)(volatile void *)p : *p;
}

static uint32_t generation(struct mir_virtio *d)
{
	return d->legacy ? 0 : get(d, GENERATION);
}

static unsigned queue_max(struct mir_virtio *d, unsigned i)
{
	put(d, QUEUE_SELECT, i);
	return get(d, QUEUE_MAX);
}

static bool queue_set(struct mir_virtio *d, unsigned i, const struct mir_vq *q, bool interrupts)
{
	uint64_t page = mir_bare_address(q->descriptors) / MIR_VQ_ALIGN;

	(void)interrupts;
	if (queue_max(d, i) < q->size || get(d, d->legacy ? QUEUE_PAGE : QUEUE_READY) != 0)
		return false;
	put(d, QUEUE_SIZE, q->size);
	if (d->legacy) {
		if (page > UINT32_MAX)
			return false;
		put(d, QUEUE_ALIGN, MIR_VQ_ALIGN);
		put(d, QUEUE_PAGE, (uint32_t)page);
		return true;
	}
	put64(d, QUEUE_DESCRIPTORS, q->descriptors);
	put64(d, QUEUE_AVAILABLE, q->available);
	put64(d, QUEUE_USED, q->used);
	put(d, QUEUE_READY, 1);
	return true;
}

static void notify(struct mir_virtio *d, unsigned i)
{
	put(d, QUEUE_NOTIFY, i);
}

static int connect(struct mir_virtio *d)
{
	int rc = mir_bare_line(d->irq, true);

	d->line = rc == 0;
	if (rc < 0)
		mir_error("%s: its interrupt (%u) leads nowhere", d->address, d->irq);
	return rc;
}

static bool acknowledge(struct mir_virtio *d)
{
	uint32_t which = get(d, INTERRUPT_STATUS) & 3;

	if (which)
		put(d, INTERRUPT_ACKNOWLEDGE, which);
	return (which & 2) != 0;
}

static const struct mir_virtio_ops ops = { "memory", features, accept_features, status, set_status,
	config, generation, queue_max, queue_set, notify, connect, acknowledge };

/* The device at that place, if there is one. */
static bool probe(struct mir_virtio *d, uint64_t at, uint64_t size, unsigned irq)
{
	*d = (struct mir_virtio){ .ops = &ops, .irq = irq };
	d->common = mir_bare_map(at, size, MIR_BARE_UNCACHED);
	if (!d->common || get(d, MAGIC) != VIRT || get(d, DEVICE) == 0)
		return false;
	if (get(d, VERSION) != 1 && get(d, VERSION) != 2) {
		mir_warn("mmio:0x%llx: version %u is not known", (unsigned long long)at,
		    get(d, VERSION));
		return false;
	}
	d->legacy = get(d, VERSION) == 1;
	d->type = (uint16_t)MIR_MIN(get(d, DEVICE), 0xffffu);
	d->device_len = (uint32_t)size - CONFIG;
	snprintf(d->address, sizeof(d->address), "mmio:0x%llx", (unsigned long long)at);
	return true;
}

/* "512@0xfeb02e00:12", and ":ID" behind it, as Linux has it; the next word into *end. */
static bool parse(const char *text, uint64_t *size, uint64_t *at, unsigned *irq)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 0);

	if (*end == 'K' || *end == 'k') {
		n *= 1024;
		end++;
	}
	if (end == text || *end != '@' || n < LEN_MIN || n > LEN_MAX)
		return false;
	*size = n;
	text = end + 1;
	*at = strtoull(text, &end, 0);
	if (end == text || *end != ':' || *at % 4 != 0 || *at > UINT64_MAX - n)
		return false;
	text = end + 1;
	n = strtoull(text, &end, 0);
	*irq = (unsigned)n;
	return end != text && n < 1024 && (*end == '\0' || *end == ' ' || *end == ':');
}

static unsigned told(struct mir_virtio out[], unsigned room, const char *cmdline)
{
	static const char key[] = "virtio_mmio.device=";
	const char *p = cmdline;
	unsigned n = 0;

	while ((p = strstr(p, key)) != NULL) {
		bool begins = p == cmdline || p[-1] == ' ';
		uint64_t size, at;
		unsigned irq;

		p += sizeof(key) - 1;
		if (!begins)
			continue;
		if (!parse(p, &size, &at, &irq))
			mir_warn("%s%.40s: not SIZE@ADDRESS:IRQ", key, p);
		else if (n == room)
			mir_warn("more than %u devices: %s%.40s is left out", room, key, p);
		else
			n += probe(&out[n], at, size, irq);
	}
	return n;
}

/* From the top: so that the first device of QEMU's command line is the first here. */
static unsigned guessed(struct mir_virtio out[], unsigned room)
{
	unsigned n = 0;

	for (unsigned i = MICROVM_SLOTS; i-- > 0 && n < room;)
		n += probe(&out[n], microvm + (uint64_t)i * LEN_MIN, LEN_MIN, MICROVM_IRQ + i);
	return n;
}

unsigned mir_virtio_mmio(struct mir_virtio out[], unsigned room, const char *cmdline, bool guess)
{
	unsigned n = told(out, room, cmdline);

	return n == 0 && guess ? guessed(out, room) : n;
}
