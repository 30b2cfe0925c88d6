/* file.c: what SQLite does with files (sqlite3_io_methods): a part of a database, or memory. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static struct file *file_of(sqlite3_file *f)
{
	return mir_container(f, struct file, base);
}

static int file_close(sqlite3_file *file)
{
	struct file *f = file_of(file);

	if (f->part == SQLITE_DATABASE) {
		mir_sqlite_shm_unmap(file, 0);
		mir_sqlite_unlock(file, SQLITE_LOCK_NONE);
	}
	mir_sqlite_database_close(f->vfs, f->db);
	return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
	struct file *f = file_of(file);
	int rc = mir_sqlite_read(f->db->store, f->part, (uint64_t)at, to, (size_t)len);

	return rc > 0 ? SQLITE_IOERR_SHORT_READ : mir_sqlite_error(rc, SQLITE_IOERR_READ);
}

static int file_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
	struct file *f = file_of(file);

	return mir_sqlite_error(
	    mir_sqlite_write(f->db->store, f->part, (uint64_t)at, from, (size_t)len),
	    SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct file *f = file_of(file);

	return mir_sqlite_error(
	    mir_sqlite_cut(f->db->store, f->part, (uint64_t)size), SQLITE_IOERR_TRUNCATE);
}

static int file_sync(sqlite3_file *file, int flags)
{
	struct file *f = file_of(file);

	(void)flags;
	return mir_sqlite_error(mir_sqlite_sync(f->db->store, f->part), SQLITE_IOERR_FSYNC);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
	struct file *f = file_of(file);

	*out = (sqlite3_int64)f->db->store->size[f->part];
	return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int what, void *arg)
{
	struct file *f = file_of(file);

	switch (what) {
	case SQLITE_FCNTL_VFSNAME:
		*(char **)arg = sqlite3_mprintf("%s", f->vfs->base.zName);
		return SQLITE_OK;
	case SQLITE_FCNTL_LOCKSTATE: *(int *)arg = f->lock; return SQLITE_OK;
	default: return SQLITE_NOTFOUND;
	}
}

static int file_sector_size(sqlite3_file *file)
{
	return (int)MIR_MAX(file_of(file)->db->store->unit, 512u);
}

/* A sector is written whole or not at all, so that what is beside it in the same sector stays.  Not
 * SAFE_APPEND, though the bytes that a journal grows by are durable before they count: SQLite would
 * then trust those that it writes over, too. */
static int file_characteristics(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;
}

const sqlite3_io_methods mir_sqlite_file_methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = mir_sqlite_lock,
	.xUnlock = mir_sqlite_unlock,
	.xCheckReservedLock = mir_sqlite_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = mir_sqlite_shm_map,
	.xShmLock = mir_sqlite_shm_lock,
	.xShmBarrier = mir_sqlite_shm_barrier,
	.xShmUnmap = mir_sqlite_shm_unmap,
};

/* --- in memory ------------------------------------------------------------------------------ */

static struct memory_file *memory_of(sqlite3_file *f)
{
	return mir_container(f, struct memory_file, base);
}

static int memory_close(sqlite3_file *file)
{
	free(memory_of(file)->bytes);
	return SQLITE_OK;
}

static int memory_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
	struct memory_file *m = memory_of(file);
	size_t there = (uint64_t)at < m->len ? m->len - (size_t)at : 0;
	size_t n = MIR_MIN(there, (size_t)len);

	if (n)
		memcpy(to, m->bytes + at, n);
	memset((uint8_t *)to + n, 0, (size_t)len - n);
	return n < (size_t)len ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int memory_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
	struct memory_file *m = memory_of(file);
	size_t end, cap = MIR_MAX(m->cap, (size_t)4096);

	if ((uint64_t)at > SIZE_MAX / 4 - (size_t)len)
		return SQLITE_FULL;
	end = (size_t)at + (size_t)len;
	while (cap < end)
		cap *= 2;
	if (cap != m->cap) {
		uint8_t *bytes = realloc(m->bytes, cap);

		if (!bytes)
			return SQLITE_IOERR_NOMEM;
		m->bytes = bytes;
		m->cap = cap;
	}
	if ((size_t)at > m->len)
		memset(m->bytes + m->len, 0, (size_t)at - m->len);
	memcpy(m->bytes + at, from, (size_t)len);
	m->len = MIR_MAX(m->len, end);
	return SQLITE_OK;
}

static int memory_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct memory_file *m = memory_of(file);

	m->len = MIR_MIN(m->len, (size_t)size);
	return SQLITE_OK;
}

static int memory_size(sqlite3_file *file, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)memory_of(file)->len;
	return SQLITE_OK;
}

static int memory_nothing(sqlite3_file *file, int arg)
{
	(void)file;
	(void)arg;
	return SQLITE_OK;
}

static int memory_reserved(sqlite3_file *file, int *out)
{
	(void)file;
	*out = 0;
	return SQLITE_OK;
}

static int memory_control(sqlite3_file *file, int what, void *arg)
{
	(void)file;
	(void)what;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int memory_zero(sqlite3_file *file)
{
	(void)file;
	return 0;
}

const sqlite3_io_methods mir_sqlite_memory_methods = {
	.iVersion = 1,
	.xClose = memory_close,
	.xRead = memory_read,
	.xWrite = memory_write,
	.xTruncate = memory_truncate,
	.xSync = memory_nothing,
	.xFileSize = memory_size,
	.xLock = memory_nothing,
	.xUnlock = memory_nothing,
	.xCheckReservedLock = memory_reserved,
	.xFileControl = memory_control,
	.xSectorSize = memory_zero,
	.xDeviceCharacteristics = memory_zero,
};
