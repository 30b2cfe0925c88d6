/* block.c: a disk on a virtio device: negotiation, and which disk it is. */
#include <mir/err.h>
#include <mir/log.h>
#include <mir/target.h>
#include <string.h>

#include "driver.h"

MIR_LOG_SOURCE(block);

enum {
	CAPACITY = 0, /* offsets in the configuration */
	SIZE_MAX_AT = 8,
	SEG_MAX_AT = 12,
	SECTOR_SIZE = 20,
	DISCARD_MAX = 36,
	DISCARD_ALIGN = 44,
	ZEROES_MAX = 48,

	SECTOR_MIN = 512,
	SECTOR_MAX = 65536,
	ID = 20,               /* bytes of a serial number */
	PATIENCE = 1000000000, /* ns */
	NAP = 50000,
};

static const uint64_t wanted = MIR_VIRTIO_BLOCK_SIZE_MAX | MIR_VIRTIO_BLOCK_SEG_MAX |
			       MIR_VIRTIO_BLOCK_READONLY | MIR_VIRTIO_BLOCK_SECTOR |
			       MIR_VIRTIO_BLOCK_FLUSH | MIR_VIRTIO_BLOCK_TOPOLOGY |
			       MIR_VIRTIO_BLOCK_DISCARD | MIR_VIRTIO_BLOCK_ZEROES;

static uint32_t config32(struct mir_virtio *d, unsigned offset)
{
	uint32_t v = 0;

	mir_virtio_config(d, offset, &v, sizeof(v));
	return v;
}

static int take_size(struct mir_virtio_block *b)
{
	struct mir_virtio *d = b->device;
	uint32_t sector =
	    d->features & MIR_VIRTIO_BLOCK_SECTOR ? config32(d, SECTOR_SIZE) : (uint32_t)SECTOR_MIN;
	uint64_t units = 0;

	mir_virtio_config(d, CAPACITY, &units, sizeof(units));
	if (sector < SECTOR_MIN || sector > SECTOR_MAX || (sector & (sector - 1)) ||
	    units > INT64_MAX / MIR_VIRTIO_BLOCK_UNIT || units < sector / MIR_VIRTIO_BLOCK_UNIT) {
		mir_error("%s: the device gives %llu times %u bytes in sectors of %u",
		    b->block.name, (unsigned long long)units, MIR_VIRTIO_BLOCK_UNIT, sector);
		return MIR_EPROTO;
	}
	b->block.sector_size = sector;
	b->block.sectors = units / (sector / MIR_VIRTIO_BLOCK_UNIT);
	b->block.writable = !(d->features & MIR_VIRTIO_BLOCK_READONLY);
	return 0;
}

static int take_limits(struct mir_virtio_block *b)
{
	struct mir_virtio *d = b->device;

	b->segments = d->features & MIR_VIRTIO_BLOCK_SEG_MAX ? config32(d, SEG_MAX_AT) : 1;
	b->segment_max =
	    d->features & MIR_VIRTIO_BLOCK_SIZE_MAX ? config32(d, SIZE_MAX_AT) : (uint32_t)1 << 30;
	b->segments = MIR_MIN(b->segments, (unsigned)MIR_VIRTIO_BLOCK_SEGMENTS);
	b->segment_max &= ~(b->block.sector_size - 1);
	b->segment_max = MIR_MIN(b->segment_max, (uint32_t)1 << 30);
	if (b->segments == 0 || b->segment_max == 0) {
		mir_error("%s: the device takes no request, of %u segments, that holds a sector",
		    b->block.name, b->segments);
		return MIR_EPROTO;
	}
	return 0;
}

/* Discarding, or where there is only that, writing zeroes, which is allowed to give room back. */
static void take_discard(struct mir_virtio_block *b)
{
	struct mir_virtio *d = b->device;

	b->discard_step = b->block.sector_size / MIR_VIRTIO_BLOCK_UNIT;
	if (d->features & MIR_VIRTIO_BLOCK_DISCARD) {
		uint32_t align = config32(d, DISCARD_ALIGN);

		b->discard_type = MIR_VIRTIO_BLOCK_DISCARD_NOW;
		b->discard_max = config32(d, DISCARD_MAX);
		if (align > b->discard_step && align % b->discard_step == 0)
			b->discard_step = align;
	} else if (d->features & MIR_VIRTIO_BLOCK_ZEROES) {
		b->discard_type = MIR_VIRTIO_BLOCK_ZERO_NOW;
		b->discard_max = config32(d, ZEROES_MAX);
	}
	b->discard_max -= b->discard_max % b->discard_step;
}

