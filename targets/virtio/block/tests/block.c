/* The disk's driver over a device in memory. */
#include "../../tests/fake.h"

#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/test.h>
#include <mir/virtio_block.h>

#include "../driver.h"

enum { DISK = 1 << 20, PENDING = 256 };

static const uint64_t all = MIR_VIRTIO_INDIRECT | MIR_VIRTIO_EVENT_IDX | MIR_VIRTIO_BLOCK_SIZE_MAX |
			    MIR_VIRTIO_BLOCK_SEG_MAX | MIR_VIRTIO_BLOCK_SECTOR |
			    MIR_VIRTIO_BLOCK_FLUSH | MIR_VIRTIO_BLOCK_DISCARD |
			    MIR_VIRTIO_BLOCK_ZEROES;

static const struct mir_virtio_block_config config = { .name = "storage" };
static struct mir_virtio_block b;
static uint8_t disk[DISK], model[DISK], memory[DISK + 64], other[DISK];
static struct fake_chain pending[PENDING];
static unsigned n_pending, requests, flushes, most;
static bool later; /* the device answers when it is told to */
static uint8_t status;

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* Moves bytes of the disk from unit `at` on, between the head and the status. */
static uint32_t transfer(struct fake_chain *c, uint64_t at, bool in)
{
	uint64_t byte = at * 512;
	uint32_t moved = 0;

	for (unsigned i = 1; i + 1 < c->n; i++) {
		uint32_t len = c->part[i].len;

		mir_check(byte + len <= DISK && len % b.block.sector_size == 0);
		if (in)
			memcpy(c->part[i].p, disk + byte, len);
		else
			memcpy(disk + byte, c->part[i].p, len);
		byte += len;
		moved += len;
	}
	return in ? moved : 0;
}

static void answer(struct fake_chain *c)
{
	uint8_t *head = c->part[0].p, *range = c->part[1].p, result = status;
	uint32_t type = (uint32_t)fake_64(head), len = 0;

	mir_check(c->n >= 2 && c->part[0].len == 16 && c->part[c->n - 1].len == 1);
	requests++;
	switch (type) {
	case 0:
	case 1:
		mir_check(c->n_out == (type == 0 ? 1 : c->n - 1));
		if (status == 0)
			len = transfer(c, fake_64(head + 8), type == 0);
		break;
	case 4: flushes++; break;
	case 8:
		memcpy(c->part[1].p, "ABCDEF-123\0\0\0\0\0\0\0\0\0", 20);
		len = 20;
		break;
	case 11:
		mir_check(c->n == 3 && c->part[1].len == 16);
		memset(disk + fake_64(range) * 512, 0, (uint32_t)fake_64(range + 8) * (size_t)512);
		break;
	default: result = 2; break;
	}
	*c->part[c->n - 1].p = result;
	fake_push(0, c->head, len + 1);
}

static void on_notify(unsigned queue)
{
	struct fake_chain c;

	while (fake_pop(queue, &c)) {
		if (!later) {
			answer(&c);
			continue;
		}
		mir_check(n_pending < PENDING);
		pending[n_pending++] = c;
		most = MIR_MAX(most, n_pending);
	}
}

/* The devices' part of a turn, in a fiber: virtual time has no interrupts. */
static void device(void *arg)
{
	(void)arg;
	while (fake.port) {
		/* The last one first: answers come in any order. */
		for (unsigned i = 0; i < 2 && n_pending > 0; i++)
			answer(&pending[--n_pending]);
		fake.port->poll(fake.port);
		if (mir_sleep(MIR_MS(1)) < 0)
			return;
	}
}

static struct mir_fiber *devices;

