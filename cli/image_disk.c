/* image_disk.c: put the parts of a disk together: protective MBR with GRUB's first sector, GPT,
 * GRUB's core, the EFI system partition. */
#include <string.h>

#include <mir/digest.h>

#include "diag.h"
#include "image.h"

enum {
	ENTRIES = 128,
	ENTRY_LEN = 128,
	TABLE_SECTORS = ENTRIES * ENTRY_LEN / SECTOR,
	HEADER_LEN = 92,
	ESP_SECTOR = FIRST_SECTOR + BIOS_SECTORS,
	BACKUP_SECTORS = TABLE_SECTORS + 1,
	NAME_AT = 56,
};

/* As they lie on the disk. */
static const uint8_t bios_type[16] = { 'H', 'a', 'h', '!', 'I', 'd', 'o', 'n', 't', 'N', 'e', 'e',
	'd', 'E', 'F', 'I' },
		     esp_type[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b,
			     0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint64_t get(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/* CRC-32 of IEEE 802.3, reflected. */
static uint32_t crc32(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* A number of what is in the image and of `salt`: the same image has the same one (RFC 9562,
 * version 8). */
static void guid(const uint8_t digest[MIR_SHA256_LEN], const char *salt, uint8_t out[16])
{
	uint8_t full[MIR_SHA256_LEN];
	struct mir_sha256 c;

	mir_sha256_init(&c);
	mir_sha256_update(&c, digest, MIR_SHA256_LEN);
	mir_sha256_update(&c, salt, strlen(salt));
	mir_sha256_final(&c, full);
	memcpy(out, full, 16);
	out[7] = (uint8_t)((out[7] & 0x0f) | 0x80);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

static void partition(uint8_t *table, unsigned n, const uint8_t type[16], const uint8_t digest[32],
    uint64_t first, uint64_t sectors, const char *name)
{
	uint8_t *p = table + (size_t)n * ENTRY_LEN;

	memcpy(p, type, 16);
	guid(digest, name, p + 16);
	put64(p + 32, first);
	put64(p + 40, first + sectors - 1);
	for (size_t i = 0; name[i]; i++)
		p[NAME_AT + 2 * i] = (uint8_t)name[i];
}

static void header(uint8_t *p, const uint8_t *table, const uint8_t digest[32], uint64_t self,
    uint64_t other, uint64_t table_at)
{
	uint64_t last = self > other ? self : other;

	memcpy(p, "EFI PART", 8);
	put32(p + 8, 0x10000);
	put32(p + 12, HEADER_LEN);
	put64(p + 24, self);
	put64(p + 32, other);
	put64(p + 40, 2 + TABLE_SECTORS);
	put64(p + 48, last - BACKUP_SECTORS);
	guid(digest, "disk", p + 56);
	put64(p + 72, table_at);
	put32(p + 80, ENTRIES);
	put32(p + 84, ENTRY_LEN);
	put32(p + 88, crc32(table, ENTRIES * ENTRY_LEN));
	put32(p + 16, crc32(p, HEADER_LEN));
}

/* GRUB's first sector loads the first of its core, which has a list of where the others are. */
static bool place_grub(const struct disk_parts *parts, struct disk *d)
{
	size_t sectors = (parts->core.len + SECTOR - 1) / SECTOR;
	uint8_t *mbr = d->p, *core = d->p + (size_t)FIRST_SECTOR * SECTOR;

	if (parts->boot.len != SECTOR || sectors < 2 || sectors > BIOS_SECTORS) {
		diag_error(NULL, "GRUB's boot.img and core are not as expected");
		diag_found("%zu and %zu bytes", parts->boot.len, parts->core.len);
		return false;
	}
	memcpy(mbr, parts->boot.s, 440);
	put64(mbr + 0x5c, FIRST_SECTOR);
	put16(mbr + 0x66, 0x9090); /* look whether the BIOS names a hard disk */
	memcpy(core, parts->core.s, parts->core.len);
	put64(core + 0x1f4, FIRST_SECTOR + 1);
	put16(core + 0x1fc, (unsigned)(sectors - 1));
	put16(core + 0x1fe, 0x820);
	return true;
}

static void protective_mbr(uint8_t *mbr, uint64_t sectors)
{
	static const uint8_t from[] = { 0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff };
	uint64_t rest = sectors - 1;

	memcpy(mbr + 446, from, sizeof(from));
	put32(mbr + 454, 1);
	put32(mbr + 458, rest > 0xffffffff ? 0xffffffff : (uint32_t)rest);
	put16(mbr + 510, 0xaa55);
}

/* The arguments, which can change, have no part in it. */
static void digest_of(const struct disk_parts *parts, uint8_t out[MIR_SHA256_LEN])
{
	struct mir_sha256 c;

	mir_sha256_init(&c);
	mir_sha256_update(&c, parts->kernel.s, parts->kernel.len);
	mir_sha256_update(&c, parts->efi.s, parts->efi.len);
	mir_sha256_final(&c, out);
}

size_t esp_size(const struct disk_parts *parts)
{
	return fat_size(parts->efi.len + CONFIG_ROOM + parts->kernel.len, 3);
}

bool esp_fill(const struct disk_parts *parts, uint8_t *p, size_t len)
{
	uint8_t digest[MIR_SHA256_LEN];
	struct fat f;

	digest_of(parts, digest);
	fat_begin(&f, p, len, (uint32_t)get(digest, 4), parts->seconds);
	if (fat_add(&f, IMAGE_EFI, parts->efi.s, parts->efi.len) &&
	    fat_add(&f, IMAGE_CONFIG, parts->config, CONFIG_ROOM) &&
	    fat_add(&f, IMAGE_KERNEL, parts->kernel.s, parts->kernel.len))
		return true;
	diag_error(NULL, "the image has no room for %zu bytes", parts->kernel.len);
	return false;
}

bool disk_make(const struct disk_parts *parts, struct disk *d)
{
	size_t esp = esp_size(parts);
	uint64_t sectors, least;
	uint8_t digest[MIR_SHA256_LEN], *table;

	d->len = (size_t)ESP_SECTOR * SECTOR + esp;
	least = (d->len + BACKUP_SECTORS * SECTOR + MIB - 1) / MIB * MIB;
	d->total = parts->size > least ? parts->size / MIB * MIB : least;
	if (parts->size && parts->size < least) {
		diag_error(
		    NULL, "the image needs more than %llu bytes", (unsigned long long)parts->size);
		diag_expected("--size=%lluM or more", (unsigned long long)(least / MIB));
		return false;
	}
	d->p = mem_new(d->len);
	sectors = d->total / SECTOR;
	digest_of(parts, digest);
	if (!place_grub(parts, d) || !esp_fill(parts, d->p + (size_t)ESP_SECTOR * SECTOR, esp))
		return false;
	protective_mbr(d->p, sectors);
	table = d->p + 2 * SECTOR;
	partition(table, 0, bios_type, digest, FIRST_SECTOR, BIOS_SECTORS, "GRUB");
	partition(table, 1, esp_type, digest, ESP_SECTOR, esp / SECTOR, "EFI");
	header(d->p + SECTOR, table, digest, 1, sectors - 1, 2);
	memset(d->backup, 0, sizeof(d->backup));
	memcpy(d->backup, table, ENTRIES * ENTRY_LEN);
	header(d->backup + ENTRIES * ENTRY_LEN, table, digest, sectors - 1, 1,
	    sectors - BACKUP_SECTORS);
	return true;
}

const char *disk_find_esp(const uint8_t *p, size_t n, uint64_t *at, uint64_t *len)
{
	uint64_t table, count, size;

	if (n < 2 * SECTOR || memcmp(p + SECTOR, "EFI PART", 8) != 0)
		return "it is no disk image with a GPT";
	table = get(p + SECTOR + 72, 8);
	count = get(p + SECTOR + 80, 4);
	size = get(p + SECTOR + 84, 4);
	if (table > n / SECTOR || size < ENTRY_LEN || size > SECTOR || count > 1024 ||
	    count * size > n - table * SECTOR)
		return "its partition table is broken";
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *e = p + table * SECTOR + i * size;
		uint64_t first = get(e + 32, 8), last = get(e + 40, 8);

		if (memcmp(e, esp_type, 16) != 0)
			continue;
		if (first > last || last >= n / SECTOR)
			return "its EFI system partition lies outside of it";
		*at = first * SECTOR;
		*len = (last - first + 1) * SECTOR;
		return NULL;
	}
	return "it has no EFI system partition";
}
