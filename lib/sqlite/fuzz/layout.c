/* layout.c: the header of a disk, as the input says; then a database opened on such a disk: it is
 * refused, or read and written within its bounds.
 *
 * Input: 60 bytes, the checksum made right if the last is even; then the first bytes of the disk's
 * journal.
 */
#include <mir/ramdisk.h>
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>

#include "../store.h"

static const uint8_t *input;
static size_t input_len;

static void put(struct mir_ramdisk *disk, uint64_t at, const uint8_t *p, size_t len)
{
	uint8_t sector[512] = { 0 };
	struct mir_iov iov = { sector, sizeof(sector) };

	memcpy(sector, p, MIR_MIN(len, sizeof(sector)));
	mir_block_write(&disk->block, at / 512, &iov, 1);
}

static void use(struct store *s)
{
	static uint8_t bytes[70000];

	for (enum sqlite_part part = 0; part < SQLITE_PARTS; part++) {
		uint64_t size = s->size[part];

		mir_sqlite_read(s, part, 0, bytes, sizeof(bytes));
		mir_sqlite_read(s, part, size > 5 ? size - 5 : 0, bytes, 100);
		mir_sqlite_write(s, part, size / 2 + 1, bytes, 1000);
		mir_sqlite_write(s, part, size + 777, bytes, 66000);
		mir_sqlite_sync(s, part);
		mir_sqlite_cut(s, part, size / 3);
		mir_sqlite_cut(s, part, 0);
	}
	mir_sqlite_store_free(s);
}

static void run(void)
{
	uint8_t header[LAYOUT_HEADER] = { 0 };
	struct mir_ramdisk disk;
	struct layout l;
	struct store *s;

	memcpy(header, input, MIR_MIN(input_len, sizeof(header)));
	if (!(header[LAYOUT_HEADER - 1] & 1)) {
		mir_sqlite_layout_read(header, UINT64_MAX, 512, &l);
		mir_sqlite_layout_write(&l, 512, header);
	}
	mir_ramdisk_start(&disk, &(struct mir_ramdisk_config){ 1 << 20, "fuzz" });
	put(&disk, 0, header, sizeof(header));
	if (input_len > sizeof(header)) {
		put(&disk, LAYOUT_OTHER, input + sizeof(header), input_len - sizeof(header));
		put(&disk, (1 << 20) - LAYOUT_PIECE, input, input_len);
	}
	if (mir_sqlite_disk_open(&disk.block, &s) == 0)
		use(s);
	mir_ramdisk_stop(&disk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	input_len = size;
	mir_test_fuzz(run);
	return 0;
}
