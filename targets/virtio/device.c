/* device.c: what drivers of all types do with a device (virtio 1.2 section 3). */
#include "device.h"

#include <mir/err.h>
#include <mir/log.h>
#include <mir/target.h>
#include <mir/time.h>
#include <stdlib.h>
#include <string.h>

MIR_LOG_SOURCE(virtio);

enum {
	RESET_LOOKS = 100000, /* at a status that does not become 0 */
	CONFIG_TRIES = 64,    /* to read a configuration that keeps changing */
	LOOK = 100000000,     /* ns between looks at the status, where no interrupt says more */
	LINE_LOOK = 20000,    /* the same where a line may be stuck */
};

static bool reset(struct mir_virtio *d)
{
	d->ops->set_status(d, 0);
	for (unsigned i = 0; i < RESET_LOOKS; i++) {
		if (d->ops->status(d) == 0)
			return true;
	}
	return false;
}

void mir_virtio_broke(struct mir_virtio *d, const char *what)
{
	if (d->broke)
		return;
	d->broke = what;
	mir_error("%s: the device at %s %s: it is not used any more", d->who ? d->who : "virtio",
	    d->address, what);
	d->ops->set_status(d, MIR_VIRTIO_FAILED);
	reset(d);
}

static int refuse(struct mir_virtio *d, const char *what)
{
	mir_virtio_broke(d, what);
	return MIR_EPROTO;
}

int mir_virtio_begin(struct mir_virtio *d, const char *who, uint64_t wanted, uint64_t needed)
{
	uint64_t offered;
	uint8_t status = MIR_VIRTIO_ACKNOWLEDGED | MIR_VIRTIO_DRIVER;

	d->who = who;
	d->broke = NULL;
	d->looked = 0;
	if (!reset(d))
		return refuse(d, "does not reset");
	d->ops->set_status(d, MIR_VIRTIO_ACKNOWLEDGED);
	d->ops->set_status(d, status);
	offered = d->ops->features(d);
	if (d->legacy)
		offered &= UINT32_MAX;
	else
		needed |= MIR_VIRTIO_VERSION_1;
	wanted |= needed | MIR_VIRTIO_INDIRECT | MIR_VIRTIO_EVENT_IDX | MIR_VIRTIO_ANY_LAYOUT |
		  MIR_VIRTIO_ACCESS_PLATFORM;
	d->features = offered & wanted;
	if ((offered & needed) != needed)
		return refuse(d, "does not offer what it must");
	d->ops->accept(d, d->features);
	if (!d->legacy) {
		status |= MIR_VIRTIO_FEATURES_OK;
		d->ops->set_status(d, status);
		if (!(d->ops->status(d) & MIR_VIRTIO_FEATURES_OK))
			return refuse(d, "refuses the features that it has offered");
	}
	return 0;
}

/* How many entries to use, 0 if that cannot be. */
static unsigned choose_size(struct mir_virtio *d, unsigned max)
{
	if (max == 0 || max > MIR_VQ_SIZE_MAX || (d->legacy && (max & (max - 1))))
		return 0;
	/* A legacy device on PCI has the only say. */
	if (d->legacy && d->port)
		return max;
	while (max & (max - 1))
		max &= max - 1;
	return MIR_MIN(max, (unsigned)MIR_VQ_MAX);
}

int mir_virtio_queue_in(struct mir_virtio *d, unsigned i, struct mir_vq *q, unsigned table,
    bool interrupts, void *memory, size_t room)
{
	unsigned size = choose_size(d, d->ops->queue_max(d, i));

	if (!(d->features & MIR_VIRTIO_INDIRECT))
		table = 0;
	if (size == 0)
		return refuse(d, "has no queue of a size that can be");
	if (mir_vq_bytes(size, table) > room)
		return refuse(d, "insists on a queue that is too large");
	mir_vq_init(q, memory, size, table, (d->features & MIR_VIRTIO_EVENT_IDX) != 0);
	return d->ops->queue_set(d, i, q, interrupts) ? 0 : refuse(d, "does not take a queue");
}

int mir_virtio_queue(
    struct mir_virtio *d, unsigned i, struct mir_vq *q, unsigned table, bool interrupts)
{
	unsigned size = choose_size(d, d->ops->queue_max(d, i));
	size_t room = mir_vq_bytes(size, d->features & MIR_VIRTIO_INDIRECT ? table : 0);
	uint8_t *memory = size > 0 ? aligned_alloc(MIR_VQ_ALIGN, room) : NULL;
	int rc;

	q->descriptors = NULL;
	if (size > 0 && !memory) {
		mir_error("%s: no memory for a queue of %u entries", d->who, size);
		return MIR_ENOMEM;
	}
	rc = mir_virtio_queue_in(d, i, q, table, interrupts, memory, room);
	if (rc < 0) {
		free(memory);
		q->descriptors = NULL;
	}
	return rc;
}

void mir_virtio_queue_free(struct mir_vq *q)
{
	free(q->descriptors);
	q->descriptors = NULL;
}

void mir_virtio_ready(struct mir_virtio *d)
{
	uint8_t status = MIR_VIRTIO_ACKNOWLEDGED | MIR_VIRTIO_DRIVER | MIR_VIRTIO_DRIVER_OK;

	d->ops->set_status(d, d->legacy ? status : status | MIR_VIRTIO_FEATURES_OK);
}

static void read_config(struct mir_virtio *d, unsigned offset, uint8_t *out, size_t len)
{
	while (len > 0) {
		unsigned size = offset % 4 == 0 && len >= 4   ? 4
				: offset % 2 == 0 && len >= 2 ? 2
							      : 1;
		uint32_t v = d->ops->config(d, offset, size);

		memcpy(out, &v, size);
		out += size;
		offset += size;
		len -= size;
	}
}

int mir_virtio_config(struct mir_virtio *d, unsigned offset, void *out, size_t len)
{
	for (unsigned i = 0; i < CONFIG_TRIES; i++) {
		uint32_t before = d->ops->generation(d);

		read_config(d, offset, out, len);
		if (d->ops->generation(d) == before)
			return 0;
	}
	memset(out, 0, len);
	return refuse(d, "changes its configuration for ever");
}

bool mir_virtio_turn(struct mir_virtio *d, bool armed)
{
	int64_t now = mir_now();
	bool changed;

	if (d->broke || !armed || now - d->looked < (d->line ? LINE_LOOK : LOOK))
		return false;
	d->looked = now;
	changed = d->line ? d->ops->acknowledge(d) : true;
	if (changed && (d->ops->status(d) & MIR_VIRTIO_NEEDS_RESET)) {
		mir_virtio_broke(d, "says that it needs a reset");
		return false;
	}
	return changed;
}

void mir_virtio_end(struct mir_virtio *d)
{
	d->claimed = false;
	if (!d->broke)
		reset(d);
}