static int set_up(struct mir_virtio_block *b)
{
	int rc = mir_virtio_begin(b->device, b->block.name, wanted, 0);

	if (rc == 0)
		rc = take_size(b);
	if (rc == 0)
		rc = take_limits(b);
	if (rc == 0)
		rc = b->device->ops->connect(b->device);
	if (rc == 0)
		rc = mir_virtio_queue(b->device, 0, &b->queue, MIR_VIRTIO_BLOCK_SEGMENTS + 2, true);
	if (rc < 0)
		return rc;
	take_discard(b);
	if (b->queue.table == 0 && b->segments + 2 > b->queue.limit)
		b->segments = b->queue.limit > 2 ? b->queue.limit - 2u : 0;
	if (b->segments == 0 || b->device->broke)
		return MIR_EPROTO;
	mir_virtio_ready(b->device);
	return 0;
}

static void release(struct mir_virtio_block *b)
{
	mir_virtio_end(b->device);
	mir_virtio_queue_free(&b->queue);
}

/* Asks a device that nobody has for its serial number. */
static bool read_id(struct mir_virtio *d, struct mir_vq *q, char id[ID + 1])
{
	uint8_t head[16] = { MIR_VIRTIO_BLOCK_GET_ID }, status = 0xff;
	struct mir_vq_segment s[3] = { { mir_bare_address(head), sizeof(head) },
		{ mir_bare_address(id), ID }, { mir_bare_address(&status), 1 } };
	int64_t now = mir_target_monotonic(), until = now + PATIENCE;
	uint32_t len;

	memset(id, 0, ID + 1);
	mir_virtio_ready(d);
	if (!mir_vq_add(q, s, 1, 2, head))
		return false;
	mir_virtio_publish(d, 0, q);
	while (!mir_vq_take(q, &len) && !q->broke && now < until) {
		mir_bare_wait(now + NAP);
		now = mir_target_monotonic();
	}
	return q->outstanding == 0 && status == 0;
}

static bool is(struct mir_virtio *d, const char *spec)
{
	static struct mir_vq queue;
	char id[ID + 1];
	bool same = false;

	if (strncmp(spec, "serial:", 7) != 0 || d->claimed ||
	    mir_virtio_begin(d, "disk", wanted, 0) < 0)
		return false;
	if (mir_virtio_queue(d, 0, &queue, 4, false) == 0)
		same = read_id(d, &queue, id) && strcmp(id, spec + 7) == 0;
	mir_virtio_end(d);
	mir_virtio_queue_free(&queue);
	return same;
}

void mir_virtio_block_announce(const struct mir_virtio_block_config *config)
{
	mir_virtio_announce(MIR_VIRTIO_BLOCK, config->name, config->device, is);
}

int mir_virtio_block_start(struct mir_virtio_block *b, const struct mir_virtio_block_config *config)
{
	int rc;

	*b = (struct mir_virtio_block){
		.block = { .ops = &mir_virtio_block_ops, .name = config->name },
		.port = { .poll = mir_virtio_block_turn },
	};
	rc = mir_virtio_claim(MIR_VIRTIO_BLOCK, config->name, &b->device);
	if (rc < 0)
		return rc;
	rc = set_up(b);
	if (rc < 0) {
		release(b);
		return rc;
	}
	for (unsigned i = MIR_VIRTIO_BLOCK_REQUESTS; i-- > 0;) {
		b->requests[i].next = b->free;
		b->free = &b->requests[i];
	}
	mir_timer_init(&b->patience, mir_virtio_block_patience);
	mir_bare_port_add(&b->port);
	mir_info("%s: %s, %llu sectors of %u%s", b->block.name, b->device->address,
	    (unsigned long long)b->block.sectors, b->block.sector_size,
	    b->block.writable ? "" : ", read-only");
	return 0;
}

void mir_virtio_block_stop(struct mir_virtio_block *b)
{
	mir_bare_port_remove(&b->port);
	mir_timer_stop(&b->patience);
	mir_virtio_end(b->device);
	mir_virtio_block_fail(b);
	mir_virtio_queue_free(&b->queue);
}
