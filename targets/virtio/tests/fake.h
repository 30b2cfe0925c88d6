/* fake.h: virtio devices in memory, for tests and fuzzers of what drives them: the device's end
 * of its queues, written from the specification, and a transport without registers. */
#ifndef MIR_VIRTIO_FAKE_H
#define MIR_VIRTIO_FAKE_H

#include <mir/err.h>
#include <mir/fiber.h>
#include <mir/panic.h>
#include <stdlib.h>
#include <string.h>

#include "../../bare/bare.h"
#include "../device.h"

enum { FAKE_CONFIG = 64, FAKE_PARTS = 160 };

static struct fake {
	struct mir_virtio device;
	uint64_t offered, accepted;
	uint8_t config[FAKE_CONFIG];
	uint8_t status;
	uint8_t or_status; /* these bits too, when it is read */
	bool refuses;      /* features */
	bool restless;     /* the configuration never stays as it is */
	uint32_t generation;
	unsigned size[MIR_VIRTIO_QUEUES]; /* of its queues; 0: 256 */
	const struct mir_vq *queue[MIR_VIRTIO_QUEUES];
	uint16_t seen[MIR_VIRTIO_QUEUES]; /* buffers taken from each */
	unsigned told[MIR_VIRTIO_QUEUES]; /* notifications */
	void (*on_notify)(unsigned queue);
	struct mir_bare_port *port;
	unsigned waits;
} fake;

/* A buffer as the device finds it. */
struct fake_chain {
	unsigned head, n, n_out; /* parts, and how many the device only reads */
	struct {
		uint8_t *p;
		uint32_t len;
	} part[FAKE_PARTS];
};

static inline uint16_t fake_16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline void fake_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline uint64_t fake_64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void fake_walk(struct fake_chain *c, const uint8_t *table, unsigned at, unsigned entries)
{
	for (unsigned i = 0; i <= entries; i++) {
		const uint8_t *d = table + 16 * (size_t)at;
		unsigned flags = fake_16(d + 12);
		uint32_t len = (uint32_t)fake_64(d + 8);

		mir_check(at < entries && c->n < FAKE_PARTS);
		if (flags & 4) {
			mir_check(c->n == 0 && !(flags & 1) && len % 16 == 0);
			fake_walk(c, (const uint8_t *)(uintptr_t)fake_64(d), 0, len / 16);
			return;
		}
		mir_check((flags & 2) || c->n_out == c->n);
		c->part[c->n].p = (uint8_t *)(uintptr_t)fake_64(d);
		c->part[c->n++].len = len;
		c->n_out += !(flags & 2);
		if (!(flags & 1))
			return;
		at = fake_16(d + 14);
	}
	mir_panic("a chain without an end");
}

/* The next buffer that the driver offers; false: none. */
static bool fake_pop(unsigned queue, struct fake_chain *c)
{
	const struct mir_vq *q = fake.queue[queue];

	c->n = c->n_out = 0;
	if (!q)
		return false;
	/* It wants to be told of the next. */
	fake_put16(q->used + 4 + 8 * (size_t)q->size, fake.seen[queue]);
	if (fake_16(q->available + 2) == fake.seen[queue])
		return false;
	c->head = fake_16(q->available + 4 + 2 * (size_t)(fake.seen[queue]++ & (q->size - 1)));
	fake_walk(c, q->descriptors, c->head, q->size);
	return true;
}

/* The device is done with a buffer. */
static void fake_push(unsigned queue, uint32_t head, uint32_t len)
{
	const struct mir_vq *q = fake.queue[queue];
	uint16_t at = fake_16(q->used + 2);
	uint8_t *entry = q->used + 4 + 8 * (size_t)(at & (q->size - 1));

	memcpy(entry, &head, 4);
	memcpy(entry + 4, &len, 4);
	fake_put16(q->used + 2, at + 1u);
}

