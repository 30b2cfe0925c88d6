/* The disk's driver on a hostile device. */
#include "hostile.h"

#include <mir/test.h>
#include <mir/virtio_block.h>

enum { STEPS = 200, FIBERS = 8, ROOM = 1 << 16 };

static struct mir_virtio_block b;
static uint8_t memory[ROOM];
static struct mir_fiber *fibers[FIBERS];

static void work(void *arg)
{
	uint32_t what = (uint32_t)(uintptr_t)arg;
	size_t len = b.block.sector_size * (size_t)(what >> 8 & 7);
	struct mir_iov iov[3] = { { memory, MIR_MIN(len, (size_t)ROOM) }, { memory, 0 },
		{ memory, b.block.sector_size } };

	switch (what % 4) {
	case 0: mir_block_read(&b.block, what >> 16 & 15, iov, 3); break;
	case 1: mir_block_write(&b.block, what >> 16 & 15, iov, 3); break;
	case 2: mir_block_barrier(&b.block); break;
	default: mir_block_discard(&b.block, what >> 16 & 15, what >> 8 & 255); break;
	}
}

static void step(void)
{
	uint8_t what = mir_read_u8(&script);
	struct mir_fiber **f = &fibers[what >> 3 & 7];

	switch (what % 8) {
	case 0:
	case 1:
		if (!*f)
			*f = mir_spawn_joinable(
			    "work", work, (void *)(uintptr_t)mir_read_be32(&script));
		break;
	case 2:
		if (*f)
			mir_cancel(*f);
		break;
	case 3: fake.or_status = mir_read_u8(&script) & (what >> 3); break;
	case 4: mir_sleep(MIR_MS(150)); break;
	case 5: fake.port->poll(fake.port); break;
	default: hostile_move(0); break;
	}
}

static void one(void)
{
	static const struct mir_virtio_block_config config = { .name = "storage" };

	hostile_begin(MIR_VIRTIO_BLOCK);
	mir_virtio_forget();
	mir_virtio_block_announce(&config);
	if (mir_virtio_block_start(&b, &config) < 0)
		return;
	if (b.block.sector_size > ROOM)
		b.block.sector_size = 512;
	for (unsigned i = 0; i < STEPS && mir_read_left(&script) > 0; i++)
		step();
	/* A device that never answers holds its callers until it is reset. */
	mir_virtio_broke(b.device, "is at its end");
	fake.port->poll(fake.port);
	for (unsigned i = 0; i < FIBERS; i++) {
		if (fibers[i])
			mir_join(fibers[i]);
		fibers[i] = NULL;
	}
	mir_virtio_block_stop(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	script = mir_reader(bytes, n);
	mir_test_fuzz(one);
	return 0;
}
