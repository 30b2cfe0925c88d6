/* image.h: disk images: a GPT with a partition for GRUB's core, which a BIOS starts, and an EFI
 * system partition (FAT16) with GRUB for UEFI, the kernel, and a grub.cfg with its arguments.
 *
 * All of it is made in memory: no loop device, no root.  The same input gives the same bytes.
 */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include <stdint.h>

#include "text.h"

#define MIB          (1ull << 20)
#define SECTOR       512u
#define IMAGE_KERNEL "BOOT/KERNEL.BIN"
#define IMAGE_CONFIG "BOOT/GRUB/GRUB.CFG"
#define IMAGE_EFI    "EFI/BOOT/BOOTX64.EFI"
#define CONFIG_ROOM  16384u /* bytes kept for grub.cfg: its arguments can become longer */
#define CLUSTER      2048u
#define BIOS_SECTORS 2048u /* of the partition for GRUB's core */
#define FIRST_SECTOR 2048u /* where partitions begin */

/* ---- image_fat.c: FAT16 (Microsoft's FAT specification, 1.03) ---- */

struct fat {
	uint8_t *p; /* the whole file system */
	size_t len;
	uint32_t next; /* cluster that is free */
	uint16_t date, time;
};

/* The least size of a file system for `bytes` of files of at most `files` files. */
size_t fat_size(size_t bytes, size_t files);
/* Format zeroed memory; `seconds` since 1970 go with what is added. */
void fat_begin(struct fat *, uint8_t *p, size_t len, uint32_t serial, int64_t seconds);
/* Add a file by a path of upper-case 8.3 names; its folders are made.  False: no room. */
bool fat_add(struct fat *, const char *path, const void *data, size_t len);
/* Where a file is, and its size; false: not there, or not in one piece as fat_add() puts it. */
bool fat_find(uint8_t *p, size_t n, const char *path, uint64_t *at, uint64_t *len);
/* Write `data` over the content of a file of any FAT16, which keeps its clusters; what is left of
 * it becomes `fill`.  NULL, or what is wrong.  Trusts nothing that is in p. */
const char *fat_replace(
    uint8_t *p, size_t n, const char *path, const void *data, size_t len, uint8_t fill);

/* ---- image_disk.c: MBR and GPT (UEFI 2.10, chapter 5) ---- */

struct disk_parts {
	struct text boot, core; /* GRUB's boot.img and core.img */
	struct text efi;        /* GRUB for UEFI, a PE file */
	struct text kernel;
	const char *config; /* grub.cfg */
	int64_t seconds;
	uint64_t size; /* wished for, 0: the least */
	bool cd;       /* for iso_make() */
};

/* A disk: `len` bytes from its beginning, then zeros up to `total`, but for its last 33 sectors. */
struct disk {
	uint8_t *p;
	size_t len;
	uint64_t total;
	uint8_t backup[33 * SECTOR];
	bool plain; /* there is no backup: it is a CD */
};

/* False after an error was reported. */
bool disk_make(const struct disk_parts *, struct disk *out);
/* Where the EFI system partition is in the first `n` bytes of a disk; NULL, or what is wrong. */
const char *disk_find_esp(const uint8_t *p, size_t n, uint64_t *at, uint64_t *len);

/* The EFI system partition alone: how large, and filled. */
size_t esp_size(const struct disk_parts *);
bool esp_fill(const struct disk_parts *, uint8_t *p, size_t len);

/* ---- image_iso.c ---- */

/* False after an error was reported. */
bool iso_make(const struct disk_parts *, struct disk *out);
const char *iso_find_esp(const uint8_t *p, size_t n, uint64_t *at, uint64_t *len);

/* ---- image_grub.c ---- */

/* GRUB's parts, for a disk or for a CD; false after an error was reported. */
bool grub_make(struct disk_parts *out);
/* grub.cfg with the arguments in it, padded to CONFIG_ROOM; NULL after an error was reported. */
char *grub_config(const struct list *arguments);

/* ---- image_pack.c ---- */

/* Write the disk as a file in a format.  False after an error was reported. */
bool image_write(const struct disk *, const char *format, int64_t seconds, const char *path);
/* Is there such a format?  The names, joined. */
bool image_format(const char *name, const char **suffix, uint64_t *multiple, bool *cd);
const char *image_formats(void);

#endif
