/* image_iso.c: a CD that BIOS and UEFI start: ISO 9660 (ECMA-119) with El Torito's catalog (1.0).
 *
 * The kernel and grub.cfg are there once: directories of the CD name the places that they have in
 * the EFI system partition, a file system within the CD.  So arguments are changed in one place.
 */
#include <string.h>

#include "diag.h"
#include "image.h"

enum {
	BLOCK = 2048,
	VOLUME = 16, /* blocks: where what is */
	BOOT_RECORD,
	TERMINATOR,
	CATALOG,
	TABLE_LITTLE,
	TABLE_BIG,
	ROOT,
	BOOT,
	GRUB,
	CORE,
	EFI_ENTRY = 96, /* in the catalog */
	FOLDER = 2,
};

static void put(uint8_t *p, uint64_t v, unsigned n, bool big)
{
	for (unsigned i = 0; i < n; i++)
		p[big ? n - 1 - i : i] = (uint8_t)(v >> 8 * i);
}

/* In both orders, one behind the other. */
static void both(uint8_t *p, uint64_t v, unsigned n)
{
	put(p, v, n, false);
	put(p + n, v, n, true);
}

/* A directory's record at *at, which goes behind it.  `name`: "\0" and "\1" are itself and the one
 * above. */
static void record(
    uint8_t **at, const char *name, size_t name_len, uint32_t block, uint32_t len, unsigned flags)
{
	uint8_t *p = *at;
	size_t n = 33 + name_len + (name_len % 2 ? 0 : 1);

	p[0] = (uint8_t)n;
	both(p + 2, block, 4);
	both(p + 10, len, 4);
	p[18] = 80; /* 1980-01-01 */
	p[19] = p[20] = 1;
	p[25] = (uint8_t)flags;
	both(p + 28, 1, 2);
	p[32] = (uint8_t)name_len;
	memcpy(p + 33, name, name_len);
	*at += n;
}

static uint8_t *folder(uint8_t *disk, unsigned self, unsigned parent)
{
	uint8_t *at = disk + self * BLOCK;

	record(&at, "\0", 1, self, BLOCK, FOLDER);
	record(&at, "\1", 1, parent, BLOCK, FOLDER);
	return at;
}

/* Files are where the file system that begins at `block` has them. */
static bool add_file(
    uint8_t *at, struct disk *d, uint32_t block, const char *path, const char *name)
{
	uint64_t from, len;

	if (!fat_find(
		d->p + (size_t)block * BLOCK, d->len - (size_t)block * BLOCK, path, &from, &len))
		return false;
	record(&at, name, strlen(name), block + (uint32_t)(from / BLOCK), (uint32_t)len, 0);
	return true;
}

static void path_table(uint8_t *p, bool big)
{
	static const struct {
		const char *name;
		unsigned len, block, parent;
	} all[] = { { "\0", 1, ROOT, 1 }, { "BOOT", 4, BOOT, 1 }, { "GRUB", 4, GRUB, 2 } };

	for (size_t i = 0; i < MIR_COUNT(all); i++) {
		p[0] = (uint8_t)all[i].len;
		put(p + 2, all[i].block, 4, big);
		put(p + 6, all[i].parent, 2, big);
		memcpy(p + 8, all[i].name, all[i].len);
		p += 8 + all[i].len + all[i].len % 2;
	}
}

static void volume(uint8_t *p, uint32_t blocks)
{
	uint8_t *root = p + 156;

	memcpy(p, "\1CD001\1", 7);
	memset(p + 8, ' ', 64);
	memcpy(p + 40, "MIRAGE", 6);
	both(p + 80, blocks, 4);
	both(p + 120, 1, 2);
	both(p + 124, 1, 2);
	both(p + 128, BLOCK, 2);
	both(p + 132, 10 + 12 + 12, 4);
	put(p + 140, TABLE_LITTLE, 4, false);
	put(p + 148, TABLE_BIG, 4, true);
	record(&root, "\0", 1, ROOT, BLOCK, FOLDER);
	memset(p + 190, ' ', 623);
	for (int i = 0; i < 4; i++)
		memset(p + 813 + 17 * i, '0', 16);
	p[881] = 1;
}