/* Bytes into a buffer's parts that the device writes; how many fitted. */
static inline uint32_t fake_fill(struct fake_chain *c, const uint8_t *p, size_t len)
{
	uint32_t done = 0;

	for (unsigned i = c->n_out; i < c->n && len > 0; i++) {
		uint32_t part = (uint32_t)MIR_MIN(len, (size_t)c->part[i].len);

		memcpy(c->part[i].p, p, part);
		p += part;
		len -= part;
		done += part;
	}
	return done;
}

/* Bytes of a buffer's parts that it reads. */
static inline size_t fake_read(const struct fake_chain *c, uint8_t *out, size_t room)
{
	size_t done = 0;

	for (unsigned i = 0; i < c->n_out; i++) {
		size_t part = MIR_MIN((size_t)c->part[i].len, room - done);

		memcpy(out + done, c->part[i].p, part);
		done += part;
	}
	return done;
}

/* ---- the transport ---- */

static uint64_t fake_features(struct mir_virtio *d)
{
	(void)d;
	return fake.offered;
}

static void fake_accept(struct mir_virtio *d, uint64_t v)
{
	(void)d;
	mir_check((v & ~fake.offered) == 0);
	fake.accepted = v;
}

static uint8_t fake_status(struct mir_virtio *d)
{
	(void)d;
	return fake.status ? fake.status | fake.or_status : 0;
}

static void fake_set_status(struct mir_virtio *d, uint8_t v)
{
	(void)d;
	fake.status = fake.refuses ? v & ~(unsigned)MIR_VIRTIO_FEATURES_OK : v;
	if (v == 0) {
		memset(fake.queue, 0, sizeof(fake.queue));
		memset(fake.seen, 0, sizeof(fake.seen));
	}
}

static uint32_t fake_config(struct mir_virtio *d, unsigned offset, unsigned size)
{
	uint32_t v = 0;

	(void)d;
	mir_check(offset % size == 0);
	if (offset + size <= FAKE_CONFIG)
		memcpy(&v, fake.config + offset, size);
	return v;
}

static uint32_t fake_generation(struct mir_virtio *d)
{
	(void)d;
	return fake.restless ? fake.generation++ : fake.generation;
}

static unsigned fake_queue_max(struct mir_virtio *d, unsigned i)
{
	(void)d;
	return i < MIR_VIRTIO_QUEUES ? fake.size[i] ? fake.size[i] : 256 : 0;
}

static bool fake_queue_set(
    struct mir_virtio *d, unsigned i, const struct mir_vq *q, bool interrupts)
{
	(void)d;
	(void)interrupts;
	fake.queue[i] = q;
	return true;
}

static void fake_notify(struct mir_virtio *d, unsigned i)
{
	(void)d;
	fake.told[i]++;
	if (fake.on_notify)
		fake.on_notify(i);
}

static int fake_connect(struct mir_virtio *d)
{
	(void)d;
	return 0;
}

static bool fake_acknowledge(struct mir_virtio *d)
{
	(void)d;
	return false;
}

static const struct mir_virtio_ops fake_ops = { "memory of a test", fake_features, fake_accept,
	fake_status, fake_set_status, fake_config, fake_generation, fake_queue_max, fake_queue_set,
	fake_notify, fake_connect, fake_acknowledge };

/* One device of that type, and nothing of the device before. */
static void fake_begin(enum mir_virtio_type type, uint64_t offered)
{
	fake = (struct fake){ .offered = offered | MIR_VIRTIO_VERSION_1 };
	fake.device = (struct mir_virtio){ .ops = &fake_ops, .type = (uint16_t)type };
	memcpy(fake.device.address, "test:0", 7);
}

/* ---- what the machine gives ---- */

unsigned mir_virtio_devices(struct mir_virtio **first)
{
	*first = &fake.device;
	return 1;
}

void mir_bare_port_add(struct mir_bare_port *port)
{
	fake.port = port;
}

void mir_bare_port_remove(struct mir_bare_port *port)
{
	mir_check(fake.port == port);
	fake.port = NULL;
}

void mir_bare_wait(int64_t deadline)
{
	if (++fake.waits > 100000)
		mir_panic("waits for ever");
	mir_sleep_until(deadline);
}

#endif
