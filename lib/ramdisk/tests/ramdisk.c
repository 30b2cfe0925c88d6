/* ramdisk.c: the disk in memory: bounds, scattered memory, discarding. */
#include <mir/ramdisk.h>
#include <mir/test.h>
#include <string.h>

static struct mir_ramdisk disk;
static uint8_t a[1 << 17], b[1 << 17];

static void start(uint64_t size)
{
	ok(mir_ramdisk_start(&disk, &(struct mir_ramdisk_config){ size, "test" }) == 0, "starts");
}

static void bounds(void)
{
	struct mir_iov one = { a, 512 }, odd = { a, 511 }, two = { a, 1024 };

	start(3 * 512 + 100);
	ok(disk.block.sectors == 3 && disk.block.sector_size == 512 && disk.block.writable,
	    "3 sectors");
	ok(mir_block_read(&disk.block, 2, &one, 1) == 0, "the last sector");
	ok(mir_block_read(&disk.block, 3, &one, 1) == MIR_EINVAL, "the one after");
	ok(mir_block_read(&disk.block, UINT64_MAX, &one, 1) == MIR_EINVAL, "far after");
	ok(mir_block_write(&disk.block, 2, &two, 1) == MIR_EINVAL, "across the end");
	ok(mir_block_read(&disk.block, 0, &odd, 1) == MIR_EINVAL, "no whole sector");
	ok(mir_block_read(&disk.block, 3, NULL, 0) == 0, "nothing at the end");
	ok(mir_block_discard(&disk.block, 1, 3) == MIR_EINVAL, "a discard across the end");
	ok(mir_block_barrier(&disk.block) == 0, "a barrier");
	mir_ramdisk_stop(&disk);
	ok(mir_ramdisk_start(&disk, &(struct mir_ramdisk_config){ 511, "test" }) == MIR_EINVAL,
	    "too small");
}

static void scattered(void)
{
	struct mir_iov w[3] = { { a, 512 }, { a + 512, 65536 }, { a + 512 + 65536, 1024 } };
	struct mir_iov r[2] = { { b, 65536 + 1024 }, { b + 65536 + 1024, 512 } };
	struct mir_iov all = { b, 1 << 17 };

	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = (uint8_t)(i * 7 + i / 512);
	start(1 << 20);
	ok(mir_block_write(&disk.block, 100, w, 3) == 0, "written in three pieces");
	ok(mir_block_read(&disk.block, 100, r, 2) == 0 && memcmp(a, b, 512 + 65536 + 1024) == 0,
	    "read in two");
	ok(mir_block_discard(&disk.block, 128, 128) == 0, "a chunk is discarded");
	ok(mir_block_read(&disk.block, 100, &all, 1) == 0 && memcmp(a, b, 28 * 512) == 0 &&
		b[28 * 512] == 0 && b[156 * 512 - 1] == 0,
	    "it reads as zeroes, what is before it stays");
	mir_ramdisk_stop(&disk);
}

int main(void)
{
	RUN(bounds);
	RUN(scattered);
	return mir_test_end();
}