/* One image for BIOS, and a section with one for UEFI. */
static void catalog(uint8_t *p, uint32_t efi_block, uint32_t efi_sectors)
{
	unsigned sum = 0;

	p[0] = 1;
	p[30] = 0x55;
	p[31] = 0xaa;
	for (int i = 0; i < 32; i += 2)
		sum += p[i] | (unsigned)p[i + 1] << 8;
	put(p + 28, 0x10000 - (sum & 0xffff), 2, false);
	p[32] = 0x88;
	put(p + 38, 4, 2, false);
	put(p + 40, CORE, 4, false);
	p[64] = 0x91;
	p[65] = 0xef;
	p[66] = 1;
	p[EFI_ENTRY] = 0x88;
	put(p + EFI_ENTRY + 6, efi_sectors > 0xffff ? 0 : efi_sectors, 2, false);
	put(p + EFI_ENTRY + 8, efi_block, 4, false);
}

/* What GRUB's first blocks read of themselves: where they are, how long, and a sum. */
static void boot_information(uint8_t *core, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 64; i + 4 <= len; i += 4)
		sum += core[i] | (uint32_t)core[i + 1] << 8 | (uint32_t)core[i + 2] << 16 |
		       (uint32_t)core[i + 3] << 24;
	put(core + 8, VOLUME, 4, false);
	put(core + 12, CORE, 4, false);
	put(core + 16, len, 4, false);
	put(core + 20, sum, 4, false);
	memset(core + 24, 0, 40);
}

bool iso_make(const struct disk_parts *parts, struct disk *d)
{
	size_t core = (parts->core.len + BLOCK - 1) / BLOCK, esp = esp_size(parts);
	uint32_t efi = (uint32_t)(CORE + core);
	uint8_t *at;

	d->len = (size_t)efi * BLOCK + esp;
	d->total = d->len;
	d->plain = true;
	d->p = mem_new(d->len);
	if (!esp_fill(parts, d->p + (size_t)efi * BLOCK, esp))
		return false;
	volume(d->p + VOLUME * BLOCK, (uint32_t)(d->len / BLOCK));
	memcpy(d->p + BOOT_RECORD * BLOCK, "\0CD001\1EL TORITO SPECIFICATION", 30);
	put(d->p + BOOT_RECORD * BLOCK + 71, CATALOG, 4, false);
	memcpy(d->p + TERMINATOR * BLOCK,
	    "\xff"
	    "CD001\1",
	    7);
	catalog(d->p + CATALOG * BLOCK, efi, (uint32_t)(esp / SECTOR));
	path_table(d->p + TABLE_LITTLE * BLOCK, false);
	path_table(d->p + TABLE_BIG * BLOCK, true);
	at = folder(d->p, ROOT, ROOT);
	record(&at, "BOOT", 4, BOOT, BLOCK, FOLDER);
	at = folder(d->p, BOOT, ROOT);
	record(&at, "GRUB", 4, GRUB, BLOCK, FOLDER);
	memcpy(d->p + (size_t)CORE * BLOCK, parts->core.s, parts->core.len);
	boot_information(d->p + (size_t)CORE * BLOCK, parts->core.len);
	return add_file(at, d, efi, IMAGE_KERNEL, "KERNEL.BIN;1") &&
	       add_file(folder(d->p, GRUB, BOOT), d, efi, IMAGE_CONFIG, "GRUB.CFG;1");
}

const char *iso_find_esp(const uint8_t *p, size_t n, uint64_t *at, uint64_t *len)
{
	const uint8_t *entry = p + (size_t)CATALOG * BLOCK + EFI_ENTRY;
	uint64_t block = 0;

	if (n < (size_t)CORE * BLOCK || memcmp(p + BOOT_RECORD * BLOCK + 7, "EL TORITO", 9) != 0 ||
	    memcmp(p + VOLUME * BLOCK + 40, "MIRAGE ", 7) != 0 || entry[0] != 0x88)
		return "it is no CD of mirage's";
	for (int i = 3; i >= 0; i--)
		block = block << 8 | entry[8 + i];
	if (block > n / BLOCK)
		return "its EFI system partition lies outside of it";
	*at = block * BLOCK;
	*len = n - *at;
	return NULL;
}
