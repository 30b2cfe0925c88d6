/* sqlite.h: SQLite databases on block devices and in key-value stores.
 *
 * Two file systems for SQLite (sqlite3_vfs), besides whatever it has anyway: "block", where a
 * database is a disk, and "kv", where it is a value of a store, with its journal beside it.
 *
 *     sqlite3_open_v2("notes.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "block");
 *
 * A fiber that calls SQLite waits for the disk while others run.  Connections may be shared by
 * fibers: each waits for the others' statements.
 */
#ifndef MIR_SQLITE_H
#define MIR_SQLITE_H

#include <mir/block.h>
#include <mir/kv.h>

struct mir_sqlite_config {
	struct mir_block *disk; /* "block"; NULL: not there */
	struct mir_kv *store;   /* "kv"; NULL: not there */
	const char *name;
};

struct mir_sqlite {
	void *disk, *store; /* struct sqlite3_vfs */
};

/* What the configuration names becomes SQLite's file systems "block" and "kv", the first of them
 * its default.  MIR_ENOMEM; MIR_EBUSY: SQLite was used before, in another way. */
int mir_sqlite_start(struct mir_sqlite *, const struct mir_sqlite_config *);
/* Connections that are open are not to be used any more. */
void mir_sqlite_stop(struct mir_sqlite *);

/* More of them, under names of one's own; both are borrowed until mir_sqlite_remove.  A disk holds
 * one database, whatever name that is opened by.  NULL: out of memory, or SQLite was used before
 * in another way. */
struct sqlite3_vfs *mir_sqlite_add_block(const char *name, struct mir_block *, bool as_default);
struct sqlite3_vfs *mir_sqlite_add_kv(const char *name, struct mir_kv *, bool as_default);
void mir_sqlite_remove(struct sqlite3_vfs *);

#endif
