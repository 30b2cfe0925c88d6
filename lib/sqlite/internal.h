/* internal.h: files of SQLite over a store. */
#ifndef SQLITE_INTERNAL_H
#define SQLITE_INTERNAL_H

#include <mir/fiber.h>
#include <sqlite3.h>

#include "store.h"

enum { SHARED_LOCKS = SQLITE_SHM_NLOCK, NAME_MAX_BYTES = MIR_KV_KEY_MAX - 8 };

struct file;

/* A database that is open, once for all connections to it. */
struct database {
	struct database *next;
	struct store *store;
	char *name;
	unsigned opened; /* by how many files */
	/* Locks (sqlite.org/lockingv3.html). */
	unsigned shared;
	const struct file *reserved, *pending, *exclusive;
	/* The index of a write-ahead log, shared by connections. */
	void **regions;
	int n_regions;
	unsigned maps; /* connections that have it */
	unsigned readers[SHARED_LOCKS];
	const struct file *writer[SHARED_LOCKS];
};

struct vfs {
	sqlite3_vfs base;
	struct mir_block *block; /* or */
	struct mir_kv *kv;
	struct database *databases;
	bool opening; /* one of them is; the others wait, for it writes to the disk */
	struct mir_waitq opened;
};

struct file {
	sqlite3_file base;
	struct vfs *vfs;
	struct database *db;
	enum sqlite_part part;
	int lock; /* SQLITE_LOCK_... */
	bool mapped;
	unsigned read_mask, write_mask; /* of the index's locks, those it holds */
};

/* A file in memory, for what SQLite keeps nowhere. */
struct memory_file {
	sqlite3_file base;
	uint8_t *bytes;
	size_t len, cap;
};

/* file.c; the two below are those of a main database. */
extern const sqlite3_io_methods mir_sqlite_file_methods, mir_sqlite_memory_methods;

/* lock.c, as in sqlite3_io_methods. */
int mir_sqlite_lock(sqlite3_file *, int level);
int mir_sqlite_unlock(sqlite3_file *, int level);
int mir_sqlite_reserved(sqlite3_file *, int *out);
int mir_sqlite_shm_map(sqlite3_file *, int region, int size, int extend, void volatile **out);
int mir_sqlite_shm_lock(sqlite3_file *, int offset, int n, int flags);
void mir_sqlite_shm_barrier(sqlite3_file *);
int mir_sqlite_shm_unmap(sqlite3_file *, int remove);

/* mutex.c: SQLite's mutexes are those of fibers from now on, in the whole image.  False: it was
 * used before. */
bool mir_sqlite_use_fibers(void);

/* vfs.c: an error of ours as one of SQLite's; `io` for those that it has no word for. */
int mir_sqlite_error(int rc, int io);
void mir_sqlite_database_close(struct vfs *, struct database *);

#endif
