/* disk.c: a database on a block device (layout.h). */
#include "store.h"

#include <mir/log.h>
#include <stdlib.h>

MIR_LOG_SOURCE(sqlite);

struct disk {
	struct store store;
	struct mir_block *block;
	struct layout layout; /* as the newer header says */
	uint64_t slot;        /* byte at which the next one goes */
	uint8_t *sector;
	bool unsettled; /* something was written and no barrier came after */
};

static struct disk *disk_of(struct store *s)
{
	return mir_container(s, struct disk, store);
}

static int move(struct disk *d, bool write, uint64_t at, void *p, size_t len)
{
	struct mir_iov iov = { p, len };
	uint64_t sector = at / d->block->sector_size;

	if (!write)
		return mir_block_read(d->block, sector, &iov, 1);
	d->unsettled = true;
	return mir_block_write(d->block, sector, &iov, 1);
}

static uint64_t place(struct disk *d, enum sqlite_part part, uint64_t at)
{
	return mir_sqlite_layout_piece(&d->layout, d->block->sector_size, part, at / LAYOUT_PIECE) +
	       at % LAYOUT_PIECE;
}

static int disk_load(struct store *s, enum sqlite_part part, uint64_t at, void *to, size_t len)
{
	return move(disk_of(s), false, place(disk_of(s), part, at), to, len);
}

/* struct mir_iov is for both ways: what is written is only read. */
static int disk_save(
    struct store *s, enum sqlite_part part, uint64_t at, const void *from, size_t len)
{
	union {
		const void *in;
		void *out;
	} p = { from };

	return move(disk_of(s), true, place(disk_of(s), part, at), p.out, len);
}

static struct layout wanted(struct disk *d)
{
	struct layout l = d->layout;

	memcpy(l.size, d->store.size, sizeof(l.size));
	return l;
}

static int settle(struct disk *d)
{
	int rc = d->unsettled ? mir_block_barrier(d->block) : 0;

	if (rc == 0)
		d->unsettled = false;
	return rc;
}

/* The sizes become durable, with all that was written: on failure the older header still counts,
 * and the next one goes to the same place. */
static int disk_commit(struct store *s)
{
	struct disk *d = disk_of(s);
	struct layout l = wanted(d);
	int rc;

	if (memcmp(l.size, d->layout.size, sizeof(l.size)) == 0)
		return settle(d);
	/* What a journal has grown by is there before it counts. */
	if (l.size[SQLITE_JOURNAL] > d->layout.size[SQLITE_JOURNAL] && (rc = settle(d)) < 0)
		return rc;
	l.generation++;
	memset(d->sector, 0, d->block->sector_size);
	mir_sqlite_layout_write(&l, d->block->sector_size, d->sector);
	rc = move(d, true, d->slot, d->sector, d->block->sector_size);
	if (rc == 0)
		rc = settle(d);
	if (rc < 0)
		return rc;
	d->layout = l;
	d->slot = d->slot ? 0 : LAYOUT_OTHER;
	return 0;
}

static int clear_log(struct disk *d)
{
	if (!d->block->writable)
		return 0;
	memset(d->sector, 0, d->block->sector_size);
	return move(d, true, place(d, SQLITE_JOURNAL, 0), d->sector, d->block->sector_size);
}

/* Is the journal one that SQLite has done with, and left there to write over? */
static bool journal_is_dead(struct disk *d)
{
	const struct window *w = &d->store.windows[SQLITE_JOURNAL];
	uint8_t any = 0;

	if (w->from == w->to || w->piece || w->from) {
		if (disk_load(&d->store, SQLITE_JOURNAL, 0, d->sector, d->block->sector_size) < 0)
			return false;
	} else {
		memcpy(d->sector, w->bytes, 8);
	}
	for (int i = 0; i < 8; i++)
		any |= d->sector[i];
	return any == 0;
}

static int disk_cut(struct store *s, enum sqlite_part part, uint64_t size)
{
	int rc = 0;

	if (size == 0 && part != SQLITE_DATABASE)
		rc = clear_log(disk_of(s));
	if (rc < 0)
		return rc;
	s->size[part] = size;
	return size == 0 && part != SQLITE_DATABASE ? disk_commit(s) : 0;
}

