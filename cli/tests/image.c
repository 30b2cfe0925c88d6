/* image.c: FAT16 and GPT: what is written is found, and what is broken is refused. */
#include <stdlib.h>
#include <string.h>

#include <mir/test.h>

#include "../image.h"

static uint8_t *disk;
static size_t disk_len;
static uint64_t esp, esp_len;

static void make_disk(void)
{
	struct disk_parts parts = { .seconds = 1700000000 };
	struct disk d;
	static char config[CONFIG_ROOM];

	text_addn(&parts.boot, mem_new(SECTOR), SECTOR);
	text_addn(&parts.core, mem_new(3 * SECTOR), 3 * SECTOR);
	text_addn(&parts.efi, mem_new(100000), 100000);
	text_addn(&parts.kernel, mem_new(50001), 50001);
	memset(config, '#', sizeof(config));
	parts.config = config;
	ok(disk_make(&parts, &d), "made");
	ok(d.total % MIB == 0 && d.total >= d.len + sizeof(d.backup), "whole MiB");
	disk = malloc(d.len);
	disk_len = d.len;
	memcpy(disk, d.p, d.len);
	ok(!disk_find_esp(disk, disk_len, &esp, &esp_len), "its file system is found");
	ok(esp == 2 * MIB && esp + esp_len == d.len, "where it is");
	mem_release();
}

static void replace(void)
{
	const char *wrong;

	wrong = fat_replace(disk + esp, esp_len, IMAGE_CONFIG, "new", 3, '\n');
	ok(!wrong, "replaced: %s", wrong ? wrong : "");
	wrong = fat_replace(disk + esp, esp_len, IMAGE_CONFIG, disk, CONFIG_ROOM + 1, '\n');
	ok(wrong && strstr(wrong, "room"), "too long: %s", wrong ? wrong : "");
	wrong = fat_replace(disk + esp, esp_len, "BOOT/NO.CFG", "new", 3, '\n');
	ok(wrong && strstr(wrong, "BOOT/NO.CFG"), "no such file: %s", wrong ? wrong : "");
	wrong = fat_replace(disk + esp, esp_len, "BOOT/TOOLONGNAME", "new", 3, '\n');
	ok(wrong != NULL, "no such name");
	mem_release();
}

/* Each byte of what says where things are, changed: an error or not, never out of bounds. */
static void damaged(void)
{
	unsigned refused = 0;

	for (size_t i = 0; i < 64; i++) {
		uint8_t was = disk[esp + i];

		disk[esp + i] ^= 0xff;
		refused += fat_replace(disk + esp, esp_len, IMAGE_CONFIG, "x", 1, '\n') != NULL;
		disk[esp + i] = was;
	}
	ok(refused > 5, "%u of 64 changes of the first sector are refused", refused);
	for (size_t n = 0; n < esp_len; n += n < 8192 ? 512 : 65536)
		fat_replace(disk + esp, n, IMAGE_CONFIG, "x", 1, '\n');
	ok(fat_replace(disk + esp, SECTOR, IMAGE_CONFIG, "x", 1, '\n') != NULL, "cut short");
	for (size_t i = 0; i < 92; i++) {
		uint64_t at, len;
		uint8_t was = disk[SECTOR + i];

		disk[SECTOR + i] ^= 0xff;
		if (!disk_find_esp(disk, disk_len, &at, &len))
			ok(at <= disk_len && len <= disk_len - at, "byte %zu of the GPT", i);
		disk[SECTOR + i] = was;
	}
	/* A chain of clusters that bites its tail. */
	for (size_t i = 0; i < 65536; i++)
		disk[esp + 2048 + i] = (uint8_t)(i & 1 ? 0 : 2);
	fat_replace(disk + esp, esp_len, IMAGE_CONFIG, "x", 1, '\n');
	ok(true, "loops end");
	mem_release();
	free(disk);
}

int main(void)
{
	RUN_PLAIN(make_disk);
	RUN_PLAIN(replace);
	RUN_PLAIN(damaged);
	return mir_test_end();
}
