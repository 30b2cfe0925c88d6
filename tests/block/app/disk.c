/* disk.c: what a disk must stand, and how fast it is. */
#include "mirage/app.h"

#include <mir/time.h>
#include <stdlib.h>
#include <string.h>

static const struct app *a;
static struct mir_block *disk;
static int failures;

static void say(const char *what, int rc, int want)
{
	mir_console_printf(a->console, "%s %s: %d\n", rc == want ? "ok" : "BAD", what, rc);
	failures += rc != want;
}

static void fill(uint8_t *p, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)((i * 31 + i / 512 + seed) % 251);
}

/* Writes and reads back `sectors` from `sector` on, in pieces that begin in the middle of pages. */
static int round_trip(uint64_t sector, size_t sectors, unsigned pieces)
{
	size_t len = sectors * disk->sector_size, done = 0;
	uint8_t *out = malloc(len + 64), *in = calloc(1, len + 64);
	struct mir_iov w[80], r[80];
	int rc;

	fill(out + 7, len, sector);
	for (unsigned i = 0; i < pieces; i++) {
		size_t part = i + 1 < pieces ? disk->sector_size : len - done;

		w[i] = (struct mir_iov){ out + 7 + done, part };
		r[i] = (struct mir_iov){ in + 7 + done, part };
		done += part;
	}
	rc = mir_block_write(disk, sector, w, pieces);
	if (rc == 0)
		rc = mir_block_read(disk, sector, r, pieces);
	if (rc == 0 && memcmp(in + 7, out + 7, len) != 0)
		rc = 1;
	free(out);
	free(in);
	return rc;
}

static int at(bool write, uint64_t sector, size_t len)
{
	uint8_t *p = calloc(1, len + 1);
	struct mir_iov v = { p, len };
	int rc = write ? mir_block_write(disk, sector, &v, 1) : mir_block_read(disk, sector, &v, 1);

	free(p);
	return rc;
}

static void all(void)
{
	size_t s = disk->sector_size;
	uint64_t end = disk->sectors;

	say("the first sector", round_trip(0, 1, 1), 0);
	say("the last sector", round_trip(end - 1, 1, 1), 0);
	say("1 MB in the middle", round_trip(end / 2, (1 << 20) / s, 1), 0);
	say("40 pieces", round_trip(3, 200, 40), 0);
	say("79 pieces", round_trip(5, 400, 79), 0);
	say("a write beyond the end", at(true, end, s), MIR_EINVAL);
	say("a read beyond the end", at(false, end, s), MIR_EINVAL);
	say("a write over the end", at(true, end - 1, 2 * s), MIR_EINVAL);
	say("a read over the end", at(false, end - 1, 2 * s), MIR_EINVAL);
	say("a write at 2^63", at(true, (uint64_t)1 << 63, s), MIR_EINVAL);
	say("a write at 2^64 - 1", at(true, UINT64_MAX, s), MIR_EINVAL);
	say("half a sector", at(true, 0, s / 2), MIR_EINVAL);
	say("a sector and a byte", at(false, 0, s + 1), MIR_EINVAL);
	say("nothing", at(true, 0, 0), 0);
	say("a barrier", mir_block_barrier(disk), 0);
	say("what was written is there", at(false, end - 1, s), 0);
	int rc = mir_block_discard(disk, 8, 8);
	say("discard", rc == MIR_ENOSYS ? 0 : rc, 0);
	say("discard beyond the end", mir_block_discard(disk, end, 1) < 0 ? 0 : 1, 0);
	say("after it, the first sector again", round_trip(0, 1, 1), 0);
}

/* A disk that the host has no room for: some write fails, what was there can be read. */
static void full(void)
{
	uint64_t sector = 0, step = (1 << 20) / disk->sector_size;
	int rc = 0;

	while (rc == 0 && sector + step <= disk->sectors) {
		rc = at(true, sector, 1 << 20);
		sector += step;
	}
	say("the host's disk is full", rc, MIR_ENOSPC);
	say("what was written can be read", at(false, 0, 1 << 20), 0);
	say("a barrier", mir_block_barrier(disk) <= 0 ? 0 : 1, 0);
}

static void readonly(void)
{
	say("it says so", disk->writable, false);
	say("a write", at(true, 0, disk->sector_size), MIR_EROFS);
	say("a read", at(false, 0, disk->sector_size), 0);
	say("a discard", mir_block_discard(disk, 0, 1), MIR_EROFS);
}

static void measure(bool write)
{
	size_t size = a->keys.size;
	uint64_t n = a->keys.total / size, i, sectors = size / disk->sector_size;
	uint8_t *p = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	struct mir_iov v = { p, size };
	int64_t began = mir_clock_monotonic(a->clock);
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		uint64_t sector = i * sectors % (disk->sectors - sectors + 1);

		rc = write ? mir_block_write(disk, sector, &v, 1)
			   : mir_block_read(disk, sector, &v, 1);
	}
	say("measured", rc, 0);
	mir_console_printf(a->console, "ns %lld for %llu\n",
	    (long long)(mir_clock_monotonic(a->clock) - began), (unsigned long long)n);
	free(p);
}

int disk_main(const struct app *app)
{
	const char *what = app->keys.act;

	a = app;
	disk = app->block_storage;
	mir_console_printf(app->console, "disk: %llu sectors of %u\n",
	    (unsigned long long)disk->sectors, disk->sector_size);
	if (!strcmp(what, "all"))
		all();
	else if (!strcmp(what, "full"))
		full();
	else if (!strcmp(what, "readonly"))
		readonly();
	else
		measure(!strcmp(what, "write"));
	return failures > 0;
}