static int disk_room(struct store *s, enum sqlite_part part, uint64_t size)
{
	struct disk *d = disk_of(s);
	struct layout l = wanted(d);
	int rc;

	if (part == SQLITE_JOURNAL && l.size[SQLITE_LOG])
		return MIR_EBUSY;
	if (part == SQLITE_LOG && l.size[SQLITE_JOURNAL]) {
		if (!journal_is_dead(d))
			return MIR_EBUSY;
		s->windows[SQLITE_JOURNAL].to = s->windows[SQLITE_JOURNAL].from;
		s->windows[SQLITE_JOURNAL].dirty_end = s->windows[SQLITE_JOURNAL].dirty;
		if ((rc = disk_cut(s, SQLITE_JOURNAL, 0)) < 0)
			return rc;
		l = wanted(d);
	}
	l.size[part] = size;
	return mir_sqlite_layout_fits(&l, d->block->sector_size) ? 0 : MIR_ENOSPC;
}

static void disk_free(struct store *s)
{
	free(disk_of(s)->sector);
	free(disk_of(s));
}

static const struct store_ops disk_ops = {
	.load = disk_load,
	.save = disk_save,
	.room = disk_room,
	.cut = disk_cut,
	.commit = disk_commit,
	.free = disk_free,
};

/* --- a disk as it is found -------------------------------------------------------------- */

static bool all_zero(const uint8_t *p, size_t len)
{
	while (len && *p == 0)
		p++, len--;
	return len == 0;
}

/* A disk without a header: blank, or with a database where it belongs that somebody has put there.
 */
static int adopt(struct disk *d, uint8_t *piece)
{
	int rc = move(d, false, 0, piece, LAYOUT_PIECE);

	if (rc == 0 && !all_zero(piece, LAYOUT_PIECE))
		rc = MIR_EPROTO;
	if (rc == 0)
		rc = move(d, false, LAYOUT_BEGIN, piece, LAYOUT_PIECE);
	if (rc < 0)
		return rc;
	d->layout.end = d->block->sectors;
	d->store.size[SQLITE_DATABASE] = mir_sqlite_database_size(piece);
	if (!d->store.size[SQLITE_DATABASE] && !all_zero(piece, LAYOUT_PIECE))
		return MIR_EPROTO;
	if (disk_room(&d->store, SQLITE_DATABASE, d->store.size[SQLITE_DATABASE]) < 0)
		return MIR_ENOSPC;
	return clear_log(d);
}

/* The newer of the headers; MIR_ENOENT: there is none. */
static int find_header(struct disk *d)
{
	struct layout found, best = { 0 };
	bool any = false;
	uint64_t at = 0;
	int rc;

	for (int i = 0; i < 2; i++, at = LAYOUT_OTHER) {
		if ((rc = move(d, false, at, d->sector, d->block->sector_size)) < 0)
			return rc;
		if (!mir_sqlite_layout_read(
			d->sector, d->block->sectors, d->block->sector_size, &found))
			continue;
		if (any && found.generation < best.generation)
			continue;
		any = true;
		best = found;
		d->slot = at ? 0 : LAYOUT_OTHER;
	}
	d->layout = best;
	memcpy(d->store.size, best.size, sizeof(best.size));
	return any ? 0 : MIR_ENOENT;
}

/* Where there is neither journal nor log, what was one must not look like one, and their place may
 * move to the end of a disk that has grown. */
static int begin(struct disk *d)
{
	uint8_t *piece = malloc(LAYOUT_PIECE);
	int rc = piece ? find_header(d) : MIR_ENOMEM;

	if (rc == MIR_ENOENT) {
		rc = adopt(d, piece);
	} else if (rc == 0 && !d->layout.size[SQLITE_JOURNAL] && !d->layout.size[SQLITE_LOG]) {
		d->layout.end = d->block->sectors;
		rc = clear_log(d);
	}
	if (rc == 0)
		rc = settle(d);
	free(piece);
	return rc;
}

int mir_sqlite_disk_open(struct mir_block *b, struct store **out)
{
	struct disk *d;
	int rc;

	if (b->sector_size > LAYOUT_SECTOR_MAX || b->sectors > INT64_MAX / b->sector_size ||
	    b->sectors * b->sector_size < LAYOUT_LEAST) {
		mir_error("%s: a disk with a database has 256 kB or more", b->name);
		return MIR_EINVAL;
	}
	d = calloc(1, sizeof(*d));
	if (!d || !(d->sector = malloc(b->sector_size))) {
		free(d);
		return MIR_ENOMEM;
	}
	d->store.ops = &disk_ops;
	d->store.unit = b->sector_size;
	d->block = b;
	rc = begin(d);
	if (rc == 0) {
		*out = &d->store;
		return 0;
	}
	if (rc == MIR_EPROTO)
		mir_error("%s: the disk is neither blank nor holds a database: it is left alone",
		    b->name);
	disk_free(&d->store);
	return rc;
}
