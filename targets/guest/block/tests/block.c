/* The disk driver over a tender in memory. */
#include "../../tests/fake.h"

#include <mir/fiber.h>
#include <mir/guest_block.h>
#include <mir/test.h>

static struct mir_guest_block d;

static void begin(uint32_t features)
{
	uint32_t handle;

	fake_begin(MIR_EXT_SUBMIT);
	handle = fake_device("storage", MIR_MFT_BLOCK);
	fake.ext.device[handle].features = features;
	mir_check(
	    mir_guest_block_start(&d, &(struct mir_guest_block_config){ .name = "storage" }) == 0);
}

static void moving(void)
{
	static uint8_t out[FAKE_DISK], in[FAKE_DISK];
	struct mir_iov v[100];
	size_t n = 0;

	begin(MIR_EXT_BLOCK_FLUSH | MIR_EXT_BLOCK_DISCARD);
	ok(d.block.sector_size == 512 && d.block.sectors == 128 && d.block.writable, "measured");
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31 + i / 512);
	for (unsigned i = 0; i < 100; i++)
		v[i] = (struct mir_iov){ out + 512 * i, 512 };
	ok(mir_block_write(&d.block, 3, v, 100) == 0, "100 pieces");
	ok(fake.submits == 1 && memcmp(fake.disk + 3 * 512, out, 51200) == 0, "in one submission");
	for (n = 0; n < 100; n++)
		v[n].base = in + 512 * n;
	ok(mir_block_read(&d.block, 3, v, 100) == 0 && memcmp(in, out, 51200) == 0, "read again");
	ok(mir_block_barrier(&d.block) == 0 && fake.flushes == 1, "flushed");
	ok(mir_block_discard(&d.block, 1, 2) == 0 && fake.discarded == 1024, "discarded");
	fake_end();
}

static void refusing(void)
{
	static uint8_t buf[1024];
	struct mir_iov v = { buf, 512 }, part = { buf, 100 };
	static const int64_t host[] = { MIR_EIO, MIR_ENOSPC, MIR_EROFS, MIR_ENODEV, INT64_MIN };
	static const int want[] = { MIR_EIO, MIR_ENOSPC, MIR_EROFS, MIR_EDISCONN, MIR_EIO };

	begin(0);
	ok(mir_block_read(&d.block, 128, &v, 1) == MIR_EINVAL, "beyond the end");
	ok(mir_block_read(&d.block, UINT64_MAX, &v, 1) == MIR_EINVAL, "far beyond");
	ok(mir_block_write(&d.block, 0, &part, 1) == MIR_EINVAL, "a part of a sector");
	ok(mir_block_discard(&d.block, 0, 1) == MIR_ENOSYS, "no discard");
	ok(mir_block_discard(&d.block, 5, UINT64_MAX) == MIR_EINVAL, "a wrong discard");
	ok(mir_block_barrier(&d.block) == 0 && fake.flushes == 0, "no flush to ask for");
	ok(fake.submits == 0, "nothing was asked of the tender");
	for (unsigned i = 0; i < MIR_COUNT(host); i++) {
		fake.block_result = host[i];
		ok(mir_block_read(&d.block, 0, &v, 1) == want[i], "error %lld", (long long)host[i]);
	}
	fake_end();
	begin(MIR_EXT_BLOCK_READONLY);
	ok(mir_block_write(&d.block, 0, &v, 1) == MIR_EROFS, "read-only");
	fake_end();
}

static void starting(void)
{
	static const uint16_t sizes[] = { 0, 256, 513, 1000 };
	struct mir_guest_block_config c = { .name = "storage" };
	uint32_t handle;

	fake_begin(MIR_EXT_SUBMIT);
	ok(mir_guest_block_start(&d, &c) == MIR_ENODEV, "no such disk");
	handle = fake_device("storage", MIR_MFT_NET);
	ok(mir_guest_block_start(&d, &c) == MIR_ENODEV, "a network of that name");
	fake_mft()->e[handle].type = MIR_MFT_BLOCK;
	fake_mft()->e[handle].u.block.capacity = 100;
	fake_mft()->e[handle].u.block.block_size = 512;
	ok(mir_guest_block_start(&d, &c) == MIR_EPROTO, "less than a block");
	fake_mft()->e[handle].u.block.capacity = 1 << 20;
	for (unsigned i = 0; i < MIR_COUNT(sizes); i++) {
		fake_mft()->e[handle].u.block.block_size = sizes[i];
		ok(mir_guest_block_start(&d, &c) == MIR_EPROTO, "blocks of %u", sizes[i]);
	}
}

int main(void)
{
	RUN(moving);
	RUN(refusing);
	RUN(starting);
	return mir_test_end();
}
