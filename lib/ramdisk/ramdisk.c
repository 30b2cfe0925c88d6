/* ramdisk.c: a block device in memory, in pieces that are there once they were written to. */
#include <mir/ramdisk.h>

#include <mir/fiber.h>
#include <stdlib.h>
#include <string.h>

static struct mir_ramdisk *disk_of(struct mir_block *b)
{
	return mir_container(b, struct mir_ramdisk, block);
}

static int ramdisk_read(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	const struct mir_ramdisk *d = disk_of(b);
	uint64_t at = sector * MIR_RAMDISK_SECTOR;
	int rc = mir_yield();

	for (unsigned i = 0; i < n && rc == 0; i++) {
		uint8_t *to = iov[i].base;

		for (size_t done = 0, part; done < iov[i].len; done += part, at += part) {
			const uint8_t *chunk = d->chunks[at / MIR_RAMDISK_CHUNK];

			part = MIR_MIN(iov[i].len - done,
			    (size_t)(MIR_RAMDISK_CHUNK - at % MIR_RAMDISK_CHUNK));
			if (chunk)
				memcpy(to + done, chunk + at % MIR_RAMDISK_CHUNK, part);
			else
				memset(to + done, 0, part);
		}
	}
	return rc;
}

static int ramdisk_write(
    struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	struct mir_ramdisk *d = disk_of(b);
	uint64_t at = sector * MIR_RAMDISK_SECTOR;
	int rc = mir_yield();

	for (unsigned i = 0; i < n && rc == 0; i++) {
		const uint8_t *from = iov[i].base;

		for (size_t done = 0, part; done < iov[i].len; done += part, at += part) {
			uint8_t **chunk = &d->chunks[at / MIR_RAMDISK_CHUNK];

			part = MIR_MIN(iov[i].len - done,
			    (size_t)(MIR_RAMDISK_CHUNK - at % MIR_RAMDISK_CHUNK));
			if (!*chunk && !(*chunk = calloc(1, MIR_RAMDISK_CHUNK)))
				return MIR_ENOSPC;
			memcpy(*chunk + at % MIR_RAMDISK_CHUNK, from + done, part);
		}
	}
	return rc;
}

static int ramdisk_barrier(struct mir_block *b)
{
	(void)b;
	return mir_yield();
}

/* Whole chunks go back to the heap and read as zeroes; the rest stays. */
static int ramdisk_discard(struct mir_block *b, uint64_t sector, uint64_t count)
{
	const uint64_t per = MIR_RAMDISK_CHUNK / MIR_RAMDISK_SECTOR;
	struct mir_ramdisk *d = disk_of(b);
	uint64_t end;

	end = sector + count == b->sectors ? d->nchunks : (sector + count) / per;
	for (uint64_t i = (sector + per - 1) / per; i < end; i++) {
		free(d->chunks[i]);
		d->chunks[i] = NULL;
	}
	return mir_yield();
}

static const struct mir_block_ops ops = {
	.name = "ramdisk",
	.read = ramdisk_read,
	.write = ramdisk_write,
	.barrier = ramdisk_barrier,
	.discard = ramdisk_discard,
};

int mir_ramdisk_start(struct mir_ramdisk *d, const struct mir_ramdisk_config *config)
{
	*d = (struct mir_ramdisk){
		.block = {
			.ops = &ops,
			.name = config->name,
			.sectors = config->size / MIR_RAMDISK_SECTOR,
			.sector_size = MIR_RAMDISK_SECTOR,
			.writable = true,
		},
		.nchunks = (size_t)(config->size / MIR_RAMDISK_CHUNK + 1),
	};
	if (!d->block.sectors)
		return MIR_EINVAL;
	d->chunks = calloc(d->nchunks, sizeof(*d->chunks));
	return d->chunks ? 0 : MIR_ENOMEM;
}

void mir_ramdisk_stop(struct mir_ramdisk *d)
{
	for (size_t i = 0; i < d->nchunks && d->chunks; i++)
		free(d->chunks[i]);
	free(d->chunks);
	d->chunks = NULL;
}
