/* vfs.c: SQLite's file systems "block" and "kv" (sqlite3_vfs). */
#include "internal.h"

#include <mir/fiber.h>
#include <mir/hash.h>
#include <mir/log.h>
#include <mir/sqlite.h>
#include <stdlib.h>
#include <string.h>

MIR_LOG_SOURCE(sqlite);

static struct vfs *vfs_of(sqlite3_vfs *v)
{
	return mir_container(v, struct vfs, base);
}

int mir_sqlite_error(int rc, int io)
{
	switch (rc) {
	case 0: return SQLITE_OK;
	case MIR_ENOMEM: return SQLITE_IOERR_NOMEM;
	case MIR_ENOSPC:
	case MIR_EFBIG: return SQLITE_FULL;
	case MIR_EROFS: return SQLITE_READONLY;
	default: mir_debug("%s", mir_strerror(rc)); return io;
	}
}

/* --- names ---------------------------------------------------------------------------------- */

/* Which part a file is by its name, and how long the database's name in it is. */
static enum sqlite_part part_of(const char *name, size_t *len)
{
	static const char *const behind[SQLITE_PARTS] = {
		[SQLITE_JOURNAL] = "-journal", [SQLITE_LOG] = "-wal"
	};

	*len = strlen(name);
	for (int i = SQLITE_JOURNAL; i < SQLITE_PARTS; i++) {
		size_t n = strlen(behind[i]);

		if (*len > n && memcmp(name + *len - n, behind[i], n) == 0) {
			*len -= n;
			return (enum sqlite_part)i;
		}
	}
	return SQLITE_DATABASE;
}

/* A disk is one database, whatever its name. */
static bool is_named(const struct vfs *v, const struct database *db, const char *name, size_t len)
{
	return v->block || (strlen(db->name) == len && memcmp(db->name, name, len) == 0);
}

/* --- databases that are open ------------------------------------------------------------------ */

static void database_free(struct database *db)
{
	mir_sqlite_store_free(db->store);
	free(db->name);
	free(db);
}

/* The last one saves what nobody has asked to be durable.  While it does another may come. */
void mir_sqlite_database_close(struct vfs *v, struct database *db)
{
	for (int i = 0; i < SQLITE_PARTS && db->opened == 1; i++)
		mir_sqlite_sync(db->store, (enum sqlite_part)i);
	if (--db->opened)
		return;
	for (struct database **p = &v->databases; *p; p = &(*p)->next)
		if (*p == db) {
			*p = db->next;
			break;
		}
	database_free(db);
}

static int store_open(struct vfs *v, const char *name, size_t len, struct store **out)
{
	struct mir_str key = { name, len };

	if (v->block)
		return mir_sqlite_disk_open(v->block, out);
	return mir_kv_key_ok(key) ? mir_sqlite_keys_open(v->kv, key, out) : MIR_EINVAL;
}

static struct database *database_find(const struct vfs *v, const char *name, size_t len)
{
	struct database *db = v->databases;

	while (db && !is_named(v, db, name, len))
		db = db->next;
	return db;
}

static int database_new(struct vfs *v, const char *name, size_t len, struct database **out)
{
	struct database *db = calloc(1, sizeof(*db));
	int rc = MIR_ENOMEM;

	if (db && (db->name = malloc(len + 1)))
		rc = store_open(v, name, len, &db->store);
	if (rc < 0) {
		free(db ? db->name : NULL);
		free(db);
		return rc;
	}
	memcpy(db->name, name, len);
	db->name[len] = '\0';
	db->opened = 1;
	db->next = v->databases;
	v->databases = db;
	*out = db;
	return 0;
}

/* The database of that name, open once more.  While one is opened, what a journal may have left is
 * cleared: another that did the same would clear the journal that the first has begun. */
static int database_open(struct vfs *v, const char *name, size_t len, struct database **out)
{
	int rc;

	while (!(*out = database_find(v, name, len)) && v->opening)
		mir_wait_out(&v->opened);
	if (*out) {
		(*out)->opened++;
		return 0;
	}
	v->opening = true;
	rc = database_new(v, name, len, out);
	v->opening = false;
	mir_wake_all(&v->opened);
	return rc;
}

/* --- the file system -------------------------------------------------------------------------- */

static int open_memory(sqlite3_file *file, int flags, int *out)
{
	struct memory_file *m = mir_container(file, struct memory_file, base);

	*m = (struct memory_file){ .base = { &mir_sqlite_memory_methods } };
	if (out)
		*out = flags;
	return SQLITE_OK;
}

/* Fails as a database that is not there does, without SQLITE_OPEN_CREATE. */
static int vfs_open(
    sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	struct vfs *v = vfs_of(vfs);
	struct file *f = mir_container(file, struct file, base);
	struct database *db;
	size_t len;
	int rc, part;

	file->pMethods = NULL;
	if (!name || flags & SQLITE_OPEN_DELETEONCLOSE)
		return open_memory(file, flags, out);
	if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL))) {
		mir_error("'%s': no transaction over several databases", name);
		return SQLITE_CANTOPEN;
	}
	part = part_of(name, &len);
	if (flags & SQLITE_OPEN_MAIN_DB)
		part = SQLITE_DATABASE;
	rc = database_open(v, name, len, &db);
	if (rc == MIR_EPROTO)
		return SQLITE_NOTADB; /* which has been told */
	if (rc < 0) {
		mir_error("'%s': %s", name, mir_strerror(rc));
		return mir_sqlite_error(rc, SQLITE_CANTOPEN);
	}
	if (!(flags & SQLITE_OPEN_CREATE) && !db->store->size[part]) {
		mir_sqlite_database_close(v, db);
		return SQLITE_CANTOPEN;
	}
	if (v->block ? !v->block->writable : !mir_kv_writable(v->kv))
		flags = (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY;
	*f =
	    (struct file){ .base = { &mir_sqlite_file_methods }, .vfs = v, .db = db, .part = part };
	if (out)
		*out = flags;
	return SQLITE_OK;
}

