/* hostile.h: a device whose every move is a byte of the fuzzer's. */
#ifndef MIR_VIRTIO_HOSTILE_H
#define MIR_VIRTIO_HOSTILE_H

#include <mir/bytes.h>

#include "../tests/fake.h"

static struct mir_reader script;

static uint64_t script_64(void)
{
	return (uint64_t)mir_read_be32(&script) << 32 | mir_read_be32(&script);
}

/* A device whose features and configuration are bytes. */
static inline void hostile_begin(enum mir_virtio_type type)
{
	const uint8_t *config;
	uint64_t features = script_64();

	fake_begin(type, features);
	if (features & 1ull << 63) {
		fake.offered &= ~MIR_VIRTIO_VERSION_1;
		fake.device.legacy = true;
	}
	config = mir_read_bytes(&script, FAKE_CONFIG);
	if (config)
		memcpy(fake.config, config, FAKE_CONFIG);
	for (unsigned i = 0; i < MIR_VIRTIO_QUEUES; i++)
		fake.size[i] = 1u << (mir_read_u8(&script) % 10);
}

/* One move on that queue: honest ones too, so that the driver gets further. */
static inline void hostile_move(unsigned queue)
{
	const struct mir_vq *q = fake.queue[queue % MIR_VIRTIO_QUEUES];
	uint8_t what = mir_read_u8(&script);
	struct fake_chain c;

	if (!q)
		return;
	switch (what % 8) {
	case 0: fake_put16(q->used + 2, mir_read_be16(&script)); break;
	case 1: fake_put16(q->used, mir_read_be16(&script)); break;
	case 2: fake_put16(q->used + 4 + 8 * (size_t)q->size, mir_read_be16(&script)); break;
	case 3: fake_push(queue, mir_read_be16(&script), mir_read_be32(&script)); break;
	default:
		if (fake_pop(queue, &c)) {
			size_t n = MIR_MIN((size_t)(what >> 3), mir_read_left(&script));
			const uint8_t *p = mir_read_bytes(&script, n);
			uint32_t len = p ? fake_fill(&c, p, n) : 0;

			/* Longer than what it has written: a frame's rest is what was there. */
			fake_push(queue, c.head, what & 4 ? len : mir_read_be16(&script) % 5000u);
		}
		break;
	}
}

#endif
