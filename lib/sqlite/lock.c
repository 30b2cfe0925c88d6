/* lock.c: locks among the connections of one image, and the index of a write-ahead log. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static struct file *file_of(sqlite3_file *f)
{
	return mir_container(f, struct file, base);
}

/* --- the database ------------------------------------------------------------------------ */

static int take_shared(struct database *db, const struct file *f)
{
	if (db->pending || db->exclusive)
		return SQLITE_BUSY;
	(void)f;
	db->shared++;
	return SQLITE_OK;
}

static int take_reserved(struct database *db, const struct file *f)
{
	if (db->reserved)
		return SQLITE_BUSY;
	db->reserved = f;
	return SQLITE_OK;
}

/* No more readers from now on; exclusive once those that there are have left. */
static int take_exclusive(struct database *db, const struct file *f)
{
	if ((db->reserved && db->reserved != f) || (db->pending && db->pending != f))
		return SQLITE_BUSY;
	db->pending = f;
	if (db->shared > 1)
		return SQLITE_BUSY;
	db->exclusive = f;
	return SQLITE_OK;
}

int mir_sqlite_lock(sqlite3_file *file, int level)
{
	struct file *f = file_of(file);
	int rc;

	if (level <= f->lock)
		return SQLITE_OK;
	rc = level == SQLITE_LOCK_SHARED     ? take_shared(f->db, f)
	     : level == SQLITE_LOCK_RESERVED ? take_reserved(f->db, f)
					     : take_exclusive(f->db, f);
	if (rc == SQLITE_OK)
		f->lock = level;
	return rc;
}

int mir_sqlite_unlock(sqlite3_file *file, int level)
{
	struct file *f = file_of(file);
	struct database *db = f->db;

	if (level < SQLITE_LOCK_RESERVED) {
		db->reserved = db->reserved == f ? NULL : db->reserved;
		db->pending = db->pending == f ? NULL : db->pending;
		db->exclusive = db->exclusive == f ? NULL : db->exclusive;
	}
	if (level == SQLITE_LOCK_NONE && f->lock != SQLITE_LOCK_NONE)
		db->shared--;
	f->lock = MIR_MIN(f->lock, level);
	return SQLITE_OK;
}

int mir_sqlite_reserved(sqlite3_file *file, int *out)
{
	const struct database *db = file_of(file)->db;

	*out = db->reserved != NULL || db->exclusive != NULL;
	return SQLITE_OK;
}

/* --- the index of the log ----------------------------------------------------------------- */

int mir_sqlite_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
	struct file *f = file_of(file);
	struct database *db = f->db;

	*out = NULL;
	if (!f->mapped) {
		f->mapped = true;
		db->maps++;
	}
	if (region >= db->n_regions) {
		void **more;

		if (!extend)
			return SQLITE_OK;
		more = realloc(db->regions, (size_t)(region + 1) * sizeof(*more));
		if (!more)
			return SQLITE_IOERR_NOMEM;
		db->regions = more;
		while (db->n_regions <= region) {
			if (!(more[db->n_regions] = calloc(1, (size_t)size)))
				return SQLITE_IOERR_NOMEM;
			db->n_regions++;
		}
	}
	*out = db->regions[region];
	return SQLITE_OK;
}

static void release(struct file *f, unsigned mask)
{
	for (int i = 0; i < SHARED_LOCKS; i++) {
		if (mask & f->read_mask & 1u << i)
			f->db->readers[i]--;
		if (mask & f->write_mask & 1u << i)
			f->db->writer[i] = NULL;
	}
	f->read_mask &= ~mask;
	f->write_mask &= ~mask;
}

/* Is one of these locks held by another connection, in a way that is in the way? */
static bool taken(const struct file *f, unsigned mask, bool exclusive)
{
	for (int i = 0; i < SHARED_LOCKS; i++) {
		unsigned own = (f->read_mask >> i & 1);

		if (!(mask & 1u << i))
			continue;
		if (f->db->writer[i] && f->db->writer[i] != f)
			return true;
		if (exclusive && f->db->readers[i] > own)
			return true;
	}
	return false;
}

int mir_sqlite_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	struct file *f = file_of(file);
	unsigned mask = ((1u << n) - 1) << offset;
	bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;

	if (flags & SQLITE_SHM_UNLOCK) {
		release(f, mask);
		return SQLITE_OK;
	}
	if (taken(f, mask, exclusive))
		return SQLITE_BUSY;
	for (int i = 0; i < SHARED_LOCKS; i++) {
		if (!(mask & 1u << i))
			continue;
		if (exclusive)
			f->db->writer[i] = f;
		else if (!(f->read_mask & 1u << i))
			f->db->readers[i]++;
	}
	*(exclusive ? &f->write_mask : &f->read_mask) |= mask;
	return SQLITE_OK;
}

void mir_sqlite_shm_barrier(sqlite3_file *file)
{
	(void)file; /* one core */
}

int mir_sqlite_shm_unmap(sqlite3_file *file, int remove)
{
	struct file *f = file_of(file);
	struct database *db = f->db;

	(void)remove; /* it is gone with the last one anyway */
	if (!f->mapped)
		return SQLITE_OK;
	release(f, ~0u);
	f->mapped = false;
	if (--db->maps)
		return SQLITE_OK;
	for (int i = 0; i < db->n_regions; i++)
		free(db->regions[i]);
	free(db->regions);
	db->regions = NULL;
	db->n_regions = 0;
	return SQLITE_OK;
}