/* Journal and log: of a database that is open, at once and for good. */
static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct vfs *v = vfs_of(vfs);
	struct database *db;
	size_t len;
	int part = part_of(name, &len), rc;

	(void)sync;
	if (part == SQLITE_DATABASE)
		return SQLITE_IOERR_DELETE;
	if (database_open(v, name, len, &db) < 0)
		return SQLITE_IOERR_DELETE;
	rc = db->store->size[part] ? mir_sqlite_cut(db->store, part, 0) : MIR_ENOENT;
	mir_sqlite_database_close(v, db);
	return rc == MIR_ENOENT ? SQLITE_IOERR_DELETE_NOENT
				: mir_sqlite_error(rc, SQLITE_IOERR_DELETE);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	struct vfs *v = vfs_of(vfs);
	struct database *db;
	size_t len;
	enum sqlite_part part = part_of(name, &len);
	int rc = database_open(v, name, len, &db);

	(void)flags;
	*out = 0;
	if (rc < 0)
		return rc == MIR_EINVAL ? SQLITE_OK : SQLITE_IOERR_ACCESS;
	*out = db->store->size[part] != 0;
	mir_sqlite_database_close(v, db);
	return SQLITE_OK;
}

/* Names in a store are keys, and so begin with a slash. */
static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
	bool slash = vfs_of(vfs)->kv && name[0] != '/';
	size_t len = strlen(name);

	if (len + slash >= (size_t)room)
		return SQLITE_CANTOPEN;
	out[0] = '/';
	memcpy(out + slash, name, len + 1);
	return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	mir_random(out, (size_t)len);
	return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	mir_sleep(MIR_US(microseconds));
	return microseconds;
}

/* Days of the Julian calendar in milliseconds: noon, 24 November 4714 BC is 0. */
static int vfs_time64(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	(void)vfs;
	*out = mir_wall() / 1000000 + INT64_C(210866760000000);
	return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
	sqlite3_int64 ms = 0;

	vfs_time64(vfs, &ms);
	*out = (double)ms / 86400000.0;
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	if (len > 0)
		out[0] = '\0';
	return 0;
}

/* Temporary files are memory here; SQLite need not put into them what it can hold itself. */
static int on_connection(sqlite3 *db, const char **error, const struct sqlite3_api_routines *api)
{
	(void)error;
	(void)api;
	return sqlite3_exec(db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
}

static sqlite3_vfs *add(const char *name, struct vfs set, bool as_default)
{
	struct vfs *v;

	if (!mir_sqlite_use_fibers() || sqlite3_initialize() != SQLITE_OK ||
	    !(v = malloc(sizeof(*v))))
		return NULL;
	*v = set;
	v->base = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)MIR_MAX(sizeof(struct file), sizeof(struct memory_file)),
		.mxPathname = NAME_MAX_BYTES,
		.zName = name,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_name,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_time,
		.xCurrentTimeInt64 = vfs_time64,
		.xGetLastError = vfs_last_error,
	};
	if (sqlite3_vfs_register(&v->base, as_default) != SQLITE_OK) {
		free(v);
		return NULL;
	}
	return &v->base;
}

sqlite3_vfs *mir_sqlite_add_block(const char *name, struct mir_block *block, bool as_default)
{
	return add(name, (struct vfs){ .block = block }, as_default);
}

sqlite3_vfs *mir_sqlite_add_kv(const char *name, struct mir_kv *kv, bool as_default)
{
	return add(name, (struct vfs){ .kv = kv }, as_default);
}

void mir_sqlite_remove(sqlite3_vfs *vfs)
{
	struct vfs *v = vfs ? vfs_of(vfs) : NULL;

	if (!v)
		return;
	sqlite3_vfs_unregister(vfs);
	while (v->databases) {
		struct database *next = v->databases->next;

		database_free(v->databases);
		v->databases = next;
	}
	free(v);
}

/* --- the device ------------------------------------------------------------------------------- */

int mir_sqlite_start(struct mir_sqlite *s, const struct mir_sqlite_config *config)
{
	*s = (struct mir_sqlite){ 0 };
	if (!mir_sqlite_use_fibers())
		return MIR_EBUSY;
	if (config->store && !(s->store = mir_sqlite_add_kv("kv", config->store, true)))
		return MIR_ENOMEM;
	if (config->disk && !(s->disk = mir_sqlite_add_block("block", config->disk, true))) {
		mir_sqlite_remove(s->store);
		return MIR_ENOMEM;
	}
	sqlite3_auto_extension((void (*)(void))on_connection);
	return 0;
}

void mir_sqlite_stop(struct mir_sqlite *s)
{
	mir_sqlite_remove(s->disk);
	mir_sqlite_remove(s->store);
}