static int begin(uint64_t offered, unsigned sector, unsigned segments, unsigned segment_max)
{
	int rc;

	fake_begin(MIR_VIRTIO_BLOCK, offered);
	fake.on_notify = on_notify;
	n_pending = requests = flushes = most = 0;
	later = false;
	status = 0;
	put32(fake.config, DISK / 512);
	put32(fake.config + 8, segment_max);
	put32(fake.config + 12, segments);
	put32(fake.config + 20, sector);
	put32(fake.config + 36, 64);
	put32(fake.config + 40, 1);
	put32(fake.config + 44, 16);
	put32(fake.config + 48, 32);
	mir_virtio_forget();
	mir_virtio_block_announce(&config);
	rc = mir_virtio_block_start(&b, &config);
	if (rc == 0)
		devices = mir_spawn_joinable("device", device, NULL);
	return rc;
}

static void end(void)
{
	mir_virtio_block_stop(&b);
	mir_join(devices);
}

static uint32_t chance = 1;

static uint32_t any(uint32_t below)
{
	chance = chance * 1103515245 + 12345;
	return (chance >> 8) % below;
}

/* Random vectored requests against a model. */
static void random_with(uint64_t offered, unsigned sector, unsigned segments, unsigned max)
{
	bool right = true;

	mir_check(begin(offered, sector, segments, max) == 0);
	sector = b.block.sector_size;
	memset(disk, 0, sizeof(disk));
	memset(model, 0, sizeof(model));
	for (unsigned round = 0; right && round < 60; round++) {
		struct mir_iov iov[80];
		unsigned n = 1 + any(79);
		uint64_t count = 0, at, where = 0;

		later = round % 2;
		for (unsigned i = 0; i < n; i++) {
			iov[i].len = any(4) * (size_t)sector;
			iov[i].base = memory + 7 + where;
			where += iov[i].len;
			count += iov[i].len / sector;
		}
		at = any((uint32_t)(b.block.sectors - count));
		if (any(2)) {
			for (size_t i = 0; i < where; i++)
				memory[7 + i] = (uint8_t)any(256);
			right &= mir_block_write(&b.block, at, iov, n) == 0;
			memcpy(model + at * sector, memory + 7, where);
		} else {
			memset(memory, 0xee, sizeof(memory));
			right &= mir_block_read(&b.block, at, iov, n) == 0;
			right &= memcmp(model + at * sector, memory + 7, where) == 0;
		}
		right &= any(4) > 0 || mir_block_barrier(&b.block) == 0;
	}
	ok(right && memcmp(model, disk, DISK) == 0, "sectors of %u, %u segments of %u bytes",
	    sector, segments, max);
	end();
}

static void random_io(void)
{
	random_with(all, 512, 64, 1 << 20);
	random_with(all, 4096, 126, 8192);
	random_with(all, 512, 3, 1024);
	random_with(0, 512, 0, 0);
}

static void one_of_many(void *arg)
{
	unsigned k = (unsigned)(uintptr_t)arg;
	struct mir_iov v = { other + k * (size_t)4096, 4096 };

	memset(v.base, (int)k, 4096);
	mir_check(mir_block_write(&b.block, k * (size_t)8, &v, 1) == 0);
}

static void at_once(void)
{
	struct mir_fiber *f[200];
	bool right = true;

	mir_check(begin(all, 512, 64, 1 << 20) == 0);
	later = true;
	for (unsigned k = 0; k < MIR_COUNT(f); k++)
		f[k] = mir_spawn_joinable("writer", one_of_many, (void *)(uintptr_t)k);
	for (unsigned k = 0; k < MIR_COUNT(f); k++) {
		mir_join(f[k]);
		right &= disk[k * 4096] == k && disk[k * 4096 + 4095] == k;
	}
	ok(right && most == MIR_VIRTIO_BLOCK_REQUESTS, "200 writers, %u requests at once", most);
	end();
}

