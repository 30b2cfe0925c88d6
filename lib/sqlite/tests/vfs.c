/* vfs.c: databases on a disk in memory and in a store: what SQLite needs of a file system,
 * connections of several fibers, disks that are full or somebody else's.
 */
#include <mir/fiber.h>
#include <mir/kv_mem.h>
#include <mir/ramdisk.h>
#include <mir/sqlite.h>
#include <mir/test.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mir_ramdisk disk;
static struct mir_kv_mem store;
static struct mir_sqlite device;

static void setup(uint64_t size)
{
	struct mir_sqlite_config config = { .name = "sqlite" };

	mir_ramdisk_start(&disk, &(struct mir_ramdisk_config){ size, "storage" });
	mir_kv_mem_start(&store, &(struct mir_kv_mem_config){ .size = 4 << 20, .name = "store" });
	config.disk = &disk.block;
	config.store = &store.kv;
	ok(mir_sqlite_start(&device, &config) == 0, "starts");
}

static void teardown(void)
{
	mir_sqlite_stop(&device);
	mir_kv_mem_stop(&store);
	mir_ramdisk_stop(&disk);
}

static sqlite3 *open_db(const char *name, const char *vfs)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) ==
	    SQLITE_OK)
		return db;
	sqlite3_close(db);
	return NULL;
}

