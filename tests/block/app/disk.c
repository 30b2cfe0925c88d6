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

/* ---- against a model ---- */

static uint64_t chance;

static uint32_t any(uint32_t below)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(chance >> 33) % below;
}

enum { PIECES = 40, LONGEST = 9 };

/* A vector of random pieces of `memory`; their sectors, at most `room`. */
static uint64_t vector(struct mir_iov v[PIECES], unsigned *n, uint8_t *memory, uint64_t room)
{
	uint64_t sectors = 0;

	*n = 0;
	for (unsigned want = 1 + any(PIECES); *n < want; ++*n) {
		uint64_t k = any(LONGEST);

		if (sectors + k > room)
			break;
		v[*n] =
		    (struct mir_iov){ memory + sectors * disk->sector_size, k * disk->sector_size };
		sectors += k;
	}
	return sectors;
}

static void random_io(void)
{
	uint64_t region = MIR_MIN(disk->sectors, (uint64_t)2048), len = region * disk->sector_size;
	uint8_t *model = calloc(1, len), *memory = malloc(len);
	struct mir_iov all_of = { model, len }, v[PIECES];
	int rc = mir_block_write(disk, 0, &all_of, 1);

	chance = a->keys.seed;
	for (uint64_t i = 0; rc == 0 && i < a->keys.rounds; i++) {
		uint64_t at = any((uint32_t)region), sectors;
		unsigned n;
		size_t bytes;

		sectors = vector(v, &n, memory, region - at);
		bytes = sectors * disk->sector_size;
		switch (any(8)) {
		case 0: rc = mir_block_barrier(disk); break;
		case 1:
		case 2:
		case 3:
		case 4:
			for (size_t k = 0; k < bytes; k += 8)
				memcpy(memory + k, &chance, 8), any(2);
			rc = mir_block_write(disk, at, v, n);
			memcpy(model + at * disk->sector_size, memory, bytes);
			break;
		default:
			rc = mir_block_read(disk, at, v, n);
			if (rc == 0 && memcmp(model + at * disk->sector_size, memory, bytes) != 0)
				rc = 1;
			break;
		}
	}
	say("random requests", rc, 0);
	all_of.base = memory;
	rc = mir_block_read(disk, 0, &all_of, 1);
	say("the whole", rc == 0 && memcmp(memory, model, len) != 0 ? 1 : rc, 0);
	free(model);
	free(memory);
}

/* ---- a power cut ---- */

enum { EACH_ROUND = 16 };

/* Round r (from 1) writes these sectors; each says its round, its place, and their sum. */
static uint64_t sector_of(uint64_t r, unsigned k)
{
	chance = r * EACH_ROUND + k;
	any(2);
	return any((uint32_t)disk->sectors);
}

static void rounds(void)
{
	uint8_t *p = calloc(1, disk->sector_size);
	struct mir_iov v = { p, disk->sector_size };
	int rc = 0;

	for (uint64_t r = 1; rc == 0 && r <= a->keys.rounds; r++) {
		for (unsigned k = 0; rc == 0 && k < EACH_ROUND; k++) {
			uint64_t s = sector_of(r, k), said[3] = { r, s, r + s };

			memcpy(p, said, sizeof(said));
			memcpy(p + disk->sector_size - sizeof(said), said, sizeof(said));
			rc = mir_block_write(disk, s, &v, 1);
		}
		if (rc == 0)
			rc = mir_block_barrier(disk);
		mir_console_printf(a->console, "flushed %llu\n", (unsigned long long)r);
	}
	say("rounds", rc, 0);
	free(p);
}

/* What the first `rounds` rounds have flushed is there, or newer. */
static void verify(void)
{
	uint64_t *least = calloc(disk->sectors, sizeof(*least)), bad = 0;
	uint8_t *p = calloc(1, disk->sector_size);
	struct mir_iov v = { p, disk->sector_size };
	int rc = 0;

	for (uint64_t r = 1; r <= a->keys.rounds; r++)
		for (unsigned k = 0; k < EACH_ROUND; k++)
			least[sector_of(r, k)] = r;
	for (uint64_t s = 0; rc == 0 && s < disk->sectors; s++) {
		uint64_t said[3], again[3];

		rc = mir_block_read(disk, s, &v, 1);
		memcpy(said, p, sizeof(said));
		memcpy(again, p + disk->sector_size - sizeof(said), sizeof(said));
		if (said[0] == 0 && least[s] == 0)
			continue;
		bad += said[0] < least[s] || said[1] != s || said[2] != said[0] + s ||
		       memcmp(said, again, sizeof(said)) != 0;
	}
	say("verify", rc < 0 ? rc : (int)bad, 0);
	free(least);
	free(p);
}

/* Sector 100 cannot be read, sector 200 not written, by the host. */
static void errors(void)
{
	say("a bad sector, read", at(false, 100, disk->sector_size), MIR_EIO);
	say("a bad sector, in the middle", at(false, 90, 20 * (size_t)disk->sector_size), MIR_EIO);
	say("the one before", at(false, 99, disk->sector_size), 0);
	say("a bad sector, written", at(true, 200, disk->sector_size), MIR_EIO);
	say("the one after", at(true, 201, disk->sector_size), 0);
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
	else if (!strcmp(what, "random"))
		random_io();
	else if (!strcmp(what, "rounds"))
		rounds();
	else if (!strcmp(what, "verify"))
		verify();
	else if (!strcmp(what, "errors"))
		errors();
	else
		measure(!strcmp(what, "write"));
	return failures > 0;
}