static void rest(void)
{
	struct mir_iov v = { memory, 4096 };

	mir_check(begin(all, 512, 64, 1 << 20) == 0);
	ok(mir_block_barrier(&b.block) == 0 && flushes == 1, "a flush");
	memset(disk, 1, sizeof(disk));
	ok(mir_block_discard(&b.block, 3, 200) == 0 && requests == 1 + 3,
	    "a discard in 3 requests");
	ok(disk[15 * 512] == 1 && disk[16 * 512] == 0 && disk[192 * 512 - 1] == 0 &&
		disk[192 * 512] == 1,
	    "of what the device can give up whole");
	status = 1;
	ok(mir_block_read(&b.block, 0, &v, 1) == MIR_EIO, "an error");
	status = 2;
	ok(mir_block_write(&b.block, 0, &v, 1) == MIR_ENOSYS, "not known");
	status = 77;
	ok(mir_block_write(&b.block, 0, &v, 1) == MIR_EIO, "a status that is none");
	end();

	mir_check(begin((all | MIR_VIRTIO_BLOCK_READONLY) & ~MIR_VIRTIO_BLOCK_FLUSH, 4096, 64,
		      4096) == 0);
	ok(!b.block.writable && mir_block_write(&b.block, 0, &v, 1) == MIR_EROFS, "read-only");
	ok(mir_block_barrier(&b.block) == 0 && flushes == 0, "it writes through");
	ok(b.block.sectors == DISK / 4096 && b.block.sector_size == 4096, "sectors of 4096");
	end();
}

static int result;

static void reader(void *arg)
{
	struct mir_iov v = { memory, 4096 };

	(void)arg;
	result = mir_block_read(&b.block, 0, &v, 1);
}

static void cancelled(void)
{
	struct mir_fiber *f;

	mir_check(begin(all, 512, 64, 1 << 20) == 0);
	later = true;
	f = mir_spawn_joinable("reader", reader, NULL);
	mir_yield();
	mir_cancel(f);
	result = 1;
	mir_yield();
	ok(result == 1, "a cancelled reader stays while the device has its memory");
	mir_join(f);
	ok(result == MIR_ECANCELED, "and then ends so");
	end();
}

/* A device that never answers. */
static void silent(unsigned queue)
{
	(void)queue;
}

static void gone(void)
{
	struct mir_fiber *f;

	mir_check(begin(all, 512, 64, 1 << 20) == 0);
	fake.on_notify = silent;
	f = mir_spawn_joinable("reader", reader, NULL);
	mir_sleep(MIR_SECOND(11));
	fake.or_status = MIR_VIRTIO_NEEDS_RESET;
	mir_join(f);
	ok(result == MIR_EDISCONN, "a device that dies");
	reader(NULL);
	ok(result == MIR_EDISCONN && mir_block_barrier(&b.block) == MIR_EDISCONN, "is dead");
	end();

	mir_check(begin(all, 512, 64, 1 << 20) == 0);
	fake.on_notify = silent;
	f = mir_spawn_joinable("reader", reader, NULL);
	mir_sleep(MIR_MS(10));
	fake_push(0, 0, 5000);
	mir_join(f);
	ok(result == MIR_EDISCONN && b.device->broke, "and one that writes too much");
	end();
}

static void refused(void)
{
	ok(begin(all, 511, 64, 4096) == MIR_EPROTO, "sectors of 511");
	ok(begin(all, 1 << 17, 64, 4096) == MIR_EPROTO, "sectors of 128 kB");
	ok(begin(all, 512, 0, 4096) == MIR_EPROTO, "no segments");
	ok(begin(all, 4096, 64, 512) == MIR_EPROTO, "segments shorter than a sector");
}

static void by_serial(void)
{
	static const struct mir_virtio_block_config right = { .name = "storage",
		.device = "serial:ABCDEF-123" },
						    wrong = { .name = "storage",
							    .device = "serial:ABCDEF-12" };

	mir_check(begin(all, 512, 64, 4096) == 0);
	end();
	mir_virtio_forget();
	mir_virtio_block_announce(&wrong);
	ok(mir_virtio_block_start(&b, &wrong) == MIR_ENODEV, "another serial number");
	mir_virtio_forget();
	mir_virtio_block_announce(&right);
	ok(mir_virtio_block_start(&b, &right) == 0, "the right one");
	mir_virtio_block_stop(&b);
}

int main(void)
{
	RUN(random_io);
	RUN(at_once);
	RUN(rest);
	RUN(cancelled);
	RUN(gone);
	RUN(refused);
	RUN(by_serial);
	return mir_test_end();
}