static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* The first column of the first row, as text. */
static const char *ask(sqlite3 *db, const char *sql)
{
	static char answer[200];
	sqlite3_stmt *s;

	snprintf(answer, sizeof(answer), "nothing");
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		snprintf(answer, sizeof(answer), "%s", (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return answer;
}

static bool answers(sqlite3 *db, const char *sql, const char *wanted)
{
	const char *got = ask(db, sql);

	return ok(strcmp(got, wanted) == 0, "%s: %s", sql, got);
}

#define NUMBERS(n)                                                                                 \
	"WITH RECURSIVE k(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM k WHERE i < " #n ") "

static void same_on(const char *vfs, const char *mode)
{
	sqlite3 *db = open_db("a.db", vfs);
	char sql[100];

	snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", mode);
	answers(db, sql, mode);
	run(db, "CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b TEXT); DELETE FROM t");
	ok(run(db, NUMBERS(3000) "INSERT INTO t SELECT i, printf('%.100c', 'x') FROM k") == 0,
	    "%s, %s: 3000 rows", vfs, mode);
	run(db, "BEGIN; DELETE FROM t WHERE a > 10; ROLLBACK");
	answers(db, "SELECT count(*) || ' ' || sum(a) FROM t", "3000 4501500");
	/* A sort that does not fit: temporary files. */
	run(db, "PRAGMA cache_size = 5");
	answers(db, "SELECT a FROM t ORDER BY b || (a * 7919 % 3000) LIMIT 1 OFFSET 2999", "321");
	run(db, "DELETE FROM t WHERE a % 2; VACUUM");
	answers(db, "PRAGMA integrity_check", "ok");
	ok(sqlite3_close(db) == 0, "closes");
	db = open_db("a.db", vfs);
	answers(db, "SELECT count(*) || ' ' || sum(a) FROM t", "1500 2251500");
	run(db, "PRAGMA journal_mode = DELETE");
	sqlite3_close(db);
}

static void everything(void)
{
	static const char *const modes[] = { "delete", "truncate", "persist", "wal", "memory",
		"off" };

	setup(4 << 20);
	for (size_t i = 0; i < MIR_COUNT(modes); i++)
		same_on("block", modes[i]);
	for (size_t i = 0; i < MIR_COUNT(modes); i++)
		if (strcmp(modes[i], "off") != 0)
			same_on("kv", modes[i]);
	ok(strcmp(sqlite3_vfs_find(NULL)->zName, "block") == 0,
	    "the disk is what databases are on");
	teardown();
}

static void names(void)
{
	struct mir_kv_stat stat;
	sqlite3 *a, *b;

	setup(1 << 20);
	a = open_db("one.db", "kv");
	b = open_db("/deep/two.db", "kv");
	run(a, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
	run(b, "CREATE TABLE t(a); INSERT INTO t VALUES (2)");
	answers(a, "SELECT a FROM t", "1");
	answers(b, "SELECT a FROM t", "2");
	ok(run(a, "ATTACH '/deep/two.db' AS b; SELECT * FROM b.t") == 0, "attached");
	ok(run(a, "BEGIN; INSERT INTO t VALUES (3); INSERT INTO b.t VALUES (3); COMMIT") != 0,
	    "no transaction over both");
	run(a, "ROLLBACK");
	answers(b, "SELECT max(a) FROM t", "2");
	sqlite3_close(a);
	sqlite3_close(b);
	ok(mir_kv_stat(&store.kv, mir_str("/one.db"), &stat) == 0 && stat.size == 8192, "a value");
	ok(mir_kv_stat(&store.kv, mir_str("/one.db-journal"), &stat) == MIR_ENOENT, "alone");
	ok(!open_db("a//b", "kv"), "no key");
	ok(sqlite3_open_v2("none.db", &a, SQLITE_OPEN_READWRITE, "kv") == SQLITE_CANTOPEN,
	    "not there");
	sqlite3_close(a);
	teardown();
}

/* --- fibers -------------------------------------------------------------------------------- */

static sqlite3 *shared;
static int left, failures;

static void add_rows(sqlite3 *db, int n)
{
	for (int i = 0; i < n; i++)
		if (run(db, "BEGIN IMMEDIATE; UPDATE t SET n = n + 1; COMMIT") != SQLITE_OK) {
			failures++;
			run(db, "ROLLBACK");
		}
}

static void with_shared(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++)
		failures += run(shared, "UPDATE t SET n = n + 1") != SQLITE_OK;
	left--;
}

static void with_own(void *arg)
{
	sqlite3 *db = open_db("a.db", arg);

	sqlite3_busy_timeout(db, 600000);
	add_rows(db, 20);
	sqlite3_close(db);
	left--;
}

static void fibers_on(const char *vfs, const char *mode)
{
	char sql[100];

	shared = open_db("a.db", vfs);
	snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", mode);
	answers(shared, sql, mode);
	run(shared, "DROP TABLE IF EXISTS t; CREATE TABLE t(n); INSERT INTO t VALUES (0)");
	left = 6;
	failures = 0;
	for (int i = 0; i < 6; i++)
		mir_spawn("writer", i % 2 ? with_own : with_shared, (void *)(uintptr_t)vfs);
	sqlite3_busy_timeout(shared, 600000);
	while (left)
		mir_sleep(MIR_MS(1));
	ok(failures == 0, "%s, %s: %d failures", vfs, mode, failures);
	answers(shared, "SELECT n FROM t", "120");
	run(shared, "PRAGMA journal_mode = DELETE");
	sqlite3_close(shared);
}

static void fibers(void)
{
	setup(1 << 20);
	fibers_on("block", "delete");
	fibers_on("block", "wal");
	fibers_on("kv", "wal");
	teardown();
}

/* A reader sees one state as long as it reads, whatever is written. */
static void isolation(void)
{
	sqlite3 *a, *b;

	setup(1 << 20);
	a = open_db("a.db", "block");
	b = open_db("a.db", "block");
	run(a, "PRAGMA journal_mode = WAL; CREATE TABLE t(n); INSERT INTO t VALUES (1)");
	run(b, "BEGIN");
	answers(b, "SELECT n FROM t", "1");
	ok(run(a, "UPDATE t SET n = 2") == SQLITE_OK, "written beside a reader");
	answers(b, "SELECT n FROM t", "1");
	ok(run(b, "UPDATE t SET n = 3") == SQLITE_BUSY, "what is old is not written over");
	run(b, "COMMIT");
	answers(b, "SELECT n FROM t", "2");
	sqlite3_close(a);
	sqlite3_close(b);
	teardown();
}

/* --- disks ---------------------------------------------------------------------------------- */

static void full(void)
{
	sqlite3 *db;

	setup(300000);
	db = open_db("a.db", NULL);
	run(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
	ok(run(db, "INSERT INTO t(b) VALUES (zeroblob(1000000))") == SQLITE_FULL, "too much");
	ok(run(db, "INSERT INTO t(b) VALUES (zeroblob(30000))") == SQLITE_OK, "less");
	ok(run(db, NUMBERS(100) "INSERT INTO t(b) SELECT zeroblob(3000) FROM k") == SQLITE_FULL,
	    "full");
	answers(db, "SELECT count(*) || ' ' || sum(length(b)) FROM t", "1 30000");
	answers(db, "PRAGMA integrity_check", "ok");
	sqlite3_close(db);
	teardown();
}

static void write_at(uint64_t at, const void *p, size_t len)
{
	uint8_t bytes[4096] = { 0 };
	struct mir_iov iov = { bytes, sizeof(bytes) };

	memcpy(bytes, p, len);
	mir_block_write(&disk.block, at / 512, &iov, 1);
}

static void found(void)
{
	sqlite3 *db, *plain;
	sqlite3_int64 size;
	unsigned char *bytes;

	setup(1 << 20);
	write_at(1024, "somebody's", 10);
	ok(!open_db("a.db", NULL), "a disk that is somebody else's");
	teardown();

	setup(1 << 20);
	write_at(65536, "somebody's", 10);
	ok(!open_db("a.db", NULL), "or looks blank only at first");
	teardown();

	/* A database that was copied there. */
	setup(1 << 20);
	sqlite3_open(":memory:", &plain);
	run(plain, "CREATE TABLE t(a); INSERT INTO t VALUES ('copied')");
	bytes = sqlite3_serialize(plain, "main", &size, 0);
	for (sqlite3_int64 at = 0; bytes && at < size; at += 4096)
		write_at((uint64_t)(65536 + at), bytes + at, 4096);
	sqlite3_free(bytes);
	sqlite3_close(plain);
	db = open_db("a.db", NULL);
	answers(db, "SELECT a FROM t", "copied");
	run(db, "INSERT INTO t VALUES ('more')");
	sqlite3_close(db);
	/* One copy of the header is gone. */
	write_at(0, "", 1);
	db = open_db("a.db", NULL);
	answers(db, "SELECT count(*) FROM t", "2");
	sqlite3_close(db);
	teardown();
}

/* A disk that takes its time; how often it was written to at the place of the journal. */
static struct mir_block slow;
static unsigned journals;

static int slow_read(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	(void)b;
	mir_sleep(MIR_MS(1));
	return mir_block_read(&disk.block, sector, iov, n);
}

static int slow_write(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	mir_sleep(MIR_MS(1));
	journals += sector > b->sectors / 2;
	return mir_block_write(&disk.block, sector, iov, n);
}

static int slow_barrier(struct mir_block *b)
{
	(void)b;
	mir_sleep(MIR_MS(1));
	return mir_block_barrier(&disk.block);
}

static const struct mir_block_ops slow_ops = { "slow", slow_read, slow_write, slow_barrier, NULL };

static void opener(void *arg)
{
	sqlite3 **db = arg;

	*db = open_db("a.db", "slow");
	run(*db, "SELECT * FROM sqlite_master");
}

/* Opening clears what looks like a journal: that must not happen once somebody may write one. */
static void opens_at_once(void)
{
	struct mir_fiber *f[4];
	sqlite3_vfs *vfs;
	sqlite3 *db[4];

	setup(1 << 20);
	slow = disk.block;
	slow.ops = &slow_ops;
	vfs = mir_sqlite_add_block("slow", &slow, false);
	journals = 0;
	for (int i = 0; i < 4; i++)
		f[i] = mir_spawn_joinable("opener", opener, &db[i]);
	for (int i = 0; i < 4; i++)
		mir_join(f[i]);
	ok(journals == 1, "four open a disk, one of them clears it: %u", journals);
	for (int i = 0; i < 4; i++)
		sqlite3_close(db[i]);
	mir_sqlite_remove(vfs);
	teardown();
}

int main(void)
{
	RUN(everything);
	RUN(names);
	RUN(fibers);
	RUN(isolation);
	RUN(full);
	RUN(found);
	RUN(opens_at_once);
	sqlite3_shutdown();
	return mir_test_end();
}
